"""The Monitor page, on run folders as a worker leaves them in each state."""

import json
import os
import time

import pytest
import streamlit as st

from engine.base.errors import UserError
from engine.inference.bundle import INFO, default_bundle, read_info
from engine.runs import Run, find_run, list_runs, process, store
from pages.parts.monitor import run_actions
from tests.pages.conftest import finished, made, made_as, words

pytestmark = pytest.mark.usefixtures("no_supervisor")


def charts(app) -> str:
    """The words above the live charts."""
    shown = [json.loads(one.proto.json_args) for one in app.get("component_instance")]
    return " ".join(word for one in shown for chart in one["charts"] for word in chart["words"])


def _drawn(app, title: str) -> str:
    """The live chart with that title, as it is sent to the browser."""
    shown = [json.loads(one.proto.json_args) for one in app.get("component_instance")]
    return next(
        chart["figure"] for one in shown for chart in one["charts"] if chart["words"][0] == title
    )


def labels(app) -> list[str]:
    return [one.label for one in app.button]


def test_empty_state_leads_to_the_train_page(empty_workspace, open_page):
    app = open_page("monitor")
    assert not app.exception
    assert "Nothing has been trained yet" in app.info[0].value


def test_running_run(empty_workspace, open_page):
    run = made("running", stage="PolyGIN", progress=0.4, **process.identity())
    app = open_page("monitor", run=run.id)
    assert not app.exception
    said = words(app)
    assert "My running *run*" in said
    assert "fold 2, epoch 5" in said
    assert "watching only" in said
    assert "validation error in °C" in charts(app)
    stages = " ".join(one.proto.body for one in app.get("html"))
    assert "PolyGIN: 10 of 80 · about 5 min left (4 min training, 30 s validation)" in stages
    assert "Yes, stop it" in labels(app)
    assert app.dataframe[0].value.loc[0, "State"] == ["running"]


def test_stop_is_passed_on(empty_workspace, open_page):
    run = made("running", **process.identity())
    app = open_page("monitor", run=run.id)
    app.button(key="stop").click().run()
    assert not app.exception
    assert find_run(run.id).state == "stopping"
    assert (run.folder / "stop-requested").exists()
    assert any("Stopping…" in caption.value for caption in app.caption)


def test_queued_run_says_what_it_waits_for(empty_workspace, open_page):
    made("running", **process.identity())
    run = made("queued")
    app = open_page("monitor", run=run.id)
    assert not app.exception
    said = app.info[0].value
    assert "Next in line" in said
    assert "is using the device" in said


def test_a_run_in_slurms_queue_says_why(empty_workspace, open_page):
    made("running", **process.identity())
    run = made_as(
        "far", "queued", place="slurm", job="12", reason="Slurm's job 12 waits. Priority."
    )
    app = open_page("monitor", run=run.id)
    assert not app.exception
    assert "Slurm's job 12 waits" in app.info[0].value
    assert [box.key for box in app.button if box.key in ("cancel", "move up")] == ["cancel"]


def test_queue_can_be_reordered_and_left(empty_workspace, open_page):
    first, second = (made_as(f"waiting {n}", "queued", position=float(n)) for n in (1, 2))
    app = open_page("monitor", run=second.id)
    assert "Place 2 of 2 in line" in app.info[0].value
    assert dict(zip(*app.dataframe[0].value[["Name", "In line"]].T.values, strict=True)) == {
        "waiting 1": 1,
        "waiting 2": 2,
    }
    app.button(key="move up").click().run()
    assert find_run(second.id).position < find_run(first.id).position
    assert "Place 1 of 2" in app.info[0].value
    app.button(key="cancel").click().run()
    assert not app.exception
    assert find_run(second.id).state == "stopped"
    assert "Resume" in labels(app)


