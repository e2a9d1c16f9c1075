"""What the Candidates page knows of the list that it shows."""

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from engine.candidates.answers import Answers, model_key, read_answers
from engine.candidates.own_columns import OwnColumn, own_column
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
        own_columns: the names of the columns that they brought from their files.
        requirements: of the specification.
    """

    list_: CandidateList
    folder: Path
    key: str
    ids: list[int]
    without_unit: list[int]
    answers: Answers | None
    hints: dict[int, tuple[float | None, str]]
    own_columns: list[str]
    requirements: list[Requirement]

    def own_column(self, name: str) -> OwnColumn:
        """A column that candidates brought from their files."""
        return _own_column(str(self.list_.path), *_which(self.ids), name)


def look_at(list_: CandidateList, folder: Path, given: dict[str, float | str]) -> Look:
    """All that is known of a list; what has not changed is not read again."""
    key = model_key(folder, given)
    known = _read(str(list_.path), list_.changes, key)
    own_columns = _own_columns(str(list_.path), *_which(known[0]))
    return Look(list_, folder, key, *known, own_columns, requirements=[])


@st.cache_resource(max_entries=4, show_spinner=False)
def _read(path: str, changes: int, key: str) -> tuple:
    list_ = CandidateList(Path(path))
    return list_.ids(), list_.without_unit(), read_answers(list_, key), list_.hints()


def _which(ids: list[int]) -> tuple[int, int]:
    """What tells which candidates there are: a number is given once, and files' cells stay."""
    return len(ids), hash(tuple(ids))


@st.cache_resource(max_entries=8, show_spinner=False)
def _own_columns(path: str, count: int, ids: int) -> list[str]:
    return CandidateList(Path(path)).own_columns()


@st.cache_resource(max_entries=8, show_spinner=False)
def _own_column(path: str, count: int, ids: int, name: str) -> OwnColumn:
    return own_column(CandidateList(Path(path)), name)
