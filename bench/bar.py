"""The `Reporter` of a fit without a run: bars at the terminal."""

from rich.progress import Progress, TaskID


class Bar:
    """One bar for each stage."""

    def __init__(self, progress: Progress) -> None:
        """Show nothing yet."""
        self._progress, self._stage = progress, TaskID(0)

    def stage(self, name: str, total: int) -> None:
        """See `Reporter`."""
        self._stage = self._progress.add_task(name, total=total)

    def step(self) -> None:
        """See `Reporter`."""
        self._progress.advance(self._stage)

    def skip(self, steps: int) -> None:
        """See `Reporter`."""
        self._progress.advance(self._stage, steps)

    def epoch(self, measured: dict) -> None:
        """See `Reporter`."""

    def log(self, line: str) -> None:
        """See `Reporter`."""
        self._progress.console.print(line, highlight=False)

    def check(self) -> None:
        """See `Reporter`."""
