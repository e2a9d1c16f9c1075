"""A workspace with one small finished run, and the app's pages opened in it."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
import yaml
from streamlit.testing.v1 import AppTest

from engine.base.errors import UserError
from engine.inference import bundle
from engine.inference.bundle import BundleInfo, write_info
from engine.runs import ProbeRequest, Progress, Run, StageProgress, find_run, process, store
from engine.settings.networks import NetworkConfig
from engine.settings.properties import property_for
from pages.parts import page_guard
from pages.parts.train import resource_estimate
from tests.conftest import ROOT

SECONDS = 600
"""Generous: other work may hold the processors while tests run."""


SAMPLE = "Use the sample table (155 textbook polymers)"
KELVIN = "SMILES,Tg,split\n" + "".join(
    f"*CC(*){'C' * length},{300 + length},{'ab'[length % 2]}\n" for length in range(1, 31)
)

PROPERTIES = [property_for("Tg"), property_for("Strength", "MPa")]


def made(state: str, **changes) -> Run:
    """A run in that state, with its settings and five epochs of two folds."""
    now = time.time()
    run = Run(
        id=f"20260101-000000-{state}-abcd",
        name=f"My {state} *run*",
        state=state,
        created=now - 60,
        **{"started": None if state == "queued" else now - 50, **changes},
    )
    run.folder.mkdir(parents=True)
    settings = {
        "name": run.name,
        "preset": "smoke",
        "folds": "random:2",
        "seed": 0,
        "table": "mine.csv",
        "properties": [property_.model_dump() for property_ in PROPERTIES],
    }
    (run.folder / "config.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True))
    labels = {"label:Tg": [0.0, 100.0], "label:Strength": [1.0, 3.0]}
    pd.DataFrame(labels).to_parquet(run.folder / "table.parquet")
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
        "gradient_norm": 0.5,
        "graphs_per_second": 100.0,
        "train_seconds": 9.0,
        "validation_seconds": 1.0,
        "ram_mb": 800.0,
        "vram_mb": None,
    }


@pytest.fixture(scope="session")
def finished_workspace(trained_home: Path) -> tuple[Path, Run]:
    """A workspace in which a smoke run on a part of the textbook table has ended well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(trained_home))
        return trained_home, find_run("trained")


@pytest.fixture
def tiny_run(finished_workspace, monkeypatch) -> Run:
    """A finished run, in a workspace that holds nothing else and has no shipped model."""
    folder, run = finished_workspace
    monkeypatch.setenv("POLYGIN_HOME", str(folder))
    monkeypatch.setattr(bundle, "SHIPPED", folder / "nothing-shipped")
    return run


@pytest.fixture
def empty_workspace(tmp_path, monkeypatch) -> Path:
    """A workspace without runs and without any model."""
    monkeypatch.setenv("POLYGIN_HOME", str(tmp_path / "workspace"))
    monkeypatch.setattr(bundle, "SHIPPED", tmp_path / "nothing-shipped")
    return tmp_path / "workspace"


@pytest.fixture
def no_supervisor(monkeypatch) -> None:
    """Runs that are only looked at: nobody may start them."""
    monkeypatch.setattr(process, "spawn", lambda *_: None)


