"""Columns that a user marks as conditions: a temperature, a method, the SMILES of a solvent."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..base.wording import counted, listed, rows_text
from ..chem.smiles import BadSmilesError, canonical
from ..settings.conditions import MOST_WORDS, Condition, ConditionKind, GivenConditions
from ..settings.units import conversion
from .cells import DecimalSign, is_missing
from .column_cells import looks_like_smiles
from .columns import Columns
from .headers import read_header
from .quantities import BOUNDS, commonest_unit, read_column
from .reading import RawTable
from .report import Finding
from .scales import FEWEST_LABELS, SCALE_DECADES, decades

_STRUCTURES = re.compile(r"solvent|additive|plastici[sz]er|comonomer|molecule|structure|guest|gas")
_MOST_ODD = 0.1
"""Share of a column's cells that may be no numbers although the column holds numbers."""


class ConditionValues(NamedTuple):
    """The conditions of a table's n rows.

    Attributes:
        conditions: C of them.
        values: n rows with a column for each condition: float64 in its unit, NaN where there is
            none; or words or canonical SMILES, None where there is none.
        findings: what is odd about them.
    """

    conditions: tuple[Condition, ...]
    values: pd.DataFrame
    findings: list[Finding]


def read_conditions(raw: RawTable, columns: Columns, usable: np.ndarray) -> ConditionValues:
    """Read the columns that are marked as conditions.

    Args:
        raw: the table.
        columns: of which `conditions` are read.
        usable: (n,) positions of the rows to read.

    Raises:
        UserError: for a column that is empty, or has too many different words.
    """
    values: dict[str, np.ndarray] = {}
    conditions: list[Condition] = []
    findings: list[Finding] = []
    for column in columns.conditions:
        name, unit = read_header(column)
        if alike := next((one for one in values if one.casefold() == name.casefold()), None):
            raise UserError(
                f"Two conditions are called “{name}” and “{alike}”: rename one of the columns, or "
                "leave it out."
            )
        cells = raw.frame[column].to_numpy()[usable]
        kind = _kind(raw, column, cells)
        if kind == "number" and not unit:
            unit = commonest_unit(read_column(cells.tolist(), raw.reading.decimal))
        read, odd = _read(cells, kind, unit or "", raw.reading.decimal)
        values[name] = read
        conditions.append(_described(name, kind, unit or "", read, column))
        findings += _findings(name, read, odd, raw.rows[usable])
    frame = pd.DataFrame(values, index=range(len(usable)))
    return ConditionValues(tuple(conditions), frame, findings)


def condition_columns(raw: RawTable, conditions: Sequence[Condition]) -> dict[str, str]:
    """The columns of a table that hold some conditions, by the condition's name.

    Args:
        raw: the table.
        conditions: of a model.
    """
    by_name: dict[str, str] = {}
    for column in raw.column_names:
        by_name.setdefault(column.casefold(), column)
        by_name.setdefault(read_header(column).name.casefold(), column)
    return {
        condition.name: by_name[condition.name.casefold()]
        for condition in conditions
        if condition.name.casefold() in by_name
    }


def conditions_for(
    raw: RawTable,
    conditions: Sequence[Condition],
    given: Mapping[str, float | str] | None = None,
) -> GivenConditions:
    """The conditions of each row of a table that is to be predicted.

    Args:
        raw: the table, or some rows of it.
        conditions: that the model needs.
        given: values for all rows, which go before the table's columns.

    Raises:
        UserError: when a condition is neither given nor a column, or a unit cannot be converted.
    """
    given = given or {}
    columns = condition_columns(raw, conditions)
    values: dict[str, np.ndarray] = {}
    problems: dict[int, str] = {}
    for condition in conditions:
        name = condition.name
        if name in given:
            dtype = float if condition.kind == "number" else object
            values[name] = np.full(len(raw.frame), given[name], dtype=dtype)
            continue
        if name not in columns:
            raise UserError(
                f"The model predicts at a given {condition.label}, which {raw.name} has no column "
                f"of: add a column “{condition.label}”, or say `--condition {name}=VALUE`."
            )
        column = columns[name]
        said = read_header(column).unit or condition.unit
        cells = raw.frame[column].to_numpy()
        read, _ = _read(cells, condition.kind, said, raw.reading.decimal)
        if condition.kind == "number":
            read = _on_scale(_in_unit(read, said, condition, raw.name), condition)
        elif condition.kind == "word":
            read = np.array([condition.choice(word or "") for word in read], dtype=object)
        values[name] = read
        for position in np.flatnonzero(pd.isna(read)):
            problems.setdefault(int(position), _problem(condition, cells[position]))
    return GivenConditions(values, problems)


