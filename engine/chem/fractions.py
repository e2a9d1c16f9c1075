"""Fractions of repeat units as people write them: shares of one, percentages, or parts."""

import re
from collections.abc import Iterable

from .notations import BadSmilesError

_CLOSES = 0.015
"""How far fractions may be from one in all: three thirds are often written as 0.33."""
_FEWEST_PERCENT, _MOST_PERCENT = 80.0, 120.0
"""A sum between them is one of percentages, whether it closes or not; others are of parts."""

_LONGEST = 100
"""Characters of a ratio."""

# Without two ways to read the same digits, which would take a time with the square of their number.
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\s*%?")


class FractionError(BadSmilesError):
    """A number that is no fraction.

    Attributes:
        place: of the number.
        fault: of it, such as “less than 0”.
    """

    def __init__(self, words: str, place: int, fault: str) -> None:
        """Say it in words that stand alone."""
        super().__init__(words)
        self.place, self.fault = place, fault


def fractions_of(
    cells: Iterable[str | float], count: int, whole: float | None = None
) -> list[float]:
    """Fractions of so many repeat units from what is written: shares, percentages or parts.

    Args:
        cells: numbers or their texts; a last one that is missing is the rest.
        count: of the units, U.
        whole: what they have to add up to, such as 1 or 100; by default these or parts, as the
            numbers suggest.

    Returns:
        U numbers from 0 to 1 that add up to one.

    Raises:
        FractionError: when one is negative, or too large.
        BadSmilesError: when a cell is no number, or they do not fit the units or add up to one.
    """
    cells = list(cells)
    numbers = [number_of(cell) for cell in cells]
    if len(numbers) not in (count, count - 1) or not numbers:
        raise BadSmilesError(
            f"it has {_few(len(numbers), 'fraction')} for {_few(count, 'repeat unit')}: give one "
            "for each, or all but the last, which is the rest"
        )
    least, most = min(numbers), max(numbers)
    if least < 0:
        raise FractionError(
            f"its fraction {least:g} is negative", numbers.index(least), "less than 0"
        )
    total, percent = sum(numbers), most > 1 + _CLOSES
    if whole and most > whole * (1 + _CLOSES):
        words, fault = f"its fraction {most:g} is above {whole:g}", f"more than {whole:g}"
        raise FractionError(words, numbers.index(most), fault)
    if len(numbers) < count:
        numbers.append(_rest(total, whole or (100.0 if percent else 1.0)))
        total = sum(numbers)
    elif whole:
        _demand_closing(total, whole)
    elif percent and _FEWEST_PERCENT <= total <= _MOST_PERCENT:
        _demand_closing(total, 100.0)
    elif not percent and any(number % 1 for number in numbers):
        _demand_closing(total, 1.0)
    if total <= 0:
        raise BadSmilesError("its fractions are all 0")
    if not closes(total, 1.0) and not closes(total, 100.0):
        for cell in map(str, cells):
            if problem := grouped_problem(cell):
                raise BadSmilesError(f"its fraction “{cell.strip()}” {problem}")
    return [number / total for number in numbers]


def _rest(total: float, whole: float) -> float:
    """What is left for the last unit."""
    if total > whole * (1 + _CLOSES):
        raise BadSmilesError(
            f"its fractions add up to {total:g}, and leave nothing for the unit without one"
        )
    return max(whole - total, 0.0)


def _demand_closing(total: float, whole: float) -> None:
    if not closes(total, whole):
        raise BadSmilesError(f"its fractions add up to {total:g}, not to {whole:g}")


def closes(total: float, whole: float) -> bool:
    """Whether fractions add up to one, or to 100, as closely as people write them."""
    return abs(total - whole) <= _CLOSES * whole


def ratio_of(text: str, slash: bool = False) -> list[str]:
    """The numbers of a ratio such as `70:30`; empty where it is none.

    Args:
        text: of a cell.
        slash: whether `1/3` is a ratio too, and no third.
    """
    signs = r"[:∶/]" if slash else r"[:∶]"
    numbers = [each.strip() for each in re.split(signs, text)] if len(text) <= _LONGEST else []
    return numbers if len(numbers) > 1 and all(map(is_number, numbers)) else []


def is_number(text: str) -> bool:
    """Whether a text is written like a fraction, such as `0.3`, `1`, or `30 %`."""
    return bool(_NUMBER.fullmatch(text))


def grouped_problem(text: str, decimal: str = ".") -> str | None:
    """Why a number such as `1,250` is not clear; None where it is.

    Args:
        text: of a number.
        decimal: the sign that is known to be a decimal one; a comma may be one too.
    """
    sign, its = (",", "comma") if decimal == "." else (".", "point")
    if not re.match(rf"[+]?[1-9]\d{{0,2}}{re.escape(sign)}\d{{3}}(?!\d)", text.strip()):
        return None
    return (
        f"may be {text.strip().replace(sign, '')} or {number_of(text):g}: write it without a {its}"
    )


def number_of(cell: str | float) -> float:
    """The number that is written for a fraction; of `30 %`, 0.3.

    Raises:
        BadSmilesError: when it is none.
    """
    text = str(cell).strip()
    if not text:
        raise BadSmilesError("one of its fractions is empty")
    if not is_number(text):
        raise BadSmilesError(f"“{text[:40]}” is no fraction")
    number = float(text.rstrip("% ").replace(",", "."))
    if number > 1e9:
        raise BadSmilesError(f"its fraction {text[:40]} is too large")
    return number / 100 if text.endswith("%") else number


def _few(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
