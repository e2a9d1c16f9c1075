"""A budget of processor time for reading what somebody uploaded."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import UserError
from .limits import FILE, Limits, limits

ROWS, CELLS = 50_000, 1_000_000
"""Of a table up to which it has the plain budget; a larger one has as much more as it is larger."""


class _Budget(threading.local):
    """What this thread may still spend; `allowed` is None where nothing is counted."""

    name = ""
    allowed: float | None = None
    begun = 0.0
    times = 1.0


_budget = _Budget()


@contextmanager
def cpu_budget(name: str) -> Iterator[None]:
    """Count the processor time that this thread spends in the block, for `check_time`.

    Time of the thread and not of the clock: other work on the machine must not fail an upload.
    Worker processes are not counted, nor are other threads: whatever is read of a file is read in
    the thread that asks for it. Within another such block, the outer one counts.

    Args:
        name: of the file, for the message.
    """
    if _budget.allowed is not None:
        yield
        return
    _budget.allowed, _budget.name, _budget.times = _cpu_seconds(), name, 1.0
    _budget.begun = time.thread_time()
    try:
        yield
    finally:
        _budget.allowed = None


def _cpu_seconds() -> float:
    try:
        return limits().cpu_seconds
    except UserError:  # pages say so on top, and whoever starts a run is told
        return Limits().cpu_seconds


def allow_for(rows: int = 0, columns: int = 0, times: float = 1.0) -> None:
    """Make the budget that of a table of some size; it never shrinks.

    Args:
        rows, columns: of the table, as far as it is read.
        times: the plain budget, where the size is told otherwise.
    """
    _budget.times = max(_budget.times, rows / ROWS, rows * columns / CELLS, times)


def check_time(stage: str) -> None:
    """Refuse to go on when the budget is spent; without a budget, nothing happens.

    Args:
        stage: what is being done: `reading its rows`.

    Raises:
        UserError: when more time was spent than the workspace allows.
    """
    if _budget.allowed is None:
        return
    allowed = _budget.allowed * _budget.times
    if time.thread_time() - _budget.begun > allowed:
        raise UserError(
            f"{_budget.name} was given up while {stage}: it has taken {allowed:,.0f} s of "
            "processor time, which is all that a table of its size may take. Leave out what is "
            "slow, such as very long cells and very large molecules, or split the table; "
            f"`cpu_seconds` in {FILE} of the workspace allows more."
        )
