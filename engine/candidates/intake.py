"""From pasted lines and from files to candidates: one of each line that says something, and row."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..base.errors import UserError
from ..base.wording import clipped
from ..chem.comonomers import explained
from ..chem.composition import BAR, MAX_TEXT, is_composition, parts_of
from ..chem.entered_units import readable_composition
from ..chem.finding import Found, find, told
from ..chem.listed_units import with_polymers_drawn
from ..chem.names import polymer_named
from ..chem.notations import NotationError, drawn_unit
from ..chem.smiles import MAX_LENGTH, BadSmilesError, canonical
from ..inference.bundle import BundleInfo
from ..inference.table_rows import columns_in, polymers_of
from ..table.cells import is_missing
from ..table.columns import Columns
from ..table.named_units import columns_of_units_or_names
from ..table.reading import RawTable
from ..table.streaming import TableStream, stream_table
from .rows import NewCandidate
from .store import MOST

PASTED, DRAWN = "pasted", "Predict"
_LONGEST_CELL = 1000
_MOST_COLUMNS = 50
_MOST_EXPLAINED = 200
"""Texts that are looked up among all names; more of a file are only said to be none."""

_CHUNK_ROWS = 2000
_APART = re.compile(r"[\s,;]+")
_BETWEEN_CELLS = ("\t", ";", ", ")
_TOGETHER = re.compile(r"\s*[\t;]\s*")
_MOST_APART = 50
"""Places, from the end of a line, at which the name of a composition may begin."""
_LONGEST_LINE = MAX_LENGTH + 500
"""Of a unit, with what stands behind it."""
_TWO_UNITS = "it holds two repeat units: put each on a line of its own"


class _Reader:
    """Reads texts; looks a limited number of them up, since each takes milliseconds."""

    def __init__(self) -> None:
        self._explained = 0

    def candidate(self, text: str, row_id: str, origin: str, extra: dict[str, str]) -> NewCandidate:
        """The candidate that a text is: a repeat unit, a name, or what is wrong with it."""
        text = text.strip()
        if is_composition(text):
            return self._composition(text, row_id, origin, extra)
        unit: str | None = None
        name = problem = ""
        try:
            drawn = drawn_unit(text)
        except NotationError as error:
            return NewCandidate(
                clipped(text, MAX_LENGTH), None, "", row_id, origin, extra, str(error)
            )
        if drawn:
            unit = drawn
            if len(text) > MAX_LENGTH:
                unit, problem = None, f"it is longer than {MAX_LENGTH:,} characters"
            elif origin == PASTED and _is_drawn(row_id):
                unit, problem = None, _TWO_UNITS
        elif polymer := polymer_named(text):
            unit, name = polymer.smiles, polymer.name
        else:
            problem = self._problem(text)
        return NewCandidate(clipped(text, MAX_LENGTH), unit, name, row_id, origin, extra, problem)

    def _composition(
        self, text: str, row_id: str, origin: str, extra: dict[str, str]
    ) -> NewCandidate:
        """The candidate of several repeat units with fractions."""
        try:
            unit = self._readable(text)
        except BadSmilesError as error:
            problem = self._problem_of_composition(text, error)
            return NewCandidate(clipped(text, MAX_LENGTH), None, "", row_id, origin, extra, problem)
        return NewCandidate(text, unit, "", row_id, origin, extra, "")

    def _readable(self, text: str) -> str:
        """The text of a composition, with SMILES for the names of its units."""
        if _is_readable(text):
            return text
        self._explained += 1
        if self._explained <= _MOST_EXPLAINED:
            return readable_composition(text)
        return canonical(text)

    def _problem_of_composition(self, text: str, error: BadSmilesError) -> str:
        if self._explained <= _MOST_EXPLAINED and (found := find(text)).offers:
            return f"{told(found)} {_advice(found)}"
        return explained(error)

    def _problem(self, text: str) -> str:
        if not text:
            return "the row has no repeat unit"
        if self._explained < _MOST_EXPLAINED and len(text) <= MAX_LENGTH:
            self._explained += 1
            found = find(text)
            return f"{told(found)} {_advice(found)}".strip()
        return f"“{clipped(text)}” is neither a repeat unit with `*` nor the name of one polymer"


def _advice(found: Found) -> str:
    """What to put on the list instead."""
    if not found.offers or found.how == "near":
        return ""
    what = "composition" if found.compositions else "repeat unit"
    return f"Give a {what}, such as {found.offers[0].smiles}."


def of_lines(text: str) -> list[NewCandidate]:
    """The candidates of pasted lines: a repeat unit, or the name of a polymer, in each.

    After a repeat unit or a composition may stand a name of its own, with a blank, a comma or a tab
    between them; after a polymer's name, what other cells hold, with a tab, a semicolon or a comma
    between them.
    Empty lines are none, nor are those that `left_out` counts.

    Args:
        text: the lines.

    Raises:
        UserError: when they are too many.
    """
    lines = [line for line in _lines(text) if not _says_nothing(line)]
    if len(lines) > MOST:
        raise UserError(f"These are {len(lines):,} lines, and a list holds {MOST:,} candidates.")
    reader, found = _Reader(), []
    for line in lines:
        longest = MAX_TEXT + 500 if is_composition(line) else _LONGEST_LINE
        given, own = _with_own_name(line[:longest])
        candidate = reader.candidate(given, clipped(own, 200), PASTED, {})
        found.append(candidate._replace(given=clipped(line, longest)))
    return found


def _with_own_name(line: str) -> tuple[str, str]:
    """The repeat unit or the polymer's name that a line begins with, and what stands behind it."""
    first, *rest = _APART.split(line, maxsplit=1)
    # A unit's own name may hold a bar; one that stands first goes on with the composition.
    if rest and BAR not in first and not rest[0].startswith(BAR) and _is_drawn(first):
        return first, rest[0]
    if is_composition(line):
        return _composition_and_name(line)
    if rest and _is_drawn(first):
        return first, rest[0]
    if not polymer_named(line):
        # Cells of a spreadsheet; a comma may stand within a name.
        for separator in _BETWEEN_CELLS:
            name, found, own = line.partition(separator)
            if found and polymer_named(name):
                return name, _TOGETHER.sub(", ", own.strip())
    return line, ""


