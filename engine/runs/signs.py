"""Signs of life of a run's worker."""

import time

from engine.runs import folder as files
from engine.runs.records import Run

SILENCE_SECONDS = 60.0
"""A worker gives a sign every five seconds; after so long without one, something is odd."""


def silent_since(run: Run) -> float | None:
    """When a running run gave its last sign of life, in seconds since 1970, if that is long ago.

    Returns:
        None while it gives signs, is not running, or never gave one.
    """
    if run.state != "running":
        return None
    try:
        last = (run.folder / files.HEARTBEAT).stat().st_mtime
    except OSError:
        return None
    # A sign older than the present work is one of the work before.
    last = max(last, run.since or last)
    return last if time.time() - last > SILENCE_SECONDS else None
