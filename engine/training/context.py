"""What all parts of a fit share: its folders, its reporter and its devices."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import torch

from ..settings.devices import DeviceSettings, Parallel
from .reporter import Reporter


@dataclass(frozen=True)
class TrainContext:
    """Handed down from the ensemble to each training step.

    Attributes:
        folder: where the members' files go.
        reporter: told of the fit's progress; any call may raise to end the fit.
        use: how to use the devices.
        checkpoints: the folder that a fit is resumed from; None for no checkpoints.
        device: where networks are trained.
    """

    folder: Path
    reporter: Reporter = field(default_factory=Reporter)
    use: DeviceSettings = field(default_factory=DeviceSettings)
    checkpoints: Path | None = None
    device: torch.device = field(default_factory=partial(torch.device, "cpu"))

    def on(self, device: str) -> "TrainContext":
        """The same on another device."""
        return replace(self, device=torch.device(device))

    def with_parallel(self, parallel: Parallel) -> "TrainContext":
        """The same with another way of sharing the work among devices."""
        return replace(self, use=self.use.model_copy(update={"parallel": parallel}))

    def with_reporter(self, reporter: Reporter) -> "TrainContext":
        """The same with another reporter."""
        return replace(self, reporter=reporter)

    def without_reporter(self) -> "TrainContext":
        """The same without a reporter, to be sent to another process."""
        return replace(self, reporter=Reporter())

    def without_checkpoints(self) -> "TrainContext":
        """The same for work that starts over when it is interrupted."""
        return replace(self, checkpoints=None)
