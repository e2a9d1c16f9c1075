"""The pieces of a fit, and the names of their checkpoints; loads no torch."""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeVar

SUFFIX = ".safetensors"
_FILE = re.compile(
    r"(?P<pretraining>pretraining-)?(?P<member>\w+?)-(?:(?P<fold>\d+|all)-)?(?P<number>\d+)"
    r"\.(?:done|state-(?P<epoch>\d+))" + re.escape(SUFFIX)
)
Taken = TypeVar("Taken")


class Piece(NamedTuple):
    """What the name of a checkpoint says.

    Attributes:
        kind: a `fit` on descriptors, a `network`, or the `pretraining` of one.
        member: whose it is.
        fold: the fold that a fit holds out, `all` where it holds out none; empty for a network.
        number: of the property or of the network, from 0.
        epoch: that the checkpoint holds; None where the piece is finished.
    """

    kind: Literal["fit", "network", "pretraining"]
    member: str
    fold: str
    number: int
    epoch: int | None


class Share(NamedTuple):
    """Some of a fit's pieces: those of one task among several, each on a machine of its own.

    Attributes:
        number: of the task, from 0.
        of: how many tasks there are; 0 for the one that only prepares them.
    """

    number: int = 0
    of: int = 0

    def taken(self, pieces: Iterable[Taken]) -> list[Taken]:
        """Those of all pieces of a member that are this task's."""
        return [piece for n, piece in enumerate(pieces) if self.of and n % self.of == self.number]


def piece_in(file: str) -> Piece | None:
    """The piece that a checkpoint of this name belongs to; None for another file."""
    named = _FILE.fullmatch(file)
    if named is None:
        return None
    epoch = None if named["epoch"] is None else int(named["epoch"])
    kind: Literal["fit", "network", "pretraining"] = "fit" if named["fold"] else "network"
    if named["pretraining"]:
        kind = "pretraining"
    return Piece(kind, named["member"], named["fold"] or "", int(named["number"]), epoch)


def fit_piece(member: str, fold: int | None, property_: int) -> str:
    """The name of a fit on descriptors, of the property of that number."""
    return f"{member}-{'all' if fold is None else fold}-{property_:03d}"


def network_piece(member: str, number: int) -> str:
    """The name of a network."""
    return f"{member}-{number:03d}"


def pretraining_piece(network: str) -> str:
    """The name of a network's pretraining; the network's own name is given."""
    return f"pretraining-{network}"
