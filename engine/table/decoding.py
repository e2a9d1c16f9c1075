"""Text files: their encoding, and their lines, of which few are in memory at a time."""

import codecs
import io
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ..base.budget import check_time
from ..base.errors import UserError

LONGEST_ROW = 4_000_000
"""Characters of a line, and of all lines of a row whose cells hold line breaks."""

HEAD = 1_000_000
"""Characters at a file's beginning by which it is told what it holds."""

FIT_ANY_BYTES = ("cp1252", "latin-1")
"""Encodings of Western Europe, which hardly any file can be shown not to have."""

_PIECE = 2**20
_HEAD_BYTES = 4096
_MOST_CONTROL = 0.01
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NO_TEXTS = frozenset(
    ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf_7", "undefined")
)
"""Encodings that no table is in, which take time with the square of a text's length or give half
characters."""


class TextFile:
    """A file of text.

    Attributes:
        name: shown to people.
        encoding: with which it is read.
        head: its beginning, without a byte order mark.
    """

    def __init__(self, source: bytes | Path, name: str, encoding: str | None = None) -> None:
        """Find a file's encoding.

        Args:
            source: the file, or its path.
            name: its name, for messages.
            encoding: the user's choice; otherwise a byte order mark decides, then the first of
                UTF-8, UTF-16 without a mark, Windows-1252 and Latin-1 that fits.

        Raises:
            UserError: for an encoding that does not exist or fit, or when the bytes are not text.
        """
        self._source, self.name = source, name
        self.encoding = self._checked(encoding) if encoding else self._guessed()
        with self._text() as file:
            self.head = file.read(HEAD).removeprefix("\ufeff")
        if len(_CONTROL.findall(self.head)) > _MOST_CONTROL * len(self.head):
            raise UserError(
                f"{name} holds binary data, not a table; upload a CSV, TSV, Parquet or XLSX file."
            )

    def lines(self) -> Iterator[str]:
        """The lines with their breaks, of which no one is longer than `LONGEST_ROW`.

        Raises:
            UserError: at a longer line.
        """
        with self._text() as file:
            readline = partial(file.readline, LONGEST_ROW + 1)
            line = readline().removeprefix("\ufeff")
            number = 1
            while line:
                if len(line) > LONGEST_ROW:
                    raise UserError(
                        f"{self.name}: line {number:,} has more than {LONGEST_ROW:,} characters; a "
                        "table has a line for each row. Shorten its cells, or leave out columns."
                    )
                yield line
                line = readline()
                number += 1

    def _binary(self) -> BinaryIO:
        return io.BytesIO(self._source) if isinstance(self._source, bytes) else _open(self._source)

    def _text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(self._binary(), encoding=self.encoding, newline="")

    def _guessed(self) -> str:
        with self._binary() as file:
            head = file.read(_HEAD_BYTES)
        for encoding in likely_encodings(head):
            if self._fits(encoding):
                return encoding
        raise UserError(
            f"{self.name} cannot be decoded as text; save it as UTF-8, or name its encoding."
        )

    def _checked(self, encoding: str) -> str:
        try:
            found = codecs.lookup(encoding)
            if found.name.replace("-", "_") in _NO_TEXTS or not found._is_text_encoding:
                raise LookupError
        except (LookupError, ValueError) as error:
            raise UserError(
                f"There is no encoding called “{encoding[:40]}”; common ones are utf-8, utf-16 and "
                "cp1252."
            ) from error
        if not self._fits(encoding):
            raise UserError(
                f"{self.name} is not in the encoding {encoding}; leave the encoding open, or try "
                "utf-8, utf-16 or cp1252."
            )
        return encoding

    def _fits(self, encoding: str) -> bool:
        """Whether all of the file is in an encoding."""
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with self._binary() as file:
                while piece := file.read(_PIECE):
                    check_time("decoding it")
                    decoder.decode(piece)
                decoder.decode(b"", True)
        except UnicodeError:
            return False
        return True


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def likely_encodings(head: bytes) -> list[str]:
    """The encodings that a file may be in, the likeliest first; the last fits any bytes.

    Args:
        head: its first bytes.
    """
    marked = [encoding for mark, encoding in _BYTE_ORDER_MARKS if head.startswith(mark)]
    evens, odds = head[0::2].count(0), head[1::2].count(0)
    if len(head) >= 4 and max(evens, odds) > 0.3 * len(head) / 2 and min(evens, odds) == 0:
        marked.append("utf-16-le" if odds > evens else "utf-16-be")
    return [*marked, "utf-8", *FIT_ANY_BYTES]
