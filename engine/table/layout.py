"""Where a table's header is, and which of the rows below it fit it."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from ..base.errors import UserError
from . import delimited

NumberedRows = Iterator[tuple[int, Sequence[Any]]]
"""Rows, each with the number that a spreadsheet shows."""

MAX_COLUMNS = 10_000

_ABOVE = 20
"""Rows among which the header is looked for."""

LONGEST_NAME = 200
"""Characters of a column's name."""

_LONGEST_READ = 10_000
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Unicode's categories of controls, marks of direction, halves of characters and no characters."""

_MOST_MISFITS = 0.5
"""Share of rows that do not fit the header from which it is the table that is read wrongly."""

_SMILES_HEAD = re.compile(r"[\w .()-]{0,20}(smiles|repeat.?unit)[\w .()-]{0,20}", re.IGNORECASE)


class Rows:
    """A table's header and the rows below it, read as they are asked for.

    Attributes:
        header: the columns' names as given; each may be empty.
        above: of the lines above the header, the number and the text of the first cell.
        misfits: of the rows so far that do not fit the header, the number and what is wrong.
        below: the rows below the header as they are, to be read instead of the fitting ones.
    """

    def __init__(
        self, numbered: NumberedRows, name: str, separator: str | None, lenient: bool = False
    ) -> None:
        """Find the header.

        Args:
            numbered: all rows of the file.
            name: the file's name, for messages.
            separator: of a text table; None otherwise.
            lenient: whether rows that do not fit are passed over and kept in `misfits`.

        Raises:
            UserError: when there is no header.
        """
        self._name, self._separator, self._lenient = name, separator, lenient
        self.misfits: list[tuple[int, str]] = []
        filled = ((number, row) for number, row in numbered if not _blank(row))
        first = list(islice(filled, _ABOVE))
        if not first:
            raise UserError(f"{name} is empty; give a table with a header and at least one row.")
        place = _header_place([row for _, row in first])
        self.above = [(number, _header_text(row[0])) for number, row in first[:place]]
        self.header = [_header_text(cell) for cell in first[place][1]]
        if len(self.header) > MAX_COLUMNS:
            raise UserError(
                f"{name} has {len(self.header):,} columns; at most {MAX_COLUMNS:,} are read. Leave "
                "out the ones that are not needed."
            )
        if self.header[0].startswith("#"):
            self.header[0] = self.header[0].lstrip("# ")
        self.below = chain(first[place + 1 :], filled)

    def __iter__(self) -> NumberedRows:
        """The rows that have any content, as wide as the header.

        Raises:
            UserError: at a row that does not fit, unless they are passed over; in the end, when
                half of them do not fit.
        """
        fitting = 0
        for number, row in self.below:
            problem = self._problem(row)
            if problem is None:
                fitting += 1
                yield number, [*row, *[None] * (len(self.header) - len(row))][: len(self.header)]
            elif self._lenient:
                self.misfits.append((number, problem))
            else:
                raise self._misfit(number, problem)
        if self.misfits and len(self.misfits) >= _MOST_MISFITS * (fitting + len(self.misfits)):
            raise self._misfit(*self.misfits[0])

    def _problem(self, row: Sequence[Any]) -> str | None:
        """Why a row does not fit the header; workbooks leave out empty cells at a row's end."""
        width = len(self.header)
        spare = [cell for cell in row[width:] if cell is not None and str(cell).strip()]
        lacking = [name for name in self.header[len(row) :] if name]
        if not spare and (not lacking or self._separator is None):
            return None
        if self._separator is None:
            return f"has a cell “{str(spare[0])[:40]}” in a column without a header"
        return f"has {len(row)} cells, but the header has {width}"

    def _misfit(self, number: int, problem: str) -> UserError:
        if self._separator is None:
            advice = "name the column in the first row, or clear the cell."
            return UserError(f"{self._name}: row {number} {problem}; {advice}")
        word = delimited.SEPARATOR_WORDS.get(self._separator, self._separator)
        return UserError(
            f"{self._name}: row {number} {problem}. Mend that row; a cell with a {word} in it "
            'needs quotation marks around it ("…").'
        )


def _header_place(rows: Sequence[Sequence[Any]]) -> int:
    """Which of the first rows is the header: titles and comments may stand above it.

    A row below the first is the header if it names the SMILES and has more cells than any above.
    """
    widest, best = 0, None
    for place, row in enumerate(rows):
        texts = [_header_text(cell) for cell in row]
        count = sum(bool(text) for text in texts)
        is_comment = texts[0].startswith("#")
        names_smiles = any(_SMILES_HEAD.fullmatch(text.lstrip("# ")) for text in texts)
        if names_smiles and count > widest:
            best = place
        if not is_comment:
            widest = max(widest, count)
    if best is not None:
        return best
    comments = [_header_text(row[0]).startswith("#") for row in rows]
    return comments.index(False) if False in comments else 0


def _blank(row: Sequence[Any]) -> bool:
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in row)


def _header_text(cell: Any) -> str:
    """A name on one line, without signs that are not seen, and no longer than people read.

    Names that look alike must be alike, or a column would be looked for in vain.
    """
    if cell is None:
        return ""
    text = " ".join(str(cell)[:_LONGEST_READ].split())
    if not text.isascii() or not text.isprintable():
        seen = (sign for sign in text if unicodedata.category(sign) not in _UNSEEN)
        text = " ".join(unicodedata.normalize("NFC", "".join(seen)).split())
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"
