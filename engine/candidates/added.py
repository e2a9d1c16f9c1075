"""What is to be told of candidates that were added: which of them are on the list anyway."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ..chem.repeat_unit import canonical_unit
from ..chem.smiles import BadSmilesError

MOST_COMPARED = 1000
"""Different texts that are compared as polymers; each takes about a millisecond."""


class Added(NamedTuple):
    """What there is to tell of candidates that were added to a list.

    Attributes:
        candidates: how many they are.
        without_unit: of these, those without a repeat unit that can be read.
        there_already: polymers among them that were on the list before.
        several_times: further polymers among them that were added more than once.
        as_drawn: whether SMILES were compared as they stand, since they are too many: then other
            drawings of a polymer are not found, and all SMILES count as readable.
    """

    candidates: int
    without_unit: int
    there_already: int
    several_times: int
    as_drawn: bool


def tell_added(before: Sequence[str], added: Sequence[str | None]) -> Added:
    """Count the polymers that are on a list more than once, by their canonical repeat units.

    Args:
        before: the repeat units that were on the list.
        added: those of the added candidates; None where one has none.
    """
    units = [each for each in added if each is not None]
    texts = {*before, *units}
    as_drawn = len(texts) > MOST_COMPARED
    polymers = {text: text if as_drawn else _polymer(text) for text in texts}
    found = Counter(polymers[each] for each in units)
    unreadable = found.pop("", 0)
    there = {polymers[each] for each in before} & found.keys()
    return Added(
        candidates=len(added),
        without_unit=len(added) - len(units) + unreadable,
        there_already=len(there),
        several_times=sum(times > 1 for each, times in found.items() if each not in there),
        as_drawn=as_drawn,
    )


def _polymer(smiles: str) -> str:
    """The canonical repeat unit; empty for a text that cannot be read."""
    try:
        return canonical_unit(smiles)
    except BadSmilesError:
        return ""