def test_place_in_line_is_that_among_all_runs(empty_workspace, open_page):
    for number in range(8):
        made_as(f"waiting {number}", "queued", position=float(number))
    app = open_page("monitor")
    app.text_input(key="monitor search").set_value("waiting 3").run()
    assert app.dataframe[0].value[["Name", "In line"]].values.tolist() == [["waiting 3", 4]]


@pytest.mark.parametrize(("state", "key"), [("running", "stop"), ("queued", "cancel")])
def test_stop_that_fails_is_said(empty_workspace, open_page, monkeypatch, state, key):
    def refuse(*_) -> Run:
        raise UserError("The disk is full.")

    monkeypatch.setattr(run_actions, "stop_run", refuse)
    run = made(state, **(process.identity() if state == "running" else {}))
    app = open_page("monitor", run=run.id)
    app.button(key=key).click().run()
    assert not app.exception
    assert [one.value for one in app.error] == ["The disk is full."]


@pytest.mark.parametrize("state", ["failed", "stopped"])
def test_run_that_ended_early_tells_why(empty_workspace, open_page, state):
    run = made(state, reason="Out of memory: choose a smaller preset.", finished=time.time())
    app = open_page("monitor", run=run.id)
    assert not app.exception
    assert "Out of memory" in words(app)
    assert "PolyGIN trains on cpu" in app.code[0].value
    assert [one.label for one in app.get("download_button")] == [
        "Curves (CSV)",
        "Curves (TensorBoard)",
    ]


def test_run_whose_process_is_gone_is_interrupted(empty_workspace, open_page):
    gone = {**process.identity(), "pid_started": 1.0}
    run = made("running", **gone)
    app = open_page("monitor", run=run.id)
    assert not app.exception
    assert "ended without a word" in words(app)
    assert find_run(run.id).state == "interrupted"


def test_run_that_failed_before_any_file(empty_workspace, open_page):
    run = made("failed", reason="No disk space.", finished=time.time())
    for path in run.folder.iterdir():
        path.unlink()
    app = open_page("monitor", run=run.id)
    assert not app.exception
    assert "no curves" in words(app)


def test_finished_run_shows_its_figures(empty_workspace, open_page):
    run = finished()
    app = open_page("monitor", run=run.id)
    assert not app.exception
    # The competition's weighted error is a headline for its own properties alone.
    shown = {one.label: one.value for one in app.metric}
    assert "wMAE of the blend" not in shown
    assert "Mean R² of the blend" in shown
    by_property, by_member = app.dataframe[1].value, app.dataframe[2].value
    assert by_property.loc[0, "Mean absolute error"] == "27.50 °C"
    assert by_property.loc[1, "Mean absolute error"] == "–"
    assert list(by_member["Member"]) == ["PolyGIN", "Blend"]
    assert {"Curves (CSV)", "Figures (JSON)"} <= {one.label for one in app.get("download_button")}


def test_every_download_can_be_made(tiny_run, open_page, monkeypatch):
    offered = {}
    download = st.download_button

    def offer(label: str, data, *given, **words) -> bool:
        offered[label] = data
        return download(label, data, *given, **words)

    monkeypatch.setattr(st, "download_button", offer)
    assert not open_page("monitor", run=tiny_run.id).exception
    assert len(offered) == 4
    assert all(isinstance(make(), bytes) for make in offered.values())
    assert b"label" in offered["Out-of-fold (CSV)"]().splitlines()[0]


def test_finished_run_can_become_the_default_model(empty_workspace, open_page):
    run = finished()
    app = open_page("monitor", run=run.id)
    next(one for one in app.button if one.label == "Make this the default model").click().run()
    assert not app.exception
    assert (default_bundle() / INFO).is_file()
    assert read_info(default_bundle()).name == run.name
    assert "Make this the default model" not in labels(app)


def test_unknown_run_is_said(empty_workspace, open_page):
    finished()
    app = open_page("monitor", run="no-such-run")
    assert not app.exception
    assert "There is no run" in app.error[0].value


