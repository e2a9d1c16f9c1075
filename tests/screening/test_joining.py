"""Several processes that work on one screening."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.inference.predict import Predictor
from engine.inference.specification import read_specification
from engine.screening import Wanted, carry_out, first_pass, join, joining, scoring, screen
from engine.screening.stages import Stage
from engine.screening.work import work_folder
from tests.direct_pool import DirectPool

ROWS = 60


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch, pool: DirectPool) -> None:
    """Parts of six rows, and helpers that look often."""
    for module in (scoring, first_pass, carry_out):
        monkeypatch.setattr(module, "PART_ROWS", 6)
    monkeypatch.setattr(scoring, "CHUNK_ROWS", 3)
    monkeypatch.setattr(joining, "_SECONDS_BETWEEN", 0.01)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A file of units, some of which cannot be read."""
    units = [f"*{'C' * (n + 1)}O*" if n % 7 else "no" for n in range(ROWS)]
    path = tmp_path / "units.csv"
    pd.DataFrame({"id": range(ROWS), "SMILES": units}).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("best", [False, True])
def test_two_share_the_rows_and_the_result_is_that_of_one(
    predictor: Predictor, table: Path, tmp_path: Path, best: bool
) -> None:
    (high,) = read_specification("Tg high", predictor.info.answers)
    wanted = Wanted(by=high, top=9) if best else None
    alone, out = tmp_path / "alone.csv", tmp_path / "out.csv"
    whole = screen(predictor, [table], alone, wanted)
    helped: list[int] = []

    def told(what: str, done: int, total: int) -> None:
        if not helped:
            helped.append(0)
            helped[0] = join(predictor, [table], out, wanted, patience=0.2)

    shared = screen(predictor, [table], out, wanted, told)
    assert 0 < helped[0] < ROWS
    assert (shared.rows, shared.kept, shared.problems) == (whole.rows, whole.kept, whole.problems)
    assert out.read_bytes() == alone.read_bytes()
    beside, alone_beside = (tmp_path / f"{name}-problems.csv" for name in ("out", "alone"))
    assert beside.read_bytes() == alone_beside.read_bytes()


def test_what_a_helper_took_and_did_not_finish_is_done(
    predictor: Predictor, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    taken: list[bool] = []

    def told(what: str, done: int, total: int) -> None:
        if not taken:
            stage = _stage(out)
            taken.extend([stage.take(ROWS // 6 - 1), stage.take(ROWS // 6 - 1)])

    screened = screen(predictor, [table], out, progress=told)
    assert taken == [True, False]
    assert (screened.rows, len(pd.read_csv(out))) == (ROWS, ROWS - screened.problems)


def _stage(out: Path) -> Stage:
    """The one stage of a screening without a student."""
    return Stage.begun(next(work_folder(out).glob("all-*")))


def test_what_a_helper_of_another_screening_still_writes_is_not_taken(
    predictor: Predictor, table: Path, tmp_path: Path
) -> None:
    out, old = tmp_path / "out.csv", []

    def cut(what: str, done: int, total: int) -> None:
        old.append(_stage(out))
        if done > 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        screen(predictor, [table], out, progress=cut)
    part = old[0].read(0)
    shutil.rmtree(work_folder(out))
    late: list[bool] = []

    def told(what: str, done: int, total: int) -> None:
        if not late:
            late.append(True)
            with pytest.raises(OSError, match="No such file"):
                old[0].write(9, part)

    keep = read_specification("Tg > 100000", predictor.info.answers)
    assert screen(predictor, [table], out, Wanted(keep), told).kept == 0
    assert late


def test_a_helper_of_nothing_or_of_another_screening_is_told(
    predictor: Predictor, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    with pytest.raises(UserError, match="No screening into"):
        join(predictor, [table], out, patience=0.05)
    assert not work_folder(out).exists()
    asked: list[bool] = []
    (high,) = read_specification("Tg high", predictor.info.answers)

    def told(what: str, done: int, total: int) -> None:
        if not asked:
            asked.append(True)
            with pytest.raises(UserError, match="other words \\(other by, top\\)"):
                join(predictor, [table], out, Wanted(by=high, top=1), patience=0.2)

    screen(predictor, [table], out, progress=told)
    assert asked