@pytest.fixture
def open_page(monkeypatch) -> Callable[..., AppTest]:
    """Opens a page of the real app by its name, such as `errors`, with query parameters."""

    def fail(error: Exception) -> bool:
        if isinstance(error, UserError):
            return shown(error)
        raise error

    # A part that fails says so on the page; here it fails the test.
    shown = page_guard.show_failure
    monkeypatch.setattr(page_guard, "show_failure", fail)
    # Streamlit finds the pages beside the main script, Python finds them from the root.
    monkeypatch.chdir(ROOT)

    def opened(name: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
        for key, value in query.items():
            app.query_params[key] = value
        app.switch_page(f"pages/{name}.py")
        return app.run()

    return opened


def made_as(name: str, state: str, **changes) -> Run:
    """The same with a name and an id of its own."""
    run = made(state)
    own = f"run-{name.replace(' ', '-')}"
    store.update(run.id, id=own, name=name, **changes)
    run.folder.rename(run.folder.with_name(own))
    return find_run(own)


def one_figure(error: float) -> dict:
    each = {"Tg": error, "Strength": None}
    counts = {"Tg": 143, "Strength": 0}
    return {"wmae": 0.05, "wmae_row": 0.07, "mae": each, "rmse": each, "r2": each, "n": counts}


def finished() -> Run:
    """A run that is done, with a bundle's description."""
    figures = {"blend": one_figure(27.5), "members": {"polygin": one_figure(31.8)}}
    run = made("done", figures=figures, progress=1.0, finished=time.time())
    (run.bundle).mkdir()
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
        networks={"polygin": NetworkConfig(layers=3, width=48)},
        figures=figures,
        versions={},
    )
    write_info(run.bundle, info)
    return run


def words(app) -> str:
    """All that the page says, on one line."""
    parts = [*app.markdown, *app.caption, *app.header, *app.info, *app.warning, *app.error]
    return " ".join(one.value for one in parts).replace("\\", "")


class Measuring:
    """Stands for the process of a trial; it ends when a test says so."""

    ended = False

    def poll(self) -> int | None:
        return 0 if self.ended else None


@pytest.fixture
def measured(monkeypatch) -> list[tuple[ProbeRequest, Measuring]]:
    """What the page has asked to be measured; nothing is."""
    asked: list[tuple[ProbeRequest, Measuring]] = []

    def start(request: ProbeRequest) -> Measuring:
        asked.append((request, Measuring()))
        return asked[-1][1]

    monkeypatch.setattr(resource_estimate, "start_probe", start)
    monkeypatch.setattr(
        resource_estimate, "end_probe", lambda started: setattr(started, "ended", True)
    )
    return asked


@pytest.fixture
def train(empty_workspace, open_page, monkeypatch, measured):
    """The Train page; a run that it starts stays queued."""
    monkeypatch.setattr(process, "launch", lambda run: None)
    return open_page("train")


def spoken(app) -> str:
    """The page's plain words, without the signs that keep Markdown from reading them."""
    texts = [one.value for one in (*app.markdown, *app.caption, *app.warning)]
    return " ".join(texts).replace("\\", "")


def button(app, label: str):
    return next(one for one in app.button if one.label == label)


def upload(app, name: str, data: bytes):
    return app.file_uploader[0].upload(name, data, "application/octet-stream").run()


def selectbox(app, label: str):
    return next(one for one in app.selectbox if one.label == label)


def figures(app) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


class Typing:
    """Stands for a person who types into editable tables, which `AppTest` does not know.

    Attributes:
        shown: what each table began with, by the first word of its key; gone when it is closed.
    """

    def __init__(self) -> None:
        self.shown: dict[str, pd.DataFrame] = {}
        self._typed: dict[str, list[tuple[str, str, object]]] = {}

    def into(self, table: str, row: object, column: str, what: object) -> None:
        """Type into the row whose first cell is `row`, at the next run and until `done`."""
        self._typed.setdefault(table, []).append((row, column, what))

    def done(self) -> None:
        """Type nothing more: what was typed is in the page's hands."""
        self._typed.clear()

    def data_editor(self, frame: pd.DataFrame, key: str, **_: object) -> pd.DataFrame:
        name = key.split()[0]
        self.shown[name] = frame.copy()
        edited = frame.copy()
        for row, column, what in self._typed.get(name, []):
            edited.loc[edited.iloc[:, 0] == row, column] = what
        return edited


@pytest.fixture
def typing(monkeypatch) -> Typing:
    """What is typed into the page's editable tables."""
    person = Typing()
    monkeypatch.setattr(st, "data_editor", person.data_editor)
    return person
