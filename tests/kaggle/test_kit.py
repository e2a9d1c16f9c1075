"""Making the kit: what the dataset brings, from where, and what is refused."""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from engine.base.errors import UserError
from engine.base.workspace import DOCS
from engine.commands import main
from engine.inference.bundle import bundle_files
from engine.inference.packing import unpack
from engine.kaggle import kit as making
from engine.kaggle import wheels
from engine.kaggle.image import kaggle_image
from engine.kaggle.kit import DATASET, MODEL_FILE, make_kit
from engine.kaggle.notebook import KIT_FILE, NAME, README
from engine.runs import Run
from tests.conftest import ROOT


def test_all_that_we_require_is_brought_or_said_to_be_there() -> None:
    image = kaggle_image()
    for python in image.python:
        pins = {Requirement(pin).name: pin for pin in image.brought(python)}
        lines = (ROOT / "requirements-engine.txt").read_text().splitlines()
        for line in lines:
            if line and not line.startswith("#"):
                name = Requirement(line).name.lower().replace("_", "-")
                assert name in pins or name in image.there, name
                assert pins.get(name, "").partition("==")[2] in (line.partition("==")[2], "")
        # Theirs in turn, and nothing of what is there or left out.
        assert {"pydantic-core", "python-dateutil", "threadpoolctl"} <= pins.keys()
        assert not {"torch", "sympy", "nvidia-nccl-cu12", "matplotlib", *image.also_there} & {*pins}
        assert all("==" in pin for pin in pins.values())


def test_a_kit_says_what_it_brings_and_holds_the_model(
    no_pip: list[list[str]], trained: Run, tmp_path: Path
) -> None:
    kit = make_kit(tmp_path / "kit", trained.bundle)
    about = json.loads((kit.dataset / KIT_FILE).read_text())
    assert about["model"] == "trained"
    assert about["assumed"]["there"] == kaggle_image().there
    assert {path.name for path in kit.folder.iterdir()} == {NAME, DATASET, README}
    # Flat: whoever uploads a folder in the browser may lose what lies deeper.
    assert all(path.is_file() for path in kit.dataset.iterdir())
    for python, words in zip(kaggle_image().python, no_pip, strict=True):
        assert words[words.index("--python-version") + 1] == python
        assert "--only-binary=:all:" in words
        assert "numpy==" + distribution("numpy").version in words
    with (kit.dataset / MODEL_FILE).open("rb") as file:
        files = unpack(file, MODEL_FILE, tmp_path / "model")
    assert files.digest == bundle_files(trained.bundle).digest
    again = make_kit(tmp_path / "kit")
    assert not (again.dataset / MODEL_FILE).exists()


def test_what_to_do_lies_beside_and_is_what_the_document_says(
    no_pip: list[list[str]], trained: Run, tmp_path: Path
) -> None:
    """Step by step."""
    told = (make_kit(tmp_path / "kit", trained.bundle).folder / README).read_text()
    document = (DOCS / "kaggle.md").read_text(encoding="utf-8").replace("FOLDER/", "")
    steps = re.findall(r"^\d\. .+$", document, re.MULTILINE)
    assert len(steps) == 5
    assert "\n".join(steps) in told
    assert "`trained`" in told
    assert "no model" in (make_kit(tmp_path / "kit").folder / README).read_text()


def test_a_kit_of_before_is_replaced_and_a_text_of_others_is_not(
    no_pip: list[list[str]], tmp_path: Path
) -> None:
    kit = make_kit(tmp_path / "kit")
    (kit.folder / README).unlink()
    assert (make_kit(tmp_path / "kit").folder / README).is_file()
    other = tmp_path / "other"
    other.mkdir()
    (other / README).write_text("years of work")
    with pytest.raises(UserError, match="holds something else"):
        make_kit(other)
    assert (other / README).read_text() == "years of work"


def test_the_command_says_what_was_made(
    no_pip: list[list[str]], trained: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["kaggle", "trained", "-o", str(tmp_path / "kit")]) == 0
    told = capsys.readouterr().out
    assert f"Notebook: {tmp_path / 'kit' / NAME}" in told
    assert "1 wheel and the model 'trained'" in told
    assert str(tmp_path / "kit" / README) in told.replace("\n", "")
    assert main(["kaggle", "nobody", "-o", str(tmp_path / "other")]) == 1
    assert "There is no model 'nobody'" in capsys.readouterr().err


def test_requirements_of_one_python_alone_are_marked() -> None:
    text = wheels.requirements_text({"3.11": ["a==1", "b==2"], "3.12": ["a==1"]})
    assert "\na==1\n" in text
    assert 'b==2 ; python_version == "3.11"' in text
    assert all(Requirement(line) for line in text.splitlines())


def _full(folder: Path) -> Path:
    folder.mkdir()
    (folder / "thesis.doc").write_text("years of work")
    return folder


def _file(folder: Path) -> Path:
    folder.write_text("a file")
    return folder


@pytest.mark.parametrize(
    ("place", "words"), [(_full, "holds something else"), (_file, "is no folder")]
)
def test_what_is_there_already_stays(
    place: Callable[[Path], Path], words: str, no_pip: list[list[str]], tmp_path: Path
) -> None:
    taken = place(tmp_path / "taken")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match=words):
        make_kit(taken)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_may_be_named_by_a_relative_path(no_pip: list[list[str]], tmp_path: Path) -> None:
    """Also by one that has no name."""
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        assert make_kit(Path("empty")).folder == empty
        with pytest.raises(UserError, match="holds something else"):
            make_kit(Path("."))


def test_wheels_that_are_not_to_be_had_end_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By real pip, which finds nothing in an empty folder; nothing is left behind."""
    monkeypatch.setattr(making, "own_wheel", lambda folder: folder)
    (tmp_path / "empty").mkdir()
    words = ["kaggle", "-o", str(tmp_path / "kit"), "--wheels", str(tmp_path / "empty")]
    # Not what pip is configured for on this machine.
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert main(words) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert re.search(r"pip ended with code 1: ERROR: .*or give a folder of wheels", told)
    assert [path.name for path in tmp_path.iterdir() if "kit" in path.name] == []
    assert main([*words[:-1], str(tmp_path / "nowhere")]) == 1
    assert "is no folder" in capsys.readouterr().err


def test_an_installed_package_is_packed_again(tmp_path: Path) -> None:
    """As our own where there is no checkout to build it from."""
    wheel = wheels._packed_again(distribution("six"), tmp_path)
    assert re.fullmatch(r"six-[\d.]+-py\d.*-none-any\.whl", wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        assert "six.py" in archive.namelist()
    words = ["install", "--quiet", "--no-index", "--no-deps", "--target", str(tmp_path / "there")]
    subprocess.run([sys.executable, "-m", "pip", *words, str(wheel)], check=True)
    assert (tmp_path / "there" / "six.py").read_bytes() == Path(
        str(distribution("six").locate_file("six.py"))
    ).read_bytes()
