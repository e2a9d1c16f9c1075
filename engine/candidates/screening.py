"""Screening a long file for a list: only the best of its rows become candidates."""

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..base.errors import UserError
from ..base.wording import clipped, counted
from ..base.workspace import COMMAND, lock
from ..inference.predict import Predictor
from ..inference.specification import Requirement
from ..screening import Screened, Wanted, screen
from .intake import of_screened
from .job import start_job
from .lists import folder
from .store import MOST, CandidateList

MOST_BEST = 10_000
"""Rows of a file that are put on a list by one screening."""

SHOWN = 10
"""Best rows so far that a page can show while a file is screened."""

_SETTING, _BEST, _TOLD = "screening", "screening: best so far", "screening: told"
_INPUT, _OUT = "input", "best.parquet"
_TELL_SECONDS = 1.0


class Screening(BaseModel):
    """What is screened for a list.

    Attributes:
        file: the name of the file, as people know it.
        suffix: its ending, which says what kind of file it is.
        model: the bundle's folder.
        given: the conditions at which it predicts, by name.
        specification: what a row should be.
        top: how many of the best rows become candidates.
        inside_only: whether they have to lie in the applicability domain for what is asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    suffix: str = Field(pattern=r"^(\.[A-Za-z0-9]{1,9})?$")
    model: str
    given: dict[str, float | str]
    specification: list[Requirement]
    top: int = Field(ge=1, le=MOST_BEST)
    inside_only: bool = False

    def check(self) -> Wanted:
        """See that the specification says which rows are wanted; returns these.

        Raises:
            UserError: when it contradicts itself.
        """
        wanted = Wanted.of_specification(self.specification, self.top, self.inside_only)
        wanted.check()
        return wanted


class BestSoFar(BaseModel):
    """Some of the best rows that are found so far.

    Attributes:
        ids, units: of at most `SHOWN` rows.
        values: by property, in its unit, of these rows.
    """

    ids: list[str] = []
    units: list[str] = []
    values: dict[str, list[float]] = {}


class StoppedError(Exception):
    """Somebody asked the screening to stop; what is done of it is kept."""


def start_screening(
    list_: CandidateList, screening: Screening, content: bytes | memoryview
) -> None:
    """Let the process of a list screen a file.

    Args:
        list_: that the best rows are put on.
        screening: what is wanted.
        content: of the file.

    Raises:
        UserError: when the list has no room, or another file is screened for it.
    """
    with lock(folder() / "screening.lock"):
        _begin(list_, screening, content)
    start_job(list_, Path(screening.model), screening.given)


def _begin(list_: CandidateList, screening: Screening, content: bytes | memoryview) -> None:
    if pending(list_) is not None:
        raise UserError("Another file is screened for this list: wait for it, or discard it.")
    if list_.count() + screening.top > MOST:
        raise UserError(
            f"The list has {counted(list_.count(), 'candidate')}, and can have {MOST:,}: take "
            "fewer of the best, or another list."
        )
    _forget_those_without_list()
    place = _place(list_)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / f"{_INPUT}{screening.suffix}").write_bytes(content)
    list_.set(_TOLD, "")
    list_.set(_BEST, "")
    list_.set(_SETTING, screening.model_dump_json())


def pending(list_: CandidateList) -> Screening | None:
    """What is screened for a list, or waits to be gone on with; None where nothing is."""
    with suppress(ValidationError, ValueError):
        if text := list_.setting(_SETTING):
            return Screening.model_validate_json(text)
    return None


def discard(list_: CandidateList) -> None:
    """Give up a screening that is not at work, with all that is done of it."""
    list_.set(_SETTING, "")
    list_.set(_BEST, "")
    shutil.rmtree(_place(list_), ignore_errors=True)


def best_so_far(list_: CandidateList) -> BestSoFar:
    """Some of the best rows that a screening has found so far."""
    try:
        return BestSoFar.model_validate_json(list_.setting(_BEST) or "{}")
    except (ValidationError, ValueError):
        return BestSoFar()


def told(list_: CandidateList) -> str:
    """What the last screening came to, in words, until `forget_told`; empty where there is none."""
    return list_.setting(_TOLD)


def forget_told(list_: CandidateList) -> None:
    """Say no more of the last screening."""
    list_.set(_TOLD, "")


def carry_out(
    list_: CandidateList, progress: Callable[[str, int, int], None], stop: Callable[[], bool]
) -> None:
    """Screen what is pending, and put the best rows on the list; cut off at any time, it goes on.

    Args:
        list_: the list.
        progress: told what is being done, how many rows are done, and how many there are.
        stop: asked often.

    Raises:
        StoppedError: when `stop` says so.
        UserError: when the file or the model cannot be read.
    """
    if (screening := pending(list_)) is None:
        return
    place = _place(list_)
    predictor = Predictor(Path(screening.model))
    noted = 0.0

    def on(what: str, done: int, total: int) -> None:
        progress(what, done, total)
        if stop():
            raise StoppedError

    def note(best: pd.DataFrame) -> None:
        nonlocal noted
        if time.monotonic() > noted + _TELL_SECONDS:
            noted = time.monotonic()
            list_.set(_BEST, _shown(best, predictor).model_dump_json())

    out = place / _OUT
    words = f"{clipped(screening.file)} was screened."
    # There already, where the process ended before the rows were put on the list.
    if not out.is_file():
        file = place / f"{_INPUT}{screening.suffix}"
        if not file.is_file():
            raise UserError(f"{clipped(screening.file)} is not there any more: upload it again.")
        wanted, given = screening.check(), screening.given
        try:
            screened = screen(
                predictor, [file], out, wanted, on, conditions=given, best_so_far=note
            )
        except UserError as error:
            # People know the file by the name that it had when they uploaded it.
            raise UserError(str(error).replace(file.name, clipped(screening.file))) from error
        words = _words(screening, screened)
    best = pd.read_parquet(out)
    ids, units = _ids_and_units(best)
    if (different := len(set(units))) < len(units):
        words += f" These are {counted(different, 'different drawing')}."
    # All at once: a process that is killed has put the rows there and knows it, or has not.
    settings = {_SETTING: "", _BEST: "", _TOLD: words}
    list_.add(of_screened(units, ids, screening.file), once=True, settings=settings)
    shutil.rmtree(place, ignore_errors=True)


def _words(screening: Screening, screened: Screened) -> str:
    """What a screening came to."""
    sentences = [
        f"Of {counted(screened.rows, 'row')} of {clipped(screening.file)}, the best "
        f"{screened.kept:,} are on this list."
        if screened.kept
        else f"None of {counted(screened.rows, 'row')} of {clipped(screening.file)} meets it."
    ]
    if screened.in_full < screened.rows:
        sentences.append(
            f"A student of the model ruled out most of them, with which it may have lost one of a "
            f"hundred wanted rows; the model itself predicted {screened.in_full:,}."
        )
    if screened.lacks_student:
        sentences.append(
            f"With a student, which `{COMMAND} distil` makes for this model, it takes less time."
        )
    if screened.outside:
        lie = "lies" if screened.outside == 1 else "lie"
        sentences.append(f"{screened.outside:,} of these {lie} outside the applicability domain.")
    if screened.problems:
        sentences.append(
            f"{counted(screened.problems, 'row')} could not be predicted{_such_as(screened)}."
        )
    if screened.guesses:
        sentences.append(
            f"{counted(screened.guesses, 'row')} would rank among them but for predictions that "
            "are mere guesses, of units with atoms that no training unit has."
        )
    return " ".join(sentences)


def _such_as(screened: Screened) -> str:
    """The first of the rows that could not be predicted, and why."""
    if screened.problems_file is None:
        return ""
    first = pd.read_csv(screened.problems_file, dtype=str, nrows=1, keep_default_na=False).iloc[0]
    row, unit, why = first.iloc[-3], first.iloc[-2], first.iloc[-1]
    return f", such as {clipped(row)} (“{clipped(unit)}”: {why})"


def _shown(best: pd.DataFrame, predictor: Predictor) -> BestSoFar:
    head = best.head(SHOWN)
    ids, units = _ids_and_units(head)
    values = {
        name: [float(value) for value in head[column]]
        for column, name in predictor.info.answer_columns.items()
    }
    return BestSoFar(ids=ids, units=units, values=values)


def _ids_and_units(rows: pd.DataFrame) -> tuple[list[str], list[str]]:
    """What the first two columns of a result hold."""
    ids, units = (rows.iloc[:, column].fillna("").astype(str).tolist() for column in (0, 1))
    return ids, units


def _place(list_: CandidateList) -> Path:
    """Where the file of a screening lies, and what is done of it."""
    return folder() / f"{list_.id}.screening"


def _forget_those_without_list() -> None:
    """Remove what was screened for lists that are gone for good."""
    there = {path.name.partition(".")[0] for path in folder().glob("*.db*")}
    for place in folder().glob("*.screening"):
        if place.stem not in there:
            shutil.rmtree(place, ignore_errors=True)
