"""Runs: from start to bundle, stopping, and runs whose process is gone."""

import errno
import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.inference.bundle import INFO, read_info
from engine.models.coregionalised_process import CoregionalisedProcess
from engine.runs import (
    Run,
    archive_run,
    delete_run,
    find_run,
    list_runs,
    process,
    read_metrics,
    read_out_of_fold,
    read_progress,
    read_report,
    start_run,
    stop_run,
    store,
    worker,
)
from engine.settings.presets import PRESETS
from engine.table import Table, load_table
from tests.conftest import wait_for
from tests.runs.conftest import LONG, SHORT, inserted, is_whole, started, until_stage


def test_a_finished_run_leaves_everything(trained: Run) -> None:
    assert trained.state == "done"
    assert trained.progress == 1
    assert {path.name for path in trained.folder.iterdir()} >= {
        "config.yaml",
        "table.parquet",
        "metrics.jsonl",
        "run.log",
        "oof.parquet",
        "bundle",
        "report.json",
        "excluded.csv",
    }
    progress = read_progress(trained)
    assert progress.overall == pytest.approx(1)
    assert all(stage.done == stage.total for stage in progress.stages)
    report = read_report(trained)
    assert report["figures"] == trained.figures
    table = pd.read_parquet(trained.folder / "table.parquet")
    assert report["labels"] == {name: table[f"label:{name}"].count() for name in ("Tg", "Density")}


def test_metrics_have_a_row_for_each_epoch(trained: Run) -> None:
    metrics = read_metrics(trained)
    assert len(metrics) == 3 * 40
    assert set(metrics["fold"]) == {0, 1, 2}
    assert metrics["val_mae_Tg"].notna().all()
    assert (metrics[["graphs_per_second", "ram_mb", "learning_rate"]] >= 0).all(axis=None)


def test_a_half_written_line_is_left_for_later(changeable: Run) -> None:
    whole = read_metrics(changeable)
    file = changeable.folder / "metrics.jsonl"
    text = file.read_text()
    file.write_text(text[:-40])
    assert read_metrics(changeable)["time"].equals(whole["time"][:-1])
    with open(file, "a") as half:
        half.write(text[-40:])
    assert read_metrics(changeable).equals(whole)


def test_every_label_is_predicted_by_models_that_never_saw_it(trained: Run) -> None:
    out_of_fold = read_out_of_fold(trained)
    report = read_report(trained)
    assert len(out_of_fold) == sum(report["labels"].values())
    members = [*report["figures"]["members"], "blend"]
    assert {*members} == {*PRESETS["smoke"].members, "blend"} - {CoregionalisedProcess.name}
    assert np.isfinite(out_of_fold[[*members, "label"]]).all(axis=None)
    tg = out_of_fold[out_of_fold["property"] == "Tg"]
    error = (tg["label"] - tg["blend"]).abs().mean()
    assert error == pytest.approx(trained.figures["blend"]["mae"]["Tg"])
    assert error < (tg["label"] - tg["label"].median()).abs().mean(), "worse than the median"


def test_the_bundle_tells_of_its_training(trained: Run) -> None:
    info = read_info(trained.bundle)
    assert info.names == ["Tg", "Density"]
    assert info.rows == 70
    assert info.table == "textbook-slice.csv"
    for weights in info.blend.values():
        assert sum(weights.values()) == pytest.approx(1)
    assert not list(trained.bundle.glob("*.p*kl*"))


# The killed supervisor's run in `test_kills` shows the same at every change.
@pytest.mark.slow
def test_the_same_seed_gives_the_same_figures(slice_of_textbook: Table, reference) -> None:
    again = wait_for(start_run(slice_of_textbook, SHORT))
    is_whole(again, *reference)


def test_stop_ends_the_process_and_says_so(textbook: Table) -> None:
    run = started(textbook, LONG, "LightGBM")
    assert process.worker_of(run)
    stopped = stop_run(run)
    assert stopped.state == "stopped"
    assert stopped.reason.startswith("Stopped on request; ")
    assert process.worker_of(run) is None
    assert not (run.bundle / INFO).exists()
    assert stop_run(stopped).state == "stopped"


def test_a_killed_run_is_interrupted(textbook: Table) -> None:
    run = started(textbook, LONG, "LightGBM")
    os.kill(run.pid, signal.SIGKILL)
    killed = wait_for(run, 10)
    assert killed.state == "interrupted"
    assert "killed from outside" in killed.reason


def test_a_second_run_waits_for_the_first(textbook: Table) -> None:
    first = started(textbook, LONG, "LightGBM")
    second = start_run(textbook, LONG)
    time.sleep(3)
    assert find_run(second.id).state == "queued"
    stop_run(first)
    second = until_stage(second, "LightGBM")
    assert second.state == "running"
    assert stop_run(second).state == "stopped"


def test_a_lost_table_is_told(textbook: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(process, "ensure_supervisor", lambda: None)
        run = start_run(textbook, LONG)
    (run.folder / "table.parquet").unlink()
    failed = wait_for(run)
    assert failed.state == "failed"
    assert "table.parquet is missing" in failed.reason


def test_an_error_in_the_worker_is_told(monkeypatch: pytest.MonkeyPatch, capfd) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("nobody has thought of it")

    run = inserted("odd", "queued")
    monkeypatch.setattr(worker._Job, "read", fail)
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    assert worker.main(run.id) == 1
    assert "Unexpected ZeroDivisionError" in find_run("odd").reason
    assert "Traceback" in capfd.readouterr().err


def test_a_run_is_found_by_name_the_newest_first(workspace: Path) -> None:
    for name, created in {"middle": 2.0, "newest": 3.0, "oldest": 1.0}.items():
        inserted(name, "done", name="twice", created=created)
    assert find_run("oldest").id == "oldest"
    assert find_run("twice").id == "newest"
    with pytest.raises(UserError, match="no run 'nothing'"):
        find_run("nothing")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"preset": "huge"}, "no preset 'huge'"),
        ({"folds": "random:1"}, "between 2 and 20"),
        ({"folds": "sideways"}, "not understood"),
        ({"folds": "column:fold"}, "no column 'fold'"),
        ({"folds": "nowhere.csv:random"}, "nowhere.csv"),
    ],
)
def test_what_cannot_start_leaves_nothing(
    textbook: Table, workspace: Path, changes: dict, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        start_run(textbook, LONG.model_copy(update=changes))
    assert list_runs() == []
    assert not list((workspace / "runs").glob("*")) if (workspace / "runs").exists() else True


def test_a_disk_that_refuses_leaves_no_part_of_a_run(
    slice_of_textbook: Table, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr("engine.runs.start.write_atomic", refuse)
    with pytest.raises(UserError, match=r"could not be written: .*quota"):
        start_run(slice_of_textbook, SHORT)
    assert not list((workspace / "runs").iterdir())
    assert not list_runs()


def test_what_is_deleted_is_the_run_as_it_is_now(workspace: Path) -> None:
    drawn = inserted("resumed-elsewhere", "stopped")
    store.update(drawn.id, state="queued")
    for act in (delete_run, archive_run):
        with pytest.raises(UserError, match="is queued: stop it before"):
            act(drawn)
    assert drawn.folder.is_dir()


def test_a_table_without_labels_cannot_be_learned() -> None:
    table = load_table(b"SMILES\n*CC*\n*CO*\n", "bare.csv")
    with pytest.raises(UserError, match="no property to learn"):
        start_run(table, LONG)


def test_the_run_table_is_readable_json(trained: Run) -> None:
    assert json.dumps([run.model_dump() for run in list_runs()])
