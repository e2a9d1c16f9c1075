"""Tables in long format: a row for each value, with a column that names the property."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..base.budget import check_time
from ..base.errors import UserError
from .cells import is_missing
from .columns import Columns, unused_roles
from .quantities import to_quantity
from .reading import RawTable
from .roles import SETTINGS
from .workbooks import check_cells

_NAMES = ("property", "property_name", "prop", "parameter", "quantity", "variable", "endpoint")
_VALUES = ("value", "values", "val", "property_value", "result", "measurement")
_UNITS = ("unit", "units", "property_unit", "uom")
_MOST_PROPERTIES = 200


class LongFormat(NamedTuple):
    """The columns of a table in long format: names of properties, values, and units if any."""

    name: str
    value: str
    unit: str | None = None


def find_long_format(raw: RawTable) -> LongFormat | None:
    """The columns of a table that names a property in each row; None for any other table."""
    by_words = {name.strip().lower().replace(" ", "_"): name for name in raw.column_names}
    names = [by_words[word] for word in _NAMES if word in by_words]
    values = [by_words[word] for word in _VALUES if word in by_words]
    if not names or not values:
        return None
    cells = [cell for cell in raw.frame[names[0]] if not is_missing(cell)]
    words = [cell for cell in cells if to_quantity(cell, raw.reading.decimal) is None]
    if not words or len(words) < len(cells) or len(set(words)) > _MOST_PROPERTIES:
        return None
    units = [by_words[word] for word in _UNITS if word in by_words]
    return LongFormat(names[0], values[0], units[0] if units else None)


def said_long_format(words: str, raw: RawTable) -> LongFormat:
    """What a user says with `property=value` or `property=value=unit`, all names of columns.

    Raises:
        UserError: when that is no form, or there is no such column.
    """
    columns = [word.strip() for word in words.split("=")]
    if not 2 <= len(columns) <= 3:
        raise UserError(
            f"--long {words!r} is not understood: name the column of properties and that of "
            "values, as property=value, or property=value=unit."
        )
    for column in columns:
        if column not in raw.frame:
            raise UserError(
                f"--long: {raw.name} has no column “{column}”; its columns are: "
                f"{', '.join(raw.column_names)}."
            )
    found = find_long_format(raw)
    unit = found.unit if found and len(columns) == 2 else None
    return LongFormat(columns[0], columns[1], columns[2] if len(columns) > 2 else unit)


def pivoted(
    raw: RawTable, long: LongFormat, used: Columns, conditions: Sequence[str] = ()
) -> RawTable:
    """The table with a column for each property, and its units in the cells.

    Rows of one repeat unit under the same conditions become one, which has the number and the
    other cells of the first of them; a second value of one property begins another row.

    Args:
        raw: the table in long format.
        long: its columns.
        used: the columns of the repeat units, and of their fractions and architecture.
        conditions: columns that tell rows apart, besides those whose names or cells say so.

    Raises:
        UserError: when there are too many properties.
    """
    others = [name for name in raw.column_names if name not in long]
    properties = list(dict.fromkeys(cell for cell in raw.frame[long.name] if not is_missing(cell)))
    if len(properties) > _MOST_PROPERTIES:
        raise UserError(
            f"“{long.name}” names {len(properties):,} properties; at most {_MOST_PROPERTIES} can "
            "have a column each. Choose another column."
        )
    columns = _unlike(properties, others)
    cells: list[dict[str, str | None]] = []
    numbers: list[int] = []
    composition = used.model_copy(update={"id": None, "properties": (), "conditions": ()})
    roles = unused_roles(raw, composition)
    apart = [name for name in others if name in conditions or roles.get(name) in SETTINGS]
    open_rows: dict[tuple[str | None, ...], list[int]] = defaultdict(list)
    seen: Counter[tuple[str | None, ...]] = Counter()
    for number, given in zip(raw.rows, raw.frame.to_numpy(), strict=True):
        row = dict(zip(raw.column_names, given, strict=True))
        name, value = row[long.name], row[long.value]
        if is_missing(name) or is_missing(value):
            continue
        column = columns[name]
        key = tuple(row[each] for each in (*used.polymer, *apart))
        mine, before = open_rows[key], seen[column, *key]
        # The first value of a property goes to the first row of its unit, the second to the second.
        seen[column, *key] += 1
        if before == len(mine):
            mine.append(len(cells))
            cells.append({other: row[other] for other in others})
            numbers.append(int(number))
            check_cells(len(cells) * (len(others) + len(columns)), raw.name)
            check_time("giving each property a column")
        place = mine[before]
        unit = row[long.unit] if long.unit else None
        cells[place][column] = value if is_missing(unit) else f"{value} {unit}"
    if not cells:
        raise UserError(f"“{long.value}” of {raw.name} holds no values.")
    frame = pd.DataFrame(cells, columns=[*others, *columns.values()], dtype=object)
    frame = frame.where(frame.notna(), None)
    return replace(raw, frame=frame, rows=np.array(numbers, dtype=np.int64))


def _unlike(names: Sequence[str], taken: Sequence[str]) -> dict[str, str]:
    """A column name for each property, unlike the other columns' names."""
    return {name: f"{name} (property)" if name in taken else name for name in names}
