"""Polymers by their names: trivial names, systematic ones, abbreviations and trade names."""

import csv
import difflib
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from ..base.workspace import ASSETS
from .architectures import Architecture, architecture_of

NAMES, CLASSES = ASSETS / "polymer_names.csv", ASSETS / "polymer_classes.csv"
_LONGEST = 120
"""Characters of the longest text that is looked up."""
_NEAR, _MOST_NEAR = 0.78, 5
"""Of two names' letters, so many are the same in the same order; see `difflib`."""

_LETTERS = str.maketrans(
    {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ω": "omega", "ß": "ss"}
)
_TACTIC = re.compile(r"(?:(?:syndio|iso|hetero|a)tactic[\s-]+|(?:it|st|at|ht)-)(.+)", re.IGNORECASE)
"""What stands before a name to say the tacticity, of which the units of the list say nothing."""
_TRADE_MARKS = "®©℠™°"
# German spellings, and others that differ by a letter, in what is left of a name without signs.
_SPELLINGS = tuple(
    (re.compile(pattern), spelled)
    for pattern, spelled in (
        (r"styrol", "styrene"),
        (r"alkohol", "alcohol"),
        (r"sulph", "sulf"),
        (r"aether", "ether"),
        (r"zellulose", "cellulose"),
        (r"acrylnitril", "acrylonitril"),
        (r"(fluor|chlor)(?=(ethyl|trifluor|pren))", r"\1o"),
        (
            r"(acryl|acet|carbon|phthal|adip|succin|butyr|propion|stear|fumar|itacon|benzo|sebac"
            r"|naphthal)at(?!e)",
            r"\1ate",
        ),
        (r"(chlor|fluor|brom|ox|sulf|am|im|anhydr|lact|glycol)id(?![eio])", r"\1ide"),
        (r"ylen(?=ether)", "ylene"),
        (
            r"(ylen|yliden|butadien|isopren|pren|sulfon|keton|lacton|pyrrolidon|siloxan|urethan)"
            r"(?!e|a|i(?!min)|o(?!xid))",
            r"\1e",
        ),
        (r"(nitril|anilin|imin)(?![eo])", r"\1e"),
    )
)


class NamedPolymer(NamedTuple):
    """A polymer of the list of names.

    Attributes:
        smiles: its repeat unit.
        name: the usual one.
        abbreviations, other_names: all others; an abbreviation may be that of several polymers.
    """

    smiles: str
    name: str
    abbreviations: tuple[str, ...]
    other_names: tuple[str, ...]


class Named(NamedTuple):
    """What a text names.

    Attributes:
        text: as it was given.
        how: whether it is a `name` or an `abbreviation`, the name of a `class` of polymers or of a
            `copolymer`, is `near` to a name, or is none of these (`nothing`).
        polymers: which it names, or whose names are near; the members of a class; the parts of a
            copolymer. Where `how` is `abbreviation`, it may stand for each of them.
        architecture: of a copolymer that has one by its name, as SBS has; else empty.
    """

    text: str
    how: Literal["name", "abbreviation", "class", "copolymer", "near", "nothing"]
    polymers: tuple[NamedPolymer, ...] = ()
    architecture: Architecture = ""


@lru_cache(maxsize=256)
def find_polymer(text: str) -> Named:
    """The polymers that a text may name; what is only like a name is never taken for it.

    Letter case, blanks, hyphens, brackets and German endings do not matter: `PA 6.6`, `nylon-6,6`,
    `Polymethylmethacrylat`.

    Args:
        text: a name, an abbreviation, or a trade name.
    """
    if exact := _exactly(text):
        return exact
    key, list_ = name_key(text), _list()
    if not key or len(text) > _LONGEST:
        return Named(text, "nothing")
    near = difflib.get_close_matches(key, list_.names, _MOST_NEAR, _NEAR)
    # The name of a monomer lacks what its polymer begins with.
    near = [each for each in (f"poly{key}",) if each in list_.names] + near
    polymers = tuple(dict.fromkeys(list_.names[each] for each in near))[:_MOST_NEAR]
    return Named(text, "near", polymers) if polymers else Named(text, "nothing")


def nearest_name(polymer: NamedPolymer, text: str) -> str:
    """Of a polymer's usual and other names, the one that a text is most like."""
    key = name_key(text)
    return max(
        (polymer.name, *polymer.other_names),
        key=lambda name: difflib.SequenceMatcher(None, name_key(name), key).ratio(),
    )


def polymer_named(text: str) -> NamedPolymer | None:
    """The polymer that a text names without a doubt; None for a SMILES with `*`, and all else."""
    exact = None if "*" in text else _exactly(text)
    certain = exact and exact.how in ("name", "abbreviation") and len(exact.polymers) == 1
    return exact.polymers[0] if exact and certain else None


def _exactly(text: str) -> Named | None:
    """What a text names that is a name itself, and not only like one."""
    if len(text) > _LONGEST:
        return None
    key, list_ = name_key(text), _list()
    if key in list_.names:
        return Named(text, "name", (list_.names[key],))
    if tactic := _TACTIC.fullmatch(text.strip()):
        return _exactly(tactic[1])
    of_class = list_.classes.get(key)
    if key in list_.abbreviations:
        members = of_class.polymers if of_class else ()
        return Named(text, "abbreviation", (*list_.abbreviations[key], *members))
    return of_class and of_class._replace(text=text)


def named_polymers() -> tuple[NamedPolymer, ...]:
    """All polymers of the list."""
    return _list().polymers


class _List(NamedTuple):
    """The lists of names and classes, by the keys of names."""

    polymers: tuple[NamedPolymer, ...]
    names: dict[str, NamedPolymer]
    abbreviations: dict[str, list[NamedPolymer]]
    classes: dict[str, Named]


@lru_cache(maxsize=1)
def _list() -> _List:
    polymers = tuple(
        NamedPolymer(
            row["SMILES"],
            row["name"],
            tuple(parts_of(row["abbreviations"])),
            tuple(parts_of(row["other_names"])),
        )
        for row in rows_of(NAMES)
    )
    names: dict[str, NamedPolymer] = {}
    abbreviations: dict[str, list[NamedPolymer]] = {}
    for polymer in polymers:
        for name in (polymer.name, *polymer.other_names):
            names.setdefault(name_key(name), polymer)
        for key in dict.fromkeys(name_key(short) for short in polymer.abbreviations):
            abbreviations.setdefault(key, []).append(polymer)
    classes: dict[str, Named] = {}
    for row in rows_of(CLASSES):
        members = tuple(names[name_key(member)] for member in parts_of(row["members"]))
        kind: Literal["class", "copolymer"] = "class" if row["kind"] == "class" else "copolymer"
        architecture = architecture_of(row["kind"]) if kind == "copolymer" else ""
        for name in (row["name"], *parts_of(row["other_names"])):
            classes[name_key(name)] = Named(row["name"], kind, members, architecture)
    return _List(polymers, names, abbreviations, classes)


def _says_something(sign: str) -> bool:
    """Whether a sign that is none of ASCII is a letter, a digit or a picture."""
    return unicodedata.category(sign)[0] in "LN" or (
        unicodedata.category(sign) == "So" and sign not in _TRADE_MARKS
    )


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a list of names, by column."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def parts_of(text: str) -> list[str]:
    """What a cell holds with `;` between."""
    return [part.strip() for part in text.split(";") if part.strip()]


def name_key(name: str) -> str:
    """A name's letters and digits, spelled in one way; and `/`, which stands between comonomers.

    Empty for a text with letters or pictures that are not understood: what they say would be lost.
    """
    text = unicodedata.normalize("NFKD", name[:_LONGEST].casefold().translate(_LETTERS))
    if any(_says_something(sign) for sign in text if not sign.isascii()):
        return ""
    text = re.sub(r"[^a-z0-9/]", "", text.encode("ascii", "ignore").decode())
    for pattern, spelled in _SPELLINGS:
        text = pattern.sub(spelled, text)
    return text
