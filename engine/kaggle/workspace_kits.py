"""The kits of a workspace, which pages make: one for each model, and the newest alone are kept."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from ..base.errors import UserError
from ..base.workspace import lock, subfolder
from ..inference.bundle import bundle_files
from .kit import Kit, make_kit, read_kit
from .wheels import Progress

KEPT = 3
"""So many, since each has several hundred MB."""

_DIGITS = 12
"""Of a digest, enough to tell the models of a workspace apart."""

_NO_MODEL = "no-model"
"""The folder of the kit whose notebook trains."""

_OURS = re.compile(rf"[0-9a-f]{{{_DIGITS}}}|{_NO_MODEL}|\..+\.(unfinished|removed)")
"""Names of folders of kits, and of what a killed process has left of one."""


def make_workspace_kit(model: Path | None, progress: Progress | None = None) -> Kit:
    """Make a kit in the workspace, one at a time, in a folder by what the model's files hold.

    The oldest ones are removed, so that `KEPT` are left.

    Args:
        model: the folder of a bundle, which the dataset brings; None for a kit that trains.
        progress: told how far it is.

    Raises:
        UserError: as `make_kit`, and while another one is being made.
    """
    place = _place(model)
    with _alone():
        made = make_kit(place, model, progress=progress)
        _remove_old(place)
    return made


def workspace_kit(model: Path | None) -> Kit | None:
    """The kit in the workspace that brings a model; None where there is none that is whole.

    Args:
        model: the folder of a bundle; None for the kit that trains.
    """
    try:
        return read_kit(_place(model))
    except UserError:
        return None


def remove_workspace_kit(model: Path | None) -> None:
    """Remove the kit in the workspace that brings a model, if there is one.

    Args:
        model: the folder of a bundle; None for the kit that trains.

    Raises:
        UserError: while one is being made.
    """
    with _alone():
        _remove(_place(model))


def _folder() -> Path:
    return subfolder("kaggle-kits")


def _place(model: Path | None) -> Path:
    return _folder() / (bundle_files(model).digest[:_DIGITS] if model else _NO_MODEL)


@contextmanager
def _alone() -> Iterator[None]:
    """While nobody else makes or removes a kit of the workspace."""
    try:
        with lock(_folder() / "kit.lock").acquire(timeout=0):
            yield
    except Timeout as error:
        raise UserError("A kit is being made already: try again when it is done.") from error


def _remove_old(made: Path) -> None:
    """Remove what is not among the newest, of which one was just made."""
    others: list[tuple[str, Path]] = []
    for folder in _folder().iterdir():
        if folder == made or not folder.is_dir() or not _OURS.fullmatch(folder.name):
            continue
        try:
            others.append((read_kit(folder).made, folder))
        except UserError:
            _remove(folder)
    for _, folder in sorted(others, reverse=True)[KEPT - 1 :]:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder so that no half of it is ever taken for a kit."""
    aside = folder
    if not folder.name.startswith("."):
        aside = folder.with_name(f".{folder.name}.removed")
        shutil.rmtree(aside, ignore_errors=True)
        try:
            folder.rename(aside)
        except FileNotFoundError:
            return
        except OSError as error:
            raise UserError(f"{folder} cannot be removed: {error.strerror or error}.") from error
    shutil.rmtree(aside, ignore_errors=True)
