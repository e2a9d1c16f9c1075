"""What the Candidates page knows of the list that it shows."""

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from engine.candidates.answers import Answers, model_key, read_answers
from engine.candidates.store import CandidateList
from engine.inference.specification import Requirement


class Look(NamedTuple):
    """A list as it is looked at.

    Attributes:
        list_: the list.
        folder: the model's.
        key: of the model at the conditions, see `engine.candidates.answers.model_key`.
        ids: of all candidates, in the order of adding.
        without_unit: those of them that have no repeat unit.
        answers: what the model says; None where it has said nothing yet.
        hints: how hard candidates are to make, by number.
        requirements: of the specification.
    """

    list_: CandidateList
    folder: Path
    key: str
    ids: list[int]
    without_unit: list[int]
    answers: Answers | None
    hints: dict[int, tuple[float | None, str]]
    requirements: list[Requirement]


def look_at(list_: CandidateList, folder: Path, given: dict[str, float | str]) -> Look:
    """All that is known of a list; what has not changed is not read again."""
    key = model_key(folder, given)
    ids, without_unit, answers, hints = _read(str(list_.path), list_.changes, key)
    return Look(list_, folder, key, ids, without_unit, answers, hints, [])


@st.cache_resource(max_entries=4, show_spinner=False)
def _read(path: str, changes: int, key: str) -> tuple:
    list_ = CandidateList(Path(path))
    return list_.ids(), list_.without_unit(), read_answers(list_, key), list_.hints()
