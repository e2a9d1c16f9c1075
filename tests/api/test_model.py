"""Trained models from Python."""

import numpy as np
import pandas as pd
import pytest

import engine
from engine.api import load, read_table
from engine.base.errors import UserError
from engine.inference.bundle import SHIPPED, read_info, write_info
from engine.inference.predict import Predictor
from tests.bundles import copied, redescribe
from tests.conftest import TEXTBOOK

UNITS = ["*CC*", "*CC(*)c1ccccc1"]


def test_it_predicts_what_the_pages_predict() -> None:
    predicted = load().predict(UNITS)
    expected = Predictor(SHIPPED).predict(UNITS).blend
    np.testing.assert_array_equal(predicted.to_numpy(), expected[list(predicted)].to_numpy())
    assert list(predicted)[:5] == ["Tg", "FFV", "Tc", "Density", "Rg"]
    assert list(load().predict(UNITS, source="competition")) == list(predicted)[:5]


def test_a_selection_of_predictions_keeps_its_units() -> None:
    predicted = load().predict(UNITS)
    assert predicted[["Tg", "Rg"]].iloc[:1].units["Rg"] == "Å"
    assert load().units == predicted.units


def test_a_series_keeps_its_index() -> None:
    series = pd.Series(UNITS, index=["PE", "PS"])
    assert load().predict(series).index.tolist() == ["PE", "PS"]
    assert load().predict_interval(series).index.tolist() == ["PE", "PS"]


def test_wider_coverage_gives_wider_intervals_around_the_same_prediction() -> None:
    model = load()
    middle = model.predict(UNITS)["Tg"]
    widths = []
    for coverage in (0.5, 0.8, 0.9, 0.95):
        found = model.predict_interval(UNITS, coverage=coverage)["Tg"]
        np.testing.assert_allclose((found["low"] + found["high"]) / 2, middle)
        widths.append(float((found["high"] - found["low"]).mean()))
    assert widths == sorted(widths)
    assert found["domain"].tolist() == ["inside", "inside"]
    with pytest.raises(UserError, match=r"of coverage 0\.33: choose one of 0\.5, 0\.55"):
        model.predict_interval(UNITS, coverage=0.33)


def test_an_older_model_has_one_coverage(tmp_path) -> None:
    info = read_info(SHIPPED)
    intervals = {
        name: one.model_copy(update={"quantiles": {}}) for name, one in info.intervals.items()
    }
    older = info.model_copy(update={"intervals": intervals, "probes": None})
    write_info(copied(SHIPPED, tmp_path), older)
    assert load(tmp_path).predict_interval(UNITS)["Tg"].notna().all(axis=None)
    with pytest.raises(UserError, match=r"choose one of 0\.9\."):
        load(tmp_path).predict_interval(UNITS, coverage=0.8)


def test_what_cannot_be_read_is_told_or_left_out() -> None:
    with pytest.raises(UserError, match=r"Row 1: 'C1CC' cannot be predicted"):
        load().predict(["*CC*", "C1CC"])
    predicted = load().predict(["*CC*", "C1CC"], errors="coerce")
    assert predicted.notna().all(axis=1).tolist() == [True, False]
    with pytest.raises(UserError, match=r"Row 1: None is no SMILES"):
        load().predict(["*CC*", None])
    with pytest.raises(UserError, match="given as a list"):
        load().predict("*CC*")


def test_missing_cells_are_coerced_and_other_words_refused() -> None:
    cells = pd.Series(["*CC*", np.nan, None, "*CCC*"], dtype=object)
    predicted = load().predict(cells, errors="coerce")
    assert predicted.notna().all(axis=1).tolist() == [True, False, False, True]
    with pytest.raises(UserError, match="give 'raise' or 'coerce'"):
        load().predict(["*CC*"], errors="ignore")
    frame = pd.DataFrame({"SMILES": ["*CC*", "*CCC*"]}, index=["a", "b"])
    assert load().predict(frame).index.tolist() == ["a", "b"]
    for given in (None, 3, b"*CC*"):
        with pytest.raises(UserError, match="as a list of SMILES"):
            load().predict(given)
    interval = load().predict_interval(["*CC*"], coverage=np.float32(0.9))
    assert interval.shape == (1, 3 * len(load().properties))
    with pytest.raises(UserError, match="give a share such as"):
        load().predict_interval(["*CC*"], coverage="most")
    with pytest.raises(UserError, match="neither a name nor a path"):
        load(None)


@pytest.mark.parametrize(
    "change", [{"blend": {}}, {"members": []}, {"properties": []}, {"probes": {"*CC*": {"q": 1}}}]
)
def test_a_description_that_does_not_fit_together_is_told(change: dict, tmp_path) -> None:
    redescribe(copied(SHIPPED, tmp_path), change)
    with pytest.raises(UserError, match="is damaged"):
        load(tmp_path)


def test_a_model_that_is_not_there_is_told(tmp_path) -> None:
    with pytest.raises(UserError, match="There is no model 'nowhere'"):
        load("nowhere")
    with pytest.raises(UserError, match="holds no model"):
        load(tmp_path)


def test_a_finished_run_is_loaded_by_its_name(trained) -> None:
    assert load(trained.name).name == trained.name


def test_a_model_that_predicts_otherwise_here_warns(tmp_path) -> None:
    info = read_info(SHIPPED)
    probes = {unit: {**values, "Tg": values["Tg"] + 5} for unit, values in info.probes.items()}
    write_info(copied(SHIPPED, tmp_path), info.model_copy(update={"probes": probes}))
    with pytest.warns(UserWarning, match="predicts differently on this machine"):
        load(tmp_path)


def test_a_table_is_checked_as_it_is_read(tmp_path) -> None:
    table = read_table(TEXTBOOK)
    assert len(table.smiles) == len(table.labels) == 155
    with pytest.raises(UserError, match="There is no file"):
        read_table(tmp_path / "nowhere.csv")


def test_the_package_says_what_it_has() -> None:
    assert set(dir(engine)) >= {"load", "read_table", "PolymerRegressor"}
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        engine.nothing  # noqa: B018


def test_a_table_is_read_as_a_file_of_mends_says(tmp_path) -> None:
    table, mends = tmp_path / "mine.csv", tmp_path / "mends.yaml"
    table.write_text("SMILES,Tg\n*CC*,300\n*CCC*,9000\n")
    mends.write_text("version: 1\nunits: {Tg: K}\ndropped: [{row: 3, has: {Tg: '9000'}}]\n")
    assert read_table(table, mends).labels.tolist() == [[pytest.approx(26.85)]]
    with pytest.raises(UserError, match="no file"):
        read_table(table, tmp_path / "nowhere.yaml")


def test_files_are_screened(trained, tmp_path) -> None:
    model, table, out = load("trained"), tmp_path / "units.csv", tmp_path / "out.csv"
    units = [f"*{'C' * n}O*" for n in range(1, 9)] + ["no"]
    pd.DataFrame({"id": range(9), "SMILES": units}).to_csv(table, index=False)
    screened = model.screen([table], out, by="Tg high", top=3)
    assert (screened.rows, screened.kept, screened.problems) == (9, 3, 1)
    best = model.predict(units[:-1])["Tg"].nlargest(3)
    assert pd.read_csv(out)["id"].tolist() == best.index.tolist()
    for words, given in (
        ("chosen by one property", {"by": "Tg high, Density low", "top": 3}),
        ("how many of the best", {"by": "Tg high"}),
        ("give 'refuse' or 'leave-out'", {"fragments": "keep"}),
    ):
        with pytest.raises(UserError, match=words):
            model.screen([table], out, **given)
