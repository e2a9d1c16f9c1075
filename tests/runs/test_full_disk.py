"""A full disk: said as the reason, and survived."""

import errno
import subprocess
from pathlib import Path

import pytest

from engine.base.errors import DiskFullError, UserError
from engine.runs import (
    find_run,
    list_runs,
    process,
    read_metrics,
    resume_run,
    start_run,
    store,
    worker,
)
from engine.runs.exit_reasons import leave_last_words, make_room_for_last_words, note_end
from engine.table import Table
from tests.conftest import wait_for
from tests.runs.conftest import SHORT, inserted, is_whole, processes_of, started, until


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A workspace on a disk of 24 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except OSError:
        pytest.skip("no mount command here")
    if done.returncode:
        pytest.skip("mounting a small disk needs to be root")
    monkeypatch.setenv("POLYGIN_HOME", str(folder))
    (folder / "limits.yaml").write_text("free_disk_gb: 0\n")
    yield folder
    for one in processes_of(str(folder)):
        one.kill()
    subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.mark.slow
def test_a_full_disk_is_said_and_survived(
    slice_of_textbook: Table, reference, small_disk: Path
) -> None:
    run = started(slice_of_textbook, SHORT, "PolyGIN")
    until(lambda: len(read_metrics(run)) > 20, 60, "no epochs")
    with open(small_disk / "ballast", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    until(lambda: process.worker_of(find_run(run.id)) is None, 60, "goes on without a disk")
    (small_disk / "ballast").unlink()
    run = wait_for(run, 30)
    assert run.state in ("failed", "interrupted")
    assert "disk is full" in run.reason
    is_whole(wait_for(resume_run(run)), *reference)


def test_a_full_disk_is_told_also_when_nobody_heard_the_exit_code(workspace: Path) -> None:
    run = inserted("full", "running")
    make_room_for_last_words(run)
    before = (run.folder / "last-words").stat().st_size
    leave_last_words(run)
    assert (run.folder / "last-words").stat().st_size == before > 0
    note_end(run)
    assert "disk is full" in store.select("full")[0].reason
    make_room_for_last_words(run)
    store.update("full", state="running")
    note_end(run)
    assert "without a word" in store.select("full")[0].reason


@pytest.mark.parametrize("where", ["at work", "at its end"])
def test_a_disk_that_is_full_for_the_log_too_is_told(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    run = inserted("full", "queued")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def full_at_the_end(run_id: str, **changes: object) -> bool:
        if changes.get("state") == "done":
            raise DiskFullError
        return update(run_id, **changes)

    update = store.update
    if where == "at its end":
        monkeypatch.setattr(store, "update", full_at_the_end)
    monkeypatch.setattr(worker, "_carry_out", full if where == "at work" else lambda *_: ({}, []))
    monkeypatch.setattr(worker._Job, "read", lambda _: None)
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr("builtins.print", full)
    monkeypatch.setattr(worker.traceback, "print_exc", full)
    assert worker.main(run.id) == process.DISK_FULL
    assert "disk is full" in store.select("full")[0].reason


def test_no_room_is_said_before_anything_is_written(
    slice_of_textbook: Table, workspace: Path
) -> None:
    workspace.mkdir(exist_ok=True)
    (workspace / "limits.yaml").write_text("free_disk_gb: 1000000\n")
    with pytest.raises(UserError, match="GB of disk are free"):
        start_run(slice_of_textbook, SHORT)
    assert list_runs() == []
