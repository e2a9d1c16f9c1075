"""Training in scikit-learn's words."""

import gc
import pickle
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score

from engine.api import PolymerRegressor, load, read_table
from engine.base.errors import UserError
from engine.settings.presets import Preset
from tests.conftest import ROOT, SLICE

T = TypeVar("T")
QUICK = Preset(
    name="quick",
    title="Quick",
    summary="",
    members={"lightgbm": {"rounds": 30, "learning_rate": 0.2, "leaves": 4}},
)
SMILES = [f"*{'C' * n}{hetero}{'C' * m}*" for n in range(1, 5) for m in range(3) for hetero in "OS"]
Y = np.array([float(smiles.count("C")) for smiles in SMILES])


def _regressor(**changes: object) -> PolymerRegressor:
    settings = {"preset": QUICK, "folds": "random:2", "verbose": False}
    return PolymerRegressor(**{**settings, **changes})


@pytest.fixture(scope="module")
def fitted() -> PolymerRegressor:
    return _regressor().fit(SMILES, Y)


def test_it_learns(fitted: PolymerRegressor) -> None:
    predicted = fitted.predict(SMILES)
    assert predicted.shape == Y.shape
    assert fitted.score(SMILES, Y) > 0.8
    assert fitted.out_of_fold_.shape == (len(SMILES), 1)
    assert fitted.figures_["blend"]["n"] == {"y": len(Y)}


def test_the_same_seed_gives_the_same_bits(fitted: PolymerRegressor) -> None:
    again = clone(fitted)
    with pytest.raises(NotFittedError):
        again.predict(SMILES)
    np.testing.assert_array_equal(again.fit(SMILES, Y).predict(SMILES), fitted.predict(SMILES))


def test_fitting_leaves_the_settings_and_the_data_alone() -> None:
    regressor, smiles, y = _regressor(), list(SMILES), Y.copy()
    before = regressor.get_params()
    regressor.fit(smiles, y)
    assert regressor.get_params() == before
    assert smiles == SMILES
    assert np.array_equal(y, Y)


def _sent(estimator: T) -> T:
    """A copy as scikit-learn sends its estimators to other processes, such as those of a search.

    What is unpickled was pickled a moment before, by this process. PolyGIN itself reads no pickle.
    """
    sent: T = pickle.loads(pickle.dumps(estimator))
    return sent


def test_it_survives_pickle_and_a_folder(fitted: PolymerRegressor, tmp_path: Path) -> None:
    expected = fitted.predict(SMILES)
    np.testing.assert_array_equal(_sent(fitted).predict(SMILES), expected)
    saved = load(fitted.save(tmp_path / "model")).predict(SMILES)
    np.testing.assert_array_equal(saved["y"], expected)
    with pytest.raises(UserError, match="is there already"):
        fitted.save(tmp_path / "model")
    unfitted = _sent(_regressor())
    assert unfitted.get_params() == _regressor().get_params()


def test_cross_validation_takes_it() -> None:
    scores = cross_val_score(_regressor(), np.array(SMILES, dtype=object), Y, cv=2)
    assert scores.shape == (2,)
    assert np.isfinite(scores).all()


def test_several_properties_have_names_units_and_gaps() -> None:
    y = pd.DataFrame({"Tg": Y, "Strength": -Y})
    y.loc[::4, "Strength"] = np.nan
    fitted = _regressor().fit(np.array(SMILES)[:, None], y)
    assert fitted.predict(SMILES).shape == (len(SMILES), 2)
    assert fitted.model_.units == {"Tg": "°C", "Strength": ""}
    assert 0.5 < fitted.score(SMILES, y) <= 1


def test_a_table_brings_its_labels(tmp_path: Path) -> None:
    path = tmp_path / "slice.csv"
    path.write_text(SLICE, encoding="utf-8")
    table = read_table(path)
    fitted = _regressor().fit(table)
    assert fitted.model_.properties == [property_.name for property_ in table.properties]
    with pytest.raises(UserError, match="leave y out"):
        _regressor().fit(table, table.labels)


