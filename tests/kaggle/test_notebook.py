"""The kit's notebook, executed as Kaggle executes it: offline, in a Python of its own."""

import json
import os
import sys
from io import StringIO
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.inference.predict import Predictor
from engine.kaggle.image import kaggle_image
from engine.kaggle.kit import make_kit
from engine.kaggle.notebook import notebook
from engine.runs import Run
from tests.conftest import SLICE
from tests.kaggle.conftest import (
    BAD,
    NOTEBOOKS,
    Kaggle,
    add_dataset,
    make_python,
    swap_test,
    with_all_there,
)

_COMMAND = "POLYGIN_KEEP=results/kaggle.json pytest -n0 -m slow tests/kaggle/test_notebook.py"


def test_the_notebook_is_valid_and_its_cells_are_python() -> None:
    read = nbformat.reads(notebook(kaggle_image()), 4)
    nbformat.validate(read)
    code = [cell.source for cell in read.cells if cell.cell_type == "code"]
    for source in code:
        compile(source, "cell", "exec")
    (settings,) = [cell for cell in read.cells if "parameters" in cell.metadata.get("tags", ())]
    assert settings.source == code[0], "all that may be changed is said in the first cell of code"
    assert max(source.count("\n") for source in code) < 20


def test_a_swapped_test_is_predicted_offline_with_the_model_that_was_brought(
    kaggle: Kaggle, trained: Run, tmp_path: Path
) -> None:
    """Short of the real thing, as the image has all packages but ours; that is the slow test."""
    image = with_all_there(kaggle_image())
    kit = make_kit(tmp_path / "kit", trained.bundle, image=image)
    assert [path.name.partition("-")[0] for path in kit.dataset.glob("*.whl")] == ["polygin_studio"]
    make_python(kaggle, [*image.there, *NOTEBOOKS])
    test = swap_test(kaggle, 300)
    printed = kaggle.run(add_dataset(kaggle, kit.folder))
    assert "300 rows by the dataset's model" in printed
    _check_submission(kaggle, test, Predictor(trained.bundle))


@pytest.mark.slow
def test_the_dataset_brings_all_that_the_image_lacks(
    kaggle: Kaggle, trained: Run, tmp_path: Path
) -> None:
    """Installs every wheel of the kit, predicts, and trains; needs an index that pip can ask."""
    image = kaggle_image().model_copy(update={"python": (_python(),)})
    try:
        kit = make_kit(tmp_path / "kit", trained.bundle, image=image)
    except UserError as error:
        if "pip ended" not in str(error):
            raise
        pytest.skip(f"no wheels are to be had here: {error}")
    make_python(kaggle, [*image.there, *NOTEBOOKS])
    test, notebook = swap_test(kaggle, 1500), add_dataset(kaggle, kit.folder)
    kept = {"megabytes": round(kit.megabytes), "wheels": kit.wheels, "brought": kit.pins}

    kept["predict"] = printed = _told(kaggle, notebook)
    assert any("1,500 rows by the dataset's model" in line for line in printed)
    _check_submission(kaggle, test, Predictor(trained.bundle))

    kept["train"] = printed = _told(kaggle, notebook, AUTO_MODE="train", PRESET="smoke", HOURS=1)
    assert any("1,500 rows by the model trained here" in line for line in printed)
    _check_submission(kaggle, test)
    assert (kaggle.working / "model.zip").is_file()
    if place := os.environ.get("POLYGIN_KEEP"):
        Path(place).write_text(json.dumps({"command": _COMMAND, **kept}, indent=1) + "\n")


def _told(kaggle: Kaggle, notebook: Path, **parameters: object) -> list[str]:
    """The lines that the notebook prints, with paths as they are on Kaggle."""
    return kaggle.run(notebook, **parameters).replace(str(kaggle.home), "/kaggle").splitlines()


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _check_submission(
    kaggle: Kaggle, test: pd.DataFrame, predictor: Predictor | None = None
) -> None:
    """Ids, columns and numbers are those asked for; bad rows have the training medians."""
    made = kaggle.submission
    assert made.columns.tolist() == ["id", "Density", "Tg"]
    assert made["id"].tolist() == test["id"].tolist()[::-1]
    numbers = made.set_index("id").astype(float)
    assert np.isfinite(numbers.to_numpy()).all()
    medians = numbers.loc[[*BAD]]
    assert len(medians.drop_duplicates()) == 1
    assert medians.iloc[0].tolist() == pytest.approx(_medians(predictor)[["Density", "Tg"]])
    if predictor:
        good = test[~test["id"].isin(BAD)]
        expected = predictor.predict(good["SMILES"].tolist()).blend
        for name in ("Density", "Tg"):
            assert numbers.loc[good["id"], name].to_numpy() == pytest.approx(
                expected[name].to_numpy(), rel=1e-4, abs=1e-4
            )


def _medians(predictor: Predictor | None) -> pd.Series:
    if predictor:
        return pd.Series(predictor.info.medians)
    return pd.read_csv(StringIO(SLICE))[["Tg", "Density"]].median()
