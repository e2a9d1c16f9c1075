"""Predicting, scoring and submissions with a trained bundle."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.inference.bundle import INFO, SHIPPED, default_bundle, promote, read_info, reset_default
from engine.inference.predict import Predictor
from engine.inference.submission import make_submission
from engine.inference.uncertainty import Uncertainty
from engine.runs import Run, find_model, read_out_of_fold, read_report
from engine.table import load_table, read_table
from tests.bundles import copied, redescribe, seal
from tests.conftest import TEXTBOOK


def test_the_blend_is_the_weighted_mean_of_its_members(predictor: Predictor) -> None:
    predicted = predictor.predict(["*CC(*)c1ccccc1", "*CCO*"])
    for name, weights in predictor.info.blend.items():
        blended = sum(w * predicted.members[member][name] for member, w in weights.items())
        np.testing.assert_allclose(predicted.blend[name], blended)
    assert predicted.problems == {}


def test_training_polymers_are_predicted_near_their_labels(predictor: Predictor) -> None:
    table = load_table(TEXTBOOK)
    seen = [i for i in range(70) if np.isfinite(table.labels[i, 0])]
    predicted = predictor.predict([table.smiles[i] for i in seen]).blend["Tg"]
    labels = table.labels[seen, 0]
    assert np.abs(predicted - labels).mean() < 0.6 * np.abs(labels - np.median(labels)).mean()


def test_one_polymer_is_one_however_written(predictor: Predictor) -> None:
    drawings = ["*CC(*)C(=O)OC", "COC(=O)C([*])C[*]", "[*:1]CC([*:2])C(=O)OC"]
    predicted = predictor.predict(drawings).blend
    assert predicted.nunique().tolist() == [1, 1]


def test_unreadable_rows_get_a_reason_and_no_number(predictor: Predictor) -> None:
    predicted = predictor.predict(["C(C", "*CC*", ""])
    assert set(predicted.problems) == {0, 2}
    assert "open parentheses" in predicted.problems[0]
    assert predicted.blend.isna().all(axis=1).tolist() == [True, False, True]


def test_what_is_not_asked_for_is_left_out_and_changes_nothing_else(predictor: Predictor) -> None:
    units = ["*CC(*)c1ccccc1", "*CCO*", "C(C"]
    for loaded_before in (False, True):
        one = predictor.only(["Tg"])
        predicted, whole = one.predict(units), predictor.predict(units)
        assert predicted.blend["Density"].isna().all(), loaded_before
        pd.testing.assert_series_equal(predicted.blend["Tg"], whole.blend["Tg"])
        sure, all_sure = one.uncertainty(predicted), predictor.uncertainty(whole)
        for frame, of_all in ((sure.low, all_sure.low), (sure.domain, all_sure.domain)):
            pd.testing.assert_series_equal(frame["Tg"], of_all["Tg"])
        assert sure.domain["Density"].isna().all()


def test_all_rows_unreadable(predictor: Predictor) -> None:
    assert predictor.predict(["C(C"]).blend.isna().all(axis=None)


TEST = b"id,SMILES\n007,*CC*\n12,C(C\n3,*CC(*)C\n"


SAMPLE = b"id,Density,Tg\n3,0,0\n007,0,0\n12,0,0\n"


def test_unreadable_rows_get_the_training_median_and_are_listed(predictor: Predictor) -> None:
    submission = make_submission(predictor, read_table(TEST), read_table(SAMPLE))
    assert np.isfinite(submission.frame[["Tg", "Density"]]).all(axis=None)
    assert submission.frame.loc[2, "Tg"] == predictor.info.medians["Tg"]
    assert submission.filled["id"].tolist() == ["12"]
    assert "open parentheses" in submission.filled.loc[0, "reason"]


def test_a_sample_gives_ids_order_and_columns(predictor: Predictor) -> None:
    submission = make_submission(predictor, read_table(TEST), read_table(SAMPLE))
    assert list(submission.frame.columns) == ["id", "Density", "Tg"]
    assert submission.frame["id"].tolist() == ["3", "007", "12"]
    predicted = predictor.predict(["*CC(*)C", "*CC*"]).blend
    pd.testing.assert_frame_equal(
        submission.frame.loc[:1, ["Tg", "Density"]], predicted[["Tg", "Density"]]
    )


@pytest.mark.parametrize(
    ("sample", "sentence"),
    [
        (b"id,Tg\n3,0\n99,0\n", "1 id that test.csv does not hold, such as 99"),
        (b"id,Tg,Colour\n3,0,0\n", "asks for Colour"),
    ],
)
def test_a_sample_that_does_not_fit(predictor: Predictor, sample: bytes, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        make_submission(predictor, read_table(TEST, "test.csv"), read_table(sample, "sample.csv"))


@pytest.mark.parametrize("second", ["*CC(*)C", "C(C"])
def test_an_id_of_two_repeat_units_cannot_be_asked_for(predictor: Predictor, second: str) -> None:
    test = read_table(f"id,SMILES\n1,*CC*\n1,{second}\n2,*CCO*\n".encode(), "test.csv")
    sample = read_table(b"id,Tg\n1,0\n2,0\n", "sample.csv")
    with pytest.raises(UserError, match=r"the id 1 to different repeat units, on rows 2, 3"):
        make_submission(predictor, test, sample)
    # An id that is not asked for is nobody's trouble.
    submission = make_submission(predictor, test, read_table(b"id,Tg\n2,0\n", "sample.csv"))
    assert submission.frame["id"].tolist() == ["2"]


def test_an_id_may_repeat_one_repeat_unit(predictor: Predictor) -> None:
    test = read_table(b"id,SMILES\n1,*CC(*)C\n1,CC([*])C[*]\n2,*CCO*\n", "test.csv")
    sample = read_table(b"id,Tg\n2,0\n1,0\n", "sample.csv")
    assert make_submission(predictor, test, sample).frame["id"].tolist() == ["2", "1"]


@pytest.mark.parametrize("name", ["sample_id", "batch", "SMILES"])
def test_the_samples_own_id_column_is_taken(predictor: Predictor, name: str) -> None:
    test = read_table(
        b"id,sample_id,batch,SMILES\n1,a,x,*CC*\n2,b,y,*CC(*)C\n3,c,z,*CCO*\n", "test.csv"
    )
    asked = test.frame[name].tolist()[::-1]
    sample = read_table("\n".join([f"{name},Tg", *(f"{id},0" for id in asked)]).encode())
    submission = make_submission(predictor, test, sample).frame
    assert submission[name].tolist() == asked
    predicted = predictor.predict(test.frame["SMILES"].tolist()).blend
    assert submission["Tg"].tolist() == predicted["Tg"].tolist()[::-1]


def test_models_are_found_by_name_id_and_path(trained: Run, tmp_path: Path) -> None:
    folder = trained.bundle
    assert find_model("trained") == find_model(trained.id) == folder
    assert find_model(str(folder)) == folder
    assert find_model("shipped") == SHIPPED
    with pytest.raises(UserError, match="no model 'nothing'"):
        find_model("nothing")


def test_the_default_is_the_shipped_model_until_another_is_promoted(
    trained: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = trained.bundle
    monkeypatch.setenv("POLYGIN_HOME", str(workspace))
    assert default_bundle() == SHIPPED
    promote(bundle)
    assert default_bundle() != SHIPPED
    assert read_info(default_bundle()) == read_info(bundle)
    reset_default()
    assert default_bundle() == SHIPPED


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "damaged"),
        (b"{}", "damaged"),
        (b"\x80\x04\x95", "damaged"),
        (b" " * (6 * 2**20), "too much for such a file"),
    ],
)
def test_a_damaged_bundle_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / INFO).write_bytes(content)
    seal(tmp_path)
    with pytest.raises(UserError, match=sentence):
        Predictor(tmp_path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 99}, "format 99"),
        ({"versions": {"repeat_units": "1", "chain_graphs": "1"}}, "descriptors differ"),
    ],
)
def test_a_bundle_of_another_time_is_refused(
    trained: Run, tmp_path: Path, change: dict, sentence: str
) -> None:
    copy = copied(trained.bundle, tmp_path / "bundle")
    redescribe(copy, change)
    with pytest.raises(UserError, match=sentence):
        Predictor(copy)


def test_a_run_leaves_intervals_and_a_domain_in_its_bundle(trained: Run) -> None:
    info = read_info(trained.bundle)
    assert list(info.intervals) == list(info.domain.thresholds) == ["Tg", "Density"]
    frame = read_out_of_fold(trained)
    for name, interval in info.intervals.items():
        rows = frame[frame["property"] == name]
        residuals = (rows["label"] - rows["blend"]).abs().to_numpy()
        half = interval.half_width(rows[info.members].std(axis=1, ddof=0).to_numpy())
        assert interval.labels == len(rows)
        # Every label was calibrated on, so the number within is certain.
        assert np.sum(residuals <= half * (1 + 1e-9)) == np.ceil(0.9 * (len(rows) + 1))
        assert 0.6 < interval.coverage <= 1
        assert interval.width > 0
    assert read_report(trained)["intervals"]["Tg"]["coverage"] == info.intervals["Tg"].coverage


def test_uncertainty_of_predictions(predictor: Predictor) -> None:
    units = ["*CC(*)C", "C(C", "*[Si](CBr)(CBr)OP(=O)(I)O*", "[*]C(C)C[*]"]
    predicted = predictor.predict(units)
    uncertainty = predictor.uncertainty(predicted)
    for name in predictor.info.names:
        spread = np.std([frame[name] for frame in predicted.members.values()], axis=0)
        half = predictor.info.intervals[name].half_width(spread)
        np.testing.assert_allclose(uncertainty.high[name], predicted.blend[name] + half)
        np.testing.assert_allclose(uncertainty.low[name], predicted.blend[name] - half)
        assert uncertainty.domain[name].tolist() == ["inside", None, "guess", "inside"]
    assert uncertainty.low.isna().all(axis=1).tolist() == [False, True, False, False]


def test_no_row_can_be_read_is_no_reason_to_fail(predictor: Predictor) -> None:
    columns = predictor.uncertainty(predictor.predict(["C(C"])).columns()
    assert columns.isna().all(axis=None)


def test_a_property_with_too_few_labels_has_no_interval(predictor: Predictor) -> None:
    del predictor.info.intervals["Tg"]
    del predictor.info.domain.thresholds["Density"]
    columns = predictor.uncertainty(predictor.predict(["*CC*"])).columns()
    assert list(columns.columns[columns.notna().all()]) == [
        "Tg_domain",
        "Density_low",
        "Density_high",
    ]


def test_a_property_named_like_an_intervals_column_is_a_sentence() -> None:
    frame = pd.DataFrame({"Tg": [1.0], "Tg_low": [2.0]})
    with pytest.raises(UserError, match="named 'Tg_low'"):
        Uncertainty(frame, frame, frame, frame, frame, frame).columns()


def test_a_bundle_from_before_intervals_predicts_but_says_it_has_none(old_bundle: Path) -> None:
    predictor = Predictor(old_bundle)
    assert not predictor.has_intervals
    predicted = predictor.predict(["*CC*"])
    assert np.isfinite(predicted.blend).all(axis=None)
    with pytest.raises(UserError, match="has no intervals"):
        predictor.uncertainty(predicted)
