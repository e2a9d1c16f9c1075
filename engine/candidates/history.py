"""The last answers that somebody read on the Predict page."""

from hashlib import sha256

from ..base.sqlite_files import is_database
from .lists import folder
from .rows import Candidate, NewCandidate
from .store import CandidateList

MOST = 100
"""Answers that are remembered."""

_ORIGIN = "history"


def remember(owner: str, unit: str, name: str, values: dict[str, str]) -> None:
    """Put an answer first; the same unit again moves to the front, and the oldest is forgotten.

    Args:
        owner: who read it, where people sign in.
        unit: the repeat unit as it was drawn.
        name: of the polymer; may be empty.
        values: what was shown, by property, with units.
    """
    list_ = _list(owner)
    known = list_.candidates()
    if known and known[-1].unit == unit and known[-1].extra == values:
        return
    old = [each.id for each in known if each.unit == unit]
    spare = len(known) - len(old) + 1 - MOST
    old += [each.id for each in known if each.unit != unit][: max(spare, 0)]
    list_.add([NewCandidate(unit, unit, name, "", _ORIGIN, values)])
    if old:
        list_.forget(old)


def remembered(owner: str) -> list[Candidate]:
    """The last answers, the latest first; their values are in `extra`.

    Args:
        owner: whose, where people sign in.
    """
    return list(reversed(_list(owner).candidates()))


def clear(owner: str) -> None:
    """Forget all answers."""
    list_ = _list(owner)
    list_.forget([each.id for each in list_.candidates()])


def _list(owner: str) -> CandidateList:
    # Not among the lists that people name: its ending is another.
    digest = sha256(owner.encode()).hexdigest()[:16] if owner else "own"
    path = folder() / f"history-{digest}.sqlite"
    return CandidateList(path) if is_database(path) else CandidateList.create(path, _ORIGIN)
