"""The columns that candidates brought from their files, to be shown and ranked by."""

from collections.abc import Mapping
from typing import NamedTuple

from ..table.cells import guess_decimal, to_number
from .store import CandidateList


class OwnColumn(NamedTuple):
    """A column that some candidates of a list have.

    Attributes:
        name: as it is in their file.
        texts: its cells, by candidate's number; without those that are empty.
        numbers: the same as numbers; None where one of them is no number.
    """

    name: str
    texts: Mapping[int, str]
    numbers: Mapping[int, float] | None

    @property
    def keys(self) -> dict[int, float]:
        """What candidates are ranked by: numbers as such, texts by the alphabet."""
        if self.numbers is not None:
            return dict(self.numbers)
        texts = {candidate: text.casefold() for candidate, text in self.texts.items()}
        places = {text: float(place) for place, text in enumerate(sorted({*texts.values()}))}
        return {candidate: places[text] for candidate, text in texts.items()}


def own_column(list_: CandidateList, name: str) -> OwnColumn:
    """A column of the files that a list's candidates came from.

    Args:
        list_: the list.
        name: one of its `own_columns`.
    """
    texts = list_.own_column(name)
    decimal = guess_decimal(texts.values())
    numbers: dict[int, float] = {}
    for candidate, text in texts.items():
        value = to_number(text, decimal)
        if value is None:
            return OwnColumn(name, texts, None)
        numbers[candidate] = value
    return OwnColumn(name, texts, numbers)
