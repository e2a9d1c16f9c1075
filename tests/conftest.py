"""What tests share: where the real data lie, a workspace of one's own, and one trained run."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.base import hardware
from engine.base.aliases import add_alias
from engine.base.workspace import ASSETS
from engine.inference import streaming
from engine.inference.domain import FILE as DOMAIN_FILE
from engine.inference.predict import Predictor
from engine.runs import Run, RunConfig, find_run, read_log, start_run, stop_run
from engine.table import Table, load_table
from tests import three_units
from tests.bundles import copied, redescribe
from tests.copolymers import fox_table, start_quickly
from tests.direct_pool import DirectPool

# Torch sees no GPU, here and in processes that are started: what is tested is the same everywhere.
os.environ["CUDA_VISIBLE_DEVICES"] = ""
# The package's name where it is installed; examples in docstrings use it.
add_alias("polygin", "engine")
ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
TEXTBOOK = ASSETS / "textbook.csv"
SLICE = "".join(TEXTBOOK.read_text(encoding="utf-8").splitlines(keepends=True)[:71])
"""Its first 70 polymers, as text."""


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh workspace for each test."""
    folder = tmp_path / "workspace"
    monkeypatch.setenv("POLYGIN_HOME", str(folder))
    yield folder
    if (folder / "runs").exists():
        _end_processes_of(folder)


def _end_processes_of(workspace: Path) -> None:
    """End the runs that a test has started and left: they would slow down all tests after it."""
    # Not its children alone: those of a server or command that has ended have no parent.
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("POLYGIN_HOME") == str(workspace):
                process.kill()


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver, which is asked directly, tells of none either."""
    monkeypatch.setattr(hardware, "_of_each_gpu", lambda ask: [])


@pytest.fixture(scope="session")
def real_train() -> Path:
    """The real competition table."""
    path = SHARED / "train.csv"
    if not path.exists():
        pytest.skip("the real competition table is not in ../shared/data")
    return path


@pytest.fixture(scope="session")
def slice_of_textbook() -> Table:
    """The table of the run `trained`."""
    return load_table(SLICE.encode(), "textbook-slice.csv")


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory, slice_of_textbook: Table) -> Path:
    """A workspace with one finished `smoke` run, named `trained`, of 70 textbook polymers."""
    home = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(home))
        run = start_run(
            slice_of_textbook, RunConfig(name="trained", preset="smoke", folds="random:3")
        )
        ended = wait_for(run)
        assert ended.state == "done", read_log(ended)
    return home


@pytest.fixture
def trained(trained_home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The finished run of `trained_home`, whose workspace is in force during the test."""
    monkeypatch.setenv("POLYGIN_HOME", str(trained_home))
    return find_run("trained")


@pytest.fixture
def predictor(trained: Run) -> Predictor:
    """Predicts with the bundle of that run."""
    return Predictor(trained.bundle)


@pytest.fixture(scope="session")
def copolymers_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one finished run, named `fox`, of `tests.copolymers`."""
    home = tmp_path_factory.mktemp("copolymers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(home))
        ended = wait_for(start_quickly(fox_table(), "fox"))
        assert ended.state == "done", read_log(ended)
    return home


@pytest.fixture
def copolymers(copolymers_home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The finished run of `copolymers_home`, whose workspace is in force during the test."""
    monkeypatch.setenv("POLYGIN_HOME", str(copolymers_home))
    return find_run("fox")


@pytest.fixture(scope="session")
def copolymer_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of copolymers and homopolymers, with its table beside it as a run has it."""
    home = tmp_path_factory.mktemp("copolymers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(home))
        three_units.make(home / "run" / "bundle")
    return home / "run" / "bundle"


@pytest.fixture
def old_bundle(trained: Run, tmp_path: Path) -> Path:
    """The bundle of that run as it would be from before there were intervals."""
    folder = copied(trained.bundle, tmp_path / "old-bundle")
    (folder / DOMAIN_FILE).unlink()
    redescribe(folder, {"intervals": None, "domain": None})
    return folder


def wait_for(run: Run, seconds: float = 240) -> Run:
    """Wait until a run has ended; one that takes too long is stopped."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        run = find_run(run.id)
        if not run.alive:
            return run
        time.sleep(0.2)
    return stop_run(run)


@pytest.fixture
def random() -> np.random.Generator:
    """The same numbers for each test, whichever ran before."""
    return np.random.default_rng(0)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> DirectPool:
    """Stands in for the worker processes of predictions."""
    direct = DirectPool()

    @contextmanager
    def pooled(processes: int, give_way: bool) -> Iterator[DirectPool]:
        yield direct

    monkeypatch.setattr(streaming, "worker_pool", pooled)
    monkeypatch.setattr(streaming, "usable_cores", lambda: 2)
    return direct
