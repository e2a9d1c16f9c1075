"""What the wheel holds, and the package's second name."""

import importlib
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from engine.base.errors import UserError
from engine.commands import main, studio
from tests.conftest import ROOT

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TOOL, PROJECT = SETTINGS["tool"]["setuptools"], SETTINGS["project"]


def _packages(folder: str, name: str) -> set[str]:
    """The names of a folder and of those below it that hold Python files."""
    top = ROOT / folder
    folders = {path.parent for path in top.rglob("*.py") if "__pycache__" not in path.parts}
    return {".".join((name, *path.relative_to(top).parts)) for path in folders}


def test_the_wheel_holds_every_room_and_page() -> None:
    expected = _packages("engine", "polygin") | _packages("pages", "polygin.studio.pages")
    assert set(TOOL["packages"]) == expected | {"polygin.assets", "polygin.docs", "polygin.studio"}


def test_the_contracts_see_every_folder() -> None:
    """Import-linter passes over a folder without `__init__.py`, and over all circles in it."""
    folders = {
        path.parent for top in ("engine", "pages", "bench") for path in ROOT.glob(f"{top}/**/*.py")
    }
    # The first is a root itself; what the second holds is no module of ours but the interpreter's.
    others = {ROOT / "pages", ROOT / "bench" / "kills" / "armed"}
    assert {each for each in folders if not (each / "__init__.py").is_file()} == others


def test_the_wheel_holds_the_settings_of_the_pages() -> None:
    for pattern in TOOL["package-data"]["polygin.studio"]:
        assert (ROOT / pattern).is_file()


def test_who_cites_it_cites_this_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= cited.keys()
    assert cited["version"] == PROJECT["version"]
    assert cited["license"] == "MIT"
    home = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert f"version = {{{PROJECT['version']}}}" in home
    assert f"year    = {{{cited['date-released'][:4]}}}" in home


def test_requirements_are_pinned_once() -> None:
    lists = [ROOT / f"requirements-{part}.txt" for part in ("engine", "studio", "service")]
    lines = [line for path in lists for line in path.read_text().splitlines()]
    pinned = [line for line in lines if line and not line.startswith("#")]
    names = [line.partition("==")[0] for line in pinned]
    assert all("==" in line for line in pinned)
    assert len(names) == len(set(names))


def test_a_module_under_two_names_is_one_module() -> None:
    under_alias = importlib.import_module("polygin.chem.smiles")
    own = importlib.import_module("engine.chem.smiles")
    assert under_alias is own
    assert own.__spec__.name == own.__name__ == "engine.chem.smiles"
    assert sys.modules["polygin.chem.smiles"] is own
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("polygin.chem.nothing")


def test_the_pages_are_started_with_streamlit(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("streamlit.web.cli.main", started.append)
    assert main(["studio", "--port", "8600", "--no-browser"]) == 0
    (words,) = started
    assert Path(words[1]) == ROOT / "app.py"
    flags = dict(zip(words[2::2], words[3::2], strict=True))
    assert flags["--server.port"] == "8600"
    assert flags["--server.headless"] == "true"
    assert flags["--server.showEmailPrompt"] == flags["--browser.gatherUsageStats"] == "false"


def test_a_machine_without_streamlit_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(studio, "find_spec", lambda name: None)
    assert main(["studio"]) == 1
    assert 'pip install "polygin-studio[studio]"' in capsys.readouterr().err
    with pytest.raises(UserError, match="need Streamlit"):
        studio._studio(None)


def test_a_port_that_is_none_is_told(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["studio", "--port", "70000"])
    assert "'70000' is no port: give a number from 1 to 65535" in capsys.readouterr().err
