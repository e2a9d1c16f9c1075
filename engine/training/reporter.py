"""Who is told how a fit goes."""

from typing import Protocol


class Reporter(Protocol):
    """Any call may raise to end the fit."""

    def stage(self, name: str, total: int) -> None:
        """A stage of so many steps begins."""
        ...

    def step(self) -> None:
        """One step of the stage is done."""
        ...

    def skip(self, steps: int) -> None:
        """So many steps of the stage were done before the run was resumed."""
        ...

    def epoch(self, measured: dict) -> None:
        """One epoch of a network is done; see `train_network`, with member, fold and seed."""
        ...

    def log(self, line: str) -> None:
        """Something worth a line in the run's log."""
        ...

    def check(self) -> None:
        """Called often, also within steps; raises when the run should end."""
        ...
