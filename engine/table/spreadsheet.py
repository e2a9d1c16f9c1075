"""An XLSX workbook's sheets and their cells, read row by row.

ECMA-376, Office Open XML File Formats, part 1. A reader of our own, since those of libraries hold
the texts, styles and rows of a file as they come, which in a small file may be anything.
"""

import posixpath
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from ..base.budget import check_time
from .cells import LONGEST_CELL
from .package import DamagedError, Package

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
"""Of a sheet, as spreadsheet programs have it."""

_MOST_SHEETS = 500
_MOST_STRINGS = 4_000_000
_MOST_CHARACTERS = 200_000_000
_MOST_PIECES = 50_000
_MOST_STYLES = 100_000
_LONGEST_FORMAT = 255
_LONGEST_NUMBER = 40
_LONGEST_NAME = 100

Cell = str | int | float | bool | date | time | timedelta | None
Rows = Iterator[tuple[int, list[Cell]]]
"""Each row's number and its cells."""


class _Styles(NamedTuple):
    """The numbers of the styles that make a number a date, and a span of time."""

    dates: frozenset[int]
    spans: frozenset[int]


class Workbook:
    """A workbook, whose sheets are read when they are asked for.

    Attributes:
        sheets: the part that holds each worksheet, by its name.
    """

    def __init__(self, package: Package) -> None:
        """Read what is common to all sheets.

        Raises:
            DamagedError: when it cannot be read.
        """
        self._package = package
        self._since_1904 = False
        part = self._main_part()
        targets = self._targets(part)
        self.sheets = self._sheets(part, targets["worksheet"])
        strings, styles = targets["sharedStrings"], targets["styles"]
        self._strings = _shared(package, next(iter(strings.values()))) if strings else []
        self._styles = _dated(package, next(iter(styles.values()), ""))

    def rows(self, sheet: str) -> Rows:
        """The rows of a sheet that are not empty; formulas give their last computed value.

        Raises:
            DamagedError: when it cannot be read.
        """
        reader = _SheetReader(self._strings, self._styles, self._since_1904)
        for _ in self._package.events(self.sheets[sheet], reader.start, reader.end, reader.text):
            yield from reader.taken()

    def _main_part(self) -> str:
        if "xl/workbook.xml" in self._package.names:
            return "xl/workbook.xml"
        named = self._targets("")["officeDocument"]
        return next(iter(named.values()), "xl/workbook.xml")

    def _targets(self, part: str) -> dict[str, dict[str, str]]:
        """The parts that a part refers to, by kind and by the id of the reference."""
        folder, name = posixpath.split(part)
        targets: dict[str, dict[str, str]] = {
            kind: {} for kind in ("worksheet", "sharedStrings", "styles", "officeDocument")
        }

        def start(element: str, given: dict[str, str]) -> None:
            kind = given.get("Type", "").rpartition("/")[2]
            outside = given.get("TargetMode") == "External"
            if element == "Relationship" and kind in targets and not outside:
                target = posixpath.join("/", folder, given.get("Target", ""))
                # Twice: `//xl` means the same and stays as it is.
                path = posixpath.normpath(target).lstrip("/")
                targets[kind][given.get("Id", "")] = path
                if len(targets[kind]) > _MOST_SHEETS:
                    raise DamagedError(f"it has more than {_MOST_SHEETS:,} sheets")

        related = posixpath.join(folder, "_rels", f"{name}.rels")
        self._package.read(related, start, _nothing, _nothing)
        return targets

    def _sheets(self, part: str, targets: dict[str, str]) -> dict[str, str]:
        sheets: dict[str, str] = {}

        def start(element: str, given: dict[str, str]) -> None:
            if element == "workbookPr":
                self._since_1904 = given.get("date1904", "0") in ("1", "true", "on")
            if element == "sheet":
                ids = [value for key, value in given.items() if key.rpartition(":")[2] == "id"]
                if ids and ids[0] in targets and given.get("name"):
                    if targets[ids[0]] in sheets.values():
                        raise DamagedError("two of its sheets are one")
                    sheets[given["name"][:_LONGEST_NAME]] = targets[ids[0]]

        self._package.read(part, start, _nothing, _nothing)
        return sheets


