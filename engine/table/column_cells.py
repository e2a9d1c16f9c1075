"""What the cells of a column look like: structures, numbers, or nothing."""

import re

from ..base.budget import check_time
from ..chem.composition import is_composition
from ..chem.smiles import BadSmilesError, canonical, parse
from .cells import is_missing
from .quantities import to_quantity
from .reading import RawTable

_STRUCTURE_SIGNS = re.compile(r"[()=#\[\]1-9]")
_LETTER_OR_STAR = re.compile(r"[A-Za-z*∗＊⁎]")
SMILES_SAMPLE = 40
"""Cells of a column from which it is told whether it holds structures."""
NUMBER_SAMPLE = 2000
"""Cells of a column from which it is told whether it holds numbers."""


def words_of(name: str) -> str:
    """A column's name in lower case with `_` between its words."""
    return re.sub(r"[\W_]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)).strip("_").lower()


def values_of(raw: RawTable, name: str, most: int | None = None) -> list[str]:
    """The first cells of a column that are not missing."""
    values = [cell for cell in raw.frame[name] if not is_missing(cell)]
    return values[:most]


def has_stars(raw: RawTable, name: str) -> bool:
    """Whether most cells of a column are drawn with chain ends."""
    cells = values_of(raw, name, SMILES_SAMPLE)
    return sum("*" in cell for cell in cells) >= 0.5 * len(cells) > 0


def looks_like_smiles(raw: RawTable, name: str) -> bool:
    """Whether a column holds structures, by its name or its cells."""
    return "smiles" in name.lower() or smiles_score(raw, name) > 0


def smiles_score(raw: RawTable, name: str) -> float:
    """How much a column looks like SMILES: 0 for not at all.

    Words and abbreviations (PS, PBS) can be parsed too, so a column without `*` must at least hold
    carbon, and some brackets, bonds or rings.
    """
    check_time("looking for its columns")
    cells = values_of(raw, name, SMILES_SAMPLE)
    if not cells:
        return 0.0
    readable = [cell for cell in cells if is_smiles(cell)]
    stars = sum("*" in cell for cell in readable) / len(cells)
    signs = sum(bool(_STRUCTURE_SIGNS.search(cell)) for cell in readable) / len(cells)
    carbon = sum("c" in cell.lower() for cell in readable) / len(cells)
    share = len(readable) / len(cells)
    if share < 0.6 or not (stars >= 0.5 or (carbon >= 0.8 and signs >= 0.25)):
        return 0.0
    return share + stars


def holds_molecules(raw: RawTable, name: str) -> bool:
    """Whether a column holds molecules, small ones without brackets too, such as `OCCO`.

    Words of few letters may be read so too: it is asked where molecules are what is to be expected.
    """
    cells = values_of(raw, name, SMILES_SAMPLE)
    read = [len(cell) > 2 and "c" in cell.lower() and is_smiles(cell) for cell in cells]
    return sum(read) >= 0.8 * len(cells) > 0


def is_smiles(text: str | None) -> bool:
    """Whether a text can be read as a structure, or as a composition of repeat units."""
    # To be told by RDKit what is wrong with each of many numbers takes long.
    if not text or not _LETTER_OR_STAR.search(text):
        return False
    try:
        canonical(text) if is_composition(text) else parse(text)
    except BadSmilesError:
        return False
    return True


def is_numeric(raw: RawTable, name: str) -> bool:
    """Whether most cells are numbers; a few words among them are the user's slips."""
    check_time("looking for its columns")
    cells = values_of(raw, name, NUMBER_SAMPLE)
    numbers = sum(to_quantity(cell, raw.reading.decimal) is not None for cell in cells)
    return numbers > 0 and numbers >= 0.5 * len(cells)
