"""One trial of a hostile input, and smaller inputs that fail in the same way."""

import hashlib
import random
import tempfile
import time
import traceback
from functools import cache
from importlib import import_module
from multiprocessing import current_process
from pathlib import Path
from typing import NamedTuple

import psutil

from bench.hostile.kind import Kind
from engine.base.errors import UserError
from engine.base.hardware import peak_memory
from engine.base.limited import LimitedProcess, LimitError

KINDS = {
    "strings": "Strings",
    "tables": "Tables",
    "bundles": "Bundles",
    "workspaces": "Workspaces",
}
"""Modules of this package, and the class of each."""
_CPU_SECONDS = 10
_MEMORY = 1536 * 2**20
_SECONDS_TO_MINIMISE = 30


class Outcome(NamedTuple):
    """What became of an input.

    Attributes:
        word: `refused`, or the kind's word.
        failure: what it did that it must not, and where; None where all is well.
        details: for people: the trace, or what was exceeded.
        seconds: CPU time.
        peak: the process's greatest resident memory in MB (2²⁰ bytes).
    """

    word: str
    failure: str | None = None
    details: str = ""
    seconds: float = 0.0
    peak: float = 0.0


class Trials:
    """Tries inputs of a kind in a process of their own, which is started anew when it is ended."""

    def __init__(self, kind: str, folder: Path) -> None:
        """Start a process for a kind; `folder` keeps what is made for it."""
        self._kind, self._input = kind, folder / "input"
        folder.mkdir(parents=True, exist_ok=True)
        self._process = LimitedProcess(_CPU_SECONDS, _MEMORY, Preparation(kind))

    def make(self, seed: str) -> bytes:
        """The kind's input for a seed."""
        self._process.run(_make, self._kind, seed, str(self._input))
        return self._input.read_bytes()

    def attempt(self, content: bytes) -> Outcome:
        """Try an input."""
        self._input.write_bytes(content)
        try:
            return Outcome(*self._process.run(_attempt, self._kind, str(self._input)))
        except LimitError as error:
            return Outcome("failed", str(error), str(error))

    def minimised(self, content: bytes, failure: str) -> bytes:
        """A smaller input that fails in the same way, found by leaving out pieces."""
        size, until = len(content) // 2, time.monotonic() + _SECONDS_TO_MINIMISE
        while size and time.monotonic() < until:
            start = 0
            while start < len(content) and time.monotonic() < until:
                smaller = content[:start] + content[start + size :]
                if self.attempt(smaller).failure == failure:
                    content = smaller
                else:
                    start += size
            size //= 2
        return content

    def close(self) -> None:
        """End the process."""
        self._process.close()


class Preparation:
    """What a child does before its first trial; a value, so that it can be sent there."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __call__(self) -> None:
        """Prepare the kind."""
        # What the product tries in a process with limits is tried so here too, in a grandchild.
        current_process()._config["daemon"] = False
        prepared(self._kind)


@cache
def prepared(name: str) -> Kind:
    """The kind of that name, prepared in this process."""
    kind: Kind = getattr(import_module(f"bench.hostile.{name}"), KINDS[name])()
    kind.prepare(Path(tempfile.mkdtemp(prefix=f"hostile-{name}-")))
    return kind


def _make(name: str, seed: str, path: str) -> None:
    Path(path).write_bytes(prepared(name).make(random.Random(seed)))


def _attempt(name: str, path: str) -> Outcome:
    """Try the input in that file; runs in the child."""
    kind, content = prepared(name), Path(path).read_bytes()
    # From here on the system counts the greatest memory anew.
    Path("/proc/self/clear_refs").write_text("5")
    times = psutil.Process().cpu_times()
    word, failure, details = _outcome(kind, content)
    after = psutil.Process().cpu_times()
    seconds = after.user + after.system - times.user - times.system
    peak = peak_memory() / 2**20
    if failure is None and peak > _MEMORY / 2**20:
        failure, details = "more memory than 1.5 GB", f"{peak:.0f} MB"
    return Outcome(word, failure, details, round(seconds, 3), round(peak, 1))


def _outcome(kind: Kind, content: bytes) -> tuple[str, str | None, str]:
    with tempfile.TemporaryDirectory(prefix="hostile-", ignore_cleanup_errors=True) as folder:
        try:
            return kind.attempt(content, Path(folder)), None, ""
        except UserError as error:
            return "refused", None, str(error)
        except Exception as error:
            return "failed", f"{type(error).__name__} in {_place(error)}", traceback.format_exc()


def _place(error: Exception) -> str:
    """The innermost function of this project that the error went through."""
    root = str(Path(__file__).parents[2])
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(root)]
    return f"{Path(own[-1].filename).name}, {own[-1].name}"


def file_name(kind: str, failure: str, content: bytes) -> str:
    """The name of the file that keeps a failing input."""
    digest = hashlib.sha256(failure.encode() + content).hexdigest()[:12]
    return f"{kind}-{digest}"
