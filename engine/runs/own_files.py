"""Whether a run's folder holds nothing but files of its own, so that a worker may write there."""

import os
from collections.abc import Callable
from pathlib import Path

from ..base.errors import UserError
from ..base.plain_files import oddity
from ..inference.bundle import INFO, read_info
from . import folder as files
from .records import Run

_FOLDERS = ("", files.CHECKPOINTS, "bundle")
"""Those of a run, the first of which is its own."""


def demand_own_files(run: Run) -> None:
    """Refuse to let a run work that would write through a link, or wait for a pipe.

    Raises:
        UserError: when something in its folder is no file of its own.
    """
    for name in _FOLDERS:
        place = run.folder / name
        words = oddity(place)
        if words == "is a folder":
            _demand_files(place)
        elif words or os.path.lexists(place):
            raise UserError(
                f"{place} {words or 'is a file'}, where a folder of the run {run.name!r} should "
                "be: remove it, and the run can go on."
            )


def _demand_files(place: Path) -> None:
    for entry in sorted(os.scandir(place), key=lambda each: each.name):
        words = oddity(Path(entry.path))
        if words and not (words == "is a folder" and entry.name in _FOLDERS):
            raise UserError(
                f"{entry.path} {words}, where a file should be: remove it, and the run can go on."
            )


def problems_of(run: Run) -> list[str]:
    """A sentence for each thing in a run's folder that is damaged, or is no file of its own."""
    checks: dict[str, Callable[[], object]] = {
        "": lambda: demand_own_files(run),
        files.CONFIG: lambda: files.read_config(run),
        files.TABLE: lambda: files.read_parquet(run.folder / files.TABLE, []),
        files.OUT_OF_FOLD: lambda: files.read_parquet(run.folder / files.OUT_OF_FOLD, []),
        files.REPORT: lambda: files.read_report(run),
        f"bundle/{INFO}": lambda: read_info(run.bundle),
    }
    sentences: list[str] = []
    for name, check in checks.items():
        if not os.path.lexists(run.folder / name):
            continue
        try:
            check()
        except UserError as error:
            # A link in a file's place is found twice; a sentence begins with its file.
            if not any(said.startswith(f"{run.folder / name} ") for said in sentences):
                sentences.append(str(error))
    return sentences


def ask_to_stop(run: Run) -> None:
    """Leave word for a run's worker that it is to stop.

    Raises:
        UserError: when that cannot be written.
    """
    path = run.folder / files.STOP
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        os.close(os.open(path, flags, 0o666))
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror}. Remove it, and stop the run again."
        ) from error
