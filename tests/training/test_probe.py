"""What a run would take: a trial of some steps, here of the smallest kind."""

import math
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch

from engine.base.errors import UserError
from engine.base.packed import pack
from engine.chem.graphs import graph
from engine.settings.devices import DeviceSettings
from engine.settings.estimate import Probe
from engine.settings.presets import PRESETS, Preset
from engine.training import parallel
from engine.training import probe as module
from engine.training.probe import _Measured, probe
from tests.training.conftest import LABELS, UNITS, with_settings

MB = 2**20
ALONE = DeviceSettings(parallel="none")


@pytest.fixture(scope="module")
def graphs():
    return pack([graph(smiles) for smiles in UNITS])


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch):
    """A trial sets the threads of its process, which here is the tests'."""
    before = torch.get_num_threads()
    monkeypatch.setattr(parallel, "usable_cores", lambda: 2)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    yield
    torch.set_num_threads(before)


def _preset(**training: int) -> Preset:
    return with_settings(PRESETS["smoke"], "polygin", training=training)


def test_the_whole_is_reckoned_up(graphs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "most_held", lambda device: (300.0 * MB, 200.0 * MB))
    monkeypatch.setattr(module, "_bytes_of", lambda *_: 2 * MB)
    found = probe(graphs, LABELS, _preset(epochs=6, seeds=2), ALONE, rows=500, folds=5)
    assert found.epochs == 5 * 2 * 6
    assert found.processes == 1
    assert found.device == "2 CPU cores"
    assert found.minutes == pytest.approx(60 * found.seconds_per_epoch / 60)
    assert 0 < found.seconds_per_epoch < 60
    # The sample's graphs are in the peak already, those of the other rows are not.
    assert found.peak_mb == pytest.approx(300 + 2 * (500 / len(UNITS) - 1))
    assert found.memory_mb == psutil.virtual_memory().total / MB
    assert found.fits


def test_more_rows_take_longer_and_more_memory(graphs) -> None:
    small, large = (
        probe(graphs, LABELS, _preset(), ALONE, rows=rows, folds=5) for rows in (1_000, 100_000)
    )
    # A hundred times the steps: no load on the machine makes up for that.
    assert large.seconds_per_epoch > small.seconds_per_epoch
    assert large.peak_mb > small.peak_mb + 10


def test_processes_are_tried_side_by_side(graphs) -> None:
    use = DeviceSettings(parallel="folds")
    found = probe(graphs, LABELS, _preset(epochs=6), use, rows=60, folds=3)
    assert found.processes == 2
    rounds = math.ceil(3 / 2)
    assert found.minutes == pytest.approx(rounds * 6 * found.seconds_per_epoch / 60)


def test_what_processes_share_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = SimpleNamespace(memory_full_info=lambda: SimpleNamespace(uss=1000.0))
    monkeypatch.setattr(module.psutil, "Process", lambda: waiting)
    found = [_Measured(1.0, 1.0, peak, shared, []) for peak, shared in ((50, 20), (60, 24))]
    assert module._together(found) == 24 + (50 - 20) + (60 - 24) + 1000
    assert module._together(found[:1]) == 50


def test_a_precision_that_the_device_has_not_is_a_sentence(graphs) -> None:
    use = ALONE.model_copy(update={"precision": "fp16"})
    with pytest.raises(UserError, match="fp16 needs a CUDA device"):
        probe(graphs, LABELS, _preset(), use, rows=60, folds=3)


def test_tiny_tables_are_tried_too() -> None:
    graphs = pack([graph("*CC*"), graph("*CCC*")])
    found = probe(graphs, np.eye(2), _preset(epochs=1), ALONE, rows=3, folds=2)
    assert found.seconds_per_epoch > 0


def test_the_sentence_and_the_warning() -> None:
    found = Probe(
        networks="PolyGIN",
        device="2 CPU cores",
        seconds_per_epoch=7.2,
        epochs=200,
        processes=2,
        minutes=12.1,
        peak_mb=930,
        memory_mb=24_000,
    )
    assert found.sentence() == (
        "On 2 CPU cores: about 7 s an epoch, 200 epochs in 2 processes: about 12 min for PolyGIN; "
        "0.9 GB of 23 GB memory."
    )
    assert found.fits
    assert not found.model_copy(update={"peak_mb": 23_000}).fits
