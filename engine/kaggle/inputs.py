"""What the notebook's steps are given: its settings, the competition's tables, the kit's model."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..base.errors import UserError
from ..base.plain_files import read_file
from ..base.workspace import subfolder
from ..inference.bundle import SHIPPED
from ..inference.packing import unpack
from ..runs.records import MAX_SEED
from ..settings.presets import PRESETS
from .kit import MODEL_FILE
from .notebook import KIT_FILE

_MOST_BYTES = 2**20
_DEEPEST = 4
"""Folders below the inputs' in which a table is looked for."""

SUBMISSION = "submission.csv"


class Settings(BaseModel):
    """What the notebook's cells say.

    Attributes:
        mode: `predict` with the kit's model, `train` there, or `auto`: train if it brings none.
        preset: a preset's name, or `auto`: the one that errs least of those that fit.
        hours: that the whole notebook may take.
        seed: of everything random.
        started: when it began, in seconds since 1970.
        input, working: Kaggle's folders of data and of results.
        kit: the dataset's folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["auto", "predict", "train"] = "auto"
    preset: str = "auto"
    hours: float = Field(gt=0, le=48)
    seed: int = Field(0, ge=0, lt=MAX_SEED)
    started: float
    input: Path
    working: Path
    kit: Path

    @property
    def until(self) -> float:
        """When the time is up, in seconds since 1970."""
        return self.started + self.hours * 3600

    @property
    def submission(self) -> Path:
        """The file that the competition takes."""
        return self.working / SUBMISSION

    @property
    def brings_model(self) -> bool:
        """Whether the kit has a model."""
        return (self.kit / MODEL_FILE).is_file()

    @property
    def trains(self) -> bool:
        """Whether a model is to be trained there."""
        return self.mode == "train" or (self.mode == "auto" and not self.brings_model)


def read_settings(text: str) -> Settings:
    """The settings, from the JSON that the notebook passes on.

    Raises:
        UserError: when one of them is not what it may be.
    """
    try:
        settings = Settings.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors()[0]
        name = {"mode": "AUTO_MODE"}.get(str(fault["loc"][0] if fault["loc"] else ""))
        what = name or ".".join(map(str, fault["loc"])).upper()
        raise UserError(f"The notebook's setting {what} cannot be used: {fault['msg']}.") from error
    if settings.preset != "auto" and settings.preset not in PRESETS:
        raise UserError(
            f"There is no preset {settings.preset!r}: set PRESET to auto, {', '.join(PRESETS)}."
        )
    return settings


class Tables(NamedTuple):
    """The competition's files; `train` is None where there is none."""

    test: Path
    sample: Path
    train: Path | None


def find_tables(settings: Settings) -> Tables:
    """The competition's files, wherever its data are mounted.

    Of several folders that hold a test table and a sample submission, the one is taken that holds
    a training table too, and of those the first by name.

    Raises:
        UserError: when there is none.
    """
    found = []
    for depth in range(_DEEPEST + 1):
        for test in settings.input.glob("*/" * depth + "test.csv"):
            sample, train = test.with_name("sample_submission.csv"), test.with_name("train.csv")
            if sample.is_file():
                found.append(Tables(test, sample, train if train.is_file() else None))
    if not found:
        raise UserError(
            f"No folder in {settings.input} holds test.csv and sample_submission.csv: add the "
            "competition's data to the notebook (Add Input, Competitions)."
        )
    return min(found, key=lambda each: (each.train is None, each.test))


def models_to_use(settings: Settings) -> list[tuple[str, Callable[[], Path]]]:
    """The models that are there before any is trained, the best first.

    Returns:
        How each is called, and what gives the folder of its bundle, or raises `UserError`.
    """
    models: list[tuple[str, Callable[[], Path]]] = [
        ("the model that polygin ships", lambda: SHIPPED)
    ]
    if settings.brings_model:
        models.insert(0, ("the dataset's model", lambda: _brought_model(settings)))
    return models


def _brought_model(settings: Settings) -> Path:
    """The bundle of the kit's model, unpacked into the workspace once."""
    file, folder = settings.kit / MODEL_FILE, subfolder("brought") / "bundle"
    if not folder.is_dir():
        fresh = folder.with_name("unfinished")
        shutil.rmtree(fresh, ignore_errors=True)
        with file.open("rb") as archive:
            unpack(archive, file.name, fresh)
        fresh.rename(folder)
    return folder


def about_kit(settings: Settings) -> dict:
    """What the kit says of itself: when it was made, what it brings, what it takes for granted.

    Raises:
        UserError: when its file is missing or damaged.
    """
    mend = "Make the kit again, and upload all of its files."
    path = settings.kit / KIT_FILE
    try:
        about = json.loads(read_file(path.resolve(), mend, _MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged. {mend}") from error
    return about if isinstance(about, dict) else {}
