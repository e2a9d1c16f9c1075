"""Screening a long file for a list: only the best rows become candidates, whatever happens."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.candidates import job, lists, screening, worker
from engine.candidates.screening import Screening, StoppedError
from engine.candidates.store import CandidateList
from engine.inference.predict import Predictor
from engine.inference.specification import read_specification
from tests.direct_pool import DirectPool

UNITS = [f"*{'C' * (n % 6 + 1)}C({'O' if n % 2 else 'C'})O*" for n in range(30)] + ["no", "*CC*"]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch, pool: DirectPool) -> None:
    """The process of a list is not started; tests carry its work out themselves."""
    monkeypatch.setattr(job, "spawn", lambda *_: None)


@pytest.fixture
def list_(trained) -> CandidateList:
    return lists.create_list(f"List {time.time_ns()}")


def _wanted(predictor: Predictor, text: str = "Tg high", top: int = 4) -> Screening:
    return Screening(
        file="many.csv",
        suffix=".csv",
        model=str(predictor.folder),
        given={},
        specification=read_specification(text, predictor.info.answers),
        top=top,
    )


def _content(tmp_path: Path) -> bytes:
    path = tmp_path / "many.csv"
    frame = pd.DataFrame({"name": [f"u{n}" for n in range(len(UNITS))], "SMILES": UNITS})
    frame.to_csv(path, index=False)
    return path.read_bytes()


def _nothing(what: str, done: int, total: int) -> None:
    pass


def _never() -> bool:
    return False


def test_the_best_rows_become_candidates_and_it_is_told(
    list_: CandidateList, predictor: Predictor, tmp_path: Path
) -> None:
    screening.start_screening(list_, _wanted(predictor), _content(tmp_path))
    assert screening.pending(list_) == _wanted(predictor)
    heard: list[str] = []
    screening.carry_out(list_, lambda what, *_: heard.append(what), _never)
    values = predictor.predict(UNITS).blend["Tg"]
    best = values.sort_values(ascending=False, kind="stable").index[:40]
    units = list(dict.fromkeys(UNITS[row] for row in best))
    made = list_.candidates()
    assert [each.unit for each in made] == [unit for unit in units if unit in _units(made)]
    assert {each.origin for each in made} == {"many.csv"}
    assert all(UNITS[int(each.row_id[1:])] == each.unit for each in made)
    assert screening.told(list_).startswith("Of 32 rows of many.csv, the best 4 are on this list.")
    assert re.search(
        r"1 row could not be predicted, such as \S+ \(“.*”: .+\)\.", screening.told(list_)
    )
    assert heard
    assert screening.pending(list_) is None
    assert not [*lists.folder().glob("*.screening")]
    screening.forget_told(list_)
    assert screening.told(list_) == ""


def _units(candidates) -> set[str | None]:
    return {each.unit for each in candidates}


def test_stopped_or_killed_at_any_time_it_goes_on_and_doubles_nothing(
    list_: CandidateList, predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screening.start_screening(list_, _wanted(predictor), _content(tmp_path))
    with pytest.raises(StoppedError):
        screening.carry_out(list_, _nothing, lambda: True)
    assert screening.pending(list_) is not None
    assert list_.count() == 0

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(CandidateList, "add", killed)
        with pytest.raises(KeyboardInterrupt):
            screening.carry_out(list_, _nothing, _never)
    with monkeypatch.context() as patch:
        patch.setattr(screening.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            screening.carry_out(list_, _nothing, _never)
    count = list_.count()
    assert 0 < count <= 4
    screening.carry_out(list_, _nothing, _never)
    assert list_.count() == count


def test_the_best_so_far_are_shown(
    list_: CandidateList, predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "_TELL_SECONDS", 0.0)
    screening.start_screening(
        list_, _wanted(predictor, "Tg > -400, Density low"), _content(tmp_path)
    )
    assert screening.best_so_far(list_).units == []
    monkeypatch.setattr(CandidateList, "add", lambda *_, **__: [])
    screening.carry_out(list_, _nothing, _never)
    best = screening.best_so_far(list_)
    assert len(best.units) == 4
    assert best.values["Density"] == sorted(best.values["Density"])


def test_the_process_of_a_list_screens_and_then_predicts(
    list_: CandidateList, predictor: Predictor, tmp_path: Path
) -> None:
    screening.start_screening(list_, _wanted(predictor), _content(tmp_path))
    assert worker.main(list_.id) == 0
    assert job.job_of(list_).state == "done"
    assert list_.count() > 0
    assert all(each in list_.hints() for each in list_.ids())


def test_what_cannot_be_screened_is_a_sentence(
    list_: CandidateList, predictor: Predictor, tmp_path: Path
) -> None:
    content = _content(tmp_path)
    for text, words in (
        ("Tg high, Density low", "cannot be chosen by both Tg and Density"),
        ("", "by what the best"),
    ):
        with pytest.raises(UserError, match=words):
            _wanted(predictor, text).check()
    screening.start_screening(list_, _wanted(predictor), b"nothing,like\na,table\n")
    with pytest.raises(UserError, match="Another file"):
        screening.start_screening(list_, _wanted(predictor), content)
    assert worker.main(list_.id) == 1
    assert job.job_of(list_).state == "failed"
    screening.discard(list_)
    assert screening.pending(list_) is None
    assert not [*lists.folder().glob(f"{list_.id}.screening")]


def test_files_of_lists_that_are_gone_are_removed(
    list_: CandidateList, predictor: Predictor, tmp_path: Path
) -> None:
    gone = lists.create_list("Gone")
    screening.start_screening(gone, _wanted(predictor), _content(tmp_path))
    lists.remove_list(gone.id)
    screening.start_screening(list_, _wanted(predictor), _content(tmp_path))
    assert (lists.folder() / f"{gone.id}.screening").exists(), "the list can be brought back"
    lists.remove_list(lists.create_list("Another").id)
    screening.discard(list_)
    screening.start_screening(list_, _wanted(predictor), _content(tmp_path))
    assert not (lists.folder() / f"{gone.id}.screening").exists()


def test_of_two_windows_one_begins(list_, predictor: Predictor, tmp_path: Path) -> None:
    content = _content(tmp_path)

    def begin(top: int) -> str:
        try:
            screening.start_screening(list_, _wanted(predictor, top=top), content)
        except UserError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(4) as threads:
        said = [*threads.map(begin, range(1, 5))]
    assert sorted(map(bool, said)) == [False, True, True, True]
    begun = screening.pending(list_)
    assert begun is not None
    assert begun.top == said.index("") + 1


def test_the_time_left_is_that_of_what_was_done_since_it_went_on() -> None:
    told = job.Job(done=900, total=1000, done_before=800, since=100.0, told=110.0)
    assert told.seconds_left == pytest.approx(10.0)
    assert told.model_copy(update={"done": 800}).seconds_left is None


def test_a_file_that_cannot_be_read_is_called_by_its_name(list_, predictor: Predictor) -> None:
    content = b"id,SMILES\n1,*CC*\n2,*CC*,more,cells\n"
    screening.start_screening(list_, _wanted(predictor), content)
    with pytest.raises(UserError, match=r"^many\.csv.*row ") as raised:
        screening.carry_out(list_, _nothing, _never)
    assert "input" not in str(raised.value)


def test_equal_units_are_told_of(list_, predictor: Predictor) -> None:
    rows = "".join(f"{n},*CC(C)O*\n" for n in range(5))
    screening.start_screening(list_, _wanted(predictor), f"id,SMILES\n{rows}".encode())
    screening.carry_out(list_, _nothing, _never)
    assert screening.told(list_).endswith("These are 1 different drawing.")
    assert len(list_.candidates()) == 1
