"""What the tests of training share."""

import numpy as np
import pytest

from engine.training import network_checkpoints as keeper


class EndedError(Exception):
    """Stands for whatever ends a run."""


class Told:
    """A reporter that ends the fit after so many calls."""

    def __init__(self, ends_after: int | None = None) -> None:
        self.calls, self._ends_after = 0, ends_after
        self.epochs: list[dict] = []
        self.lines: list[str] = []
        self.skipped = self.steps = 0

    def _count(self) -> None:
        self.calls += 1
        if self._ends_after is not None and self.calls > self._ends_after:
            raise EndedError

    def stage(self, name: str, total: int) -> None:
        self._count()

    def step(self) -> None:
        self.steps += 1
        self._count()

    def skip(self, steps: int) -> None:
        self.skipped += steps

    def epoch(self, measured: dict) -> None:
        self.epochs.append(measured)
        self._count()

    def log(self, line: str) -> None:
        self.lines.append(line)

    def check(self) -> None: ...


@pytest.fixture
def every_epoch_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each epoch has its checkpoint, however short it was."""
    monkeypatch.setattr(keeper, "_SECONDS_BETWEEN", 0.0)


UNITS = [f"*{'C' * n}{hetero}{'C' * m}*" for n in range(1, 5) for m in range(4) for hetero in "OS"]
LABELS = np.array([[smiles.count("C"), 10.0 * ("S" in smiles)] for smiles in UNITS])
LABELS[::3, 0] = np.nan