def _nothing(_: object, given: object = None) -> None:
    """Takes no notice."""


class _Text:
    """A text that is put together of pieces, cut where it is too long for a cell."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0

    def append(self, piece: str) -> None:
        # One sign more than is read tells that the text is cut.
        if self._length <= LONGEST_CELL:
            self._pieces.append(piece[: LONGEST_CELL + 1 - self._length])
            self._length += len(piece)

    def take(self) -> str:
        """The text, which begins anew."""
        text = "".join(self._pieces)
        self._pieces, self._length = [], 0
        return text


def _shared(package: Package, part: str) -> list[str]:
    """The texts that cells refer to by number; of rich text the letters, without readings."""
    strings: list[str] = []
    whole, wanted = _Text(), False
    characters = skipped = pieces = 0

    def start(element: str, _: dict[str, str]) -> None:
        nonlocal wanted, skipped, pieces
        pieces += 1
        if pieces > _MOST_PIECES:
            raise DamagedError("a text of it has too many pieces")
        skipped += element == "rPh"
        wanted = element == "t" and not skipped

    def end(element: str) -> None:
        nonlocal wanted, skipped, characters, pieces
        wanted = False
        skipped -= element == "rPh"
        if element == "si":
            pieces = 0
            strings.append(whole.take().replace("x005F_", ""))
            characters += len(strings[-1])
            if len(strings) > _MOST_STRINGS or characters > _MOST_CHARACTERS:
                raise DamagedError("it holds more texts than fit into memory")

    def text(piece: str) -> None:
        if wanted:
            whole.append(piece)

    package.read(part, start, end, text)
    return strings


def _dated(package: Package, part: str) -> _Styles:
    """Which styles show a number as a date or as a span of time."""
    if part not in package.names:
        return _Styles(frozenset(), frozenset())
    # Only what has styles pays for the library.
    from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format

    formats: dict[int, str] = dict(BUILTIN_FORMATS)
    styles: list[int] = []
    inside = False

    def start(element: str, given: dict[str, str]) -> None:
        nonlocal inside
        inside = inside or element == "cellXfs"
        if element == "numFmt":
            formats[_number(given.get("numFmtId"))] = given.get("formatCode", "")[:_LONGEST_FORMAT]
        if element == "xf" and inside:
            styles.append(_number(given.get("numFmtId")))
        if len(styles) > _MOST_STYLES or len(formats) > _MOST_STYLES:
            raise DamagedError(f"it has more than {_MOST_STYLES:,} styles")

    def end(element: str) -> None:
        nonlocal inside
        inside = inside and element != "cellXfs"

    package.read(part, start, end, _nothing)
    dated = {number for number in {*styles} if is_date_format(formats.get(number))}
    spans = {number for number in dated if is_timedelta_format(formats.get(number))}
    return _Styles(
        frozenset(i for i, number in enumerate(styles) if number in dated),
        frozenset(i for i, number in enumerate(styles) if number in spans),
    )


def _number(text: str | None) -> int:
    """A small whole number; 0 where there is none."""
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


class _SheetReader:
    """Puts rows together from the elements of a sheet."""

    def __init__(self, strings: list[str], styles: _Styles, since_1904: bool) -> None:
        self._strings, self._styles, self._since_1904 = strings, styles, since_1904
        self._text = _Text()
        self._done: list[tuple[int, list[Cell]]] = []
        self._row = self._column = 0
        self._cells: list[Cell] = []
        self._kind, self._style = "n", 0
        self._wanted = self._in_readings = False

    def taken(self) -> list[tuple[int, list[Cell]]]:
        """The rows that are complete since the last time."""
        done, self._done = self._done, []
        return done

    def start(self, element: str, given: dict[str, str]) -> None:
        """Begin an element."""
        if element == "c":
            self._begin_cell(given)
        elif element == "v":
            self._wanted = self._kind != "inlineStr"
        elif element == "t":
            self._wanted = self._kind == "inlineStr" and not self._in_readings
        elif element == "rPh":
            self._in_readings = True
        elif element == "row":
            self._begin_row(given.get("r"))

    def text(self, piece: str) -> None:
        """Take a piece of text, which is a cell's within some elements only."""
        if self._wanted:
            self._text.append(piece)

    def end(self, element: str) -> None:
        """End an element."""
        self._wanted = False
        if element == "c":
            self._cells.append(self._value(self._text.take()))
        elif element == "rPh":
            self._in_readings = False
        elif element == "row":
            if self._cells:
                self._done.append((self._row, self._cells))
            self._cells = []

    def _begin_row(self, given: str | None) -> None:
        row = self._row + 1 if given is None else _whole(given)
        if row > LAST_ROW:
            raise DamagedError(f"it has a row {row:,}, and the last row of a sheet is {LAST_ROW:,}")
        if row <= self._row:
            raise DamagedError(f"row {row:,} follows row {self._row:,}")
        self._row, self._column = row, 0
        if row % 1024 == 0:
            check_time("reading its rows")

    def _begin_cell(self, given: dict[str, str]) -> None:
        place = given.get("r")
        column = self._column + 1 if place is None else _column_of(place)
        if not self._column < column <= LAST_COLUMN:
            raise DamagedError(f"row {self._row:,} has a cell at {(place or 'its end')[:20]}")
        self._cells.extend([None] * (column - self._column - 1))
        self._column = column
        self._kind, self._style = given.get("t", "n"), _number(given.get("s"))
        self._wanted = self._in_readings = False
        self._text.take()

    def _value(self, text: str) -> Cell:
        """What a cell holds; the text itself where it is not of the kind that it says."""
        if not text:
            return None
        try:
            if self._kind == "n":
                return self._dated(_cast(text))
            if self._kind == "s":
                return self._strings[self._index(text)]
            if self._kind == "b":
                return bool(int(text))
            if self._kind == "d":
                from openpyxl.utils.datetime import from_ISO8601

                return from_ISO8601(text)
        except (ValueError, TypeError):
            return text
        return text

    def _index(self, text: str) -> int:
        index = int(text) if text.isdecimal() and len(text) < 10 else len(self._strings)
        if index >= len(self._strings):
            raise DamagedError(f"row {self._row:,} names a text that the file does not hold")
        return index

    def _dated(self, number: int | float) -> Cell:
        if self._style not in self._styles.dates:
            return number
        from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

        epoch: datetime = CALENDAR_MAC_1904 if self._since_1904 else CALENDAR_WINDOWS_1900
        try:
            dated: Any = from_excel(number, epoch, timedelta=self._style in self._styles.spans)
        except (OverflowError, ValueError):
            return "#VALUE!"
        return dated


def _cast(text: str) -> int | float:
    """A number as a file writes it; longer ones than any program writes stay texts.

    Raises:
        ValueError: when it is none.
    """
    if len(text) > _LONGEST_NUMBER or not text.isascii() or "_" in text:
        raise ValueError
    return float(text) if not text.lstrip("-").isdecimal() else int(text)


def _whole(text: str) -> int:
    number = text.removesuffix(".0")
    if not number.isdecimal() or not number.isascii() or len(number) > 20:
        raise DamagedError(f"“{text[:20]}” is no number of a row")
    return int(number)


def _column_of(place: str) -> int:
    """The number of a cell's column, by its place such as `AB12`."""
    column = 0
    for letter in place[:4]:
        if not "A" <= letter.upper() <= "Z":
            break
        column = 26 * column + ord(letter.upper()) - 64
    return column
