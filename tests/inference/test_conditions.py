"""A model that is told a temperature and a solvent beside the repeat unit."""

import io

import numpy as np
import pandas as pd
import pytest

from engine.api import Model
from engine.base.errors import UserError
from engine.features.conditions import encoded
from engine.inference.predict import Predictor
from engine.inference.predicted_tables import predict_file
from engine.inference.scoring import score
from engine.inference.submission import make_submission
from engine.settings.conditions import Condition, same_for_all
from engine.settings.presets import Preset
from engine.table import check_table, guess_columns, read_table
from tests.solubilities import make, marked_table, solubilities

PRESET = Preset(
    name="quick",
    title="Quick",
    summary="",
    members={
        "lightgbm": {"rounds": 60, "leaves": 8},
        "gaussian_process": {"points": 100, "tuning_rows": 150, "steps": 20},
        "polygin": {
            "network": {"layers": 1, "width": 16},
            "training": {"epochs": 60, "seeds": 1, "patience": 0},
        },
    },
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    home = tmp_path_factory.mktemp("conditions")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(home))
        made = make(home / "bundle", PRESET)
    return home / "bundle", made


def at(predictor: Predictor, smiles: str, **given) -> float:
    conditions = same_for_all(predictor.info.conditions, 1, given)
    return predictor.predict([smiles], given=conditions).blend.iloc[0, 0]


def test_each_member_learns_what_conditions_change(made):
    _, result = made
    r2 = {name: own["r2"]["solubility"] for name, own in result.info.figures["members"].items()}
    assert set(r2) == {"lightgbm", "gaussian_process", "polygin"}
    assert min(r2.values()) > 0.6, r2


def test_folds_keep_a_polymer_together(made):
    _, result = made
    by_unit = {}
    for unit, fold in zip(marked_table().canonical, result.folds, strict=True):
        by_unit.setdefault(unit, set()).add(int(fold))
    assert all(len(folds) == 1 for folds in by_unit.values())


def test_a_prediction_follows_its_conditions(made):
    predictor = Predictor(made[0])
    cold, warm = (at(predictor, "*CCCC*", temperature=t, solvent="water") for t in (280, 360))
    assert 8 < warm - cold < 24
    assert at(predictor, "*CCCC*", temperature=320, solvent="toluene") - 20 > at(
        predictor, "*CCCC*", temperature=320, solvent="water"
    )


def test_a_bundle_describes_its_conditions(made):
    temperature, solvent = made[1].info.conditions
    assert (temperature.label, temperature.low, temperature.high) == ("temperature (K)", 280, 360)
    assert temperature.usual_value == 320
    assert solvent.choices == ("toluene", "water")
    assert made[1].info.networks["polygin"].conditions == 3
    assert made[1].info.probes


def test_a_model_asks_for_its_conditions(made):
    predictor = Predictor(made[0])
    with pytest.raises(UserError, match=r"at which temperature \(K\) and solvent"):
        predictor.predict(["*CC*"])
    with pytest.raises(UserError, match="no column of"):
        predict_file(predictor, _written(made, "SMILES,solvent\n*CC*,water\n"), io.StringIO())


def _written(made, text: str):
    path = made[0].parent / "input.csv"
    path.write_text(text)
    return path


def test_a_file_brings_its_conditions(made):
    predictor, out = Predictor(made[0]), io.StringIO()
    rows = ("*CC*,46.85,Water", "*CC*,,water", "*CC*,20,acid", "C(,20,water")
    text = "\n".join(["SMILES,Temperature (°C),solvent", *rows, ""])
    missing = predict_file(predictor, _written(made, text), out)
    frame = read_table(out.getvalue().encode(), "out.csv").frame
    assert float(frame.at[0, "solubility"]) == pytest.approx(
        at(predictor, "*CC*", temperature=320, solvent="water"), rel=1e-5
    )
    assert frame["solubility"].isna().tolist() == [False, True, True, True]
    assert frame.at[1, "problem"] == "no temperature is given"
    assert "no solvent that the model has learned" in frame.at[2, "problem"]
    assert missing.count == 3


def test_conditions_that_no_training_row_had_are_outside_and_warned_of(made):
    predictor, out = Predictor(made[0]), io.StringIO()
    # 280 K and 360 K, in another unit: rounding is no news.
    rows = ("*CCCC*,6.85,water", "*CCCC*,86.85,water", "*CCCC*,200,water", "*CCCC*,-50,toluene")
    text = "\n".join(["SMILES,temperature (°C),solvent", *rows, ""])
    predict_file(predictor, _written(made, text), out, intervals=True)
    frame = read_table(out.getvalue().encode(), "out.csv").frame
    assert frame["temperature (K)"].astype(float).tolist() == pytest.approx(
        [280, 360, 473.15, 223.15]
    )
    assert frame["solvent"].tolist() == ["water", "water", "water", "toluene"]
    assert frame["solubility_domain"].tolist() == ["inside", "inside", "outside", "outside"]
    assert frame["warning"].fillna("").tolist() == [
        *("", ""),
        "No training row has the condition temperature = 473.1 K (280 K to 360 K were seen).",
        "No training row has the condition temperature = 223.1 K (280 K to 360 K were seen).",
    ]


def test_one_word_for_all_rows_goes_before_a_column(made):
    predictor = Predictor(made[0])
    test = read_table(b"id,SMILES,temperature\n1,*CC*,300\n2,*CCC*,340\n", "test.csv")
    sample = read_table(b"id,solubility\n1,0\n2,0\n", "sample.csv")
    frame = make_submission(predictor, test, sample, conditions={"solvent": "water"}).frame
    expected = at(predictor, "*CCC*", temperature=340, solvent="water")
    assert float(frame.at[1, "solubility"]) == pytest.approx(expected, rel=1e-5)


def test_a_table_with_conditions_is_scored(made):
    raw = read_table(solubilities(), "mine.csv")
    result = score(Predictor(made[0]), check_table(raw, guess_columns(raw)))
    assert result["mae"]["solubility"] < 8


def test_python_takes_conditions(made):
    model = Model(made[0])
    assert model.conditions == {"temperature": "K", "solvent": ""}
    given = {"temperature": [300, 340], "solvent": "toluene"}
    predicted = model.predict(["*CC*", "*CC*"], conditions=given)["solubility"]
    assert predicted[1] > predicted[0]
    assert model.predict_interval(["*CC*", "*CC*"], conditions=given).shape == (2, 3)
    with pytest.raises(UserError, match="conditions"):
        model.predict(["*CC*"])
    with pytest.raises(UserError, match="no condition"):
        model.predict(["*CC*"], conditions={"pressure": 1})
    with pytest.raises(UserError, match="2 repeat units and 3 values"):
        model.predict(["*CC*"] * 2, conditions={"temperature": [1, 2, 3], "solvent": "water"})
    assert np.isfinite(model.predict(marked_table())).all(axis=None)


def test_rows_without_a_solvent_are_learned() -> None:
    """A table keeps a missing text as NaN."""
    solvent = Condition(name="salt", kind="structure")
    frame = pd.DataFrame({"salt": ["O", None, "CCO"]})
    numbers = encoded([solvent], {"salt": frame["salt"].to_numpy()})
    assert np.isfinite(numbers[[0, 2]]).all()
    assert np.isnan(numbers[1]).all()
