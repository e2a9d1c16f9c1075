"""Damaged files, a lost run table, a clock set back: no row is lost."""

import sqlite3
import time
from pathlib import Path

import pytest

from engine.base.workspace import home
from engine.runs import Run, changes_of, find_run, list_runs, read_metrics, resume_run
from engine.runs.reporting import mend_metrics
from engine.table import Table
from tests.conftest import wait_for
from tests.runs.conftest import SHORT, is_whole, kill, started, until


@pytest.mark.slow  # each kind of file has a shorter test of its own
def test_damaged_files_cost_nothing(slice_of_textbook: Table, reference, workspace: Path) -> None:
    run = started(slice_of_textbook, SHORT, "PolyGIN")
    until(lambda: list(run.folder.glob("checkpoints/polygin-*.done*")), 60, "no network finished")
    kill(run.pid)
    run = wait_for(run)
    assert run.state == "interrupted"
    for cut in sorted(run.folder.glob("checkpoints/*.safetensors"))[::3]:
        cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    with open(run.folder / "metrics.jsonl", "a") as file:
        file.write('{"member": "polygin", "fold": 0, "ep')
    for cached in (workspace / "cache").glob("*.sqlite"):
        cached.write_bytes(b"this is no database" * 100)
    (workspace / "polygin.db").write_bytes(b"nor is this" * 1000)
    is_whole(wait_for(resume_run(find_run(run.id))), *reference)
    assert list(workspace.glob("polygin-damaged-*.db"))


@pytest.mark.parametrize("content", [b"\0" * 100_000, None], ids=["damaged", "missing"])
def test_a_lost_run_table_is_made_anew(changeable: Run, content: bytes | None) -> None:
    before, changes = list_runs(), changes_of(changeable.id)
    if content:
        (home() / "polygin.db").write_bytes(content)
    else:
        (home() / "polygin.db").unlink()
    assert list_runs() == before
    assert changes_of(changeable.id) == changes
    with sqlite3.connect(home() / "polygin.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_clock_set_back_loses_no_row(workspace: Path) -> None:
    run = Run(id="clock", name="clock", state="running", created=time.time(), since=1e12)
    run.folder.mkdir(parents=True)
    assert run.seconds == 0
    history = [
        {"time": 1e9 - 3600 * epoch, "fold": 0, "seed": 0, "epoch": epoch, "val_mae": [1.0]}
        for epoch in range(1, 6)
    ]
    mend_metrics(run, ["Tg"], [history])
    assert sorted(read_metrics(run)["epoch"]) == [1, 2, 3, 4, 5]
