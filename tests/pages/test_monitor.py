"""The Monitor page, on run folders as a worker leaves them in each state."""

import json
import time

import pytest
import yaml

from engine.bundle import INFO, BundleInfo, default_bundle, read_info, write_info
from engine.models.settings import PolyGINShape
from engine.properties import property_for
from engine.runs import Progress, Run, StageProgress, find_run, process, store

NAMES = ("Tg", "Strength")
PROPERTIES = [property_for("Tg"), property_for("Strength", "MPa")]


def made(state: str, **changes) -> Run:
    """A run in that state, with its settings and five epochs of two folds."""
    now = time.time()
    run = Run(
        id=f"20260101-000000-{state}-abcd",
        name=f"My {state} *run*",
        state=state,
        created=now - 60,
        started=None if state == "queued" else now - 50,
        **changes,
    )
    run.folder.mkdir(parents=True)
    settings = {
        "name": run.name,
        "preset": "smoke",
        "folds": "random:2",
        "seed": 0,
        "table": "mine.csv",
        "properties": [known.model_dump() for known in PROPERTIES],
    }
    (run.folder / "config.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True))
    if state != "queued":
        lines = [json.dumps(epoch(fold, number)) for fold in (0, 1) for number in range(1, 6)]
        # A last line that is only half written must not disturb anybody.
        (run.folder / "metrics.jsonl").write_text("\n".join(lines) + '\n{"epo')
        (run.folder / "run.log").write_text("2026-01-01 00:00:00  PolyGIN trains on cpu\n")
        stages = [
            StageProgress(name="lightgbm", title="LightGBM", done=6, total=6, seconds_left=0),
            StageProgress(name="polygin", title="PolyGIN", done=10, total=80, seconds_left=300),
        ]
        progress = Progress(stages=stages, overall=0.4, seconds_left=200)
        (run.folder / "progress.json").write_text(progress.model_dump_json())
    store.insert(run)
    return run


def epoch(fold: int, number: int) -> dict:
    return {
        "time": time.time(),
        "member": "polygin",
        "fold": fold,
        "seed": fold,
        "epoch": number,
        "train_loss": 1 / number,
        "val_loss": 1.2 / number,
        "val_mae": {"Tg": 50 / number, "Strength": None},
        "learning_rate": 0.004,
        "graphs_per_second": 100.0,
        "ram_mb": 800.0,
        "vram_mb": None,
    }


def one_figure(error: float) -> dict:
    each = {"Tg": error, "Strength": None}
    counts = {"Tg": 143, "Strength": 0}
    return {"wmae": 0.05, "wmae_row": 0.07, "mae": each, "rmse": each, "r2": each, "n": counts}


def finished() -> Run:
    """A run that is done, with a bundle's description."""
    figures = {"blend": one_figure(27.5), "members": {"polygin": one_figure(31.8)}}
    run = made("done", figures=figures, progress=1.0, finished=time.time())
    (run.folder / "bundle").mkdir()
    (run.folder / "report.json").write_text(json.dumps({"figures": figures}))
    info = BundleInfo(
        name=run.name,
        created="2026-01-01T00:00:00+00:00",
        table="mine.csv",
        rows=155,
        preset="smoke",
        folds="random:2",
        seed=0,
        properties=PROPERTIES,
        labels={"Tg": 143, "Strength": 0},
        ranges={"Tg": (-100, 300), "Strength": (0, 1)},
        medians={"Tg": 30, "Strength": 0},
        members=["polygin"],
        blend={"Tg": {"polygin": 1}, "Strength": {"polygin": 1}},
        shape=PolyGINShape(layers=3, width=48),
        figures=figures,
        versions={},
    )
    write_info(run.folder / "bundle", info)
    return run


def words(app) -> str:
    """All that the page says, on one line."""
    parts = [*app.markdown, *app.caption, *app.header, *app.info, *app.warning, *app.error]
    return " ".join(one.value for one in parts).replace("\\", "")


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
    assert "validation error in °C" in said
    assert "Yes, stop it" in labels(app)
    assert app.dataframe[0].value.loc[0, "State"] == ["running"]


def test_stop_is_passed_on(empty_workspace, open_page):
    run = made("running", **process.identity())
    app = open_page("monitor", run=run.id)
    app.button(key="stop").click().run()
    assert not app.exception
    assert find_run(run.id).state == "stopping"
    assert (run.folder / "stop-requested").exists()
    assert "End it now" in labels(app)


def test_queued_run_says_what_it_waits_for(empty_workspace, open_page):
    run = made("queued", **process.identity())
    app = open_page("monitor", run=run.id)
    assert not app.exception
    assert "waits for the one that is using the device" in app.info[0].value


@pytest.mark.parametrize("state", ["failed", "stopped"])
def test_run_that_ended_early_tells_why(empty_workspace, open_page, state):
    run = made(state, reason="Out of memory: choose a smaller preset.", finished=time.time())
    app = open_page("monitor", run=run.id)
    assert not app.exception
    assert "Out of memory" in words(app)
    assert "PolyGIN trains on cpu" in app.code[0].value
    assert [one.label for one in app.get("download_button")] == ["Curves (CSV)"]


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
    assert {one.label: one.value for one in app.metric}["wMAE of the blend"] == "0.0500"
    by_property, by_member = app.dataframe[1].value, app.dataframe[2].value
    assert by_property.loc[0, "Mean absolute error"] == "27.50 °C"
    assert by_property.loc[1, "Mean absolute error"] == "–"
    assert list(by_member["Member"]) == ["PolyGIN", "Blend"]
    assert {"Curves (CSV)", "Figures (JSON)", "Model (ZIP)"} <= {
        one.label for one in app.get("download_button")
    }


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
        run = made("stopped", reason="Stopped on request.", finished=time.time())
        store.update(run.id, id=f"run-{number}", name=f"attempt {number}", created=number)
        run.folder.rename(run.folder.with_name(f"run-{number}"))
    app = open_page("monitor")
    assert not app.exception
    assert app.header[0].value == "attempt 7"
    app.text_input(key="monitor search").set_value("attempt 3").run()
    assert list(app.dataframe[0].value["Name"]) == ["attempt 3"]
