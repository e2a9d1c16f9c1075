"""What a report says of columns that are not used, or have another name than in the file."""

from collections.abc import Mapping

from ..base.wording import clipped, counted, listed
from .cells import LONGEST_CELL
from .columns import Columns
from .fraction_columns import basis_column
from .long_format import find_long_format
from .reading import RawTable
from .report import Finding
from .roles import SETTINGS, Role
from .unit_columns import units_not_seen

_SENTENCES: dict[Role, str] = {
    "condition": "{columns}: conditions under which a property was measured, and no property of "
    "the repeat unit. They are not used: rows of one polymer under other conditions are averaged "
    "by the model. To let it learn what they change, choose them as conditions on the Train page "
    "or say `--condition-column NAME`; choose the column as a property if it is one.",
    "composition": "{columns}: amounts in a copolymer or a mixture, which are not seen. Where they "
    "are fractions of repeat units, say `--unit-columns A,B --fraction-columns NAME`, or choose "
    "the roles on the Train page; choose the amount of a salt or a solvent as a condition: "
    "`--condition-column NAME`.",
    "second_unit": "{columns}: a second structure beside the repeat unit. It is not seen: the "
    "model would learn as if it made no difference. Choose it as a condition if it is a salt, a "
    "solvent or an additive: `--condition-column NAME`; a comonomer's repeat unit has `*`, and is "
    "read with `--unit-columns A,B`; of monomers that react with each other, write the repeat "
    "unit that they make. Both can be chosen on the Train page.",
    "spread": "{columns}: spreads of other columns, and no properties. Choose them if they are.",
    "count": "{columns}: counts or settings of a simulation, and no properties. Choose them if "
    "they are.",
}


def column_findings(raw: RawTable, columns: Columns, roles: Mapping[str, Role]) -> list[Finding]:
    """What is worth knowing of a table's columns.

    Args:
        raw: the table.
        columns: that are used.
        roles: what others are, as far as that is known.
    """
    notes = [*_above_header(raw), *_encoding(raw), *_notes(raw, columns, roles)]
    return [
        *_long_format(raw),
        *_units_not_seen(raw, columns),
        *_roles(roles),
        *_unread(raw),
        *_cut(raw),
        *notes,
    ]


def _units_not_seen(raw: RawTable, columns: Columns) -> list[Finding]:
    """Whether the rows seem to be copolymers of which one unit alone is read."""
    others = [] if columns.units else units_not_seen(raw, columns.smiles, columns.used)
    if not others:
        return []
    return [
        Finding(
            kind="units_not_seen",
            severity="error",
            column=others[0],
            count=len(others),
            message=f"{listed([f'“{name}”' for name in others], 'columns')}: called like "
            f"“{columns.smiles}”, or repeat units too, and not read: copolymers would be learned "
            "as homopolymers of one of their units. Name all with `--unit-columns A,B` and their "
            "fractions with `--fraction-columns A,B`, or choose these roles on the Train page; a "
            "monomer has to be written as its repeat unit, with `*`, or is made one with "
            "`--monomers make-units`.",
        )
    ]


def _unread(raw: RawTable) -> list[Finding]:
    """Columns whose cells hold more than one value, or far too much."""
    if not raw.unread:
        return []
    named = [f"“{clipped(column)}” ({reason})" for column, reason in raw.unread]
    count = counted(len(named), "column")
    return [
        Finding(
            kind="unread_columns",
            severity="warning",
            count=len(named),
            message=f"{count} {'is' if len(named) == 1 else 'are'} not read: "
            f"{listed(named, 'columns')}. Write one text or number into each cell.",
        )
    ]


def _cut(raw: RawTable) -> list[Finding]:
    """Cells of whose text only the beginning is read."""
    if not raw.cut:
        return []
    named = [f"row {row} of “{clipped(column)}”" for row, column in raw.cut]
    what = "cell has" if len(named) == 1 else "cells have"
    return [
        Finding(
            kind="cut_cells",
            severity="warning",
            count=len(named),
            rows=[row for row, _ in raw.cut],
            message=f"{len(named):,} {what} more than {LONGEST_CELL:,} characters, of which only "
            f"the first are read: {listed(named, 'cells')}. Shorten the text, or leave the column "
            "out.",
        )
    ]


