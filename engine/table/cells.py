"""From the text of a cell to a number."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Literal

DecimalSign = Literal[".", ","]

LONGEST_CELL = 10_000
"""Characters of a cell that are read; of a longer text, the beginning."""

MISSING = frozenset(
    ("", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "null", "none", "-", "--", "–", "—")
)
"""What people write into a cell that has no value, in lower case."""

# No part of it can match in two ways: a long row of digits must not be tried in all of them.
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INFINITE = re.compile(r"([+-]?)(?:inf|infinity|∞)", re.IGNORECASE)
_SPACED_GROUPS = re.compile(r"[+-]?\d{1,3}(?:[ \u00a0\u202f']\d{3})+(?:[.,]\d+)?", re.ASCII)
_COMMA_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_POINTED_COMMA_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+\.\d+", re.ASCII)
# A lone `1.234` in a table with decimal commas may be 1234 or 1.234, so it counts as no number.
_POINT_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?", re.ASCII)
_DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?", re.ASCII)
LONGEST_NUMBER = 400
"""Characters of a cell that may be a number; the largest that a computer holds has 309 digits."""

_EVIDENCE = 10_000  # cells from which the decimal sign is guessed


_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Signs that command a terminal or that no file can hold: in a cell they are read as `�`."""


def plain_text(text: str) -> str:
    """A cell's text without blanks at its ends, no longer than `LONGEST_CELL`, of signs only."""
    text = text.strip()[:LONGEST_CELL]
    if text.startswith("'") and is_formula(text[1:]):
        text = text[1:]
    return text if text.isprintable() else _NO_TEXT.sub("\ufffd", text)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet program would carry out a text that it finds in a CSV file.

    A sign before a number or a name carries out nothing; what calls a function or another program
    has one of `(`, `|` and `!`.
    """
    if text.startswith("="):
        return True
    return text.startswith(("+", "-", "@")) and any(sign in text for sign in "(|!")


def is_missing(text: str | None) -> bool:
    """Whether a cell says that there is no value."""
    return text is None or text.strip().lower() in MISSING


def to_number(text: str, decimal: str = ".") -> float | None:
    """The number in a cell's text, or None when it holds none.

    Args:
        text: a cell that is not missing; its digits may be grouped by threes (`1,234.5`).
        decimal: `.` or `,`.
    """
    if len(text) > LONGEST_NUMBER:
        return None
    text = text.strip().replace("−", "-")
    if infinite := _INFINITE.fullmatch(text):
        return float(f"{infinite[1]}inf")
    if _SPACED_GROUPS.fullmatch(text):
        text = re.sub(r"[ \u00a0\u202f']", "", text)
    if decimal == ",":
        if _POINT_GROUPS.fullmatch(text):
            text = text.replace(".", "")
        elif _POINTED_COMMA_GROUPS.fullmatch(text):
            return float(text.replace(",", ""))
        elif "." in text:
            return None
        text = text.replace(",", ".")
    elif _COMMA_GROUPS.fullmatch(text):
        text = text.replace(",", "")
    elif _POINT_GROUPS.fullmatch(text):
        # Nobody writes `1.234,5` with a decimal point.
        text = text.replace(".", "").replace(",", ".")
    return float(text) if _NUMBER.fullmatch(text) else None


def guess_decimal(texts: Iterable[str], separator: str | None = None) -> DecimalSign:
    """Whether numbers are written with a decimal point or a decimal comma.

    Args:
        texts: cells; those that are not numbers are skipped.
        separator: what separates the cells; where every comma may as well separate thousands
            (`1,234`), `;` suggests a decimal comma, since that is why spreadsheets write `;`.
    """
    commas = points = either = 0
    for text in islice((text for text in texts if "," in text or "." in text), _EVIDENCE):
        if len(text) > LONGEST_NUMBER:
            continue
        text = text.strip().replace("−", "-")
        if _COMMA_GROUPS.fullmatch(text) and "." not in text:
            either += 1
        elif _DECIMAL_COMMA.fullmatch(text) or ("," in text and _POINT_GROUPS.fullmatch(text)):
            commas += 1
        elif _DECIMAL_POINT.fullmatch(text) or _COMMA_GROUPS.fullmatch(text):
            points += 1
    if commas == points == 0:
        return "," if either and separator == ";" else "."
    return "," if commas > points else "."
