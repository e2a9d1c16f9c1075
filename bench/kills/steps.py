"""Lets a process stop before one of its file operations, so that it is ended exactly there.

`armed/sitecustomize.py` calls `arm` in every Python that a trial starts. Loads the standard library
alone, since every process of a trial pays for it.
"""

import json
import os
import signal
import sys
from typing import Any

ORDER = "POLYGIN_KILLS"
"""The environment variable that names the file with the order; without one, nothing happens."""

_KINDS = {
    "engine.runs.worker": "worker",
    "engine.runs.supervisor": "supervisor",
    "multiprocessing.spawn": "child",
    "bench.kills.command": "command",
}
_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.utime"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def arm() -> None:
    """Watch this process's file operations, if an order is about a process of its kind.

    The order is JSON: `who` is one of `_KINDS`; `folder` is where operations count; at the
    operation number `step`, the process writes its id to the file `reached` and stops itself. With
    a `step` of 0 it only counts: each operation is a byte of a file named after it and its id.
    """
    try:
        with open(os.environ[ORDER], encoding="utf-8") as file:
            order = json.load(file)
    except (KeyError, OSError, ValueError):
        return
    if _kind() != order["who"]:
        return
    watch = _Watch(order["folder"], order["reached"], order["step"])
    sys.addaudithook(watch.event)
    synchronise = os.fsync

    def fsync(file: Any) -> None:
        watch.step()
        synchronise(file)

    os.fsync = fsync


def _kind() -> str:
    """What this process is, by the module that it was started with."""
    words = " ".join(sys.orig_argv)
    if "multiprocessing.spawn" in words:
        return "child"
    module = sys.orig_argv[sys.orig_argv.index("-m") + 1] if "-m" in sys.orig_argv else ""
    return _KINDS.get(module, "")


class _Watch:
    """Counts the operations of this process on files of a folder."""

    def __init__(self, folder: str, reached: str, step: int) -> None:
        self._folder, self._reached, self._step = folder, reached, step
        self._count, self._busy = 0, False

    def event(self, name: str, arguments: tuple) -> None:
        """An audit event of Python's; see `sys.addaudithook`."""
        if self._busy or not self._changes(name, arguments):
            return
        self.step()

    def step(self) -> None:
        """An operation is about to be carried out."""
        self._busy = True
        self._count += 1
        if not self._step:
            self._write(f"{self._reached}.{os.getpid()}", b".")
        elif self._count == self._step and self._first():
            self._write(self._reached, str(os.getpid()).encode())
            os.kill(os.getpid(), signal.SIGSTOP)
        self._busy = False

    def _changes(self, name: str, arguments: tuple) -> bool:
        if name == "sqlite3.connect":
            return self._counts(arguments[0])
        if name == "open":
            path, mode, flags = arguments
            writes = bool(mode and set(mode) & set("wax+")) or bool(flags and flags & _WRITES)
            return writes and self._counts(path)
        if name not in _CHANGES:
            return False
        # `shutil.rmtree` names files by their folder's descriptor.
        descriptor = arguments[-1] if name in ("os.remove", "os.rmdir") else -1
        if isinstance(descriptor, int) and descriptor >= 0:
            return self._counts(os.readlink(f"/proc/self/fd/{descriptor}"))
        return self._counts(arguments[0])

    def _counts(self, path: object) -> bool:
        return isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith(self._folder)

    def _first(self) -> bool:
        """Whether this process is the one to stop: the order is carried out once."""
        try:
            os.unlink(os.environ[ORDER])
        except OSError:
            return False
        return True

    @staticmethod
    def _write(path: str, content: bytes) -> None:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, content)
        os.close(file)
