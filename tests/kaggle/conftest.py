"""An environment like Kaggle's: a Python that has only what the kit takes for granted, no network,
the competition's folders."""

import json
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

import nbformat
import pandas as pd
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from engine.kaggle import kit as making
from engine.kaggle import wheels
from engine.kaggle.image import Image
from engine.kaggle.inputs import Settings
from engine.kaggle.notebook import NAME
from tests.conftest import SLICE, TEXTBOOK

KERNEL = "kaggle-image"
NOTEBOOKS = ("ipykernel", "pip", "setuptools")
"""What runs cells, and installs."""

BAD = {"0007": "C1CC(", "row-11": ""}
"""Rows that cannot be predicted, by their ids."""

_NO_NETWORK = """
import socket
_connect = socket.socket.connect
def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1"):
        raise OSError(f"no network: {address}")
    return _connect(self, address)
socket.socket.connect = connect
"""


class Kaggle(NamedTuple):
    """Folders as Kaggle has them, and the Python of its image."""

    home: Path

    @property
    def input(self) -> Path:
        return self.home / "input"

    @property
    def working(self) -> Path:
        return self.home / "working"

    @property
    def competition(self) -> Path:
        return self.input / "competitions" / "polymers"

    @property
    def submission(self) -> pd.DataFrame:
        return pd.read_csv(self.working / "submission.csv", dtype=str)

    def run(self, notebook: Path, **parameters: object) -> str:
        """Execute the notebook as Kaggle does; returns what its cells have printed.

        Raises:
            AssertionError: with what was printed, when a cell fails.
        """
        folders = {"INPUT": "input", "WORKING": "working", "SCRATCH": "scratch"}
        given = {name: str(self.home / place) for name, place in folders.items()} | parameters
        words = [word for name, value in given.items() for word in ("-p", name, str(value))]
        executed = self.home / "executed.ipynb"
        papermill = [sys.executable, "-m", "papermill", "--no-progress-bar", "-k", KERNEL]
        ended = subprocess.run(
            [*without_network(), *papermill, *words, str(notebook), str(executed)],
            cwd=self.home,
            env=self._environment(),
            capture_output=True,
            text=True,
        )
        printed = "".join(
            output.get("text", "") + "\n".join(output.get("traceback", ()))
            for cell in nbformat.read(executed, 4).cells
            for output in cell.get("outputs", ())
        )
        assert ended.returncode == 0, printed + ended.stderr
        return printed

    def _environment(self) -> dict[str, str]:
        """Without what would lead to packages and settings of the machine that tests."""
        mine = ("PIP_", "PYTHON", "POLYGIN", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
        return kept | {
            "PIP_CONFIG_FILE": os.devnull,
            "JUPYTER_PATH": str(self.home / "jupyter"),
            "CUDA_VISIBLE_DEVICES": "",
        }


@pytest.fixture
def no_pip(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Stands in for pip, which would take minutes; what it was asked for."""
    asked: list[list[str]] = []

    def pip(words: list[str]) -> list[str]:
        asked.append(words)
        return ["Collecting something"]

    def wheel(folder: Path) -> Path:
        path = folder / "polygin_studio-0.1.0-py3-none-any.whl"
        path.write_bytes(b"")
        return path

    monkeypatch.setattr(wheels, "_pip", pip)
    monkeypatch.setattr(making, "own_wheel", wheel)
    return asked


def without_network() -> list[str]:
    """The beginning of a command that has no network; empty where the system does not allow it."""
    words = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"']
    try:
        tried = subprocess.run([*words, "sh", "true"], capture_output=True)
    except OSError:
        return []
    return [*words, "sh"] if tried.returncode == 0 else []


@pytest.fixture
def kaggle(tmp_path: Path) -> Kaggle:
    """A fresh notebook's folders, with the competition's data."""
    place = Kaggle(tmp_path / "kaggle")
    competition = place.competition
    competition.mkdir(parents=True)
    (competition / "train.csv").write_text(SLICE, encoding="utf-8")
    (competition / "test.csv").write_text("id,SMILES\n1,*CC*\n2,*CCO*\n3,*CC(*)C\n")
    (competition / "sample_submission.csv").write_text("id,Tg,Density\n1,0,0\n2,0,0\n3,0,0\n")
    return place


def settings_of(kaggle: Kaggle, **changes: object) -> Settings:
    folders = {"input": kaggle.input, "working": kaggle.working, "kit": kaggle.home}
    return Settings(**{"hours": 1.0, "started": time.time(), **folders, **changes})


@pytest.fixture
def settings(kaggle: Kaggle) -> Settings:
    """What its notebook's cells say."""
    return settings_of(kaggle)


def swap_test(kaggle: Kaggle, rows: int) -> pd.DataFrame:
    """Put the hidden test in the place of the preview, as Kaggle does; returns its rows.

    Ids are texts, some with leading zeros; columns stand in another order than in the preview.
    """
    units = pd.read_csv(TEXTBOOK)["SMILES"].tolist()
    units += [f"*C({'C' * side}){'C' * chain}O*" for side in range(1, 30) for chain in range(1, 40)]
    ids = [f"{n:04d}" if n % 2 == 0 or n == 7 else f"row-{n}" for n in range(rows)]
    test = pd.DataFrame({"SMILES": [units[n % len(units)] for n in range(rows)], "id": ids})
    test["SMILES"] = [
        BAD.get(key, unit) for key, unit in zip(test["id"], test["SMILES"], strict=True)
    ]
    competition = kaggle.competition
    test.to_csv(competition / "test.csv", index=False)
    sample = pd.DataFrame({"id": ids[::-1], "Density": 0, "Tg": 0})
    sample.to_csv(competition / "sample_submission.csv", index=False)
    return test


def make_python(kaggle: Kaggle, names: Iterable[str]) -> None:
    """Make a Python that has some packages, and all that these require, and is a kernel."""
    place = kaggle.home / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    variables = {"base": str(place), "platbase": str(place)}
    packages = Path(sysconfig.get_path("purelib", "venv", variables))
    for name in closure(names):
        found = distribution(name)
        tops = {file.parts[0] for file in found.files or () if ".." not in file.parts}
        for top in tops - {"__pycache__", "bin"}:
            if not (packages / top).exists():
                (packages / top).symlink_to(str(found.locate_file(top)))
    (packages / "sitecustomize.py").write_text(_NO_NETWORK)
    kernel = kaggle.home / "jupyter" / "kernels" / KERNEL
    kernel.mkdir(parents=True)
    words = [str(place / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": words, "display_name": KERNEL, "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(about))


def closure(names: Iterable[str]) -> set[str]:
    """Some packages and all that they require, as far as it is installed here."""
    found, waiting = set[str](), [*names]
    while waiting:
        name = canonicalize_name(waiting.pop())
        try:
            required = distribution(name).requires or ()
        except PackageNotFoundError:
            continue
        if name not in found:
            found.add(name)
            parsed = map(Requirement, required)
            waiting += [
                each.name
                for each in parsed
                if each.marker is None or each.marker.evaluate({"extra": ""})
            ]
    return found


def add_dataset(kaggle: Kaggle, kit: Path) -> Path:
    """Upload the kit's dataset; returns its notebook."""
    place = kaggle.input / "datasets" / "me" / "polygin-kit"
    place.parent.mkdir(parents=True)
    place.symlink_to(kit / "dataset")
    return kit / NAME


def with_all_there(image: Image) -> Image:
    """An image that has all packages already: only our own wheel is brought."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    names = [pin.partition("==")[0] for pin in image.brought(python)]
    there = {**image.there, **dict.fromkeys(names, "0")}
    return image.model_copy(update={"there": there, "python": (python,)})
