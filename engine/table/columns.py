"""Which column holds the SMILES, which the ids, and which the properties."""

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence

import pandas as pd
from pydantic import BaseModel, ConfigDict

from ..base.budget import check_time
from ..base.errors import UserError
from ..chem.smiles import BadSmilesError, canonical, parse
from ..settings.properties import Scale, is_registered
from .cells import is_missing, to_number
from .headers import columns_by_name, read_header
from .quantities import to_quantity
from .reading import RawTable
from .roles import Role, role_of

MAX_PROPERTIES = 500

_SMILES_NAMES = (
    "smiles",
    "psmiles",
    "polymersmiles",
    "repeatunitsmiles",
    "canonicalsmiles",
    "isomericsmiles",
    "smilesstring",
    "repeatunit",
    "structure",
)
_ID_NAMES = ("id", "ids", "identifier", "uid", "uuid")
_UNIQUE_ID_NAMES = re.compile(
    r"((row|sample|polymer|entry|compound|record)_?)?(index|idx|key|code|no|nr|num|number)"
    r"|(.*_)?name|row|cid|pid|polymer|sample|compound|entry|record"
)
_SAVED_INDEX = r"unnamed.*|_*index_level.*"
"""A data frame's index, as it is called in a file."""
_FIRST_ID_NAMES = re.compile(
    r"(.*_)?(ids?|index|idx|key|code|no|nr|num|number)|(ids?|index|idx)_.*|" + _SAVED_INDEX
)
_NOT_PROPERTIES = re.compile(
    r"((.*_)?(k?folds?|splits?|clusters?|scaffold)|set|subset|random|similarity|groups?|seed)"
    r"(_?\d+)?|" + _SAVED_INDEX
)
_MAYBE_FOLDS = re.compile(r"cv(_?\d+)?")
"""Cross-validation, or a heat capacity."""
_MOST_FOLDS = 20
_NAMES_SHOWN = 20
_STRUCTURE_SIGNS = re.compile(r"[()=#\[\]1-9]")
_LETTER_OR_STAR = re.compile(r"[A-Za-z*∗＊⁎]")
_SMILES_SAMPLE = 40
_NUMBER_SAMPLE = 2000
_DISTINCT_IDS = 0.5
"""Of the cells of a column that numbers samples, at least so many are different."""
_CHANCE_ROWS = 20
"""Below this many rows, whole numbers may be consecutive by chance and so be a property."""


class Columns(BaseModel):
    """The columns of a table that are used.

    Attributes:
        smiles: of the repeat units.
        id: of the ids, if there is one.
        properties: of the labels.
        scales: the scale on which a property is learned, by its column; chosen by its labels where
            it is not said.
        conditions: what members see beside the repeat unit, such as a temperature or a solvent.
    """

    model_config = ConfigDict(frozen=True)

    smiles: str
    id: str | None = None
    properties: tuple[str, ...] = ()
    scales: dict[str, Scale] = {}
    conditions: tuple[str, ...] = ()


def guess_columns(
    raw: RawTable,
    *,
    smiles: str | None = None,
    id: str | None = None,
    properties: Sequence[str] | None = None,
    scales: Mapping[str, Scale] | None = None,
    conditions: Sequence[str] = (),
) -> Columns:
    """Find the columns of a table by their names and their content.

    Args:
        raw: the table.
        smiles, id, properties: the user's choice in place of a guess; an empty `id` means that
            there is none.
        scales: the user's word on the scale of properties, by their columns or names.
        conditions: the columns that the user marks as conditions.

    Raises:
        UserError: when no column holds SMILES, when a named column does not exist, or when there
            are more than `MAX_PROPERTIES` properties.
    """
    chosen_names = (smiles, id or None, *(properties or ()), *conditions)
    named = [name for name in chosen_names if name is not None]
    _check_exist(raw, named)
    smiles = smiles or _guess_smiles(raw, exclude=named)
    chosen = {smiles, *(properties or ()), *conditions}
    id = _guess_id(raw, exclude=chosen) if id is None else id or None
    if properties is None:
        used = (smiles, id, *conditions)
        properties = [c for c in raw.column_names if c not in used and _is_property(raw, c)]
    by_column = columns_by_name(scales or {}, properties, "A scale")
    columns = Columns(
        smiles=smiles,
        id=id,
        properties=tuple(properties),
        scales=by_column,
        conditions=tuple(conditions),
    )
    check_columns(raw, columns)
    return columns


