"""Text tables: their encoding, their separator and their rows."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from ..base.errors import UserError

SEPARATORS = (",", ";", "\t", "|")
SEPARATOR_WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

_SAMPLE = 200_000
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SMILES_NAME = re.compile(r"[^,;|\t]{0,20}(smiles|repeat.?unit)[^,;|\t]{0,20}", re.IGNORECASE)

# Python's own limit of 131,072 characters would turn one absurd cell into a failed file.
csv.field_size_limit(2**30)


def decode(data: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """A file's text and the encoding it was read with.

    Args:
        data: the file's bytes.
        name: the file's name, for messages.
        encoding: the user's choice; otherwise a byte order mark decides, then the first of UTF-8,
            UTF-16 without a mark, Windows-1252 and Latin-1 that fits.

    Raises:
        UserError: for an encoding that does not exist or fit, or when the bytes are not text.
    """
    if encoding:
        return checked_text(_decode_as(data, name, encoding), name), encoding
    for encoding in likely_encodings(data):
        try:
            return checked_text(data.decode(encoding), name), encoding
        except UnicodeDecodeError:
            continue
    raise UserError(f"{name} cannot be decoded as text; save it as UTF-8, or name its encoding.")


def guess_separator(text: str) -> str:
    """The separator under which the first rows make the best table.

    A header that names a SMILES column counts most, then rows as long as the header, then the
    number of columns. A table of one column gets a comma.
    """
    sample = text[:_SAMPLE]
    best, best_score = ",", (False, 0.0, 1)
    for separator in SEPARATORS:
        rows = list(csv.reader(io.StringIO(sample, newline=""), delimiter=separator))
        rows = [row for row in (rows[:-1] if len(text) > _SAMPLE else rows) if any(row)]
        # A title above the header may name SMILES too, but has fewer cells.
        naming = [i for i, row in enumerate(rows[:20]) if _names_smiles(row)]
        rows = rows[max(naming, key=lambda i: len(rows[i]), default=0) :]
        if not rows or len(rows[0]) < 2:
            continue
        header, rest = rows[0], rows[1:]
        named = _names_smiles(header)
        even = sum(len(row) == len(header) for row in rest) / max(1, len(rest))
        score = (named, even, len(header))
        if score > best_score:
            best, best_score = separator, score
    return best


def _names_smiles(row: Sequence[str]) -> bool:
    return any(_SMILES_NAME.fullmatch(cell) for cell in row)


def named_separator(text: str) -> tuple[str, str | None]:
    """A text without the line `sep=;` by which spreadsheets name the separator, and that sign."""
    named = re.match(r'"?sep=([,;|\t])"?\r?\n', text)
    return (text[named.end() :], named[1]) if named else (text, None)


def checked_separator(separator: str) -> str:
    """The separator that a user named: the sign itself, or its word (`tab`).

    Raises:
        UserError: when it cannot separate cells.
    """
    words = {word: sign for sign, word in SEPARATOR_WORDS.items()} | {"\\t": "\t"}
    sign = words.get(separator.strip().lower(), separator)
    if len(sign) != 1 or sign.isalnum() or sign in '"\r\n*()[]=#.+-\\/@':
        raise UserError(
            f"“{separator}” cannot be the separator; choose one of: "
            f"{', '.join(SEPARATOR_WORDS.values())}."
        )
    return sign


def text_rows(lines: Iterable[str], name: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each row's number in a spreadsheet and its cells; the first is the header.

    Args:
        lines: the text, its line breaks kept.
        name: the file's name, for messages.
        separator: the sign between cells.

    Raises:
        UserError: at a row with a quotation mark that is never closed, or that is misplaced.
    """
    # Strict, or a single stray quotation mark would silently swallow the rest of the file.
    reader = csv.reader(lines, delimiter=separator, strict=True)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(
                f"{name}: the quotation marks in row {number} do not match; a cell that begins "
                'with " has to end with one. Mend or remove them.'
            ) from error
        yield number, row


def file_lines(path: Path, name: str, encoding: str) -> Iterator[str]:
    """A file's lines, their breaks kept, without the line in which it names its separator.

    Raises:
        UserError: when it holds binary data.
        UnicodeDecodeError: when it is not in that encoding.
    """
    with path.open(encoding=encoding, newline="") as file:
        first = next(file, "").removeprefix("\ufeff")
        rest = named_separator(first)[0]
        for line in chain([rest] if rest else [], file):
            if "\0" in line:
                raise _binary(name)
            yield line


def likely_encodings(data: bytes) -> list[str]:
    """The encodings that a file's bytes may be in, the likeliest first; the last fits any bytes."""
    marked = [encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)]
    head = data[:4000]
    evens, odds = head[0::2].count(0), head[1::2].count(0)
    if len(head) >= 4 and max(evens, odds) > 0.3 * len(head) / 2 and min(evens, odds) == 0:
        marked.append("utf-16-le" if odds > evens else "utf-16-be")
    return [*marked, "utf-8", "cp1252", "latin-1"]


def _decode_as(data: bytes, name: str, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except LookupError as error:
        raise UserError(
            f"There is no encoding called “{encoding}”; common ones are utf-8, utf-16 and cp1252."
        ) from error
    except (UnicodeError, ValueError) as error:
        raise UserError(
            f"{name} is not in the encoding {encoding}; leave the encoding open, or try utf-8, "
            "utf-16 or cp1252."
        ) from error


def checked_text(text: str, name: str) -> str:
    """A decoded file without its byte order mark.

    Raises:
        UserError: when it holds binary data.
    """
    text = text.removeprefix("\ufeff")
    sample = text[:1_000_000]
    if "\0" in text or len(_CONTROL.findall(sample)) > 0.01 * len(sample):
        raise _binary(name)
    return text


def _binary(name: str) -> UserError:
    return UserError(
        f"{name} holds binary data, not a table; upload a CSV, TSV, Parquet or XLSX file."
    )
