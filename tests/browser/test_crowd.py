"""Many people watch one run in their browsers."""

from pathlib import Path

import pytest

from engine.runs import find_run, read_metrics, start_run, stop_run
from engine.table import Table
from tests.browser.conftest import running_app
from tests.conftest import wait_for
from tests.runs.conftest import SHORT

SESSIONS = 20


@pytest.mark.slow
def test_twenty_sessions_watch_a_run_and_change_nothing(
    page,
    workspace: Path,
    slice_of_textbook: Table,
    trained_home: Path,
    record_property,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(trained_home))
        expected = (find_run("trained").folder / "oof.parquet").read_bytes()
    workspace.mkdir(exist_ok=True)
    with running_app("app.py", workspace) as app:
        run = start_run(slice_of_textbook, SHORT)
        try:
            watchers = [page, *(page.context.new_page() for _ in range(SESSIONS - 1))]
            for watcher in watchers:
                watcher.goto(f"{app.url}/monitor?run={run.id}", wait_until="commit")
            for watcher in watchers:
                watcher.get_by_role("heading", name="short").first.wait_for()
                assert watcher.get_by_test_id("stException").count() == 0
            run = wait_for(run, 600)
            for watcher in watchers:
                watcher.get_by_role("button", name="Make this the default model").first.wait_for()
                assert watcher.get_by_test_id("stException").count() == 0
        finally:
            stop_run(run)
    assert run.state == "done"
    assert (run.folder / "oof.parquet").read_bytes() == expected
    assert not read_metrics(run).duplicated(["fold", "seed", "epoch"]).any()
    record_property("trials", SESSIONS)
