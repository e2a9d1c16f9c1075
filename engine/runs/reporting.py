"""Writes what a run reports: metrics, progress, log lines; and hears when it is asked to stop."""

import json
import math
import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import psutil

from ..base.errors import LockedError
from ..base.workspace import write_atomic
from ..models.members import is_network, title_of
from ..training.reporter import Reporter
from . import folder as files
from .feed import metric_rows
from .records import Progress, Run, StageProgress

TITLES = {
    "features": "Features",
    "fractions": "Mole or weight fractions",
    "sources": "What each source changes",
    "bundle": "Blend and bundle",
}
"""Of the stages that are no member's."""
# About how the time of a run divides, for the overall bar only.
_SHARES = {"features": 1.0, "fractions": 0.5, "bundle": 0.2}
_NETWORKS_SHARE, _FITS_SHARE = 8.0, 2.0
_BRIEF = {"bundle"}
"""Stages that take no time to speak of."""
_SECONDS_BETWEEN_WRITES = 0.5


class StoppedError(Exception):
    """Raised inside the worker when somebody asked for the run to stop."""


class TaskReporter(Reporter):
    """The `Reporter` of one of several tasks of a run: it prints, and hears when to stop."""

    def __init__(self, run: Run) -> None:
        """Listen in the folder of a run."""
        self._run = run

    def log(self, line: str) -> None:
        """See `Reporter`."""
        print(line, flush=True)

    def step(self, done: int | None = None) -> None:
        """See `Reporter`."""
        self.check()

    def check(self) -> None:
        """See `Reporter`."""
        if (self._run.folder / files.STOP).exists():
            raise StoppedError


class RunReporter(Reporter):
    """The `Reporter` of a run's worker."""

    def __init__(self, run: Run, names: list[str], change: Callable[..., object]) -> None:
        """Report into the folder of a run.

        Args:
            run: which one.
            names: of the K properties.
            change: changes columns of its row, see `engine.runs.store.update`.
        """
        self._run, self._names, self._change = run, names, change
        self._stages: list[StageProgress] = []
        self._current = StageProgress(name="", title="", total=0)
        self._stage_began = time.monotonic()
        self._written = 0.0
        self._skipped = 0

    def plan(self, stages: dict[str, int]) -> None:
        """See `Reporter`."""
        self._stages = [
            StageProgress(name=name, title=TITLES.get(name) or title_of(name), total=total)
            for name, total in stages.items()
        ]
        self._write(force=True)

    def stage(self, name: str, total: int) -> None:
        """See `Reporter`."""
        self.check()
        self._current = next(stage for stage in self._stages if stage.name == name)
        self._current.total, self._current.done = total, 0
        self._stage_began, self._skipped = time.monotonic(), 0
        self.log(f"{self._current.title}: {total:,} steps")
        self._write(force=True)

    def step(self, done: int | None = None) -> None:
        """See `Reporter`; `done` sets the count instead of adding one."""
        self.check()
        stage = self._current
        stage.done = stage.done + 1 if done is None else done
        elapsed = time.monotonic() - self._stage_began
        fresh = max(stage.done - self._skipped, 1)
        stage.seconds_left = elapsed / fresh * (stage.total - stage.done)
        self._write(force=stage.done >= stage.total)

    def skip(self, steps: int) -> None:
        """See `Reporter`; they count as done, but not for the time that is left."""
        self._skipped += steps
        self._current.done += steps
        self._write(force=True)

    def epoch(self, measured: dict) -> None:
        """See `Reporter`."""
        errors = np.asarray(measured["val_mae"], dtype=float)
        row = {
            "time": time.time(),
            "vram_mb": None,
            **measured,
            "val_mae": {
                name: float(value) if math.isfinite(value) else None
                for name, value in zip(self._names, errors, strict=True)
            },
            "ram_mb": psutil.Process().memory_info().rss / 2**20,
        }
        with open(self._run.folder / files.METRICS, "a") as file:
            file.write(json.dumps(row) + "\n")

    def log(self, line: str) -> None:
        """See `Reporter`; the worker's standard output is the run's log."""
        print(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {line}", flush=True)

    def check(self) -> None:
        """See `Reporter`."""
        if (self._run.folder / files.STOP).exists():
            raise StoppedError

    def _write(self, force: bool = False) -> None:
        now = time.monotonic()
        if not force and now - self._written < _SECONDS_BETWEEN_WRITES:
            return
        self._written = now
        overall = self._overall()
        progress = Progress(stages=self._stages, overall=overall, seconds_left=self._left())
        write_atomic(self._run.folder / files.PROGRESS, progress.model_dump_json())
        # Others hold the run table: that is no reason to end; the next report says as much.
        with suppress(LockedError):
            self._change(stage=self._current.title, progress=overall)

    def _left(self) -> float | None:
        """Seconds until the end; None before the longest of the stages has been timed."""
        left = 0.0
        for stage in self._stages:
            if stage.done >= stage.total or stage.name in _BRIEF:
                continue
            if stage.seconds_left is None:
                return None
            left += stage.seconds_left
        return left

    def _overall(self) -> float:
        shares = [_share(stage.name) for stage in self._stages]
        done = [stage.done / max(stage.total, 1) for stage in self._stages]
        return float(np.dot(shares, done) / sum(shares)) if shares else 0.0


def _share(stage: str) -> float:
    """About how much of a run's time a stage takes, beside the others'."""
    if stage in _SHARES:
        return _SHARES[stage]
    return _NETWORKS_SHARE if is_network(stage) else _FITS_SHARE


def mend_metrics(run: Run, names: list[str], histories: list[list[dict]]) -> None:
    """Leave one row for each epoch that is kept: no half line, none twice, none missing.

    Args:
        run: about to go on.
        names: the K properties.
        histories: of each network, finished or not, what was measured at each epoch.
    """
    path = run.folder / files.METRICS
    if not path.exists() and not histories:
        return
    written = {_key(row): row for row in metric_rows(files.content(run, files.METRICS))}
    rows = [
        written.get(_key(row), _as_written(row, names)) for history in histories for row in history
    ]
    rows.sort(key=lambda row: row.get("time") or 0.0)
    write_atomic(path, "".join(json.dumps(row) + "\n" for row in rows))


def _key(row: dict) -> tuple:
    return row.get("member"), row["fold"], row["seed"], row["epoch"]


def _as_written(row: dict, names: list[str]) -> dict:
    """A row of a history as `RunReporter.epoch` would have written it."""
    errors = {
        name: value if value == value else None  # NaN is no JSON
        for name, value in zip(names, row["val_mae"], strict=True)
    }
    return {"vram_mb": None, **row, "val_mae": errors, "ram_mb": None}