def check_columns(raw: RawTable, columns: Columns) -> None:
    """Refuse columns that do not exist or that are used twice.

    Raises:
        UserError: with the name of the column and those of the table's columns.
    """
    ids = [columns.id] if columns.id else []
    used = [columns.smiles, *ids, *columns.properties, *columns.conditions]
    _check_exist(raw, used)
    counts = Counter(used)
    if repeated := next((name for name in used if counts[name] > 1), None):
        raise UserError(f"The column “{repeated}” is used twice; choose it for one purpose only.")
    if len(columns.properties) > MAX_PROPERTIES:
        raise UserError(
            f"{raw.name} has {len(columns.properties):,} property columns; at most "
            f"{MAX_PROPERTIES} can be learned at once. Choose the ones that matter."
        )


def free_name(name: str, taken: Container[str]) -> str:
    """A column's name, or one like it that is not taken."""
    while name in taken:
        name += "_"
    return name


def _check_exist(raw: RawTable, names: Sequence[str]) -> None:
    for name in names:
        if name not in raw.frame:
            raise UserError(
                f"{raw.name} has no column “{name}”. Its columns are: {_listed(raw)}. Choose one "
                "of these."
            )


def _listed(raw: RawTable) -> str:
    """The columns' names, for a message."""
    names = [name if len(name) <= 40 else name[:39] + "…" for name in raw.column_names]
    rest = f" and {len(names) - _NAMES_SHOWN:,} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + rest


