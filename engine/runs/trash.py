"""Deleted runs and models, which lie in a folder of the workspace for a week."""

import os
import shutil
import time
from pathlib import Path
from typing import NamedTuple

from ..base.errors import UserError
from ..base.workspace import subfolder, synchronise_entries
from .records import Run, is_run_id
from .run_json import read_record

DAYS = 7
"""How long a deleted run can be restored."""

_DAY = 86_400.0


class Trashed(NamedTuple):
    """A deleted run.

    Attributes:
        run: as it was.
        deleted: when, in seconds since 1970.
        size: the bytes that its files take.
    """

    run: Run
    deleted: float
    size: int


def throw_away(run: Run) -> None:
    """Move a run's folder into the trash, and empty what has lain there for long.

    Raises:
        UserError: when it cannot be moved.
    """
    throw_away_folder(run.folder, run.name)


def throw_away_folder(folder: Path, name: str) -> None:
    """Move a folder into the trash under its own name, and empty what has lain there for long.

    Args:
        folder: whose name is an id, see `engine.runs.records.is_run_id`.
        name: what users call it.

    Raises:
        UserError: when it cannot be moved.
    """
    empty_trash(DAYS)
    if folder.is_symlink():
        raise UserError(
            f"The folder of {name!r} is a link, {folder}: remove it by hand; what it leads "
            "to is left alone."
        )
    if not folder.exists():
        return
    target = trash_place(folder.name)
    try:
        shutil.rmtree(target, ignore_errors=True)
        # The time of its deletion; before it moves, or it could be emptied at once as an old one.
        os.utime(folder)
        folder.rename(target)
        _synchronise(folder.parent)
    except OSError as error:
        raise UserError(f"The files of {name!r} could not be deleted: {error}") from error


def take_back(folder: Path, name: str) -> None:
    """Move a folder out of the trash to where it was.

    Args:
        folder: where it was, and is no more.
        name: what users call it.

    Raises:
        UserError: when it cannot be moved.
    """
    try:
        trash_place(folder.name).rename(folder)
        _synchronise(folder.parent)
    except OSError as error:
        raise UserError(f"{name!r} could not be restored: {error}") from error


def restore(run_id: str) -> None:
    """Bring a deleted run back; the run table finds it by its folder.

    Args:
        run_id: its id, or its name.

    Raises:
        UserError: when it is not in the trash any more, there is a run of that id again, or its
            folder cannot be moved.
    """
    named = [each.run.id for each in trashed() if run_id in (each.run.id, each.run.name)]
    if len(named) > 1:
        raise UserError(
            f"{len(named)} deleted runs are called {run_id!r}: name one by its id, "
            f"{', '.join(named)}."
        )
    run_id = named[0] if named else run_id
    place = trash_place(run_id) if is_run_id(run_id) else None
    if place is None or not place.is_dir() or place.is_symlink():
        raise UserError(
            f"The run {run_id!r} is not in the trash: deleted runs are kept for {DAYS} days, "
            "unless the trash is emptied."
        )
    target = subfolder("runs") / run_id
    if target.exists():
        raise UserError(f"There is a run {run_id!r} already.")
    take_back(target, run_id)


def trashed() -> list[Trashed]:
    """The deleted runs that can be restored, the latest first; older ones are removed."""
    empty_trash(DAYS)
    found = []
    for folder in _folders():
        try:
            run, _ = read_record(folder)
            found.append(Trashed(run, folder.stat().st_mtime, size_of(folder)))
        except (OSError, UserError):
            continue
    return sorted(found, key=lambda each: -each.deleted)


def empty_trash(days: float = 0.0) -> int:
    """Remove for good what was deleted so many days ago or earlier; returns the bytes freed."""
    freed = 0
    for folder in _folders():
        try:
            if folder.stat().st_mtime > time.time() - days * _DAY:
                continue
            size = size_of(folder)
            shutil.rmtree(folder)
            freed += size
        except OSError:
            continue  # somebody else empties it too
    return freed


def size_of(folder: Path) -> int:
    """The bytes that the files of a folder take; links are not followed."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:
                continue  # gone meanwhile
    return total


def _synchronise(place: Path) -> None:
    """Let the disk know where a folder lies, before the run table does."""
    for folder in (place, _trash()):
        synchronise_entries(folder)


def trash_place(name: str) -> Path:
    """Where a folder of that name lies once it is deleted."""
    return _trash() / name


def _trash() -> Path:
    return subfolder("trash")


def _folders() -> list[Path]:
    return [
        path
        for path in _trash().iterdir()
        if is_run_id(path.name) and path.is_dir() and not path.is_symlink()
    ]
