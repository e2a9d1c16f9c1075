"""The tutorial and the how-tos do what they say: every block of code on them is run."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from engine.base.packed import pack
from engine.base.workspace import DOCS
from engine.chem.graphs import chain_graph_of_drawing
from engine.commands import main, parser
from engine.inference.bundle import SHIPPED, bundle_files, info_of
from engine.screening.student import Student
from engine.settings.properties import predicted_columns
from tests.conftest import ROOT

needs_onnx = pytest.mark.skipif(
    not all(find_spec(name) for name in ("onnx", "onnxruntime")),
    reason="onnx and onnxruntime are not installed: requirements-dev.txt has them",
)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = "python -m engine "
LONG = {"Leave a doubtful label out", "Screen a million repeat units", "Use it from Python"}
"""How-tos that train, or predict hundreds of rows with the shipped model."""


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    code: str


def blocks_of(text: str) -> list[Block]:
    """The blocks of a page, or of a part of it, in their order."""
    return [Block(*found.groups()) for found in BLOCK.finditer(text)]


def sections_of(page: str) -> dict[str, list[Block]]:
    """The blocks of a page by the heading that they stand below."""
    parts = re.split(r"^## (.+)$", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {title: blocks_of(text) for title, text in zip(parts[1::2], parts[2::2], strict=True)}


TUTORIAL = [block for blocks in sections_of("tutorial.md").values() for block in blocks]
ONNX = sections_of("theory-models.md")["The student, and its ONNX file"]
HOW_TOS = {title: blocks for title, blocks in sections_of("how-to.md").items() if blocks}


def run(blocks: list[Block]) -> str:
    """Run blocks as somebody would who types them in: commands, and Python in one namespace.

    Commands are carried out in this process, which has torch loaded already.

    Returns:
        What the commands print.
    """
    names: dict[str, object] = {}
    printed = io.StringIO()
    for block in blocks:
        if block.language == "python":
            with as_in_a_checkout(), redirect_stdout(printed):
                exec(compile(block.code, "a block of a page", "exec"), names)
            continue
        for words in commands_of(block):
            with redirect_stdout(printed), redirect_stderr(printed):
                code = main(words)
            assert code == 0, f"{words}\n{printed.getvalue()}"
    return printed.getvalue()


@contextmanager
def as_in_a_checkout() -> Iterator[None]:
    """Without the name of the installed package, which tests give the checkout, too."""
    with pytest.MonkeyPatch.context() as patch:
        kept = [each for each in sys.meta_path if getattr(each, "_alias", None) != "polygin"]
        patch.setattr(sys, "meta_path", kept)
        for name in [name for name in sys.modules if name.partition(".")[0] == "polygin"]:
            patch.delitem(sys.modules, name)
        yield


def commands_of(block: Block) -> list[list[str]]:
    """The words of each command of a block that is not Python."""
    assert block.language == "bash", f"nobody runs a block of {block.language!r}"
    lines = block.code.replace("\\\n", " ").splitlines()
    assert all(line.startswith(COMMAND) for line in lines), block.code
    return [shlex.split(line.removeprefix(COMMAND)) for line in lines]


class Done(NamedTuple):
    """The tutorial, gone through: the folder, and what its commands printed."""

    folder: Path
    printed: str


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    """Somebody goes through the tutorial."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "assets").symlink_to(ROOT / "assets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(folder / "workspace"))
        # Without it, as wide as the terminal is.
        patch.setenv("COLUMNS", "120")
        patch.chdir(folder)
        yield Done(folder, run(TUTORIAL))


