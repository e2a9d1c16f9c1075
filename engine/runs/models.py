"""The models of a workspace: the shipped one, the default, those of runs, those from elsewhere."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from ..base.errors import UserError
from ..base.manifest import MANIFEST
from ..base.workspace import COMMAND, subfolder
from ..inference import bundle
from ..inference.bundle import DEFAULT_ID, SHIPPED_ID, bundle_files, default_bundle
from .control import find_run, list_runs, rename_run
from .imported import find_imported, list_imported, rename_imported

Kind = Literal["shipped", "default", "run", "imported"]


class KnownModel(NamedTuple):
    """A model of the workspace.

    Attributes:
        id: by which commands and pages know it: `shipped`, `default`, or the id of a run or of an
            imported model.
        kind: where it is from; `default` is one whose origin is gone.
        name: by which people know it.
        folder: its bundle's.
        since: when its run ended or it was imported, in seconds since 1970; None for the others.
    """

    id: str
    kind: Kind
    name: str
    folder: Path
    since: float | None = None


def list_models() -> list[KnownModel]:
    """All models, each once: the shipped one, those of finished runs, those from elsewhere.

    The default is a copy of one of them. Where that is gone, it stands in the list itself.
    """
    models = [
        KnownModel(SHIPPED_ID, "shipped", _own_name(bundle.SHIPPED), bundle.SHIPPED),
        *(
            KnownModel(run.id, "run", run.name, run.bundle, run.finished or run.created)
            for run in list_runs()
            if run.state == "done"
        ),
        *(
            KnownModel(each.id, "imported", each.name, each.bundle, each.taken)
            for each in list_imported()
        ),
    ]
    models = [each for each in models if (each.folder / bundle.INFO).is_file()]
    default = default_bundle()
    if (default / bundle.INFO).is_file() and not origin_of_default(models):
        models.insert(0, KnownModel(DEFAULT_ID, "default", _own_name(default), default))
    return models


def origin_of_default(models: Iterable[KnownModel]) -> KnownModel | None:
    """The one of some models that is the default, or that the default is a copy of."""
    test = _default_test()
    # Where the shipped one was imported too, and that was made the default, it is the copy.
    alike = (model for model in models if test(model.folder))
    return min(alike, key=lambda model: model.kind == "shipped", default=None)


def is_default(folder: Path) -> bool:
    """Whether the model in a folder is the default one, or that is a copy of it."""
    return _default_test()(folder)


def _default_test() -> Callable[[Path], bool]:
    """Tells of a folder whether its model is the default, whose own files are read once."""
    default = default_bundle()
    digest = "" if default == bundle.SHIPPED else _digest(default)
    return lambda folder: folder == default or (bool(digest) and _digest(folder) == digest)


def shown_name(folder: Path) -> str:
    """The name by which people know the model in a folder; its bundle's own where none was given.

    Args:
        folder: of a bundle, of this workspace or from anywhere.
    """
    # By its place, not by the list of all: a page asks at each of its runs.
    if folder == default_bundle() != bundle.SHIPPED:
        origin = origin_of_default(list_models())
        return origin.name if origin else _own_name(folder)
    place, key = folder.parent.parent, folder.parent.name
    if place == subfolder("runs"):
        with suppress(UserError):
            return find_run(key).name
    if place == subfolder("models", "imported") and (imported := find_imported(key)):
        return imported.name
    return _own_name(folder)


def find_model(model: str = DEFAULT_ID) -> Path:
    """The bundle's folder for what a user calls a model.

    Args:
        model: `default`, `shipped`, the id or name of a run or of an imported model, or a path.

    Raises:
        UserError: when there is no such model, or its run has not ended well.
    """
    if model == DEFAULT_ID:
        return default_bundle()
    if model == SHIPPED_ID:
        return bundle.SHIPPED
    # First, so that a node of a cluster, which is told of a folder, opens no run table.
    if os.sep in model and os.path.isdir(model):
        return Path(model)
    for run in list_runs():
        if model in (run.id, run.name):
            if run.state != "done":
                raise UserError(f"Run {model!r} has no model: it is {run.state}.")
            return run.bundle
    if imported := find_imported(model):
        return imported.bundle
    folder = Path(model)
    if os.path.isdir(folder):  # not by `Path`, which complains of a text too long for a name
        return folder
    raise UserError(
        f"There is no model {model!r}: give the id or name of a run or of an imported model, a "
        f"bundle's folder, `default` or `shipped`; `{COMMAND} models` lists them."
    )


def rename_model(model: str, name: str) -> None:
    """Give a model another name: its run's, or that of an imported one.

    Args:
        model: its id, or the name that it has now.
        name: the new one.

    Raises:
        UserError: when there is no such model, or the name cannot be its name.
    """
    if model in (DEFAULT_ID, SHIPPED_ID):
        raise UserError(
            "The shipped model keeps its name, and the default one has that of the model that it "
            "is a copy of: rename that one."
        )
    for run in list_runs():
        if model in (run.id, run.name):
            return rename_run(run, name)
    imported = find_imported(model)
    if imported is None:
        raise UserError(f"There is no model {model!r}; `{COMMAND} models` lists them.")
    return rename_imported(imported, name)


def _digest(folder: Path) -> str:
    try:
        return _digest_as_written(folder, (folder / MANIFEST).stat().st_mtime_ns)
    except (OSError, UserError):
        return ""


# The time of the manifest is an argument only to tell it from one that replaced it.
@lru_cache(1000)
def _digest_as_written(folder: Path, written: int) -> str:
    return bundle_files(folder).digest


def _own_name(folder: Path) -> str:
    try:
        return bundle.read_info(folder).name
    except UserError:
        return folder.name
