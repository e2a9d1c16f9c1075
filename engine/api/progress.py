"""Progress of a fit on the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import Progress, TaskID

from ..commands.output import bars
from ..models.members import title_of
from ..training.reporter import Reporter


@contextmanager
def progress_bars() -> Iterator[Reporter]:
    """A reporter with a bar for each stage of a fit, on standard error."""
    with bars() as progress:
        yield _Bars(progress)


class _Bars(Reporter):
    """Moves a bar of its own for each stage, and writes the log above them."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._stage = progress, TaskID(0)

    def stage(self, name: str, total: int) -> None:
        """See `Reporter`."""
        title = title_of(name) if title_of(name) != name else name.capitalize()
        self._stage = self._progress.add_task(title, total=total)

    def step(self, done: int | None = None) -> None:
        """See `Reporter`."""
        if done is None:
            self._progress.advance(self._stage)
        else:
            self._progress.update(self._stage, completed=done)

    def skip(self, steps: int) -> None:
        """See `Reporter`."""
        self._progress.advance(self._stage, steps)

    def log(self, line: str) -> None:
        """See `Reporter`."""
        self._progress.console.print(line, highlight=False, markup=False)
