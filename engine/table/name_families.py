"""Columns whose names differ only in what tells one unit of a composition from another."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from .column_cells import words_of

_INDEX = re.compile(r"[a-l]|\d|1[0-2]")
MOST_COLUMNS = 12
"""Most columns of repeat units; a row may fill half of them."""
LONGEST_NAME = 60
"""Characters of a name that may be of a composition's column."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi")
_AXES = ("x", "y", "z")
_COUNTED = {"ordinal": _ORDINALS, "roman": _ROMAN, "axis": _AXES}
"""Words that count units, which mean something else too where the cells do not bear it out."""


class Reading(NamedTuple):
    """A way to read a name as a stem with an index.

    Attributes:
        stem: its other words, with `#` in the place of the index.
        place: of the unit in the alphabet.
        kind: how units are told apart.
    """

    stem: str
    place: int
    kind: str


def families(names: Sequence[str]) -> Iterator[dict[int, str]]:
    """Columns whose names differ in a letter or a number alone, by their places in the alphabet."""
    yield from _families(names, lambda name: readings(split_name(name)))


def loose_families(names: Sequence[str]) -> Iterator[dict[int, str]]:
    """Columns such as `smiles` and `smiles2`, `unit` and `comonomer unit`, or `smiles_x` and `_y`.

    They need not be units of one polymer: a joined table has `smiles_x` and `smiles_y` too.
    """
    yield from _families(names, lambda name: loose_readings(split_name(name)))


def are_alike(first: str, second: str) -> bool:
    """Whether two names differ only in what may tell one unit from another."""
    pair = [first, second]
    return any(families(pair)) or any(loose_families(pair))


def _families(
    names: Sequence[str], read: Callable[[str], Iterator[Reading]]
) -> Iterator[dict[int, str]]:
    found: dict[tuple[str, str], dict[int, str]] = {}
    for name in names:
        for stem, place, kind in read(name):
            found.setdefault((stem, kind), {}).setdefault(place, name)
    for (_, kind), family in found.items():
        if len(family) <= MOST_COLUMNS and is_whole(family, kind):
            yield dict(sorted(family.items()))


def is_whole(family: dict[int, str], kind: str) -> bool:
    """Whether columns are several; further ones stand beside the one without an index."""
    needed = {"further": {1}, "copy": {1, 2}}.get(kind, set())
    return len(family) > 1 and needed <= {*family}


def readings(words: str) -> Iterator[Reading]:
    """The ways to read a name, as words, with a letter or a number."""
    parts = words.split("_")
    for number, word in enumerate(parts):
        if _INDEX.fullmatch(word) and len(parts) > 1:
            kind = "letter" if word.isalpha() else "number"
            yield Reading(_stem(parts, number), _place(word), kind)
    # SMILESA and SMILESB, without a sign between.
    if len(parts) == 1 and re.fullmatch(r"(p?smiles|unit|monomer)[a-l]", words):
        yield Reading(f"{words[:-1]}_#", _place(words[-1]), "letter")


def loose_readings(words: str) -> Iterator[Reading]:
    """The ways to read a name with words that count, or as the first of some without one."""
    parts = words.split("_")
    for number, word in enumerate(parts):
        for kind, counted in _COUNTED.items():
            if word in counted and len(parts) > 1:
                yield Reading(_stem(parts, number), counted.index(word) + 1, kind)
                if kind == "ordinal" and word != "first":
                    yield Reading(without_index(_stem(parts, number)), _ordinal(word), "further")
    if words:
        yield Reading(words, 1, "further")
        yield Reading(words, 1, "copy")
    for stem, place, kind in readings(words):
        if place > 1:
            yield Reading(without_index(stem), place, "further")
        # As pandas calls the second and third of one name: `SMILES.1`, `SMILES.2`.
        if kind == "number":
            yield Reading(without_index(stem), place + 1, "copy")
    if "comonomer" in parts:
        yield Reading("_".join(part for part in parts if part != "comonomer"), 2, "further")
        yield Reading(words.replace("comonomer", "monomer"), 2, "further")


def without_index(stem: str) -> str:
    """A stem without the sign that stands for an index."""
    return re.sub(r"_?#_?", "_", stem).strip("_")


def split_name(name: str) -> str:
    """A column's name in lower case with `_` between its words, and before a number.

    That of a name which is too long is empty.
    """
    if len(name) > LONGEST_NAME:
        return ""
    return re.sub(r"(?<=[a-z])(?=\d)", "_", words_of(name.replace("%", " pct ")))


def _stem(parts: Sequence[str], number: int) -> str:
    return "_".join([*parts[:number], "#", *parts[number + 1 :]])


def _ordinal(word: str) -> int:
    return _ORDINALS.index(word) + 1


def _place(index: str) -> int:
    """The place in the alphabet of a letter or a number; 0 comes before 1."""
    return int(index) if index.isdigit() else ord(index) - ord("a") + 1
