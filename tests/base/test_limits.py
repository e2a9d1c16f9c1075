"""How `limits.yaml` limits the runs of a workspace."""

from pathlib import Path

import pytest

from engine.base.errors import UserError
from engine.runs import list_runs, process, resume_run, start_run, stop_run
from engine.table import Table
from tests.runs.conftest import SHORT, inserted


def test_no_more_runs_wait_than_the_queue_holds(
    slice_of_textbook: Table, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    workspace.mkdir()
    (workspace / "limits.yaml").write_text("queue_length: 1\n")
    waiting = start_run(slice_of_textbook, SHORT)
    with pytest.raises(UserError, match=r"wait already .* \(1\)"):
        start_run(slice_of_textbook, SHORT)
    assert list_runs() == [waiting]
    ended = inserted("ended", "interrupted")
    with pytest.raises(UserError, match=r"wait already .* \(1\)"):
        resume_run(ended)
    stop_run(waiting)
    assert resume_run(ended).state == "queued"


def test_a_limit_that_does_not_exist_is_named(slice_of_textbook: Table, workspace: Path) -> None:
    workspace.mkdir()
    (workspace / "limits.yaml").write_text("queue: 3\n")
    with pytest.raises(UserError, match=r"queue: .* It may hold .*queue_length"):
        start_run(slice_of_textbook, SHORT)
    assert list_runs() == []