def checked_value(condition: Condition, text: str) -> float | str:
    """What a user gave as the value of one condition.

    Raises:
        UserError: when it is no such value.
    """
    cells = np.array([text], dtype=object)
    read, _ = _read(cells, condition.kind, condition.unit, ".")
    if condition.kind == "number":
        read = _on_scale(read, condition)
    value: Any = condition.choice(text) if condition.kind == "word" else read[0]
    if pd.isna(value):
        raise UserError(f"{condition.name}: {_problem(condition, text)}.")
    return float(value) if condition.kind == "number" else str(value)


def named_values(
    conditions: Sequence[Condition], given: Iterable[tuple[str, str]], model: str
) -> dict[str, float | str]:
    """The values of conditions that a user gave by name, whatever the case of the names.

    Args:
        conditions: that the model predicts at.
        given: names, and values as text.
        model: its name.

    Raises:
        UserError: for a condition that the model does not know, or a value that is none of it.
    """
    known = {each.name.casefold(): each for each in conditions}
    values: dict[str, float | str] = {}
    for name, text in given:
        condition = known.get(name.strip().casefold())
        if condition is None:
            there = ", ".join(each.name for each in conditions)
            raise UserError(
                f"The model {model!r} knows no condition {name!r}: "
                + (f"its conditions are {there}." if there else "it predicts without any.")
            )
        values[condition.name] = checked_value(condition, text)
    return values


def join_conditions(
    parts: Sequence[tuple[str, Sequence[Condition], pd.DataFrame]],
) -> tuple[tuple[Condition, ...], pd.DataFrame]:
    """The conditions of several tables as one; rows of a table without one have none.

    Args:
        parts: of each table its name, its conditions, and its rows' values of them.

    Raises:
        UserError: when two tables have a condition of one name and other kinds or units.
    """
    first: dict[str, tuple[Condition, str]] = {}
    for table, conditions, _ in parts:
        for condition in conditions:
            known, where = first.setdefault(condition.name.casefold(), (condition, table))
            if (known.kind, known.unit) != (condition.kind, condition.unit):
                raise UserError(
                    f"{table} gives the condition {condition.label} as a {condition.kind}, {where} "
                    f"gives {known.label} as a {known.kind}: convert one column first."
                )
    frames = []
    for _, _, values in parts:
        own = {str(name).casefold(): column for name, column in values.items()}
        frame = pd.DataFrame(index=values.index)
        for name, (condition, _) in first.items():
            nothing = np.nan if condition.kind == "number" else None
            frame[condition.name] = own.get(name, nothing)
        frames.append(frame)
    joined = pd.concat(frames, ignore_index=True)
    described = []
    for known, _ in first.values():
        if known.kind == "word":
            # Spelt as the first table spells them.
            joined[known.name] = _read(joined[known.name].to_numpy(), "word", "", ".")[0]
        read = joined[known.name].to_numpy()
        described.append(_described(known.name, known.kind, known.unit, read, known.name))
    return tuple(described), joined


def _problem(condition: Condition, cell: str | None) -> str:
    """Why a cell is no value of a condition, for the `problem` column."""
    if is_missing(cell):
        return f"no {condition.name} is given"
    if condition.kind == "number":
        unit = f" in {condition.unit}" if condition.unit else ""
        above = " above zero" if condition.scale == "log10" else ""
        return f"“{cell}” is no number{above}{unit}, as the {condition.name} has to be"
    if condition.kind == "structure":
        return f"“{cell}” cannot be read as the SMILES of a {condition.name}"
    return (
        f"“{cell}” is no {condition.name} that the model has learned: "
        f"{listed([*condition.choices])}"
    )


def _kind(raw: RawTable, column: str, cells: np.ndarray) -> ConditionKind:
    present = [cell for cell in cells if not is_missing(cell)]
    if not present:
        raise UserError(f"The column “{column}” is empty: it cannot be a condition.")
    read = read_column(present, raw.reading.decimal)
    if len(read.words) <= _MOST_ODD * len(present):
        return "number"
    if looks_like_smiles(raw, column):
        return "structure"
    # Water and ethanol, `O` and `CCO`, look less like structures than repeat units do.
    named = _STRUCTURES.search(column.casefold()) is not None
    return "structure" if named and all(map(_is_structure, {*present})) else "word"


def _is_structure(text: str) -> bool:
    try:
        canonical(text)
    except BadSmilesError:
        return False
    return True


