"""What people see of the kit: the notebook, cell by cell, and the steps to take with it.

The notebook is written as the JSON that it is (nbformat 4.5): a dozen cells of plain text need no
library, and whoever makes a kit need not install one; the tests prove it with nbformat.
"""

import json
from hashlib import sha256

from .image import Image

NAME = "NeurIPS_T4x2.ipynb"
KIT_FILE = "polygin-kit.json"
"""By which the notebook finds the dataset, wherever it is mounted."""

README = "README.md"
"""What to do with the kit; beside the dataset, not in it."""

_README = """\
# A kit for Kaggle

The notebook `{notebook}` and the files of `{dataset}` write `submission.csv` for the *NeurIPS –
Open Polymer Prediction 2025* competition, without network. {does}

1. *Datasets*, *New Dataset*: drop the files of `{dataset}` there, keep it private.
2. In the competition, *Join*, then *Code*, *New Notebook*, *File*, *Import Notebook*: `{notebook}`.
3. *Add Input*: the competition's data, and the dataset.
4. Session options: accelerator *GPU T4 x2* (or none, to predict only), internet off.
5. *Save Version*, *Save & Run All*; when it has ended, *Submit*.

The first cell of code has the settings; nothing has to be changed. What the notebook does, and what
falls back to what, stands on the Help page of PolyGIN Studio (*On Kaggle*) and in `docs/kaggle.md`.
"""

_TITLE = """\
# NeurIPS – Open Polymer Prediction 2025, with PolyGIN

Add two inputs on the right: the competition's data, and the dataset that was made with this
notebook. Switch the internet off, choose *GPU T4 x2* (one card or none will do as well), and press
*Save & Run All*. Nothing has to be changed by hand: `submission.csv` is there within minutes and is
replaced by better ones as they are made; whatever fails leaves the one before."""

_SETTINGS = """\
AUTO_MODE = "auto"  # "predict" with the dataset's model, or "train"; "auto" trains if it has none
PRESET = "auto"  # what errs least in the time, or "t4x2" (12 × 128), "best", "gpu", "cpu", "smoke"
HOURS = {hours}  # for everything; Kaggle ends a submission after 9
SEED = 0
INPUT, WORKING = "{input}", "{working}"
SCRATCH = "{scratch}"
"""

_FIND = """\
import json, os, subprocess, sys, time
from pathlib import Path

STARTED = time.time()
places = ("*/" * depth + "{kit_file}" for depth in range(5))
kits = sorted(found for place in places for found in Path(INPUT).glob(place))
assert kits, "Add the dataset that was made with this notebook: Add Input, Datasets."
KIT, PACKAGES = kits[-1].parent, Path(SCRATCH, "packages")
python = f"{{sys.version_info.major}}.{{sys.version_info.minor}}"
brought = json.loads(kits[-1].read_text())["python"]
assert python in brought, f"Python is {{python}}; the dataset is for {{' and '.join(brought)}}."
print("The dataset lies in", KIT)
"""

_INSTALL = """\
pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
what = ["--no-index", "--no-deps", "--find-links", KIT, "-r", KIT / "requirements.txt"]
subprocess.run([*pip, *what, "--no-compile", "--upgrade", "--target", PACKAGES], check=True)
print(f"Installed in {time.time() - STARTED:.0f} s")
"""

_STEP = """\
def step(name):
    # In a process of its own, which ends when the time is up at the latest.
    settings = dict(mode=AUTO_MODE, preset=PRESET, hours=HOURS, seed=SEED, started=STARTED)
    folders = dict(input=INPUT, working=WORKING, kit=str(KIT))
    left = max(STARTED + HOURS * 3600 - time.time(), 180)
    words = [sys.executable, "-m", "polygin.kaggle.steps", name, json.dumps(settings | folders)]
    ours = {"PYTHONPATH": str(PACKAGES), "POLYGIN_HOME": str(Path(SCRATCH, "workspace"))}
    with subprocess.Popen(
        ["timeout", "-k", "30", f"{left:.0f}", *words], env={**os.environ, **ours},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:
        for line in process.stdout:
            print(line, end="")
    return process.returncode == 0
"""

_STORY = (
    (
        "**What is here**: cards, packages, tables, and what follows from them.",
        'step("look");',
    ),
    (
        "**A submission to be sure**, within minutes: first each property's median, then what the "
        "dataset's model says, or the one that polygin ships.",
        'step("insure");',
    ),
    (
        "**Training**, if it is asked for: on both cards, else on one, else on the CPU; it is "
        "ended where the time is up.",
        'step("train");',
    ),
    ("**The submission** of the model that was trained here, if one was.", 'step("submit");'),
    (
        "**Is it whole?** The test table's ids, the sample's columns, a number in every cell.",
        'assert step("check"), "submission.csv is not what the competition asks for, see above."',
    ),
)


def notebook(image: Image) -> str:
    """The notebook as JSON text.

    Args:
        image: gives the settings' defaults.
    """
    folders = {"input": image.input, "working": image.working, "scratch": image.scratch}
    settings = _SETTINGS.format(hours=image.hours, **folders)
    cells = [
        _cell("markdown", _TITLE),
        _cell("code", settings, ["parameters"]),
        _cell("markdown", "**The dataset**, found by a file of its own."),
        _cell("code", _FIND.format(kit_file=KIT_FILE)),
        _cell(
            "markdown",
            "**Its packages**, in a folder of their own: those of Kaggle's image stay as they are.",
        ),
        _cell("code", _INSTALL),
        _cell("code", _STEP),
    ]
    for words, code in _STORY:
        cells += [_cell("markdown", words), _cell("code", code)]
    content = {
        "cells": [{"id": _id(number, cell), **cell} for number, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            # What Kaggle reads when it imports a notebook; both can be changed there.
            "kaggle": {"accelerator": "nvidiaTeslaT4", "isInternetEnabled": False},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def readme(dataset: str, model: str | None) -> str:
    """What to do with the kit, in Markdown.

    Args:
        dataset: the name of the folder that becomes a dataset.
        model: the name of the model that it brings; None for none.
    """
    does = "They bring no model: one is trained there, and predicts."
    if model is not None:
        # As code: whatever a name holds, it is a name.
        name = " ".join(model.replace("`", "'").split())
        does = f"They bring the model `{name}`, which predicts."
    return _README.format(notebook=NAME, dataset=dataset, does=does)


def _cell(kind: str, source: str, tags: list[str] | None = None) -> dict:
    cell: dict = {"cell_type": kind, "metadata": {"tags": tags} if tags else {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return {**cell, "source": source.rstrip("\n").splitlines(keepends=True)}


def _id(number: int, cell: dict) -> str:
    """The same for the same cell, so that one kit is told from another by what changed."""
    return f"{number:02d}-{sha256(''.join(cell['source']).encode()).hexdigest()[:6]}"
