"""A workspace in which everything that a user may name is hostile."""

import shutil
import time
from pathlib import Path

import pytest

from engine.runs import Run, find_run, list_runs, read_log, store
from tests.conftest import wait_for
from tests.hostile.names import hostile, start_hostile_run
from tests.pages.conftest import empty_workspace as empty_workspace
from tests.pages.conftest import measured as measured
from tests.pages.conftest import no_supervisor as no_supervisor
from tests.pages.conftest import open_page as open_page


@pytest.fixture(scope="session")
def hostile_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished runs of which everything that has a name has a hostile one."""
    home = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(home))
        run = wait_for(start_hostile_run())
        assert run.state == "done", read_log(run)
        store.update(run.id, note=hostile("note"), reason=hostile("reason"))
        copied(find_run(run.id), "done")
    return home


def copied(run: Run, state: str, word: str = "") -> Run:
    """A run with the same files in another state."""
    now = time.time()
    again = run.model_copy(
        update={
            "id": f"{run.id}-{word or state}",
            "name": hostile(word or state)[:80],
            "state": state,
            "created": now,
            "finished": now if state in ("done", "failed", "stopped") else None,
        }
    )
    # A run that has just ended is still taking its checkpoints away.
    shutil.copytree(run.folder, again.folder, ignore=shutil.ignore_patterns("checkpoints"))
    store.insert(again)
    return again


@pytest.fixture
def own_home(hostile_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which a test may change."""
    home = tmp_path / "own"
    shutil.copytree(hostile_home, home, ignore=shutil.ignore_patterns("checkpoints"))
    monkeypatch.setenv("POLYGIN_HOME", str(home))
    return home


@pytest.fixture
def hostile_run(hostile_home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The first of the two; their workspace is in force."""
    monkeypatch.setenv("POLYGIN_HOME", str(hostile_home))
    return min(list_runs(), key=lambda run: len(run.id))
