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


def pass_on(measured: dict, reporter: Reporter) -> None:
    """Tell a reporter what a network's training tells: each epoch is a step.

    Args:
        measured: see `train_network`, with `fold` and `seed`.
        reporter: of the run.
    """
    if "epochs_left_out" in measured:
        reporter.skip(measured["epochs_left_out"])
        return
    if "pretraining_epoch" in measured:
        reporter.log(
            f"Fold {measured['fold'] + 1}, pretraining: epoch {measured['pretraining_epoch']}, "
            f"loss {measured['pretraining_loss']:.4g}, {measured['pretraining_seconds']:.1f} s"
        )
    else:
        reporter.epoch(measured)
    reporter.step()
