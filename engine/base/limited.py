"""Work that may run away, in a process of its own with limits on its time and memory.

A library in C++ that lays out a drawing, or that reads a file of a stranger's, can take all memory,
never come back, or end its process. Here that ends a child alone.
"""

import importlib
import json
import threading
import time
from collections.abc import Callable
from multiprocessing import current_process
from multiprocessing.connection import Connection
from typing import Any, NoReturn

import psutil

from .errors import UserError
from .workers import SPAWN, obey_parent

_LOOKS_PER_SECOND = 50
# A child that waits for something uses no CPU; it is given this many times its CPU seconds.
_PATIENCE = 10


class LimitError(UserError):
    """Work took more time or memory than it may, or ended its process."""


class LimitedProcess:
    """A child that carries out one function after another, and is started anew when it is ended.

    It starts with its first work, which takes about as long as the import of what it needs.
    """

    def __init__(
        self, cpu_seconds: float, memory: int, first: Callable[[], Any] | None = None
    ) -> None:
        """Say what each piece of work may take.

        Args:
            cpu_seconds: CPU time, in seconds.
            memory: resident memory that the child may gain, in bytes.
            first: what a child carries out before its first work, without limits: slow imports,
                for example.
        """
        self._first = first
        self._cpu_seconds, self._memory = cpu_seconds, memory
        self._lock = threading.Lock()
        self._child: psutil.Process | None = None
        self._process: Any = None
        self._line: Connection | None = None

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Carry out a function in the child; see `run_within`."""
        return self.run_within(self._cpu_seconds, function, *arguments)

    def run_within(self, cpu_seconds: float, function: Callable[..., Any], *arguments: Any) -> Any:
        """Carry out a function in the child; one at a time, others wait.

        In a process that is a child of this kind itself, and may have none, it is carried out here.

        Args:
            cpu_seconds: CPU time that this piece of work may take, in seconds.
            function: found by its module and name; its result can be said in JSON.
            arguments: plain data.

        Raises:
            UserError: what the function raised of that kind.
            LimitError: when it took too much time or memory, or its process ended.
            RuntimeError: when it raised anything else.
        """
        if current_process().daemon:
            return function(*arguments)
        with self._lock:
            try:
                line, child = self._started()
                line.send((function.__module__, function.__qualname__, arguments))
                self._watch(line, child, cpu_seconds)
                outcome, content = json.loads(line.recv_bytes())
            except (EOFError, OSError, psutil.Error) as error:
                self._end()
                raise LimitError(
                    "a library ended its process, most likely because the input is damaged"
                ) from error
        if outcome == "refused":
            raise UserError(content)
        if outcome == "failed":
            raise RuntimeError(content)
        return content

    def close(self) -> None:
        """End the child; the next work starts another."""
        with self._lock:
            self._end()

    def _started(self) -> tuple[Connection, psutil.Process]:
        if self._process is None or not self._process.is_alive():
            self._end()
            self._line, other = SPAWN.Pipe()
            process = SPAWN.Process(target=_serve, args=(other, self._first), daemon=True)
            process.start()
            self._process = process
            other.close()
            # Wait for its first word, so that its start does not count as work.
            assert self._line is not None
            self._line.recv_bytes()
            self._child = psutil.Process(self._process.pid)
        assert self._line is not None
        assert self._child is not None
        return self._line, self._child

    def _watch(self, line: Connection, child: psutil.Process, cpu_seconds: float) -> None:
        """Wait for an answer while the limits are kept."""
        began, used, held = time.monotonic(), _cpu_time(child), child.memory_info().rss
        while not line.poll(1 / _LOOKS_PER_SECOND):
            try:
                cpu, gained = _cpu_time(child) - used, child.memory_info().rss - held
            except psutil.Error:
                continue  # it has ended: the line says so
            if gained > self._memory:
                self._stop(f"more than {self._memory / 2**20:.0f} MB of memory")
            if cpu > cpu_seconds:
                self._stop(f"more than {cpu_seconds:g} seconds of processor time")
            if (waited := time.monotonic() - began) > cpu_seconds * _PATIENCE:
                self._stop(f"more than the {waited:.0f} seconds that were waited for it")

    def _stop(self, excess: str) -> NoReturn:
        self._end()
        raise LimitError(f"it needs {excess}")

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._line is not None:
            self._line.close()
        self._process = self._line = self._child = None


def _cpu_time(child: psutil.Process) -> float:
    times = child.cpu_times()
    return times.user + times.system


def _serve(line: Connection, first: Callable[[], Any] | None) -> None:
    """The life of the child."""
    obey_parent()
    if first is not None:
        first()
    line.send_bytes(b"ready")
    while True:
        try:
            module, name, arguments = line.recv()
        except EOFError:
            return
        try:
            function = getattr(importlib.import_module(module), name)
            answer = json.dumps(["answered", function(*arguments)])
        except UserError as error:
            answer = json.dumps(["refused", str(error)])
        except Exception as error:
            answer = json.dumps(["failed", f"{type(error).__name__}: {error}"])
        line.send_bytes(answer.encode())
