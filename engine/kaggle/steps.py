"""The notebook's steps, each a process: `python -m polygin.kaggle.steps STEP SETTINGS`.

A step that fails leaves `submission.csv` as the one before it has made it.
"""

import platform
import sys
import time
import traceback
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from packaging.version import Version

from ..base.errors import UserError
from ..base.hardware import detect
from ..base.wording import listed
from ..inference.packing import pack
from ..runs import Run, find_run
from .inputs import Settings, about_kit, find_tables, models_to_use, read_settings
from .training import NAME

_MODEL = "model.zip"


def look(settings: Settings) -> None:
    """Say what is here, and what follows from it."""
    about, tables = about_kit(settings), find_tables(settings)
    _say(f"polygin {about.get('polygin')}, a kit made at {about.get('made')}")
    _say(f"Python {platform.python_version()}; {detect().sentence()}")
    for name, oldest in about.get("assumed", {}).get("there", {}).items():
        _say(_as_assumed(name, oldest))
    _say(f"Test table: {tables.test}")
    _say(f"Training table: {tables.train or 'none'}")
    end = time.strftime("%H:%M", time.localtime(settings.until))
    if settings.trains and tables.train:
        _say(f"A model is trained here (preset {settings.preset}), until {end} at the latest.")
    else:
        model = "the dataset's model" if settings.brings_model else "the model that polygin ships"
        _say(f"Nothing is trained: {model} predicts.")


def _as_assumed(name: str, oldest: str) -> str:
    """A sentence about a package that the kit takes from the image."""
    try:
        found = version(name)
    except PackageNotFoundError:
        return f"{name} is missing: only medians can be submitted. Choose Kaggle's own image."
    if Version(found) < Version(oldest):
        return f"{name} {found} is older than {oldest}, the oldest that was tried; it may still do."
    return f"{name} {found}"


def insure(settings: Settings) -> None:
    """Write medians first, then what a model says that is here already."""
    from .submitting import submit_with, write_medians

    tables, medians = find_tables(settings), True
    try:
        _say(*write_medians(settings, tables))
    except Exception as error:  # a model may read what they could not be made of
        medians = False
        _say(f"No medians: {error}")
    for called, folder_of in models_to_use(settings):
        try:
            _say(*submit_with(settings, tables, folder_of(), called))
            return
        except UserError as error:
            _say(f"Not with {called}: {error}")
        except Exception as error:  # whatever it is, the next model may do without
            traceback.print_exc()
            _say(f"Not with {called}: {type(error).__name__}")
    holds = "the submission holds medians" if medians else "there is no submission"
    raise UserError(f"No model could predict: {holds}.")


def train(settings: Settings) -> None:
    """Train a model, if that is asked for, and keep it where it can be downloaded."""
    from .training import train as train_here

    if not settings.trains:
        _say("Nothing is trained: AUTO_MODE asks for the dataset's model.")
        return
    tables = find_tables(settings)
    if tables.train is None:
        raise UserError("There is no train.csv to learn from: the submission stays as it is.")
    run = train_here(settings, tables.train, _say)
    if run is None:
        raise UserError("No model was trained in time: the submission stays as it is.")
    kept = settings.working / _MODEL
    pack(run.bundle, kept)
    _say(f"The model is kept as {kept}, for the Models page.")


def submit(settings: Settings) -> None:
    """Write the submission of the model that was trained here."""
    from .submitting import submit_with

    run = _trained()
    if run is None:
        _say("No model was trained here: the submission stays as it is.")
        return
    _say(*submit_with(settings, find_tables(settings), run.bundle, "the model trained here"))


def _trained() -> Run | None:
    try:
        run = find_run(NAME)
    except UserError:
        return None
    return run if run.state == "done" else None


def check(settings: Settings) -> None:
    """Look whether the submission is what the competition asks for."""
    from .submitting import check_submission

    _say(*check_submission(settings, find_tables(settings)))


STEPS: dict[str, Callable[[Settings], None]] = {
    step.__name__: step for step in (look, insure, train, submit, check)
}


def main(words: list[str]) -> int:
    """Take a step; returns the process's exit code, 1 when it could not be taken.

    Args:
        words: the step's name, and the settings as JSON.
    """
    try:
        if len(words) != 2 or words[0] not in STEPS:
            raise UserError(f"Give one of the steps {listed([*STEPS])}, and the settings as JSON.")
        STEPS[words[0]](read_settings(words[1]))
    except UserError as error:
        _say(str(error))
        return 1
    except Exception as error:
        traceback.print_exc()
        _say(f"The step ended with {type(error).__name__}: the submission stays as it was.")
        return 1
    return 0


def _say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