def _above_header(raw: RawTable) -> list[Finding]:
    """Titles and comments, which are passed over but count in the numbers of rows."""
    if not raw.above:
        return []
    lines = [f"row {row} “{clipped(text)}”" for row, text in raw.above]
    stands = "stands" if len(lines) == 1 else "stand"
    return [
        Finding(
            kind="above_header",
            severity="note",
            count=len(lines),
            message=f"{counted(len(lines), 'line')} {stands} above the header and "
            f"{'is' if len(lines) == 1 else 'are'} passed over: {listed(lines)}.",
        )
    ]


def _long_format(raw: RawTable) -> list[Finding]:
    """Whether each row names its property, so that one column would hold all of them."""
    long = find_long_format(raw)
    if long is None:
        return []
    count = len({cell for cell in raw.frame[long.name] if cell})
    return [
        Finding(
            kind="long_format",
            severity="error",
            column=long.name,
            count=count,
            message=f"“{long.name}” names {counted(count, 'property', 'properties')}, whose values "
            f"all stand in “{long.value}”: read so, they would be learned as one. To give each a "
            f"column, say `--long {long.name}={long.value}`, or tick the box below on the Train "
            "page.",
        )
    ]


def _roles(roles: Mapping[str, Role]) -> list[Finding]:
    """A finding for each kind of column that is not learned; `roles` are those of such columns."""
    findings = []
    for role, sentence in _SENTENCES.items():
        columns = [column for column, its in roles.items() if its == role]
        if not columns:
            continue
        findings.append(
            Finding(
                kind=f"{role}_columns",
                severity="warning" if role in SETTINGS else "note",
                count=len(columns),
                message=sentence.format(columns=listed(columns, "columns")),
            )
        )
    return findings


def _encoding(raw: RawTable) -> list[Finding]:
    """A note on an encoding that was guessed, with a text by which it can be judged."""
    if not raw.reading.is_guessed:
        return []
    texts = [*raw.column_names, *raw.frame.to_numpy(dtype=object).ravel()]
    example = next((text for text in texts if text and not text.isascii()), None)
    seen = f" and reads “{clipped(example, 40)}”" if example else ""
    message = (
        f"The file is not in UTF-8; {raw.reading.encoding} of Western Europe is a guess{seen}. If "
        "names look wrong, say `--encoding NAME`, or choose the encoding on the Train page."
    )
    return [Finding(kind="guessed_encoding", severity="note", count=1, message=message)]


def _notes(raw: RawTable, columns: Columns, roles: Mapping[str, Role]) -> list[Finding]:
    """Notes on the columns that are not used and on those that got a new name."""
    used = {*columns.used, *roles}
    names = raw.column_names
    # What it says of fractions is used.
    basis = basis_column(raw, names) if columns.says_more else None
    ignored = [name for name in names if name not in {*used, basis}]
    renamed = [name for name in raw.reading.renamed if name in raw.frame]
    notes = []
    if ignored:
        message = f"{counted(len(ignored), 'column')} not used: {listed(ignored)}."
        notes.append(
            Finding(kind="ignored_columns", severity="note", count=len(ignored), message=message)
        )
    notes += _sheets(raw)
    if renamed:
        message = (
            f"Column names that were empty or taken are now: {listed(renamed)}. Give each column "
            "its own name in the file."
        )
        notes.append(
            Finding(kind="renamed_columns", severity="note", count=len(renamed), message=message)
        )
    return notes


def _sheets(raw: RawTable) -> list[Finding]:
    """Notes on a workbook's sheets that were joined, and on those that were not read."""
    reading, notes = raw.reading, []
    if reading.joined_sheets:
        shifts = [
            f"{shift:,} is added to the row numbers of “{title}”"
            for title, shift in reading.joined_sheets.items()
        ]
        message = f"Joined to the sheet “{reading.sheet}”: {listed(shifts, 'sheets')}."
        count = len(shifts)
        notes.append(Finding(kind="joined_sheets", severity="note", count=count, message=message))
    if reading.other_sheets:
        alike = listed([f"“{title}”" for title in reading.alike_sheets] or [""], "sheets")
        has = "has" if len(reading.alike_sheets) == 1 else "have"
        joining = (
            f" {alike} {has} the same columns: to join sheets, say `--sheet NAME` for each, or "
            "choose them on the Train page."
        )
        message = (
            f"The sheet “{reading.sheet}” is read; not read: "
            f"{listed(reading.other_sheets, 'sheets')}. To read another, say `--sheet NAME`, "
            f"or choose it on the Train page.{joining if reading.alike_sheets else ''}"
        )
        count = len(reading.other_sheets)
        notes.append(Finding(kind="other_sheets", severity="note", count=count, message=message))
    return notes
