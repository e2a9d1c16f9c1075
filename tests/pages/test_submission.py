"""The Submission page: a table predicted, or exactly the ids, order and columns asked for."""

import io
import shutil

import numpy as np
import pandas as pd
import pytest

from engine.base.workspace import lock
from engine.inference import bundle
from engine.inference.predict import Predictor
from engine.kaggle import kit as making
from engine.kaggle import wheels
from engine.kaggle.workspace_kits import workspace_kit
from engine.settings.conditions import GivenConditions
from tests.solubilities import make

TEST = "id,SMILES\n7,*CC*\n3,*CCO*\n9,C1CC(\n1,*CC(*)Cl\n"
SAMPLE = "id,Density,Tg\n1,0,0\n9,0,0\n3,0,0\n7,0,0\n"


@pytest.fixture
def page(tiny_run, open_page):
    return open_page("submission")


def _submit(app, test: str = TEST, sample: str | None = None):
    app.file_uploader(key="test table").upload("test.csv", test.encode(), "text/csv")
    if sample:
        uploader = app.file_uploader(key="sample submission")
        uploader.upload("sample_submission.csv", sample.encode(), "text/csv")
    app.run()
    app.button[0].click().run()
    assert not app.exception
    return app


def _csv(app) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(app.session_state["submission"]["csv"]))


def test_without_a_model_the_page_says_what_to_do(empty_workspace, open_page):
    app = open_page("submission")
    assert not app.exception
    assert "no trained model" in app.info[0].value


def test_without_a_file_the_page_asks_for_one(page):
    assert "Upload the table" in page.info[0].value
    assert "Tg (°C), Density (g/cm³)" in page.markdown[0].value


def test_with_a_sample_its_ids_order_and_columns_are_taken(page, tiny_run):
    app = _submit(page, sample=SAMPLE)
    made = _csv(app)
    assert made.columns.tolist() == ["id", "Density", "Tg"]
    assert made["id"].tolist() == [1, 9, 3, 7]
    assert np.isfinite(made.to_numpy()).all()
    predicted = Predictor(tiny_run.bundle).predict(["*CC(*)Cl"]).blend
    assert made.at[0, "Tg"] == pytest.approx(predicted.at[0, "Tg"], rel=1e-5)
    assert "4 rows" in app.success[0].value


def test_without_a_sample_the_rows_of_the_table_are_kept_and_none_is_filled(page):
    app = _submit(page)
    made = _csv(app)
    assert made.columns.tolist() == ["id", "SMILES", "Tg", "Density", "warning", "problem"]
    assert made["id"].tolist() == [7, 3, 9, 1]
    assert made["Tg"].isna().tolist() == [False, False, True, False]
    assert "syntax error" in made.at[2, "problem"]
    assert "1 row could not be predicted" in app.warning[0].value
    assert app.dataframe[0].value["id"].tolist() == ["9"]


def test_intervals_are_added_to_a_table_but_not_to_a_submission(workspace, open_page):
    page = open_page("submission")
    intervals = "Add 90 % intervals, and whether each unit is in the domain"
    page.file_uploader(key="test table").upload("test.csv", TEST.encode(), "text/csv").run()
    next(box for box in page.checkbox if box.label == intervals).check().run()
    page.button[0].click().run()
    made = _csv(page)
    assert {"Tg_low", "Tg_high"} <= {*made.columns}
    uploader = page.file_uploader(key="sample submission")
    uploader.upload("sample_submission.csv", SAMPLE.encode(), "text/csv").run()
    assert intervals not in [box.label for box in page.checkbox]
    assert page.button[0].label == "Make the submission"


def test_unreadable_rows_hold_the_median_and_are_listed(page, tiny_run):
    app = _submit(page, sample=SAMPLE)
    made = _csv(app).set_index("id")
    medians = bundle.read_info(tiny_run.bundle).medians
    assert made.at[9, "Tg"] == medians["Tg"]
    assert "1 row of the test table could not be predicted" in app.warning[0].value
    listed = app.dataframe[0].value
    assert listed["id"].tolist() == ["9"]
    assert listed["reason"].str.len().min() > 0


def test_the_result_outlives_a_rerun_and_goes_with_its_inputs(page):
    app = _submit(page)
    kept = app.session_state["submission"]["csv"]
    app.run()
    assert app.success
    assert [button.label for button in app.button] == ["Make the kit"]
    assert app.session_state["submission"]["csv"] is kept
    app.file_uploader(key="test table").upload("test.csv", b"id,SMILES\n1,*CC*\n", "text/csv")
    app.run()
    assert not app.success
    assert app.button[0].label == "Predict the table"


@pytest.mark.parametrize(
    ("test", "sample", "words"),
    [
        ("id,value\n1,2\n2,3\n", None, "SMILES"),
        ("", None, "empty"),
        (TEST, "id,Melting\n1,0\n", "Melting"),
        (TEST, "id,Tg\n1,0\n444,0\n", "444"),
    ],
)
def test_bad_uploads_get_a_sentence(page, test, sample, words):
    app = _submit(page, test, sample)
    assert words in app.error[0].value
    assert not app.success


