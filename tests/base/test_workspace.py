"""The workspace folder: where it is, what is said where it cannot be, how files are written."""

import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.base.errors import UserError
from engine.base.workspace import home, replacing, subfolder, write_atomic, writing_to
from tests.conftest import ROOT


def test_the_workspace_is_made_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYGIN_HOME", str(tmp_path / "deep" / "down"))
    assert home() == tmp_path / "deep" / "down"
    assert subfolder("runs").is_dir()


def test_a_workspace_that_cannot_be_made_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("POLYGIN_HOME", str(tmp_path / "file" / "below"))
    with pytest.raises(UserError, match=r"cannot be made: Not a directory. Set POLYGIN_HOME"):
        home()
    monkeypatch.setenv("POLYGIN_HOME", str(tmp_path))
    (tmp_path / "runs").touch()
    with pytest.raises(UserError, match=r"cannot be made: File exists. Set POLYGIN_HOME"):
        subfolder("runs")


@pytest.mark.skipif(os.name != "posix", reason="files are held only where flock is")
def test_what_a_killed_writer_left_goes_with_the_next_one(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    code = (
        "import os; from pathlib import Path; from engine.base.workspace import replacing\n"
        f"with replacing(Path({str(target)!r})) as temporary: os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    other = tmp_path / ".table.csv.notes"
    other.touch()
    assert len(list(tmp_path.iterdir())) == 2
    write_atomic(target, "whole")
    assert sorted(tmp_path.iterdir()) == [other, target]


def test_writers_of_one_file_leave_each_other_alone(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    with replacing(target) as temporary:
        temporary.write_text("first")
        write_atomic(target, "second")
        assert target.read_text() == "second"
    assert target.read_text() == "first"
    assert list(tmp_path.iterdir()) == [target]


def test_many_writers_of_one_file_all_get_through(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"

    def write_often(word: str) -> None:
        for _ in range(200):
            write_atomic(target, word * 100)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write_often, "abcd"))
    assert target.read_text() in {word * 100 for word in "abcd"}
    assert list(tmp_path.iterdir()) == [target]


def test_a_named_output_is_written_where_people_expect(tmp_path: Path) -> None:
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_text("old")
    link.symlink_to(target)
    with writing_to(link) as place:
        place.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    with pytest.raises(UserError, match="is read, and would be lost"), writing_to(link, [target]):
        pass
    assert target.read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_and_devices_get_what_is_written_and_stay(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with writing_to(pipe) as place, place.open("w") as out:
            out.write("told")
        assert os.read(reader, 10) == b"told"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    with pytest.raises(UserError, match="is a pipe, where a file should be"), replacing(pipe):
        pass
    assert pipe.is_fifo()
    with writing_to(Path(os.devnull)) as place:
        assert place == Path(os.devnull)


def test_a_file_that_found_no_room_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    with pytest.raises(OSError, match=r"No space left.*file\.csv"), replacing(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not [*tmp_path.iterdir()]
