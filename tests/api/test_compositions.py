"""Compositions from Python: as texts, as a data frame of columns, and as a table."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.api import PolymerRegressor, load, read_table
from engine.api.inputs import smiles_list
from engine.base.errors import UserError
from engine.runs import Run
from tests.copolymers import METHACRYLATE, QUICK, STYRENE, TWO, fox


@pytest.fixture(scope="module")
def fitted() -> PolymerRegressor:
    """Learned from a data frame of columns."""
    rows = fox()
    columns = rows[["smiles_A", "smiles_B", "frac_A"]]
    return PolymerRegressor(preset=QUICK, folds="pair:3", verbose=False).fit(columns, rows["Tg"])


def test_columns_and_texts_are_learned_and_predicted_alike(fitted: PolymerRegressor) -> None:
    rows = fox()[::7]
    texts = [
        f"{row.smiles_A}|{row.smiles_B}|{row.frac_A}" if row.smiles_B else row.smiles_A
        for row in rows.itertuples()
    ]
    by_columns = fitted.predict(rows[["batch", "frac_A", "smiles_B", "smiles_A"]])
    np.testing.assert_array_equal(by_columns, fitted.predict(texts))
    assert fitted.score(texts, rows["Tg"]) > 0.5
    again = PolymerRegressor(preset=QUICK, folds="pair:3", verbose=False)
    rows, texts = fox(), []
    for row in rows.itertuples():
        texts.append(f"{row.smiles_A}|{row.smiles_B or STYRENE}|{row.frac_A}")
    np.testing.assert_array_equal(
        again.fit(texts, rows["Tg"]).predict([TWO]), fitted.predict([TWO])
    )


def test_a_frame_keeps_its_index_and_rows_that_cannot_be_read(copolymers: Run) -> None:
    rows = [(STYRENE, METHACRYLATE, 0.25), (STYRENE, None, np.nan), (STYRENE, "*CC*", 1.5)]
    frame = pd.DataFrame(rows, columns=["smiles_A", "smiles_B", "frac_A"], index=["a", "b", "c"])
    model = load("fox")
    with pytest.raises(UserError, match=r"Row 2: “frac_A” has 1\.5, more than 1"):
        model.predict(frame)
    predicted = model.predict(frame, errors="coerce")
    assert predicted.index.tolist() == ["a", "b", "c"]
    assert predicted["Tg"].isna().tolist() == [False, False, True]
    assert predicted["Tg"]["a"] == model.predict([TWO])["Tg"][0]
    sure = model.predict_interval(frame[:2])
    assert (sure["Tg"]["low"] < sure["Tg"]["high"]).all()
    # It learned no architecture, so that none is newer than another.
    assert model.explain_domain([f"{TWO}|block"])["reason"][0] == ""
    new = f"{STYRENE}|*CCO*|0.5|0.5"
    with pytest.warns(UserWarning, match="the repeat unit "):
        told = model.explain_domain([new])
    assert told["reason"][0].startswith("no training row has the repeat unit")


def test_a_table_of_compositions_is_fitted(tmp_path: Path) -> None:
    fox().to_csv(tmp_path / "fox.csv", index=False)
    table = read_table(tmp_path / "fox.csv")
    with pytest.raises(UserError, match="hang together by the units that they share"):
        PolymerRegressor(preset=QUICK, folds="unit:3", verbose=False).fit(table)
    fitted = PolymerRegressor(preset=QUICK, folds="random:3", verbose=False).fit(table)
    assert fitted.predict(table).shape == (len(table.rows), 1)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (["SMILES", "other"], "they are none of compositions"),
        (["Tg", "FFV"], "they are none of compositions"),
        (["smiles_A", "smiles_A"], "Two columns of the data frame have one name"),
    ],
)
def test_other_frames_are_refused(columns: list[str], words: str) -> None:
    frame = pd.DataFrame([["*CC*", "*CC*"]] * 3, columns=columns)
    with pytest.raises(UserError, match=words):
        smiles_list(frame)


def test_a_model_of_homopolymers_names_the_row() -> None:
    model = load()
    with pytest.raises(UserError, match=r"Row 1: .* learned homopolymers only"):
        model.predict(["*CC*", TWO])
    assert model.predict(["*CC*", TWO], errors="coerce")["Tg"].isna().tolist() == [False, True]
