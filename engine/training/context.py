"""What all parts of a fit share: who hears of it, and where it works."""

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
        reporter: told how far the fit is; any call may raise to end it.
        use: how to use the devices there are.
        checkpoints: a folder for what is finished; a fit with the same one goes on from it.
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

    def sharing(self, parallel: Parallel) -> "TrainContext":
        """The same with the work shared in another way."""
        return replace(self, use=self.use.model_copy(update={"parallel": parallel}))

    def told_to(self, reporter: Reporter) -> "TrainContext":
        """The same with another reporter."""
        return replace(self, reporter=reporter)

    def unheard(self) -> "TrainContext":
        """The same without a reporter, to be sent to another process."""
        return replace(self, reporter=Reporter())

    def without_checkpoints(self) -> "TrainContext":
        """The same for what begins anew when it is cut off."""
        return replace(self, checkpoints=None)
