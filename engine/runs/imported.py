"""Models that came from elsewhere, as one file each, and are kept in the workspace."""

import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, NamedTuple

from pydantic import BaseModel, Field, ValidationError

from ..base.errors import UserError
from ..base.plain_files import read_file
from ..base.workspace import lock, subfolder, synchronise, synchronise_entries, write_atomic
from ..inference.bundle import DEFAULT_ID, SHIPPED_ID, bundle_files, read_info
from ..inference.packing import unpack
from .known_labels import read_all_labels
from .records import LONGEST, RunId, Time, checked_name, is_run_id
from .trash import DAYS, empty_trash, take_back, throw_away_folder

if TYPE_CHECKING:
    from ..inference.predict import Progress

_RECORD = "imported.json"
_BUNDLE = "bundle"
_FRESH = ".new"
"""The folder of a model that is being taken in; what a killed import leaves there is removed."""
_MOST_BYTES = 2**16
_MEND = "Remove its folder, and import the model again."


class ImportedModel(BaseModel):
    """A model that came from elsewhere.

    Attributes:
        id: the name of its folder.
        name: by which people know it; its bundle keeps the name of the run that made it.
        file: the name of the file that it came in.
        taken: when it was taken in, in seconds since 1970.
        owner: who took it in, where people sign in.
    """

    id: RunId
    name: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    file: Annotated[str, Field(max_length=LONGEST)] = ""
    taken: Time
    owner: Annotated[str, Field(max_length=500)] = ""

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return _place() / self.id

    @property
    def bundle(self) -> Path:
        """Where its model lies."""
        return self.folder / _BUNDLE


class Taken(NamedTuple):
    """What became of a file that was taken in.

    Attributes:
        model: the model.
        deviation: how it predicts otherwise here than where it was made; empty where it does not.
    """

    model: ImportedModel
    deviation: str


def import_model(
    file: BinaryIO, file_name: str, owner: str = "", progress: "Progress | None" = None
) -> Taken:
    """Take in a model that somebody has made to one file.

    It is unpacked beside the others, proven, used once, and only then moved among them: whenever
    that is cut off, the model is there and whole, or it is not there.

    Args:
        file: the archive, which can be read at any place.
        file_name: its name, for people.
        owner: who takes it in, where people sign in.
        progress: told how far that is.

    Raises:
        UserError: when the file holds no whole model, the model cannot be used here, or it is here
            already.
    """
    fresh = _place() / _FRESH
    try:
        with lock(subfolder("models") / "imported.lock"):
            shutil.rmtree(fresh, ignore_errors=True)
            try:
                deviation = _unpacked_and_proven(fresh / _BUNDLE, file, file_name, progress)
                model = _recorded(fresh, file_name, owner)
                synchronise(fresh)
                fresh.rename(model.folder)
                synchronise_entries(_place())
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise UserError(f"The model cannot be taken in: {error.strerror or error}.") from error
    return Taken(model, deviation)


def _unpacked_and_proven(
    bundle: Path, file: BinaryIO, file_name: str, progress: "Progress | None"
) -> str:
    """Unpack an archive into a folder, and use the model in it once.

    Returns:
        How it predicts otherwise here than where it was made; empty where it does not.

    Raises:
        UserError: as `import_model`, in words about the file: the folder does not stay.
    """
    # Here: it loads torch, which what only lists models need not wait for.
    from ..inference.adoption import prove

    try:
        files = unpack(file, file_name, bundle, progress)
        _demand_new(files.digest)
        if progress:
            progress("predicting common polymers", 0, 1)
        deviation = prove(bundle)
        read_all_labels(bundle, read_info(bundle))
    except UserError as error:
        words = str(error).replace(f"{bundle}{os.sep}", "").replace(str(bundle), "The file")
        raise UserError(words) from error
    return deviation


def _recorded(fresh: Path, file_name: str, owner: str) -> ImportedModel:
    """Write beside a new model's bundle where it came from, and when."""
    now = time.time()
    model = ImportedModel(
        id=_new_id(now),
        name=_seen_name(read_info(fresh / _BUNDLE).name),
        file=_seen_name(file_name),
        taken=now,
        owner=owner,
    )
    _write(fresh, model)
    return model