@pytest.fixture
def reader(tutorial: Done, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of somebody who has gone through the tutorial."""
    monkeypatch.setenv("POLYGIN_HOME", str(tutorial.folder / "workspace"))
    monkeypatch.chdir(tutorial.folder)
    return tutorial.folder


def test_the_tutorial_leads_to_a_list_of_candidates(tutorial: Done) -> None:
    folder, printed = tutorial
    assert "155 rows, 155 usable" in printed
    assert "Out-of-fold error" in printed
    # The last step says, in words, why units are outside and what that does to the error.
    assert re.search(r"\*\S*, (Tg|Density): [^.]+\. Typical error on held-out folds", printed)
    assert re.search(r"Written to candidates.csv: \d+ of 617 rows", printed)
    assert (folder / "first.html").stat().st_size > 10_000
    kept, listed = (pd.read_csv(folder / f"{name}.csv") for name in ("candidates", "shortlist"))
    assert 0 < len(listed) < len(kept)
    assert (kept["Tg"] > 120).all()
    assert (kept["Density"] < 1.1).all()
    assert listed["probability_all"].is_monotonic_decreasing
    assert listed["domain"].isna().all()


@pytest.mark.parametrize(
    "title", [pytest.param(title, marks=[pytest.mark.slow] * (title in LONG)) for title in HOW_TOS]
)
def test_a_how_to_does_what_it_says(title: str, reader: Path) -> None:
    run(HOW_TOS[title])


def test_what_the_pages_import_is_there_after_the_two_commands_of_the_readme() -> None:
    """In the project's folder, by a Python that knows nothing of the tests."""
    readme = blocks_of((ROOT / "README.md").read_text(encoding="utf-8"))
    blocks = [*readme, *TUTORIAL, *(block for blocks in HOW_TOS.values() for block in blocks)]
    code = "\n".join(block.code for block in blocks if block.language == "python")
    imports = sorted({*re.findall(r"^from .+ import .+$", code, re.MULTILINE)})
    assert len(imports) > 3
    ended = subprocess.run(
        [sys.executable, "-c", "\n".join(imports)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr


@needs_onnx
def test_the_example_of_the_onnx_file_runs_without_torch_and_says_what_the_student_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the packages alone that the page names, and what those need."""
    code = "\n".join(block.code for block in ONNX)
    (tmp_path / "engine").symlink_to(ROOT / "engine")
    monkeypatch.chdir(tmp_path)
    run([Block("bash", "python -m engine export shipped --onnx student.onnx\n")])
    absent = ["torch", "pydantic", "pandas", "onnx"]
    hidden = f"import sys; sys.modules.update(dict.fromkeys({absent}))"
    shown = "print(json.dumps(values.tolist()))"
    ended = subprocess.run(
        [sys.executable, "-c", f"{hidden}\n{code}\n{shown}"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    values = json.loads(ended.stdout.splitlines()[-1])
    files = bundle_files(SHIPPED)
    info = info_of(files)
    student = Student.of(files, info)
    assert student is not None
    graphs = [chain_graph_of_drawing(unit) for unit in re.findall(r'"(\*[^"]+)"', code)]
    assert len(graphs) == 2
    said = student.predict(pack([graph for graph in graphs if graph is not None]))
    np.testing.assert_allclose(values, predicted_columns(info.answers, said), rtol=1e-3)


def test_the_how_tos_are_found() -> None:
    assert HOW_TOS.keys() > LONG
    assert len(TUTORIAL) > 6


@pytest.mark.parametrize("title", HOW_TOS)
def test_the_commands_of_a_how_to_exist(title: str) -> None:
    """Also of those that are long to run."""
    for block in HOW_TOS[title]:
        for words in commands_of(block) if block.language != "python" else ():
            assert parser().parse_args(words).carry_out


def test_commands_within_sentences_exist() -> None:
    """Those that a page only names are parsed too, where they are written out."""
    for page in ("index.md", "tutorial.md", "how-to.md"):
        text = BLOCK.sub("", (DOCS / page).read_text(encoding="utf-8"))
        for line in re.findall(rf"`{COMMAND}([^`]+)`", text):
            if "…" not in line:
                parser().parse_args(shlex.split(line))
