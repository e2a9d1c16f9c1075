"""The workspace folder: where it is, and what is said where it cannot be."""

from pathlib import Path

import pytest

from engine.base.errors import UserError
from engine.base.workspace import home, subfolder


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
