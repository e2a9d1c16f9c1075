"""What the tests of training share."""

import numpy as np
import pytest

from engine.models.members import network_configs
from engine.models.network import Network
from engine.models.polygin import PolyGIN
from engine.settings.networks import NetworkConfig
from engine.settings.presets import PRESETS, Preset
from engine.training import network_checkpoints
from engine.training.reporter import Reporter


class EndedError(Exception):
    """Stands for whatever ends a run."""


class Told(Reporter):
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

    def step(self, done: int | None = None) -> None:
        self.steps += 1
        self._count()

    def skip(self, steps: int) -> None:
        self.skipped += steps

    def epoch(self, measured: dict) -> None:
        self.epochs.append(measured)
        self._count()

    def log(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture
def every_epoch_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each epoch has its checkpoint, however short it was."""
    monkeypatch.setattr(network_checkpoints, "_SECONDS_BETWEEN", 0.0)


def build_polygin(config: NetworkConfig, properties: int = 2) -> Network:
    """A network of the member PolyGIN."""
    return PolyGIN.build(config, properties)


def network_of(preset: str, **changes: object) -> NetworkConfig:
    """What the networks of a preset are made of, but for some changes."""
    config = network_configs(PRESETS[preset])["polygin"].network
    return NetworkConfig(**{**config.model_dump(), **changes})


def with_settings(preset: Preset, member: str, **changes: dict) -> Preset:
    """The same preset with other settings of a member: of its `network` or its `training`."""
    own = preset.members[member]
    changed = {part: {**own.get(part, {}), **values} for part, values in changes.items()}
    return preset.model_copy(update={"members": {**preset.members, member: {**own, **changed}}})


def without_descriptor_members(preset: Preset) -> Preset:
    """The same preset with its networks alone."""
    names = network_configs(preset)
    members = {name: own for name, own in preset.members.items() if name in names}
    return preset.model_copy(update={"members": members})


UNITS = [f"*{'C' * n}{hetero}{'C' * m}*" for n in range(1, 5) for m in range(4) for hetero in "OS"]
LABELS = np.array([[smiles.count("C"), 10.0 * ("S" in smiles)] for smiles in UNITS])
LABELS[::3, 0] = np.nan