def _words(name: str) -> str:
    """A column's name in lower case with `_` between its words."""
    return re.sub(r"[\W_]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)).strip("_").lower()


def _values(raw: RawTable, name: str, most: int | None = None) -> list[str]:
    """The first cells of a column that are not missing."""
    values = [cell for cell in raw.frame[name] if not is_missing(cell)]
    return values[:most]


def _guess_smiles(raw: RawTable, exclude: Sequence[str] = ()) -> str:
    names = [name for name in raw.column_names if name not in exclude]
    plain = {name: re.sub(r"[\W_]+", "", name).lower() for name in names}
    by_name = [name for wanted in _SMILES_NAMES for name in names if plain[name] == wanted]
    found = {*by_name}
    by_name += [
        name
        for name in names
        if "smiles" in plain[name] and "bigsmiles" not in plain[name] and name not in found
    ]
    by_name = [name for name in by_name if "smiles" in plain[name] or _smiles_score(raw, name)]
    if by_name:
        # A solvent's SMILES has no `*`.
        return next((name for name in by_name if _has_stars(raw, name)), by_name[0])
    scores = {name: _smiles_score(raw, name) for name in names}
    best = max(names, key=lambda name: scores[name], default=None)
    if any("*" in name and _is_smiles(name) for name in names):
        raise UserError(
            f"The first row of {raw.name} holds a SMILES where the columns' names should be; add "
            "a header row, such as: SMILES,Tg"
        )
    if not best or not scores[best]:
        raise UserError(
            f"{raw.name} has no SMILES column. Its columns are: {_listed(raw)}. Name the one with "
            "the repeat units, or with polymers' names, “SMILES”."
        )
    return best


def _has_stars(raw: RawTable, name: str) -> bool:
    cells = _values(raw, name, _SMILES_SAMPLE)
    return sum("*" in cell for cell in cells) >= 0.5 * len(cells) > 0


def looks_like_smiles(raw: RawTable, name: str) -> bool:
    """Whether a column holds structures, by its name or its cells."""
    return "smiles" in name.lower() or _smiles_score(raw, name) > 0


def _smiles_score(raw: RawTable, name: str) -> float:
    """How much a column looks like SMILES: 0 for not at all.

    Words and abbreviations (PS, PBS) can be parsed too, so a column without `*` must at least hold
    carbon, and some brackets, bonds or rings.
    """
    check_time("looking for its columns")
    cells = _values(raw, name, _SMILES_SAMPLE)
    if not cells:
        return 0.0
    readable = [cell for cell in cells if _is_smiles(cell)]
    stars = sum("*" in cell for cell in readable) / len(cells)
    signs = sum(bool(_STRUCTURE_SIGNS.search(cell)) for cell in readable) / len(cells)
    carbon = sum("c" in cell.lower() for cell in readable) / len(cells)
    share = len(readable) / len(cells)
    if share < 0.6 or not (stars >= 0.5 or (carbon >= 0.8 and signs >= 0.25)):
        return 0.0
    return share + stars


def _is_smiles(text: str | None) -> bool:
    # To be told by RDKit what is wrong with each of many numbers takes long.
    if not text or not _LETTER_OR_STAR.search(text):
        return False
    try:
        parse(text)
    except BadSmilesError:
        return False
    return True


def _guess_id(raw: RawTable, exclude: set[str]) -> str | None:
    names = [name for name in raw.column_names if name not in exclude]
    words = {name: _words(name) for name in names}
    for name in columns_called_ids(names):
        if _values(raw, name, 1):
            return name
    for name in names:
        if _UNIQUE_ID_NAMES.fullmatch(words[name]) and _names_rows(raw, name):
            return name
    first = raw.column_names[0]
    return first if first in names and _could_be_id(raw, first) else None


def columns_called_ids(names: Sequence[str]) -> list[str]:
    """The columns whose names say that they hold ids, the clearest first."""
    words = {name: _words(name) for name in names}
    found = [name for wanted in _ID_NAMES for name in names if words[name] == wanted]
    return found + [name for name in names if words[name].endswith("_id")]


def _names_rows(raw: RawTable, name: str) -> bool:
    """Whether a column's cells are unique, and are words or whole numbers."""
    column = raw.frame[name]
    return _is_unique(column) and (_are_integers(column) or not _is_numeric(raw, name))


def _could_be_id(raw: RawTable, name: str) -> bool:
    """Whether a first column identifies the rows although its name does not prove it.

    Whole numbers that are merely unique may have been measured, such as melting temperatures.
    """
    if is_registered(read_header(name).name) or not _names_rows(raw, name):
        return False
    cells = raw.frame[name].tolist()
    if not _are_integers(cells):
        return True
    numbers = [int(cell) for cell in cells]
    if len(cells) >= _CHANCE_ROWS:
        consecutive = max(numbers) - min(numbers) + 1 == len(numbers)
        return consecutive or bool(_FIRST_ID_NAMES.fullmatch(_words(name)))
    first = numbers[0]
    return first in (0, 1) and numbers == list(range(first, first + len(numbers)))


def _is_property(raw: RawTable, name: str) -> bool:
    if is_registered(read_header(name).name):
        return True
    words = _words(name)
    if _NOT_PROPERTIES.fullmatch(words):
        return False
    if _MAYBE_FOLDS.fullmatch(words) and _could_be_folds(raw, name):
        return False
    if _role(raw, name, words):
        return False
    return not _numbers_samples(raw, name, words) and _is_numeric(raw, name)


def _numbers_samples(raw: RawTable, name: str, words: str) -> bool:
    """Whether a column has a name of ids and whole numbers, which may be missing or repeat.

    Of a sample that was measured twice there are two rows.
    """
    if not (columns_called_ids([name]) or _UNIQUE_ID_NAMES.fullmatch(words)):
        return False
    cells = _values(raw, name)
    return _are_integers(cells) and len({*cells}) >= _DISTINCT_IDS * len(cells)


def unused_roles(raw: RawTable, columns: Columns) -> dict[str, Role]:
    """What the columns are that are not used, as far as their names and cells say it."""
    used = {columns.smiles, columns.id, *columns.properties, *columns.conditions}
    roles: dict[str, Role] = {}
    for name in raw.column_names:
        if name in used or not _values(raw, name, 1):
            continue
        if looks_like_smiles(raw, name):
            if _is_second_unit(raw, name, columns.smiles):
                roles[name] = "second_unit"
        elif role := _role(raw, name, _words(name)):
            roles[name] = role
    return roles


def _is_second_unit(raw: RawTable, name: str, smiles: str) -> bool:
    """Whether a column holds other structures than that of the repeat units."""
    head = raw.frame[[name, smiles]][:_SMILES_SAMPLE].itertuples(index=False)
    pairs = [(other, unit) for other, unit in head if _is_smiles(other) and _is_smiles(unit)]
    return sum(canonical(other) != canonical(unit) for other, unit in pairs) > 0.5 * len(pairs)


def _role(raw: RawTable, name: str, words: str) -> Role | None:
    """What a column is besides a property; a composition lies between 0 and 100."""
    role = role_of(words)
    if role is None or not _is_numeric(raw, name):
        return None
    if role == "composition":
        cells = _values(raw, name, _NUMBER_SAMPLE)
        numbers = [to_number(cell, raw.reading.decimal) for cell in cells]
        if any(number is not None and not 0 <= number <= 100 for number in numbers):
            return None
    return role


def _could_be_folds(raw: RawTable, name: str) -> bool:
    """Whether a column holds only a few different numbers, all of them whole."""
    numbers = {to_number(cell, raw.reading.decimal) for cell in {*_values(raw, name)}}
    whole = all(number is not None and number.is_integer() for number in numbers)
    return whole and len(numbers) <= _MOST_FOLDS


def _is_numeric(raw: RawTable, name: str) -> bool:
    """Whether most cells are numbers; a few words among them are the user's slips."""
    check_time("looking for its columns")
    cells = _values(raw, name, _NUMBER_SAMPLE)
    numbers = sum(to_quantity(cell, raw.reading.decimal) is not None for cell in cells)
    return numbers > 0 and numbers >= 0.5 * len(cells)


def _is_unique(column: pd.Series) -> bool:
    return bool(column.notna().all() and column.is_unique)


def _are_integers(cells: Iterable[str]) -> bool:
    return all(re.fullmatch(r"[+-]?\d{1,18}", cell, re.ASCII) for cell in cells)
