"""Sources: where labels come from, and how they were obtained."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from ..base.errors import UserError
from .properties import Property

SourceKind = Literal["measured", "simulated", "computed", ""]
"""`computed` means by quantum chemistry or a formula; empty where nobody said."""

ALL = "all"
"""What stands for all sources where one is asked for."""

LONGEST_NAME = 40
"""The most characters of a source's name."""

_RESERVED = "()@=:"
"""What sets a source's name off from other words, in columns and commands."""

MOST_SOURCES = 12
"""More tables than that are not joined: each adds its own outputs to every network."""


class Source(BaseModel):
    """Where labels come from.

    Attributes:
        name: short, as it stands in column names: `Tg (radonpy)`.
        kind: how the labels were obtained.
        reference: a paper, a DOI, a laboratory.
        terms: under which its labels may be used.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=LONGEST_NAME, pattern=rf"^[^{_RESERVED}]*$")
    kind: SourceKind = ""
    reference: str = ""
    terms: str = ""

    @property
    def words(self) -> str:
        """Its name and kind, as people read them: `radonpy (simulated)`."""
        return f"{self.name} ({self.kind})" if self.kind else self.name


def source_words(sources: Sequence[Source], property_: Property) -> str:
    """What values of a property are like: `as measured`, `as simulated (radonpy)`.

    Args:
        sources: of the model; the words are empty where the property has none of them.
        property_: as its source has it.
    """
    source = next((each for each in sources if each.name == property_.source), None)
    if source is None:
        return ""
    kind = property_.origin or source.kind
    if kind == "measured":
        return "as measured" if source.name == "measured" else f"as measured ({source.name})"
    return f"as {kind} ({source.name})" if kind else f"as in {source.name}"


def default_name(path: str) -> str:
    """A source's name from the path of its file."""
    stem = "".join(" " if sign in _RESERVED else sign for sign in Path(path).stem)
    return stem.strip()[:LONGEST_NAME] or "table"


def source_named(name: str, kind: str = "", reference: str = "", terms: str = "") -> Source:
    """A source from a user's words.

    Raises:
        UserError: when they cannot name one.
    """
    if kind not in get_args(SourceKind):
        raise UserError(f"A source is measured, simulated or computed, not {kind!r}.")
    name = name.strip()
    if not all(text.isprintable() for text in (name, reference, terms)):
        raise UserError(f"{name!r} has characters that cannot be printed: write the source anew.")
    if name.casefold() == ALL:
        raise UserError(f"A source cannot be called {name!r}: the word stands for all of them.")
    if not 0 < len(name) <= LONGEST_NAME or any(sign in name for sign in _RESERVED):
        raise UserError(
            f"{name!r} cannot name a source: give 1 to {LONGEST_NAME} characters, none of them "
            f"{' '.join(_RESERVED)}."
        )
    return Source(name=name, kind=kind, reference=reference, terms=terms)  # type: ignore[arg-type]