def test_a_picture_is_not_a_table(page):
    app = page
    app.file_uploader(key="test table").upload("test.csv", b"\x89PNG\r\n\x1a\n123", "text/csv")
    app.run()
    app.button[0].click().run()
    assert not app.exception
    assert "PNG" in app.error[0].value


def test_wrong_limits_are_said_once(workspace, open_page):
    workspace.mkdir()
    (workspace / "limits.yaml").write_text("upload_mb: 101\n")
    app = open_page("submission")
    assert not app.exception
    (error,) = app.error
    assert "less than or equal to 100" in error.value


def test_conditions_are_columns_of_the_table_or_said_on_the_page(empty_workspace, open_page):
    make(empty_workspace / "made")
    bundle.promote(empty_workspace / "made")
    app = open_page("submission")
    test = "id,SMILES,temperature (K)\n1,*CC*,280\n2,*CC*,360\n"
    app.file_uploader(key="test table").upload("test.csv", test.encode(), "text/csv").run()
    next(box for box in app.selectbox if box.label == "solvent").set_value("water").run()
    app.button[0].click().run()
    assert not app.exception
    water = np.array(["water"] * 2, dtype=object)
    given = GivenConditions({"temperature": np.array([280.0, 360.0]), "solvent": water}, {})
    expected = Predictor(bundle.default_bundle()).predict(["*CC*"] * 2, given=given).blend
    np.testing.assert_allclose(_csv(app)["solubility"], expected["solubility"], rtol=1e-5)


def test_values_are_like_those_of_predict_or_of_the_first_table(workspace, open_page):
    """The shipped model has several sources of Tg."""
    app = open_page("submission")
    test, sample = "id,SMILES\n1,*CC(*)c1ccccc1\n", "id,Tg\n1,0\n"
    predicted = Predictor(bundle.default_bundle()).predict(["*CC(*)c1ccccc1"]).blend
    assert _csv(_submit(app, test)).at[0, "Tg"] == pytest.approx(predicted.at[0, "Tg"])
    box = next(each for each in app.selectbox if each.label == "Values like those of")
    assert box.options == ["the answers on Predict", "competition", "measured", "radonpy"]
    of_first = predicted.at[0, "Tg (competition)"]
    assert abs(of_first - predicted.at[0, "Tg"]) > 1
    assert _csv(_submit(app, test, sample)).at[0, "Tg"] == pytest.approx(of_first)


@pytest.fixture
def no_pip(monkeypatch) -> None:
    """Kits are made at once, of nothing."""
    monkeypatch.setattr(wheels, "_pip", lambda words: ["Collecting something"])
    monkeypatch.setattr(making, "own_wheel", lambda folder: folder)


def test_the_kit_for_kaggle_is_made_with_the_model(page, open_page, tiny_run, no_pip):
    page.button(key="make the kit").click().run()
    assert not page.exception
    (made,) = page.success
    assert "the model “trained”" in made.value
    kit = workspace_kit(tiny_run.bundle)
    assert kit.model == "trained"
    # How to get it off the server.
    assert f"SERVER:{kit.folder} " in page.code[0].value
    # It lies on the disk: another window shows it, too.
    other = open_page("submission")
    (shown,) = other.success
    assert shown.value == made.value
    other.button(key="remove the kit").click().run()
    assert not other.exception
    assert not other.success
    assert not kit.folder.exists()


def test_a_kit_that_trains_is_another_one(page, tiny_run, no_pip):
    page.radio(key="kit does").set_value("trains").run()
    page.button(key="make the kit").click().run()
    assert not page.exception
    assert "no model" in page.success[0].value
    assert workspace_kit(tiny_run.bundle) is None
    (link,) = page.get("page_link")
    assert link.proto.query_string == "doc=kaggle"
    page.radio(key="kit does").set_value("predicts").run()
    assert not page.success
    page.radio(key="kit does").set_value("trains").run()
    page.button(key="remove the kit").click().run()
    assert workspace_kit(None) is None


def test_a_kit_that_is_made_elsewhere_is_not_removed(page, tiny_run, no_pip):
    page.button(key="make the kit").click().run()
    kit = workspace_kit(tiny_run.bundle)
    with lock(kit.folder.with_name("kit.lock")):
        page.button(key="remove the kit").click().run()
    assert "being made already" in page.error[0].value
    assert kit.folder.exists()
    shutil.rmtree(kit.folder)  # other tests have the same workspace


def test_a_table_of_compositions_keeps_its_columns(page):
    rows = "a,298,*CC*,*CCO*,1,0,block\nb,310,*CC*,*CCO*,0.5,0.2,random\n"
    app = _submit(page, f"id,temperature,smiles_A,smiles_B,frac_A,frac_B,architecture\n{rows}")
    made = _csv(app)
    own = ["temperature", "smiles_A", "smiles_B", "frac_A", "frac_B", "architecture"]
    assert made.columns.tolist()[:7] == ["id", *own]
    assert np.isfinite(made["Tg"].iloc[0])
    assert "add up to 0.7, not to 1" in made["problem"].iloc[1]
    assert app.session_state["submission"]["units"] == "smiles_A"
