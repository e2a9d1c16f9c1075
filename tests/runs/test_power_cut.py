"""What was said to be done is on the disk by then, so that a power cut takes nothing back."""

import os
from pathlib import Path

import pytest

from engine.base.workspace import subfolder, synchronise
from engine.inference.bundle import default_bundle, promote
from engine.runs import Run, delete_run, find_run, list_runs, process, restore, start_run, store
from engine.runs.start import _UNFINISHED
from engine.table import Table
from tests.runs.conftest import SHORT


@pytest.fixture
def synchronised(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """By inode of a file or folder, its time of change when the disk last had it."""
    seen: dict[int, int] = {}
    fsync = os.fsync

    def note(file) -> None:
        fsync(file)
        state = os.fstat(file)
        seen[state.st_ino] = state.st_mtime_ns

    monkeypatch.setattr(os, "fsync", note)
    return seen


def demand_on_disk(folder: Path, synchronised: dict[int, int]) -> None:
    for path in (folder, *folder.rglob("*")):
        state = path.stat()
        if path.suffix != ".lock":
            assert synchronised.get(state.st_ino) == state.st_mtime_ns, f"{path} may be lost"


def test_a_run_that_is_queued_is_on_the_disk(
    slice_of_textbook: Table, synchronised, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "spawn", lambda *_: None)
    insert, found = store.insert, []

    def look_first(run: Run) -> None:
        demand_on_disk(run.folder, synchronised)
        found.append(run.id)
        insert(run)

    monkeypatch.setattr(store, "insert", look_first)
    run = start_run(slice_of_textbook, SHORT)
    assert found == [run.id]


@pytest.mark.parametrize("where", ["table", "record", "name", "row"])
def test_a_start_that_is_cut_off_leaves_a_run_or_nothing(
    slice_of_textbook: Table, workspace: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(process, "spawn", lambda *_: None)
    place, name = {
        "table": ("engine.runs.start._write_files", None),
        "record": ("engine.runs.start.write_first_record", None),
        "name": ("engine.runs.start.synchronise", None),
        "row": ("engine.runs.store.insert", "short"),
    }[where]

    class Killed(BaseException):
        """Ends what it meets as a kill does: nothing is tidied up."""

    def cut(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(place, cut)
        patch.setattr("engine.runs.start.shutil.rmtree", lambda *_, **__: None)
        with pytest.raises(Killed):
            start_run(slice_of_textbook, SHORT)
    assert [run.name for run in list_runs()] == ([name] if name else [])
    left = list((workspace / "runs").glob(f"{_UNFINISHED}*"))
    assert bool(left) == (name is None)
    for folder in left:
        os.utime(folder, (0, 0))
    start_run(slice_of_textbook, SHORT)
    assert not list((workspace / "runs").glob(f"{_UNFINISHED}*"))


def test_a_run_that_is_added_twice_keeps_its_worker(workspace: Path) -> None:
    run = Run(id="one", name="one", state="queued", created=1.0)
    run.folder.mkdir(parents=True)
    store.insert(run)
    store.update("one", state="running", pid=7)
    store.insert(run)
    assert find_run("one").pid is None or find_run("one").pid == 7
    assert store.select("one")[0].state != "queued"


def test_a_default_model_is_on_the_disk(changeable: Run, synchronised) -> None:
    promote(changeable.bundle)
    demand_on_disk(default_bundle(), synchronised)
    assert subfolder("models").stat().st_ino in synchronised


def test_the_trash_is_on_the_disk(changeable: Run, synchronised) -> None:
    delete_run(changeable)
    assert {subfolder("runs").stat().st_ino, subfolder("trash").stat().st_ino} <= {*synchronised}
    synchronised.clear()
    restore(changeable.id)
    assert {subfolder("runs").stat().st_ino, subfolder("trash").stat().st_ino} <= {*synchronised}


def test_what_is_no_file_is_not_synchronised(tmp_path: Path, synchronised) -> None:
    place, elsewhere = tmp_path / "place", tmp_path / "elsewhere"
    (place / "folder").mkdir(parents=True)
    (place / "file").touch()
    elsewhere.touch()
    (place / "link").symlink_to(elsewhere)
    # To open a pipe that nobody writes to would take for ever.
    os.mkfifo(place / "pipe")
    synchronise(place)
    assert {(place / name).stat().st_ino for name in ("file", "folder")} <= {*synchronised}
    others = [elsewhere, place / "link", place / "pipe"]
    assert not {path.lstat().st_ino for path in others} & {*synchronised}
