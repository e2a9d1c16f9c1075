"""The parts of an Office file: a ZIP archive of XML, read in pieces that are never large."""

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any
from xml.parsers import expat

from ..base.budget import check_time
from ..base.errors import UserError

MAX_UNPACKED = 2**30
"""Most bytes that the parts of an archive may unpack to."""

_MOST_PARTS = 10_000
_PIECE = 2**16
_LONGEST_TAG = 2**20
_MOST_NAMES = 10_000
_DEEPEST = 100
_ENTRY = b"PK\x01\x02"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

Start = Callable[[str, dict[str, str]], object]
End = Callable[[str], object]
Text = Callable[[str], object]


class DamagedError(Exception):
    """A file that breaks the rules of its format; the text says which."""


class Package:
    """An Office file's parts.

    Attributes:
        names: of the parts.
    """

    def __init__(self, data: bytes) -> None:
        """Look into an archive; nothing is unpacked.

        Raises:
            DamagedError: when it is none, has too many parts, or is packed in an unusual way.
        """
        # Counted first: the archive's own list makes an object of each.
        if data.count(_ENTRY) > _MOST_PARTS:
            raise DamagedError("it has too many parts")
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
            raise DamagedError("the archive cannot be read") from error
        self._parts = {part.filename: part for part in self._archive.infolist()}
        self.names = list(self._parts)

    @property
    def size(self) -> int:
        """The bytes that the parts declare to unpack to."""
        return sum(part.file_size for part in self._parts.values())

    def events(self, name: str, start: Start, end: End, text: Text) -> Iterator[None]:
        """Read a part of XML, telling what it holds; every step reads some 64 kB.

        Names are told without their namespace. What is told grows in no way with the part's size,
        so that memory is the receivers' own affair.

        Args:
            name: of the part.
            start, end, text: called with the beginnings and ends of elements and texts.

        Raises:
            DamagedError: when there is no such part, or it breaks the rules of XML.
        """
        part = self._parts.get(name)
        if part is None:
            raise DamagedError(f"{name[:100]} is missing")
        # Other ways to pack unfold all at once what a few bytes stand for.
        if part.compress_type not in _METHODS or part.flag_bits & 0x1:
            raise DamagedError(f"{name[:100]} is packed in a way that is not read")
        parser = _parser(start, end, text)
        fed = 0
        try:
            with self._archive.open(part) as file:
                while piece := file.read(_PIECE):
                    parser.Parse(piece)
                    fed += len(piece)
                    check_time("unpacking it")
                    _check_state(parser, fed)
                    yield
            parser.Parse(b"", True)
        except (UserError, DamagedError):
            raise
        # A damaged archive makes its reader raise nearly anything, and all of it means the same.
        except Exception as error:
            raise DamagedError(f"{name[:100]} cannot be read") from error
        yield

    def read(self, name: str, start: Start, end: End, text: Text) -> None:
        """Read a whole part; see `events`."""
        for _ in self.events(name, start, end, text):
            pass


def _parser(start: Start, end: End, text: Text) -> Any:
    parser: Any = expat.ParserCreate()
    parser.buffer_text = True
    depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise DamagedError("its elements are nested too deep")
        start(name[name.rfind(":") + 1 :], attributes)

    def finish(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name[name.rfind(":") + 1 :])

    def refuse(*_: object) -> None:
        raise DamagedError("it defines entities")

    parser.StartElementHandler, parser.EndElementHandler = begin, finish
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    return parser


def _check_state(parser: Any, fed: int) -> None:
    """Refuse what the parser would keep in memory: an endless tag, or endless new names."""
    if fed - parser.CurrentByteIndex > _LONGEST_TAG:
        raise DamagedError("a tag of it is too long")
    if len(parser.intern) > _MOST_NAMES:
        raise DamagedError("it has too many kinds of elements")
