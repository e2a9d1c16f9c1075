"""How a fit reports its progress."""

from collections.abc import Callable

Tell = Callable[[tuple], None]
"""Sends a message to another process."""


class Reporter:
    """Receives the progress of a fit and ignores it; subclasses override what they need.

    Any call may raise to end the fit.
    """

    def plan(self, stages: dict[str, int]) -> None:
        """All stages to come, in order, with their numbers of steps."""

    def stage(self, name: str, total: int) -> None:
        """A stage of so many steps begins."""

    def step(self, done: int | None = None) -> None:
        """One step of the stage is done, or so many are by now."""

    def skip(self, steps: int) -> None:
        """So many steps of the stage are left out, such as those before a run was resumed."""

    def epoch(self, measured: dict) -> None:
        """One epoch of a network is done; see `train_network`, with member, fold and seed."""

    def log(self, line: str) -> None:
        """Something worth a line in the run's log."""

    def check(self) -> None:
        """Called often, also within steps, so that the fit can be ended."""

    def measured(self, row: dict) -> None:
        """Pass on what the training of a network measured; each epoch is a step.

        Args:
            row: of an epoch, of an epoch of a pretraining, or of epochs left out; see
                `train_network`, with `member`, `fold` and `seed`.
        """
        if "epochs_left_out" in row:
            self.skip(row["epochs_left_out"])
            return
        if "pretraining_epoch" in row:
            self.log(
                f"Fold {row['fold'] + 1}, pretraining: epoch {row['pretraining_epoch']}, "
                f"loss {row['pretraining_loss']:.4g}, {row['pretraining_seconds']:.1f} s"
            )
        else:
            self.epoch(row)
        self.step()


class RemoteReporter(Reporter):
    """Sends measurements and log lines to another process, which calls `relay`."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def measured(self, row: dict) -> None:
        """See `Reporter`."""
        self._tell(("measured", row))

    def log(self, line: str) -> None:
        """See `Reporter`."""
        self._tell(("log", line))


def relay(message: tuple, reporter: Reporter) -> None:
    """Pass on to a reporter what a `RemoteReporter` sent."""
    kind, content = message
    if kind == "measured":
        reporter.measured(content)
    else:
        reporter.log(content)
