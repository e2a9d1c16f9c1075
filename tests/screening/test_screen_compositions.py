"""Screening compositions, with a student and without one, which reads single units alone."""

from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from engine.inference.predict import Predictor
from engine.inference.specification import read_specification
from engine.runs import Run, find_run
from engine.screening import Wanted, carry_out, distilling, first_pass, join, joining, screen
from engine.screening.onnx_file import write_onnx
from engine.settings.training import TrainingConfig
from tests.bundles import copied
from tests.copolymers import TG
from tests.direct_pool import DirectPool
from tests.screening.test_student import _InBlock, _nothing, _units

BAD = "*CC*|*CO*|0.5|0.9"


@pytest.fixture(scope="module")
def taught(copolymers_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of copolymers with a student that has learned for two epochs."""
    folder = tmp_path_factory.mktemp("student")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(copolymers_home))
        bundle = copied(find_run("fox").bundle, folder / "bundle")
        short = TrainingConfig(epochs=2, batch=32, learning_rate=3e-3)
        settings = distilling._SETTINGS.model_copy(update={"training": short})
        patch.setattr(distilling, "_SETTINGS", settings)
        patch.setattr(distilling, "_FEWEST", 50)
        distilling.distil(Predictor(bundle), [_units(folder)], _nothing, count=120)
    return bundle


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch, pool: DirectPool) -> None:
    """A student for any file, and no processes."""
    monkeypatch.setattr(carry_out, "FEWEST_ROWS", 1)
    monkeypatch.setattr("engine.screening.narrowing._FIRST", 1)
    monkeypatch.setattr(joining, "_SECONDS_BETWEEN", 0.01)
    monkeypatch.setattr(first_pass, "worker_pool", lambda *_, **__: _InBlock(pool))


def _compositions() -> list[tuple[str, str, float]]:
    units = [*TG]
    return [
        (one, other, part) for one, other, part in product(units, units, (0.3, 0.7)) if one < other
    ]


def _texts(path: Path) -> Path:
    """A file of compositions, homopolymers, and one text that cannot be read."""
    texts = [f"{one}|{other}|{part}" for one, other, part in _compositions()]
    pd.DataFrame({"SMILES": [*texts, BAD, *TG]}).to_csv(path, index=False)
    return path


def _columns(path: Path) -> Path:
    frame = pd.DataFrame(_compositions(), columns=["smiles_A", "smiles_B", "frac_A"])
    frame.to_csv(path, index=False)
    return path


def _best(predictor: Predictor, top: int, in_full: bool = False) -> Wanted:
    (by,) = read_specification("Tg high", predictor.info.answers)
    keep = read_specification("Tg > 20", predictor.info.answers)
    return Wanted(keep, by, top, in_full=in_full)


def test_what_the_student_cannot_read_the_model_predicts(taught: Path, tmp_path: Path) -> None:
    predictor, table = Predictor(taught), _texts(tmp_path / "texts.csv")
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    plain = screen(predictor, [table], whole, _best(predictor, 7, in_full=True))
    screened = screen(predictor, [table], out, _best(predictor, 7))
    assert out.read_text() == whole.read_text()
    assert any("|" in text for text in pd.read_csv(out)["SMILES"])
    assert screened.in_full >= len(_compositions())
    assert (plain.problems, screened.problems) == (1, 1)
    problems = [(tmp_path / f"{name}-problems.csv").read_text() for name in ("whole", "out")]
    assert problems[0] == problems[1]
    assert "add up to 1.4" in problems[0]


def test_for_columns_of_compositions_there_is_no_first_pass(taught: Path, tmp_path: Path) -> None:
    predictor, told = Predictor(taught), set[str]()
    table, out = _columns(tmp_path / "columns.csv"), tmp_path / "out.parquet"
    screened = screen(predictor, [table], out, _best(predictor, 5), lambda what, *_: told.add(what))
    assert told == {"repeat units"}
    assert (screened.in_full, screened.lacks_student) == (len(_compositions()), False)
    best = pd.read_parquet(out)
    assert best["Tg"].is_monotonic_decreasing
    assert best["composition"].str.contains("|", regex=False).all()


def test_others_help_with_compositions(taught: Path, tmp_path: Path) -> None:
    predictor = Predictor(taught)
    table, alone, out = _texts(tmp_path / "a.csv"), tmp_path / "alone.csv", tmp_path / "out.csv"
    screen(predictor, [table], alone, _best(predictor, 5))
    helped: dict[str, int] = {}

    def told(what: str, done: int, total: int) -> None:
        if what not in helped:
            helped[what] = join(predictor, [table], out, _best(predictor, 5), patience=0.05)

    screen(predictor, [table], out, _best(predictor, 5), told)
    assert out.read_bytes() == alone.read_bytes()


def test_a_model_of_homopolymers_says_so(trained: Run, tmp_path: Path) -> None:
    predictor, table = Predictor(trained.bundle), _texts(tmp_path / "texts.csv")
    screened = screen(predictor, [table], tmp_path / "out.csv")
    assert (screened.kept, screened.problems) == (len(TG), len(_compositions()) + 1)
    beside = pd.read_csv(tmp_path / "out-problems.csv")["problem"]
    assert beside.str.contains("learned homopolymers only").sum() == len(_compositions())


def test_the_student_of_such_a_model_is_written_as_onnx(taught: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    write_onnx(taught, tmp_path / "student.onnx")
    assert (tmp_path / "student.onnx").stat().st_size > 1000