def test_newest_run_is_shown_and_the_list_can_be_searched(empty_workspace, open_page):
    for number in range(8):
        made_as(f"attempt {number}", "stopped", created=float(number), finished=time.time())
    app = open_page("monitor")
    assert not app.exception
    assert app.header[0].value == "attempt 7"
    app.text_input(key="monitor search").set_value("attempt 3").run()
    assert list(app.dataframe[0].value["Name"]) == ["attempt 3"]


def test_ended_run_can_be_resumed(empty_workspace, open_page):
    run = made("stopped", reason="Stopped on request.", finished=time.time())
    (run.folder / "checkpoints").mkdir()
    for name in ("lightgbm-0-000.done", "polygin-000.done", "polygin-001.state-000041"):
        (run.folder / "checkpoints" / f"{name}.safetensors").touch()
    app = open_page("monitor", run=run.id)
    assert "checkpoint at epoch 41 kept" in words(app)
    app.button(key="resume").click().run()
    assert not app.exception
    assert find_run(run.id).state == "queued"
    assert "Next in line" in app.info[0].value
    states = [change.state for change in store.changes_of(run.id)]
    assert states == ["stopped", "queued"]


def test_history_tells_every_change(empty_workspace, open_page):
    run = made("running", **process.identity())
    store.update(run.id, state="failed", reason="The disk is full.", finished=time.time())
    app = open_page("monitor", run=run.id)
    history = next(one.value for one in app.dataframe if "Reason" in one.value)
    assert list(history["State"]) == ["running", "failed"]
    assert list(history["Reason"]) == ["", "The disk is full."]


def test_remark_on_a_finished_run_is_a_warning(empty_workspace, open_page):
    run = finished()
    store.update(run.id, reason="XGBoost was left out: it failed.")
    app = open_page("monitor", run=run.id)
    assert "XGBoost was left out" in app.warning[0].value


def test_silence_is_said(empty_workspace, open_page):
    now = time.time()
    run = made("running", since=now - 500, **process.identity())
    (run.folder / "heartbeat").touch()
    assert "No sign of life" not in words(open_page("monitor", run=run.id))
    os.utime(run.folder / "heartbeat", (now - 90, now - 90))
    assert "No sign of life since" in words(open_page("monitor", run=run.id))


def test_grid_shows_members_and_folds(empty_workspace, open_page):
    run = made("running", **process.identity())
    (run.folder / "checkpoints").mkdir()
    for name in ("lightgbm-0-000", "lightgbm-0-001", "lightgbm-all-000"):
        (run.folder / "checkpoints" / f"{name}.done.safetensors").touch()
    app = open_page("monitor", run=run.id)
    grid = next(one.proto.body for one in app.get("html") if "pg-grid" in one.proto.body)
    assert "LightGBM with fold 1 held out: 2 of 2 properties fitted" in grid
    assert "LightGBM on all rows: 1 of 2 properties fitted" in grid
    assert "PolyGIN with fold 2 held out: 0 of 1 networks finished" in grid


def test_machine_curves_are_there_on_request(empty_workspace, open_page):
    run = made("running", **process.identity())
    sample = {
        "time": time.time(),
        "cpu_percent": 150.0,
        "ram_mb": 900.0,
        "ram_used_mb": 4000.0,
        "ram_total_mb": 16000.0,
        "gpus": [],
    }
    (run.folder / "hardware.jsonl").write_text(json.dumps(sample) + "\n")
    app = open_page("monitor", run=run.id)
    said = charts(app)
    assert "Gradient norm" in said
    assert "wMAE" in said
    assert "CPU load" not in said
    app.segmented_control[0].set_value("Machine").run()
    assert not app.exception
    said = charts(app)
    assert "CPU load" in said
    assert "Memory" in said
    assert "GPU" not in said


