"""Text tables: their separator and their rows."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from ..base.errors import UserError
from .decoding import LONGEST_ROW

SEPARATORS = (",", ";", "\t", "|")
SEPARATOR_WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

_SAMPLE = 200_000
_LONGEST_FIELD = 1_000_000
_SMILES_NAME = re.compile(r"[^,;|\t]{0,20}(smiles|repeat.?unit)[^,;|\t]{0,20}", re.IGNORECASE)

# Python's own limit of 131,072 characters would turn one absurd cell into a failed file.
csv.field_size_limit(_LONGEST_FIELD)


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
        UserError: at a row with a quotation mark that is never closed, or that is misplaced, and at
            one that is too long.
    """
    number = length = 0

    def counted() -> Iterator[str]:
        nonlocal length
        for line in lines:
            length += len(line)
            if length > LONGEST_ROW:
                raise _too_long(name, number)
            yield line

    # Strict, or a single stray quotation mark would silently swallow the rest of the file.
    reader = csv.reader(counted(), delimiter=separator, strict=True)
    while True:
        number += 1
        length = 0
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "field larger" in str(error):
                raise _too_long(name, number) from error
            raise UserError(
                f"{name}: the quotation marks in row {number} do not match; a cell that begins "
                'with " has to end with one. Mend or remove them.'
            ) from error
        yield number, row


def _too_long(name: str, number: int) -> UserError:
    return UserError(
        f"{name}: row {number:,} has a cell of more than {_LONGEST_FIELD:,} characters, or more "
        f"than {LONGEST_ROW:,} in all. Shorten it; where a cell begins with a quotation mark that "
        "is never closed, close or remove that."
    )


def lines_below(lines: Iterator[str]) -> Iterator[str]:
    """A text's lines without the one in which it names its separator."""
    first = next(lines, "")
    rest = named_separator(first)[0]
    return chain([rest] if rest else [], lines)
