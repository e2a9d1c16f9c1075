"""What the pages of a Parquet file unpack to, found before any of them is unpacked.

The format: github.com/apache/parquet-format (PageHeader in parquet.thrift), whose headers are in
Thrift's compact protocol. A file's own summary of its sizes may say anything; these headers are
what a reader of it makes room for.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from ..base.budget import check_time

PLAIN, DELTA_BYTE_ARRAY = 0, 7
"""Encodings of values: as they are, and as what each shares with the one before it."""

OF_DICTIONARY = (2, 8)
"""Encodings in which values are numbers of those in a dictionary."""

_DICTIONARY = 2
_LONGEST_HEADER = 2**16
_DEEPEST = 8
_STRUCT, _BINARY, _DOUBLE = 12, 8, 7
_WHOLE = (4, 5, 6)


class PageError(Exception):
    """A page's header that cannot be read."""


class Page(NamedTuple):
    """What the header of a page says.

    Attributes:
        size: bytes that it unpacks to.
        values: how many it holds.
        encoding: of the values, by its number in the format.
        is_dictionary: whether it holds the texts that other pages refer to.
    """

    size: int
    values: int
    encoding: int
    is_dictionary: bool


def pages(file: BinaryIO, start: int, length: int, values: int) -> Iterator[Page]:
    """The pages of one column in one group of rows.

    Args:
        file: the whole file.
        start, length: of the column's bytes.
        values: that the column holds; with them, its pages end.

    Raises:
        PageError: when a header cannot be read.
    """
    place, seen = start, 0
    while place < start + length and seen < values:
        check_time("looking through its pages")
        file.seek(place)
        header = _Header(file.read(_LONGEST_HEADER))
        fields = header.struct()
        size, packed = fields.get(2), fields.get(3)
        if not isinstance(size, int) or not isinstance(packed, int) or min(size, packed) < 0:
            raise PageError("a page has no size")
        # Of a page of data, one of texts, or data in the second version.
        about = fields.get(5) or fields.get(7) or fields.get(8) or {}
        is_dictionary = fields.get(1) == _DICTIONARY
        count, encoding = _whole(about, 1), _whole(about, 4 if 8 in fields else 2)
        yield Page(size, count, encoding, is_dictionary)
        seen += 0 if is_dictionary else count
        place += header.place + packed


def _whole(fields: Any, number: int) -> int:
    value = fields.get(number, 0) if isinstance(fields, dict) else 0
    return value if isinstance(value, int) else 0


class _Header:
    """Reads one structure of Thrift's compact protocol.

    Attributes:
        place: how far it is read.
    """

    def __init__(self, data: bytes) -> None:
        self._data, self.place = data, 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """The numbers and structures of a structure by their fields; the rest is passed over.

        Raises:
            PageError: when it is none.
        """
        if depth > _DEEPEST:
            raise PageError("a page's header is nested too deep")
        fields: dict[int, Any] = {}
        field = 0
        while kind := self._byte():
            step, kind = kind >> 4, kind & 15
            field = field + step if step else self._signed()
            fields[field] = self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (1, 2):
            return kind == 1
        if kind in _WHOLE:
            return self._signed()
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind == _BINARY:
            self._pass(self._unsigned())
        elif kind == 3 or kind == _DOUBLE:
            self._pass(1 if kind == 3 else 8)
        else:
            raise PageError("a page's header holds what no such header does")
        return None

    def _byte(self) -> int:
        self._pass(1)
        return self._data[self.place - 1]

    def _pass(self, count: int) -> None:
        self.place += count
        if self.place > len(self._data):
            raise PageError("a page's header is cut off or too long")

    def _unsigned(self) -> int:
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number
            if shift > 63:
                raise PageError("a page's header holds a number that is too long")

    def _signed(self) -> int:
        number = self._unsigned()
        return (number >> 1) ^ -(number & 1)
