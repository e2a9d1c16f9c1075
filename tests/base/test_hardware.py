"""Which hardware is found, with a stand-in for the driver."""

import sys
from types import SimpleNamespace

import pytest

from engine.base import hardware
from engine.base.hardware import Gpu, usable_cores

CARDS = [Gpu(name=name, vram_gb=16) for name in ("A", "B", "C")]


class _DriverError(Exception):
    pass


@pytest.mark.parametrize(
    ("visible", "names"),
    [(None, "ABC"), ("", ""), ("-1", ""), ("1", "B"), ("2, 0", "CA"), ("0,7,1", "A")],
)
def test_only_cards_that_cuda_shows_are_found(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, names: str
) -> None:
    monkeypatch.setattr(hardware, "_torch_has_cuda", lambda: True)
    monkeypatch.setattr(hardware, "_of_each_gpu", lambda ask: CARDS)
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert [card.name for card in hardware.detect().gpus] == list(names)


def test_a_card_is_of_no_use_to_a_torch_without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    assert hardware._torch_has_cuda() == (torch.version.cuda is not None)
    monkeypatch.setattr(hardware, "_of_each_gpu", lambda ask: CARDS)
    monkeypatch.setattr(hardware, "_torch_has_cuda", lambda: False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert hardware.detect().gpus == []


def test_a_card_that_does_not_answer_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the fixture that hides the driver from all tests
    driver = SimpleNamespace(
        NVMLError=_DriverError,
        nvmlInit=lambda: None,
        nvmlShutdown=lambda: None,
        nvmlDeviceGetCount=lambda: 3,
        nvmlDeviceGetHandleByIndex=lambda number: number,
    )
    monkeypatch.setitem(sys.modules, "pynvml", driver)

    def ask(nvml: SimpleNamespace, handle: int) -> int:
        if handle == 1:
            raise nvml.NVMLError
        return handle

    assert hardware._of_each_gpu(ask) == [0, 2]


def test_slurm_gives_a_job_fewer_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware.psutil.Process, "cpu_affinity", lambda self: [0, 1, 2, 3])
    for given, cores in {"2": 2, "8": 4, "0": 4, "two": 4}.items():
        monkeypatch.setenv("SLURM_CPUS_PER_TASK", given)
        assert usable_cores() == cores
