"""Whatever lies in the place of a run's files: pages and commands say which it is, and go on."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.commands import main
from engine.inference.bundle import promote
from engine.runs import Run, find_run, list_runs, problems_of, process
from tests.pages.conftest import made_as, words
from tests.runs.conftest import processes_of, until

FILES = (
    *("config.yaml", "table.parquet", "metrics.jsonl", "hardware.jsonl", "progress.json"),
    *("run.log", "run.json", "report.json", "oof.parquet", "bundle/bundle.json", "heartbeat"),
    *("../../limits.yaml", "../../models/default/bundle.json", "../../supervisor.lock"),
)
DAMAGES: dict[str, Callable[[Path], object]] = {
    "emptied": lambda path: path.write_bytes(b""),
    "halved": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "garbage": lambda path: path.write_bytes(b"\0\xff\xfe{]" * 500),
    "a pipe": lambda path: (path.unlink(missing_ok=True), os.mkfifo(path)),
    "a folder": lambda path: (path.unlink(missing_ok=True), path.mkdir()),
    "a link": lambda path: (path.unlink(missing_ok=True), path.symlink_to("/dev/zero")),
}
NAMED = {"config.yaml", "table.parquet", "report.json", "oof.parquet", "bundle/bundle.json"}
"""Files of a finished run that its page needs, whatever is wrong with them."""


@pytest.fixture(scope="module")
def spoiled_home(finished_workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the finished run, a second one, limits and a default model."""
    home = tmp_path_factory.mktemp("spoiled") / "home"
    until(lambda: not processes_of(str(finished_workspace[0])), 60, "still written to")
    shutil.copytree(finished_workspace[0], home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(home))
        made_as("other", "stopped")
        promote(find_run("trained").bundle)
    (home / "limits.yaml").write_text("queue_length: 50\n")
    return home


@pytest.fixture
def damaged(spoiled_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Damages a file of a run in a workspace of the test's own."""
    home = tmp_path / "damaged"
    shutil.copytree(spoiled_home, home)
    monkeypatch.setenv("POLYGIN_HOME", str(home))
    monkeypatch.setattr(process, "spawn", lambda *_: None)
    run = find_run("trained")

    def damage(name: str, how: str) -> Run:
        path = (run.folder / name).resolve()
        path.touch()
        DAMAGES[how](path)
        return run

    return damage


def pairs(step: int) -> list[tuple[str, str]]:
    """Each file with some kinds of damage, all of them in turn."""
    kinds = [*DAMAGES]
    return [
        (name, kinds[(number + shift) % len(kinds)])
        for number, name in enumerate(FILES)
        for shift in range(0, len(kinds), step)
    ]


@pytest.mark.parametrize(("name", "how"), pairs(2))
def test_commands_say_which_file_it_is(damaged, tmp_path: Path, capsys, name: str, how: str):
    run = damaged(name, how)
    known = name.rpartition("/")[2]
    assert main(["runs"]) == (0 if known != "supervisor.lock" else main(["runs"]))
    assert "other" in capsys.readouterr().out or known == "supervisor.lock"
    for command in (
        ["export", run.id, "--csv", str(tmp_path / "curves.csv")],
        ["report", run.id, "-o", str(tmp_path / "report.html")],
        ["clone", run.id, "--detach"],
        ["resume", "other", "--detach"],
        ["models"],
        ["delete", "--yes", run.id],
        ["restore", run.id],
    ):
        code = main(command)
        said = capsys.readouterr().err
        assert "Traceback" not in said
        if code:
            assert "Error: " in said, command
            # The second run is as bare as tests make it, and what was not deleted is not restored.
            reasons = (known, "config.yaml", "no metrics", "not in the trash")
            assert any(reason in said for reason in reasons), (command, said)


@pytest.mark.parametrize(("name", "how"), pairs(3))
def test_the_page_says_which_file_it_is(damaged, open_page, name: str, how: str):
    run = damaged(name, how)
    app = open_page("monitor", run=run.id)
    assert not app.exception
    if name in NAMED:
        assert name.rpartition("/")[2] in words(app)
    assert {each.name for each in list_runs()} == {"trained", "other"}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_default_model_leaves_the_others(damaged, open_page, how: str):
    damaged("../../models/default/bundle.json", how)
    app = open_page("predict")
    assert not app.exception
    assert app.selectbox[0].options


@pytest.mark.parametrize("how", ["a pipe", "a folder", "a link"])
def test_problems_are_named_once(damaged, how: str):
    run = damaged("config.yaml", how)
    (problem,) = problems_of(run)
    assert "config.yaml" in problem
    assert how in problem
