"""How numbers and lists are put into words."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain, count

SHOWN = 5
"""How many rows, cells or groups a message names; it counts the others."""


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun: `1 row`, `2,000 rows`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def listed(parts: Sequence[str], rest: str = "", most: int = SHOWN) -> str:
    """Words joined as people write them: `a, b and c`.

    Args:
        parts: all of them.
        rest: the noun (plural) of those that are not named.
        most: so many are named at most.
    """
    shown = list(parts[:most])
    if len(parts) > most:
        shown.append(f"{len(parts) - most:,} more {rest}".strip())
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def either(parts: Sequence[str]) -> str:
    """All of some words, one at least: `a, b or c`."""
    *first, last = parts
    return f"{', '.join(first)} or {last}" if first else last


def rows_text(rows: Sequence[int]) -> str:
    """The rows as a message names them: `row 7`, `rows 7, 9 and 12`."""
    return f"{'row' if len(rows) == 1 else 'rows'} {listed([str(row) for row in rows])}"


def distinct(titles: Sequence[str]) -> list[str]:
    """Titles, numbered where several are the same, so that no two are: `a (1)`, `b`, `a (2)`."""
    given, found = Counter(titles), list[str]()
    for title in titles:
        numbered = (f"{title} ({number})" for number in count(1))
        choices = numbered if given[title] > 1 else chain([title], numbered)
        found.append(next(one for one in choices if one not in found))
    return found


def clipped(text: str, longest: int = 40) -> str:
    """A cell's text, short enough for a message."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
