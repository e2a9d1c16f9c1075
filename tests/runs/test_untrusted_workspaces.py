"""Workspaces whose files say what no run would: nothing vanishes, nothing outside is touched."""

import json
import os
import sqlite3
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.base.errors import UserError
from engine.commands import main
from engine.runs import (
    Run,
    delete_run,
    empty_trash,
    find_run,
    list_runs,
    restore,
    run_json,
    store,
    trashed,
)


def run_of(run_id: str, **changes) -> Run:
    now = time.time()
    values = {"id": run_id, "name": "mine", "state": "done", "created": now, "finished": now}
    run = Run(**{**values, **changes})
    run.folder.mkdir(parents=True)
    store.insert(run)
    return run


def rewrite(run: Run, **changes) -> None:
    path = run.folder / run_json.RECORD
    record = json.loads(path.read_text())
    record["run"].update(changes)
    path.write_text(json.dumps(record))


def forget_table(home: Path) -> None:
    for path in home.glob("polygin.db*"):
        path.unlink()


HOSTILE = ["../../victim", "..", "/etc", "a/b", "a\\b", "", ".", "a\0b", "-rf", "x" * 300, "ä"]


@pytest.mark.parametrize("run_id", HOSTILE)
def test_an_id_that_leads_elsewhere_is_no_run(workspace, run_id):
    with pytest.raises(ValidationError):
        Run(id=run_id, name="x", state="done", created=0.0)
    run = run_of("good")
    victim = workspace.parent / "victim"
    victim.mkdir(exist_ok=True)
    (victim / "thesis.txt").write_text("all my work")
    rewrite(run, id=run_id)
    forget_table(workspace)
    assert list_runs() == []
    assert main(["delete", "--yes", "--", run_id or "x"]) == 1
    assert (victim / "thesis.txt").read_text() == "all my work"


@pytest.mark.parametrize("run_id", HOSTILE)
def test_a_row_of_the_table_that_leads_elsewhere_is_passed_over(workspace, run_id):
    good = run_of("good")
    with sqlite3.connect(workspace / "polygin.db") as database:
        database.execute(
            "INSERT INTO runs (id, name, state, created) VALUES (?, 'evil', 'done', 1e12)", [run_id]
        )
    assert [run.id for run in list_runs()] == [good.id]


@pytest.mark.parametrize("figures", ["[" * 5_000, '{"blend": {"wmae": 1' + "0" * 400 + "}}"])
def test_figures_that_no_run_has_are_passed_over(workspace, figures):
    run_of("good")
    evil = run_of("evil")
    with sqlite3.connect(workspace / "polygin.db") as database:
        database.execute("UPDATE runs SET figures = ? WHERE id = 'evil'", [figures])
    assert "good" in {run.id for run in list_runs()}
    (evil.folder / run_json.RECORD).write_text(
        json.dumps(
            {**json.loads((evil.folder / run_json.RECORD).read_text()), "figures": {}}
        ).replace('"figures": {}', f'"figures": {figures}')
    )
    forget_table(workspace)
    assert "good" in {run.id for run in list_runs()}


def test_the_record_of_another_run_is_not_believed(workspace):
    run_of("victim")
    other = run_of("other")
    rewrite(other, id="victim", name="evil")
    forget_table(workspace)
    assert [run.name for run in list_runs()] == ["mine"]


def test_a_link_is_no_run(workspace):
    run = run_of("real")
    outside = workspace.parent / "outside"
    run.folder.rename(outside)
    os.symlink(outside, run.folder)
    assert not [each for each in run_json.run_folders()]
    with pytest.raises(UserError):
        restore("real")
    with pytest.raises(UserError, match="is a link"):
        delete_run(run)
    assert (outside / run_json.RECORD).exists()


def test_links_in_a_run_are_not_followed(workspace):
    run = run_of("linked")
    outside = workspace.parent / "precious"
    outside.mkdir()
    (outside / "data.csv").write_text("1")
    os.symlink(outside, run.folder / "link")
    delete_run(run)
    empty_trash()
    assert (outside / "data.csv").read_text() == "1"


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no database" * 100),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: path.with_name("polygin.db-journal").mkdir(),
    ],
    ids=["missing", "empty", "garbage", "cut off", "a folder", "a folder for its journal"],
)
def test_runs_are_found_by_their_folders(workspace, harm):
    run_of("first")
    run_of("second")
    for path in (workspace / "polygin.db-wal", workspace / "polygin.db-shm"):
        path.unlink(missing_ok=True)
    harm(workspace / "polygin.db")
    assert {run.id for run in list_runs()} == {"first", "second"}
    assert find_run("first").state == "done"


def test_a_table_that_is_older_than_a_folder_catches_up(workspace):
    run_of("first")
    old = (workspace / "polygin.db").read_bytes()
    late = run_of("late")
    late_table = {path: path.read_bytes() for path in workspace.glob("polygin.db*")}
    for path in late_table:
        path.unlink()
    (workspace / "polygin.db").write_bytes(old)
    assert {run.id for run in list_runs()} == {"first", "late"}
    rewrite(late, name="renamed since")
    future = time.time() + 60
    os.utime(late.folder / run_json.RECORD, (future, future))
    assert find_run("late").name == "mine", "one run is asked for: its row is enough"
    assert {run.name for run in list_runs()} == {"mine", "renamed since"}


def test_a_run_without_its_folder_is_no_run(workspace):
    run = run_of("gone")
    run.folder.rename(workspace / "elsewhere")
    assert list_runs() == []


def test_deleted_runs_are_kept_for_a_week(workspace, capsys):
    old, fresh = run_of("old"), run_of("fresh")
    delete_run(old)
    week_ago = time.time() - 8 * 86_400
    os.utime(workspace / "trash" / "old", (week_ago, week_ago))
    delete_run(fresh)
    assert [each.run.id for each in trashed()] == ["fresh"]
    assert main(["restore"]) == 0
    assert "fresh" in capsys.readouterr().out
    assert main(["restore", "fresh"]) == 0
    assert [run.id for run in list_runs()] == ["fresh"]
    assert main(["restore", "../runs/fresh"]) == 1
    assert main(["empty-trash"]) == 0
