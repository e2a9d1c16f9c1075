"""Making the kit: a folder with a notebook, the folder that becomes a dataset, and what to do."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from ..base.errors import UserError
from ..base.plain_files import read_file
from ..inference.bundle import read_info
from ..inference.packing import pack
from .image import Image, kaggle_image
from .notebook import KIT_FILE, NAME, README, notebook, readme
from .wheels import Progress, download_wheels, own_version, own_wheel, requirements_text

DATASET = "dataset"
_MOST_BYTES = 2**20
"""Of the file by which a kit says what it is."""

MODEL_FILE = "model.polygin"
"""The model, packed as `models export` does it; by another name, as Kaggle unpacks ZIP archives."""


class Kit(NamedTuple):
    """A kit that was made.

    Attributes:
        folder: that holds it.
        notebook: to be imported on Kaggle.
        dataset: the folder whose files become a dataset.
        megabytes: of the dataset (2²⁰ bytes).
        wheels: how many it holds.
        pins: the packages that it brings besides ours, as `name==version`.
        model: the name of the model that it brings; empty for none.
        made: when, as ISO 8601 writes it.
    """

    folder: Path
    notebook: Path
    dataset: Path
    megabytes: float
    wheels: int
    pins: list[str]
    model: str
    made: str


def make_kit(
    folder: Path,
    model: Path | None = None,
    wheels: Path | None = None,
    progress: Progress | None = None,
    image: Image | None = None,
) -> Kit:
    """Write a notebook and a dataset that run on Kaggle without network, and what to do there.

    Args:
        folder: a new or an empty one, or that of an earlier kit, which is replaced.
        model: the folder of a bundle that the dataset is to bring; None for none.
        wheels: a folder of wheels of what Kaggle's image lacks; by default pip gets them.
        progress: told how far it is.
        image: what is taken for granted there; what `assets/kaggle_image.yaml` says by default.

    Raises:
        UserError: when the folder is in use, a wheel is not to be had, or the model is not whole.
    """
    image, folder = image or kaggle_image(), Path(os.path.abspath(folder))
    info = read_info(model) if model else None
    if wheels and not wheels.is_dir():
        raise UserError(f"{wheels} is no folder: give one that holds wheels.")
    _demand_room(folder)
    fresh = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        dataset = fresh / DATASET
        dataset.mkdir(parents=True)
        brought = _fill(dataset, model, image, wheels, progress)
        about = {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "polygin": own_version(),
            "python": list(image.python),
            "assumed": image.model_dump(include={"date", "there", "also_there", "left_out"}),
            "brought": brought,
            "model": None if info is None else info.name,
        }
        (dataset / KIT_FILE).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        (fresh / NAME).write_text(notebook(image), encoding="utf-8")
        (fresh / README).write_text(readme(DATASET, info.name if info else None), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return read_kit(folder)


def read_kit(folder: Path) -> Kit:
    """A kit that was made before.

    Raises:
        UserError: when the folder holds none.
    """
    dataset, mend = folder / DATASET, "Make the kit again."
    path = dataset / KIT_FILE
    try:
        about = json.loads(read_file(path, mend, _MOST_BYTES))
        pins = sorted({pin for of_python in about["brought"].values() for pin in of_python})
        model, made = about["model"] or "", about["made"]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"{path} is damaged. {mend}") from error
    size = sum(path.stat().st_size for path in dataset.iterdir()) / 2**20
    count = len([*dataset.glob("*.whl")])
    return Kit(folder, folder / NAME, dataset, size, count, pins, model, made)


def _fill(
    dataset: Path,
    model: Path | None,
    image: Image,
    wheels: Path | None,
    progress: Progress | None,
) -> dict[str, list[str]]:
    """Put wheels, requirements and the model into the dataset; returns what was brought."""
    if progress:
        progress("our wheel", 0, 1)
    own_wheel(dataset)
    if progress:
        progress("our wheel", 1, 1)
    brought = download_wheels(image, dataset, progress, wheels)
    (dataset / "requirements.txt").write_text(requirements_text(brought), encoding="utf-8")
    if model:
        pack(model, dataset / MODEL_FILE, progress)
    return brought


def _demand_room(folder: Path) -> None:
    """Refuse a place that holds anything else than a kit."""
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir() or folder.is_symlink():
        raise UserError(f"{folder} is no folder: name another place for the kit.")
    names, of_kit = {path.name for path in folder.iterdir()}, {NAME, DATASET}
    if names and not of_kit <= names <= {*of_kit, README}:
        raise UserError(
            f"{folder} holds something else: name a new folder, or an empty one, for the kit."
        )