def list_imported() -> list[ImportedModel]:
    """The models that came from elsewhere, the latest first; damaged ones are left out."""
    return sorted(_readable(_place()), key=lambda each: -each.taken)


def unreadable_imports() -> list[str]:
    """A sentence for each model whose record cannot be read."""
    problems = []
    for folder in _folders(_place()):
        try:
            _model(folder)
        except UserError as error:
            problems.append(str(error))
    return problems


def find_imported(name: str) -> ImportedModel | None:
    """The model of that id, or the latest of that name; None where there is none."""
    known = list_imported()
    return next((each for each in known if each.id == name), None) or next(
        (each for each in known if each.name == name), None
    )


def checked_model_name(name: str) -> str:
    """A model's name as a user gave it, without spaces around it.

    Raises:
        UserError: when it is empty, too long, has signs that cannot be seen, or is that of another
            kind of model.
    """
    name = checked_name(name, "model")
    if name in (DEFAULT_ID, SHIPPED_ID):
        raise UserError(f"“{name}” stands for another model: give this one a name of its own.")
    return name


def rename_imported(model: ImportedModel, name: str) -> None:
    """Give a model another name, by which people and commands know it; its bundle stays as it is.

    Raises:
        UserError: when it cannot be its name, see `checked_model_name`, or cannot be written.
    """
    name = checked_model_name(name)
    try:
        _write(model.folder, model.model_copy(update={"name": name}))
    except OSError as error:
        raise UserError(f"{model.name!r} cannot be renamed: {error.strerror or error}.") from error


def remove_imported(model: ImportedModel) -> None:
    """Remove a model; its files lie in the trash for some days, from which it can be restored.

    Raises:
        UserError: when they cannot be moved.
    """
    throw_away_folder(model.folder, model.name)


def removed_models() -> list[ImportedModel]:
    """The removed models that can be restored, the latest first; older ones are gone."""
    empty_trash(DAYS)
    return sorted(_readable(subfolder("trash")), key=lambda each: -each.taken)


def restore_imported(name: str) -> ImportedModel:
    """Bring a removed model back.

    Args:
        name: its id, or its name.

    Raises:
        UserError: when it is not in the trash any more, or cannot be moved.
    """
    for model in removed_models():
        if name in (model.id, model.name):
            take_back(model.folder, model.name)
            return model
    raise UserError(
        f"The model {name!r} is not in the trash: removed models are kept for {DAYS} days, unless "
        "the trash is emptied."
    )


def _demand_new(digest: str) -> None:
    """Refuse a model that is here already."""
    for model in list_imported():
        try:
            known = bundle_files(model.bundle).digest
        except UserError:
            continue
        if known == digest:
            raise UserError(f"This model is here already, as “{model.name}”.")


def _seen_name(text: str) -> str:
    """A name that a stranger gave, without signs that cannot be seen."""
    kept = "".join(sign if sign.isprintable() else " " for sign in text)
    name = " ".join(kept.split())[:LONGEST].strip() or "Model"
    return f"{name} (imported)" if name in (DEFAULT_ID, SHIPPED_ID) else name


def _new_id(now: float) -> str:
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    return f"imported-{stamp}-{uuid.uuid4().hex[:4]}"


def _place() -> Path:
    return subfolder("models", "imported")


def _folders(place: Path) -> Iterator[Path]:
    for path in place.iterdir():
        if is_run_id(path.name) and (path / _RECORD).is_file() and not path.is_symlink():
            yield path


def _readable(place: Path) -> Iterator[ImportedModel]:
    for folder in _folders(place):
        try:
            yield _model(folder)
        except UserError:
            continue


def _write(folder: Path, model: ImportedModel) -> None:
    write_atomic(folder / _RECORD, model.model_dump_json(indent=1))


def _model(folder: Path) -> ImportedModel:
    """The model in a folder of the workspace, or of its trash.

    Raises:
        UserError: when its record cannot be read.
    """
    path = folder / _RECORD
    content = read_file(path, _MEND, _MOST_BYTES)
    try:
        model = ImportedModel.model_validate_json(content)
    except ValidationError as error:
        raise UserError(f"{path} is damaged. {_MEND}") from error
    if model.id != folder.name:
        raise UserError(f"{path} is of another model. {_MEND}")
    return model
