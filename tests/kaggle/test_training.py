"""Training on Kaggle: which cards and presets are tried, and what becomes of a run that fails."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.base.hardware import Gpu, Hardware
from engine.kaggle import training
from engine.kaggle.inputs import Settings
from engine.runs import Run, RunConfig, find_run, list_runs, process, store
from engine.settings.estimate import Probe
from engine.settings.presets import PRESETS
from engine.table import Table
from tests.kaggle.conftest import Kaggle


def test_cards_are_tried_all_then_one_then_none() -> None:
    assert training.choices_of_cards([0, 1]) == [(0, 1), (0,), ()]
    assert training.choices_of_cards([1]) == [(1,), ()]
    assert training.choices_of_cards([]) == [()]


def test_only_cards_that_compute_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that torch has no code for, such as an old one, is there and fails."""
    told: list[str] = []
    assert training.working_cards(told.append) == []
    card = Gpu(name="Tesla T4", vram_gb=15)
    there = Hardware(cpu="x", cores=4, ram_gb=30, gpus=[card, card])
    monkeypatch.setattr(training, "detect", lambda: there)
    answer = "works 0\nfails 1 CUDA error: no kernel image is available\n"
    ended = subprocess.CompletedProcess([], 0, answer, "")
    monkeypatch.setattr(training.subprocess, "run", lambda *words, **more: ended)
    assert training.working_cards(told.append) == [0]
    assert told == ["Card 1 is not used: CUDA error: no kernel image is available"]
    ended.returncode, ended.stdout, ended.stderr = 1, "", "ImportError: no torch\n"
    assert training.working_cards(told.append) == []
    assert told[-1] == "The cards are not used: ImportError: no torch"


@pytest.mark.parametrize(
    ("asked", "minutes", "chosen"),
    [
        ("auto", {}, "best"),
        ("auto", {"best": 500}, "cpu"),
        ("t4x2", {}, "t4x2"),
        ("t4x2", {"t4x2": float("inf"), "best": 41, "cpu": 41}, "smoke"),
        ("auto", {"best": 500, "cpu": 500, "smoke": 500}, None),
    ],
)
def test_the_first_preset_that_fits_is_taken(
    asked: str,
    minutes: dict[str, float],
    chosen: str | None,
    slice_of_textbook: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def estimated(table, preset, until):
        return minutes.get(preset.name, 10.0), "so long"

    monkeypatch.setattr(training, "_estimated", estimated)
    told: list[str] = []
    found = training.preset_that_fits(slice_of_textbook, asked, time.time() + 3600, told.append)
    assert (found and found.name) == chosen
    assert training.preset_that_fits(slice_of_textbook, asked, time.time() - 1, told.append) is None


def test_an_estimate_has_the_probes_time_and_that_of_the_trees(
    slice_of_textbook: Table, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = Probe(
        networks="PolyGIN",
        device="2 × Tesla T4",
        seconds_per_epoch=1,
        epochs=600,
        processes=2,
        minutes=10,
        peak_mb=1000,
        memory_mb=16000,
    )
    monkeypatch.setattr(training, "read_probe", lambda request: probe)
    minutes, words = training._estimated(slice_of_textbook, PRESETS["cpu"], time.time() + 99)
    assert 10 < minutes < 15
    assert words.endswith("on 2 × Tesla T4")
    monkeypatch.setattr(
        training, "read_probe", lambda request: probe.model_copy(update={"peak_mb": 20000})
    )
    minutes, words = training._estimated(slice_of_textbook, PRESETS["cpu"], time.time() + 99)
    assert minutes == float("inf")
    assert "more than the memory" in words


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two cards, and a preset that fits; the cards that each run was begun with."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    monkeypatch.setattr(training, "working_cards", lambda say: [0, 1])
    monkeypatch.setattr(training, "preset_that_fits", lambda *given: PRESETS["smoke"])
    return []


def _ends_as(states: list[str], begun: list[str]) -> Callable[..., Run]:
    """Stands in for watching runs, which end in these states, one after the other."""
    left = iter(states)

    def watched(run: Run, until: float, say: training.Say) -> Run:
        begun.append(os.environ["CUDA_VISIBLE_DEVICES"])
        store.update(run.id, state=next(left))
        return find_run(run.id)

    return watched


def test_a_run_that_fails_on_cards_goes_on_with_fewer(
    kaggle: Kaggle, settings: Settings, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second choice of cards resumes the run of the first; then it ends well."""
    monkeypatch.setattr(training, "_watched", _ends_as(["failed", "done"], begun))
    run = training.train(settings, kaggle.competition / "train.csv", lambda line: None)
    assert run is not None
    assert run.state == "done"
    assert begun == ["0,1", "0"]
    assert [each.id for each in list_runs()] == [run.id]


def test_after_a_run_whose_time_was_up_no_other_one_begins(
    kaggle: Kaggle, settings: Settings, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "_watched", _ends_as(["stopped", "done"], begun))
    assert training.train(settings, kaggle.competition / "train.csv", lambda line: None) is None
    assert begun == ["0,1"]


def test_a_run_begins_when_the_supervisor_of_the_other_cards_has_ended(
    kaggle: Kaggle, settings: Settings, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would hand its own choice of cards on."""
    at_work = [True, True, False]
    monkeypatch.setattr(process, "supervisor_at_work", lambda: at_work.pop(0))
    start = training.start_run

    def started(*given: object) -> Run:
        assert at_work == []
        return start(*given)

    monkeypatch.setattr(training, "start_run", started)
    monkeypatch.setattr(training, "_watched", _ends_as(["done"], begun))
    assert training.train(settings, kaggle.competition / "train.csv", lambda line: None)


def test_a_run_is_stopped_when_the_time_is_up(workspace: Path, slice_of_textbook: Table) -> None:
    """A real run, which has no time to end."""
    config = RunConfig(name="kaggle", preset="best", folds="random:3")
    run = training.start_run(slice_of_textbook, config)
    told: list[str] = []
    ended = training._watched(run, time.time() + 1, told.append)
    assert ended.state == "stopped"
    assert told[-1] == "The time is up: the run is stopped."
