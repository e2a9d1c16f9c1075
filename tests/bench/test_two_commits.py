"""Two commits that predict and learn the same, or do not."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import two_commits
from bench.two_commits import compare_bundles, compare_tables, main

ENGINE = """
import os, pathlib, sys
words = sys.argv[1:]
if words[0] == "predict":
    assert words[1:3] == ["shipped", "assets/textbook.csv"] and words[-1] == "--intervals"
    pathlib.Path(words[words.index("-o") + 1]).write_text("id,Tg\\na,{value}\\n")
else:
    run = pathlib.Path(os.environ["POLYGIN_HOME"]) / "runs" / "smoke"
    (run / "bundle").mkdir(parents=True)
    (run / "oof.parquet").write_bytes(b"the same")
    (run / "bundle" / "bundle.json").write_text('{{"created": "{value}"}}')
    sys.exit(print("no such preset", file=sys.stderr) or 1 if "{value}" == "broken" else 0)
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of three commits, whose engines only write files; two predict the same."""
    if not shutil.which("git"):
        pytest.skip("there is no git")
    # Neither a hook that runs the tests nor the user's settings change what git does here.
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    root = tmp_path / "repository"
    root.mkdir()

    def git(*words: str) -> None:
        owner = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *owner, *words], cwd=root, check=True, capture_output=True)

    git("init")
    for name, value in (("first", 1.5), ("second", 1.5), ("third", 1.75)):
        (root / "engine.py").write_text(f"# {name}\n{ENGINE.format(value=value)}")
        git("add", "engine.py")
        git("commit", "-m", name)
        git("tag", name)
    monkeypatch.setattr(two_commits, "ROOT", root)
    return root


def test_equal_commits_are_equal_and_leave_no_worktree(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["first", "--head", "second"]) == 0
    assert capsys.readouterr().out == "predictions: equal\noof: equal\nbundle: equal\n"
    assert not list((repository / ".git").glob("worktrees/*"))


def test_differing_predictions_are_listed_by_column(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["first"]) == 1
    printed = capsys.readouterr().out
    assert "predictions: Tg: 1 of 1 cells differ, by 0.25 at most" in printed
    assert "oof: equal" in printed


def test_the_working_tree_is_compared_in_place(repository: Path) -> None:
    (repository / "engine.py").write_text(ENGINE.format(value=1.5))
    assert main(["first", "--working-tree"]) == 0
    assert main(["third", "--working-tree"]) == 1


def test_a_command_that_fails_is_shown_and_its_worktree_removed(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "engine.py").write_text(ENGINE.format(value="broken"))
    with pytest.raises(SystemExit) as ended:
        main(["first", "--working-tree"])
    assert ended.value.code == 2
    assert "no such preset" in capsys.readouterr().err
    assert not list((repository / ".git").glob("worktrees/*"))


def test_tables_are_compared_by_their_values(tmp_path: Path) -> None:
    def written(name: str, **columns: list) -> Path:
        path = tmp_path / name
        pd.DataFrame(columns).to_parquet(path)
        return path

    base = written("a.parquet", id=["x", "y"], Tg=[1.0, np.nan])
    assert compare_tables(base, written("b.parquet", id=["x", "z"], Tg=[1.5, np.nan])) == [
        "id: 1 of 2 cells differ",
        "Tg: 1 of 2 cells differ, by 0.5 at most",
    ]
    assert compare_tables(base, written("c.parquet", id=["x"], Tg=[1.0])) == ["2 rows became 1"]
    assert compare_tables(base, written("d.parquet", id=["x", "y"])) == ["columns id, Tg became id"]


def test_bundles_may_be_of_another_time(tmp_path: Path) -> None:
    def bundle(name: str, target: int) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "bundle.json").write_text(json.dumps({"created": name, "seed": 0}))
        (folder / "catboost-000.safetensors.gz").write_bytes(bytes([target]))
        files = {"bundle.json": name, "catboost-000.safetensors.gz": name}
        (folder / "manifest.json").write_text(json.dumps({"files": files}))
        return folder

    first, again, other = bundle("first", 0), bundle("again", 0), bundle("other", 1)
    assert compare_bundles(first, again) == []
    (other / "domain.safetensors").write_bytes(b"")
    assert compare_bundles(first, other) == [
        "catboost-000.safetensors.gz differs",
        "domain.safetensors is only in the second",
    ]
