"""From repeat units to what members learn on: packed graphs and a descriptor matrix."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..base.packed import Features, Graph, pack
from ..base.versions import FEATURES
from ..base.workers import worker_pool
from .cache import FeatureCache, TableCache

Progress = Callable[[str, int, int], None]
"""Called with what is being made, how many are done, and how many there are."""

_Run = Callable[[Callable, Iterable], Iterable]
"""Applies a function to each of some jobs: `map`, or a pool's `map`."""

_CHUNK = 100
_WORTH_A_POOL = 300
_WORTH_A_FILE = 300
# To open the stores and to wait for the disk takes as long as making about this many anew.
_WORTH_THE_DISK = 16


@dataclass(frozen=True)
class UniqueUnits:
    """The repeat units that N rows hold, each of them once.

    Attributes:
        canonical: the U canonical SMILES, sorted.
        place: shape `(N,)`, int: each row's place in `canonical`, -1 where it cannot be read.
        problems: why a row cannot be read, by its position.
    """

    canonical: list[str]
    place: np.ndarray
    problems: dict[int, str]

    @classmethod
    def of(cls, smiles: Sequence[str]) -> "UniqueUnits":
        """Read N rows; a text that is there many times is parsed once."""
        from ..chem.smiles import BadSmilesError, canonical

        units, reasons = {}, {}
        for text in dict.fromkeys(smiles):
            try:
                units[text] = canonical(text)
            except BadSmilesError as error:
                reasons[text] = str(error)
        unique = sorted(set(units.values()))
        places = {unit: place for place, unit in enumerate(unique)}
        return cls(
            unique,
            np.array([places.get(units.get(text), -1) for text in smiles], dtype=np.int64),
            {position: reasons[text] for position, text in enumerate(smiles) if text in reasons},
        )


def compute_features(canonical: Sequence[str], progress: Progress | None = None) -> Features:
    """Make or fetch the features of repeat units.

    A table met before is mapped into memory as a whole; otherwise what is known of each unit is
    fetched, and only the rest is made, on all cores when that is much.

    Args:
        canonical: N canonical SMILES, all parsable.
        progress: told how far each kind of feature is.

    Returns:
        The features, in the order given.
    """
    report = progress or _silent
    if len(canonical) < _WORTH_A_FILE:
        return _from_units(canonical, report)
    tables = TableCache()
    contents = [f"{kind}-v{version}" for kind, version in _versions().items()] + list(canonical)
    known = tables.read(contents)
    if known is None:
        features = _from_units(canonical, report)
        tables.write(contents, features.arrays())
        return features
    for kind in _versions():
        report(kind, len(canonical), len(canonical))
    return Features.of(known)


def chunk_features(smiles: Sequence[str], keep: bool) -> tuple[UniqueUnits, Features | None]:
    """Read some rows of many and make or fetch their features, in this process alone.

    Args:
        smiles: N SMILES.
        keep: whether what had to be made goes into the store, at 10 kB a unit.

    Returns:
        The repeat units in them, and their features: None where no row can be read.
    """
    units = UniqueUnits.of(smiles)
    if not units.canonical:
        return units, None
    return units, _from_units(units.canonical, _silent, alone=True, keep=keep)


def _from_units(
    smiles: Sequence[str], report: Progress, alone: bool = False, keep: bool = True
) -> Features:
    """The features put together from those of each unit."""
    # Not above: workers load this file without need of it, and would start half as quickly.
    from ..base.hardware import usable_cores

    with ExitStack() as stack:
        kinds = [
            _Kind(kind, smiles, stack.enter_context(FeatureCache(kind, version)))
            for kind, version in _versions().items()
        ]
        much = any(len(kind.missing) >= _WORTH_A_POOL for kind in kinds)
        run = map if alone or not much else stack.enter_context(worker_pool(usable_cores())).map
        for kind in kinds:
            kind.complete(run, keep, report)
    graphs, vectors = (kind.in_order() for kind in kinds)
    return Features(
        pack([Graph.from_bytes(data) for data in graphs]),
        np.stack([np.frombuffer(data, "<f4") for data in vectors]),
    )


class _Kind:
    """One kind of feature of some repeat units: what is known of it and what has to be made."""

    def __init__(self, kind: str, smiles: Sequence[str], store: FeatureCache) -> None:
        self._kind, self._smiles = kind, smiles
        self._store = store if len(smiles) >= _WORTH_THE_DISK else None
        self._known = self._store.read(smiles) if self._store else {}
        self.missing = sorted(set(smiles) - set(self._known))

    def complete(self, run: _Run, keep: bool, report: Progress) -> None:
        """Make what is missing, and write it to the store where it is to be kept."""
        total = len(self._smiles)
        done = total - len(self.missing)
        report(self._kind, done, total)
        for made in _make(self._kind, self.missing, run):
            self._known.update(made)
            if keep and self._store:
                self._store.write(made)
            done += len(made)
            report(self._kind, done, total)

    def in_order(self) -> list[bytes]:
        """The bytes of each of the units, in the order given."""
        return [self._known[text] for text in self._smiles]


def _make(kind: str, smiles: list[str], run: _Run) -> Iterable[dict[str, bytes]]:
    """Make the bytes of SMILES chunk by chunk."""
    chunks = [smiles[i : i + _CHUNK] for i in range(0, len(smiles), _CHUNK)]
    return run(partial(_make_chunk, kind), chunks)


def _make_chunk(kind: str, smiles: list[str]) -> dict[str, bytes]:
    from ..chem.descriptors import descriptor_matrix
    from ..chem.graphs import graph
    from ..chem.smiles import parse

    if kind == "graphs":
        return {text: graph(text).to_bytes() for text in smiles}
    rows = descriptor_matrix([parse(text) for text in smiles]).astype("<f4")
    return {text: row.tobytes() for text, row in zip(smiles, rows, strict=True)}


def _versions() -> dict[str, str]:
    """What tells features from those that another version of ours, or of RDKit, has made."""
    # Imported when it is needed: training reads features on machines that have no RDKit.
    from rdkit import rdBase

    return {kind: f"{number}-rdkit-{rdBase.rdkitVersion}" for kind, number in FEATURES.items()}


def _silent(what: str, done: int, total: int) -> None:
    """Progress that nobody asked for."""