def _composition_and_name(line: str) -> tuple[str, str]:
    """The longest composition that a line begins with, and what stands behind it.

    The longest, since a comma or a blank may stand within its numbers: `A|B|0,3|0,7`, `30 %`.
    """
    apart = [found.span() for found in _APART.finditer(line)][-_MOST_APART:]
    for end, start in [(len(line), len(line)), *reversed(apart)]:
        if _is_listed(line[:end]):
            return line[:end], line[start:]
    before, _, last = line.rpartition(BAR)
    end_, *own = _APART.split(last.strip(), maxsplit=1)
    return (f"{before}{BAR}{end_}", own[0]) if own else (line, "")


def _is_listed(text: str) -> bool:
    """Whether a text lists units, named ones too, with fractions that fit them."""
    try:
        return is_composition(text) and bool(parts_of(with_polymers_drawn(text)))
    except BadSmilesError:
        return False


def _is_readable(text: str) -> bool:
    try:
        return bool(canonical(text))
    except BadSmilesError:
        return False


def _is_drawn(text: str) -> bool:
    try:
        return bool(canonical(text) if is_composition(text) else drawn_unit(text))
    except BadSmilesError:
        return False


def left_out(text: str) -> int:
    """How many pasted lines are no candidates: only punctuation, or a remark behind `#`."""
    return sum(map(_says_nothing, _lines(text)))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _says_nothing(line: str) -> bool:
    return line.startswith("#") or not any(sign.isalnum() for sign in line)


class FileRows(NamedTuple):
    """The rows of a file.

    Attributes:
        total: how many there are.
        candidates: of them, with ids and other columns.
        unread: a sentence about sheets that are not read; empty where all is.
    """

    total: int
    candidates: Iterator[NewCandidate]
    unread: str


def of_file(path: Path, name: str, info: BundleInfo | None = None) -> FileRows:
    """The candidates of a file, read some rows at a time.

    Args:
        path: a table with a column of repeat units or of polymers' names.
        name: of the file, as people know it.
        info: of the model that is to predict the list, which remembers the columns that it learned
            compositions from.

    Raises:
        UserError: when there is no such table, it holds units that would not be seen, or it has
            more rows than a list may have.
    """
    stream = stream_table(path)
    if stream.count > MOST:
        raise UserError(
            f"{name} has {stream.count:,} rows, and a list holds {MOST:,} candidates: predict it "
            "on the Submission page, or upload a part of it."
        )
    head = stream.head
    columns, by_name = columns_in(head, info) if info else columns_of_units_or_names(head)
    rows = _rows(stream, columns, by_name, name)
    return FileRows(stream.count, rows, head.reading.unread_words)


def of_screened(units: Sequence[str], row_ids: Sequence[str], name: str) -> Iterator[NewCandidate]:
    """The candidates of some rows of a screened file.

    Args:
        units: repeat units or polymers' names, as the file has them.
        row_ids: of these rows.
        name: of the file, as people know it.
    """
    reader = _Reader()
    for unit, row_id in zip(units, row_ids, strict=True):
        yield reader.candidate(unit, clipped(row_id, 200), name, {})


def _rows(
    stream: TableStream, columns: Columns, by_name: bool, name: str
) -> Iterator[NewCandidate]:
    reader = _Reader()
    others = _other_columns(stream.head, columns)
    for part in stream.chunks(_CHUNK_ROWS):
        # A name that is all of a row is drawn by the reader, which keeps it.
        read = polymers_of(part, columns, by_name=by_name and columns.says_more)
        row_ids = part.frame[columns.id].tolist() if columns.id else [str(n) for n in part.rows]
        cells = {column: part.frame[column].tolist() for column in others if column in part.frame}
        for row, text in enumerate(read.texts):
            extra = {
                column: clipped(str(values[row]), _LONGEST_CELL)
                for column, values in cells.items()
                if not is_missing(values[row])
            }
            given = "" if is_missing(text) else str(text)
            row_id = "" if is_missing(row_ids[row]) else clipped(str(row_ids[row]), 200)
            candidate = reader.candidate(given, row_id, name, extra)
            if row in read.problems:
                shown = clipped(read.shown[row] or "", MAX_LENGTH)
                candidate = candidate._replace(given=shown, problem=read.problems[row])
            yield candidate


def _other_columns(head: RawTable, columns: Columns) -> list[str]:
    """The columns that are kept beside the repeat units and ids."""
    taken = {*columns.polymer, columns.id}
    return [name for name in head.frame.columns if name not in taken][:_MOST_COLUMNS]