def test_folds_may_be_given() -> None:
    folds = np.arange(len(SMILES)) % 3
    fitted = _regressor(folds=folds).fit(SMILES, Y)
    assert np.isfinite(fitted.out_of_fold_).all()
    with pytest.raises(UserError, match="a whole number for each of the 24 rows"):
        _regressor(folds=folds[:5]).fit(SMILES, Y)


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        ([*SMILES[:-1], "C1CC"], Y, r"Row 23: 'C1CC' cannot be read"),
        ([*SMILES[:-1], 7], Y, r"Row 23: 7 is no SMILES"),
        (SMILES, Y[:-1], r"24 repeat units and 23 rows of labels"),
        (SMILES, None, r"y is missing"),
        (SMILES, ["x"] * 24, r"y has a value that is no number"),
        (SMILES, np.where(Y == 2, np.inf, Y), r"Row 2, column 0 of y is infinite"),
        (SMILES, np.where(Y < 5, np.nan, Y), r"y has 6 labels, and at least 10 are needed"),
        ("*CC*", Y, r"given as a list"),
        (np.zeros((24, 5)), Y, r"one column of SMILES"),
    ],
)
def test_what_cannot_be_learned_is_told(X: object, y: object, words: str) -> None:
    with pytest.raises(UserError, match=words):
        _regressor().fit(X, y)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"folds": "similarty:3"}, "give random:5 or similarity:5"),
        ({"folds": "unit:3"}, "no row of the table is one: choose random:5 or similarity:5"),
        ({"folds": "random:1"}, "choose between 2 and 20 folds"),
        ({"folds": "column:fold"}, "give random:5 or similarity:5"),
        ({"folds": [-1] * 24}, "numbered from 0"),
        ({"folds": [0] * 24}, "two of them or more"),
        ({"seed": -1}, "seed is -1: give a whole number from 0"),
        ({"seed": None}, "seed is None"),
        ({"seed": True}, "seed is True"),
        ({"preset": "quick"}, "There is no preset 'quick'"),
        ({"preset": None}, "preset is None"),
        ({"preset": QUICK.model_copy(update={"members": {}})}, "has no members"),
        ({"preset": QUICK.model_copy(update={"members": {"lightgbm": {"rounds": 0}}})}, "rounds"),
        ({"use": {"parallel": "none"}}, "give DeviceSettings, or None"),
    ],
)
def test_settings_that_cannot_be_are_told(settings: dict, words: str) -> None:
    with pytest.raises(UserError, match=words):
        _regressor(**settings).fit(SMILES, Y)


@pytest.mark.parametrize(
    ("folds", "words"),
    [
        ("pairs:3", "give random:5, similarity:5, pair:5 or unit:5, or a fold"),
        ("pair:3", r"1 set of them: choose random:3\."),
        ("unit:3", r"hang together .* Choose random:3\."),
    ],
)
def test_folds_of_copolymers_that_cannot_be_are_told(folds: str, words: str) -> None:
    copolymers = [f"*CC*|*CCO*|{n}|{24 - n}" for n in range(1, 24)]
    with pytest.raises(UserError, match=words):
        _regressor(folds=folds).fit(copolymers, Y[:23])


def test_labels_of_one_name_or_beyond_all_numbers_are_told() -> None:
    with pytest.raises(UserError, match="Two columns of labels are called 'Tg'"):
        _regressor().fit(SMILES, pd.DataFrame(np.c_[Y, Y], columns=["Tg", "Tg"]))
    with pytest.raises(UserError, match="give one or more columns"):
        _regressor().fit(SMILES, np.empty((24, 0)))
    with pytest.raises(UserError, match="give labels in another unit"):
        _regressor().fit(SMILES, Y * 1e39)


def test_a_fit_that_fails_leaves_the_earlier_model() -> None:
    regressor = _regressor().fit(SMILES, Y)
    before = regressor.predict(SMILES)
    regressor.folds = "random:99"
    with pytest.raises(UserError):
        regressor.fit(SMILES, Y)
    np.testing.assert_array_equal(regressor.predict(SMILES), before)
    np.testing.assert_array_equal(_sent(regressor).predict(SMILES), before)


def test_a_model_outlives_its_regressor() -> None:
    model = _regressor().fit(SMILES, Y).model_
    gc.collect()
    assert model.predict_interval(SMILES[:2]).notna().all(axis=None)
    assert _sent(model).predict(SMILES[:2]).notna().all(axis=None)


def test_scores_need_a_label_and_a_weight_for_each_row(fitted: PolymerRegressor) -> None:
    with pytest.raises(UserError, match=r"y has the shape \(5, 1\)"):
        fitted.score(SMILES, Y[:5])
    with pytest.raises(UserError, match="one number for each of 24 rows"):
        fitted.score(SMILES, Y, sample_weight=[1, 2])


def test_progress_is_shown_where_it_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    _regressor(verbose=True).fit(SMILES, Y)
    captured = capsys.readouterr()
    assert "LightGBM" in captured.err
    assert captured.out == ""


def test_a_script_without_a_guard_may_start_processes(tmp_path: Path) -> None:
    """Worker processes do not carry the script out once more."""
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "print('begun', flush=True)\n"
        "from engine.base.workers import worker_pool\n"
        "import math\n"
        "with worker_pool(1) as pool:\n"
        "    print(pool.submit(math.sqrt, 49.0).result(), __file__)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["begun", "7.0", str(script)]


def test_a_table_may_have_a_property_with_too_few_labels(tmp_path: Path) -> None:
    frame = pd.DataFrame({"SMILES": SMILES, "y": Y, "z": [1.0, 2.0] + [np.nan] * (len(Y) - 2)})
    frame.to_csv(tmp_path / "table.csv", index=False)
    with pytest.warns(UserWarning, match="z cannot be learned: it has 2 labels"):
        fitted = _regressor().fit(read_table(tmp_path / "table.csv"))
    assert fitted.model_.predict(SMILES[:1]).columns.tolist() == ["y"]
