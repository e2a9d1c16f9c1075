"""The place of a trial: a workspace of its own, the processes that work in it, and their end."""

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from bench.kills.disk import PowerDisk
from bench.kills.steps import ORDER
from engine.base import limits
from engine.runs import feed, store

ROOT = Path(__file__).parents[2]
KILL, TERMINATE, FREEZE, FREEZE_AND_KILL, POWER_CUT = (
    "SIGKILL",
    "SIGTERM",
    "SIGSTOP, then SIGCONT",
    "SIGSTOP, then SIGKILL",
    "power cut",
)
WAYS = (KILL, TERMINATE, FREEZE, FREEZE_AND_KILL, POWER_CUT)
EVERYBODY = "everybody"
_PATIENCE = 60.0


class LostError(Exception):
    """A kill has cost something, or something hung."""


class Moment(NamedTuple):
    """When somebody is killed.

    Attributes:
        who: whose operation `step` is; a kind of `bench.kills.steps`.
        step: before which of its file operations; None for a time.
        seconds: how long after the start, where no step is given; else at most.
    """

    who: str
    step: int | None
    seconds: float


class Scene:
    """A workspace, perhaps on a disk whose power can be cut, and its processes."""

    def __init__(self, place: Path, on_disk: bool) -> None:
        """Make an empty workspace in `place`, which becomes the one in force."""
        self.place = place / "disk"
        self.place.mkdir(parents=True)
        self._disk = PowerDisk(self.place, place / "image") if on_disk else None
        self.home, self.out = self.place / "home", self.place / "out"
        for made in (self.home, self.out):
            made.mkdir()
        (self.home / limits.FILE).write_text("free_disk_gb: 0\n", encoding="utf-8")
        self.keep()
        self._order, self._reached = place / "order.json", place / "reached"
        os.environ["POLYGIN_HOME"] = str(self.home)
        os.environ["PYTHONPATH"] = os.pathsep.join(
            [str(Path(__file__).parent / "armed"), str(ROOT)]
        )
        os.environ[ORDER] = str(self._order)

    def keep(self) -> None:
        """What was written until now survives a power cut."""
        if self._disk:
            self._disk.keep()

    def order(self, moment: Moment) -> None:
        """Let a process of the kind that is meant stop at a step; with a step of 0 it counts."""
        if moment.step is None:
            return
        words = {"who": moment.who, "step": moment.step, "folder": str(self.place)}
        self._order.write_text(json.dumps({**words, "reached": str(self._reached)}))

    def counted(self) -> list[int]:
        """The steps that each process has counted."""
        self._order.unlink(missing_ok=True)
        counts = self._reached.parent.glob(f"{self._reached.name}.*")
        return sorted(path.stat().st_size for path in counts)

    def stopped(self) -> psutil.Process | None:
        """The process that has come to its step and waits there."""
        try:
            return psutil.Process(int(self._reached.read_text()))
        except (OSError, ValueError, psutil.Error):
            return None

    def processes(self, *kinds: str) -> list[psutil.Process]:
        """The processes of this workspace, or those of some kinds among them.

        Args:
            kinds: words of their command lines.
        """
        found = []
        for process in psutil.process_iter():
            try:
                mine = process.environ().get("POLYGIN_HOME") == str(self.home)
                if not mine or process.status() == psutil.STATUS_ZOMBIE:
                    continue
                words = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if not kinds or any(kind in words for kind in kinds):
                found.append(process)
        return found

    def strike(self, victims: list[psutil.Process], how: str, chance: random.Random) -> None:
        """Do to some processes what is to be done; a power cut is for all of the workspace."""
        if how == POWER_CUT:
            victims = self.processes()
            _tell(victims, signal.SIGSTOP)
            assert self._disk
            self._disk.remember()
        if how in (FREEZE, FREEZE_AND_KILL):
            _tell(victims, signal.SIGSTOP)
            time.sleep(chance.uniform(0.05, 1.0))
            self.must_answer()
        last = {TERMINATE: signal.SIGTERM, FREEZE: signal.SIGCONT}.get(how, signal.SIGKILL)
        _tell(victims, last)
        if stopped := self.stopped():
            # Whoever waits at a step and is not a victim, or was told to end, goes on.
            _tell([stopped], signal.SIGCONT)
        if last == signal.SIGKILL:
            psutil.wait_procs(victims, timeout=_PATIENCE)
        if how == POWER_CUT:
            assert self._disk
            self._disk.boot()

    @staticmethod
    def must_answer() -> None:
        """Whoever looks at the workspace gets an answer, also while somebody is frozen in it."""
        began = time.monotonic()
        store.select()
        if time.monotonic() - began > _PATIENCE / 2:
            raise LostError("the list of runs hangs while a process is frozen")

    def close(self) -> None:
        """End all processes and remove all files."""
        _tell(self.processes(), signal.SIGKILL)
        psutil.wait_procs(self.processes(), timeout=10)
        if self._disk:
            self._disk.take_out()
        shutil.rmtree(self.place.parent, ignore_errors=True)
        feed.forget()


@contextmanager
def scene(place: Path, on_disk: bool = False) -> Iterator[Scene]:
    """A scene for a `with` block."""
    made = Scene(place, on_disk)
    try:
        yield made
    finally:
        made.close()


def wait_until(condition, seconds: float, otherwise: str, every: float = 0.01) -> None:
    """Wait for a condition.

    Raises:
        LostError: when it does not come in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LostError(otherwise)
        time.sleep(every)


def _tell(processes: list[psutil.Process], number: int) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)