def _read(
    cells: np.ndarray, kind: ConditionKind, unit: str, decimal: DecimalSign
) -> tuple[np.ndarray, list[int]]:
    """The values of cells, and the positions of those that hold something else."""
    if kind == "number":
        return _numbers(cells, unit, decimal)
    if kind == "structure":
        return _structures(cells)
    words: dict[str, str] = {}
    values = [
        None if is_missing(cell) else words.setdefault(cell.strip().casefold(), cell.strip())
        for cell in cells
    ]
    return np.array(values, dtype=object), []


def _numbers(cells: np.ndarray, unit: str, decimal: DecimalSign) -> tuple[np.ndarray, list[int]]:
    read = read_column(cells.tolist(), decimal)
    values, odd = read.values.copy(), [*read.words, *read.infinite]
    for position, quantity in read.quantities.items():
        if quantity.kind in BOUNDS:
            odd.append(position)
        elif quantity.unit and quantity.unit != unit:
            turned = conversion(quantity.unit, unit) if unit else None
            if turned is None:
                values[position] = np.nan
                odd.append(position)
            else:
                values[position] = turned[0] * quantity.value + turned[1]
    return values, sorted(odd)


def _structures(cells: np.ndarray) -> tuple[np.ndarray, list[int]]:
    known: dict[str, str | None] = {}
    for text in {cell for cell in cells if not is_missing(cell)}:
        try:
            known[text] = canonical(text)
        except BadSmilesError:
            known[text] = None
    values = np.array([known.get(cell) for cell in cells], dtype=object)
    return values, [i for i, cell in enumerate(cells) if cell in known and known[cell] is None]


def _in_unit(values: np.ndarray, unit: str, condition: Condition, table: str) -> np.ndarray:
    if unit == condition.unit or not unit:
        return values
    turned = conversion(unit, condition.unit) if condition.unit else None
    if turned is None:
        raise UserError(
            f"{table} gives {condition.name} in {unit}, and the model learned it in "
            f"{condition.unit or 'numbers without a unit'}: convert the column first."
        )
    return turned[0] * values + turned[1]


def _on_scale(values: np.ndarray, condition: Condition) -> np.ndarray:
    """The numbers; NaN for one that has no place on the condition's scale."""
    return np.where(np.isfinite(condition.as_property.scaled(values)), values, np.nan)


def _described(
    name: str, kind: ConditionKind, unit: str, values: np.ndarray, column: str
) -> Condition:
    """The condition that a column's values are of."""
    if kind == "number":
        numbers = values[np.isfinite(values)]
        if not len(numbers):
            raise UserError(
                f"The column “{column}” holds no plain number, so it cannot be a condition: write "
                "numbers in one unit."
            )
        wide = (
            len(numbers) >= FEWEST_LABELS
            and numbers.min() > 0
            and decades(numbers) >= SCALE_DECADES
        )
        return Condition(
            name=name,
            kind=kind,
            unit=unit,
            scale="log10" if wide else "linear",
            low=float(numbers.min()),
            high=float(numbers.max()),
            usual=repr(float(np.median(numbers))),
        )
    counts = Counter(value for value in values if value is not None)
    if not counts:
        raise UserError(f"The column “{column}” holds no SMILES that can be read.")
    if kind == "word" and len(counts) > MOST_WORDS:
        raise UserError(
            f"The column “{column}” holds {len(counts):,} different words; as a condition it may "
            f"have at most {MOST_WORDS}. Choose another column, or write fewer words."
        )
    # Equal counts by their text: the order of rows must not matter.
    choices = sorted(counts, key=lambda value: (-counts[value], value))
    return Condition(name=name, kind=kind, usual=choices[0], choices=tuple(choices))


def _findings(name: str, values: np.ndarray, odd: list[int], rows: np.ndarray) -> list[Finding]:
    findings = []
    if odd:
        findings.append(
            Finding(
                kind="unread_condition",
                severity="warning",
                column=name,
                count=len(odd),
                rows=[int(rows[i]) for i in odd],
                message=f"{name}: {counted(len(odd), 'cell')} cannot be read and "
                f"{'counts' if len(odd) == 1 else 'count'} as missing: "
                f"{rows_text([int(rows[i]) for i in odd])}.",
            )
        )
    missing = np.flatnonzero(pd.isna(values))
    if len(missing):
        findings.append(
            Finding(
                kind="missing_condition",
                severity="warning",
                column=name,
                count=len(missing),
                rows=[int(rows[i]) for i in missing],
                message=f"{name}: {counted(len(missing), 'row')} "
                f"{'has' if len(missing) == 1 else 'have'} none "
                f"({rows_text([int(rows[i]) for i in missing])}); the model learns their labels as "
                "of unknown conditions. Fill them in, or leave the rows out.",
            )
        )
    return findings