def test_machine_curves_grow_while_nothing_is_learned(empty_workspace, open_page):
    run = made("running", **process.identity())
    file = run.folder / "hardware.jsonl"
    sample = {"time": time.time(), "cpu_percent": 150.0, "gpus": []}
    file.write_text(json.dumps(sample) + "\n")
    app = open_page("monitor", run=run.id)
    app.segmented_control[0].set_value("Machine").run()
    assert "150.0" in _drawn(app, "CPU load")
    with file.open("a") as samples:
        samples.write(json.dumps({**sample, "time": time.time() + 2, "cpu_percent": 77.0}) + "\n")
    assert "77.0" in _drawn(app.run(), "CPU load")


def test_end_of_a_stage_is_announced_once(empty_workspace, open_page):
    run = made("running", **process.identity())
    app = open_page("monitor", run=run.id)
    assert not app.toast
    progress = json.loads((run.folder / "progress.json").read_text())
    progress["stages"][1]["done"] = progress["stages"][1]["total"]
    (run.folder / "progress.json").write_text(json.dumps(progress))
    assert "PolyGIN is done" in app.run().toast[0].value
    assert not app.run().toast


def test_log_can_be_filtered(empty_workspace, open_page):
    run = made("stopped", finished=time.time())
    (run.folder / "run.log").write_text("LightGBM: 6 steps\nPolyGIN: 80 steps\n")
    app = open_page("monitor", run=run.id)
    app.text_input(key=f"log filter {run.id}").set_value("polygin").run()
    assert app.code[0].value == "PolyGIN: 80 steps"
    assert "1 of 2 lines" in words(app)


def test_run_is_renamed_and_noted(empty_workspace, open_page):
    run = made("stopped", finished=time.time())
    app = open_page("monitor", run=run.id)
    app.text_input(key=f"name {run.id}").set_value("Better name").run()
    app.text_area(key=f"note {run.id}").set_value("Too few *labels*").run()
    assert not app.exception
    assert app.header[0].value == "Better name"
    assert "Too few *labels*" in words(app)
    app.text_input(key=f"name {run.id}").set_value("  ").run()
    assert "1 to 80 characters" in app.error[0].value
    assert find_run(run.id).name == "Better name"


def test_archived_run_leaves_the_list(empty_workspace, open_page):
    for name in ("old", "new"):
        made_as(name, "stopped", created=float(name == "new"), finished=time.time())
    app = open_page("monitor", run="run-old")
    app.button(key="archive").click().run()
    assert find_run("run-old").archived
    app = open_page("monitor")
    assert list(app.dataframe[0].value["Name"]) == ["new"]
    app.toggle(key="monitor archived").set_value(True).run()
    assert list(app.dataframe[0].value["Name"]) == ["new", "old"]


def test_a_deleted_run_can_be_restored(empty_workspace, open_page):
    other = made_as("other", "stopped", finished=time.time())
    run = made("stopped", finished=time.time())
    app = open_page("monitor", run=run.id)
    app.button(key="delete").click().run()
    assert not app.exception
    assert [one.id for one in list_runs()] == [other.id]
    assert not run.folder.exists()
    assert app.header[0].value == "other"
    assert "Undo" in labels(app)
    next(button for button in app.button if button.label == "Undo").click().run()
    assert {one.id for one in list_runs()} == {other.id, run.id}
    assert (run.folder / "config.yaml").exists()
    assert "Undo" not in labels(app)


def test_the_trash_is_emptied_when_somebody_asks(empty_workspace, open_page):
    run = made("stopped", finished=time.time())
    app = open_page("monitor", run=run.id)
    app.button(key="delete").click().run()
    assert not app.info
    next(button for button in app.button if "Empty the trash" in button.label).click().run()
    assert not app.exception
    assert "Nothing has been trained yet" in app.info[0].value
    assert not any((empty_workspace / "trash").iterdir())
    assert "Undo" not in labels(app)


def test_run_that_works_cannot_be_deleted(empty_workspace, open_page):
    run = made("running", **process.identity())
    app = open_page("monitor", run=run.id)
    assert not {"Archive", "Resume"} & {*labels(app)}
    assert "once it has ended" in words(app)
