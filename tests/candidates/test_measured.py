"""Measured values of candidates, which stand before the model's own."""

import time

import numpy as np
import pandas as pd
import pytest

from engine.candidates import downloads, lists
from engine.candidates.answers import Answers, model_key, read_answers
from engine.candidates.downloads import Chosen
from engine.candidates.intake import of_lines
from engine.candidates.measured import from_text, measured_of
from engine.candidates.predicting import predict_waiting
from engine.candidates.store import CandidateList
from engine.inference.bundle import SHIPPED, BundleInfo, read_info
from engine.inference.predict import Predictor
from engine.runs.known_labels import KnownLabels
from engine.settings.sources import Source

STYRENE = "*CC(*)c1ccccc1"
LABELS = [
    (STYRENE, "Tg", 100.0, "Mark 2009", "measured"),
    (STYRENE, "Tg", 106.0, "Wiley 1989", "measured"),
    (STYRENE, "Tg_source", 5.0, "nobody", "measured"),
    ("*CC=CC*", "Tg", -102.0, "Mark 2009", "measured"),
]


@pytest.fixture
def known() -> KnownLabels:
    columns = ["smiles", "property", "value", "reference", "kind"]
    return KnownLabels(pd.DataFrame(LABELS, columns=columns))


def _as_measured(info: BundleInfo) -> BundleInfo:
    """A model that answers Tg as it is measured, and the rest as simulations have it."""
    sources = [Source(name="lab", kind="measured"), Source(name="md", kind="simulated")]
    properties = [
        each.model_copy(update={"source": "lab" if each.name == "Tg" else "md"})
        for each in info.properties
    ]
    return info.model_copy(update={"sources": sources, "properties": properties})


@pytest.fixture
def predicted(trained, predictor: Predictor, known: KnownLabels) -> CandidateList:
    """Polystyrene in two drawings, butadiene with a mark, and what has no label."""
    predictor.info = _as_measured(predictor.info)
    made = lists.create_list(f"Measured {time.time_ns()}")
    made.add(of_lines("*CC(*)c1ccccc1\n*C(C*)c1ccccc1\n*C/C=C/C*\n*CCO*\nno polymer"))
    predict_waiting(made, predictor, {}, known=known)
    return made


def _answers(list_: CandidateList, predictor: Predictor) -> Answers:
    answers = read_answers(list_, model_key(predictor.folder, {}))
    assert answers is not None
    return answers


def test_measured_values_are_kept_beside_the_answers(predicted, predictor) -> None:
    answers = _answers(predicted, predictor)
    alone = predictor.predict([each.unit for each in predicted.candidates() if each.unit])
    np.testing.assert_array_equal(answers.predicted[:, 0], alone.blend["Tg"])
    assert answers.names[0] == "Tg"
    assert answers.values[:3, 0].tolist() == [100, 100, -102]
    assert answers.values[3, 0] == alone.blend["Tg"].iloc[3]
    assert answers.is_measured.sum() == 3
    (trans,) = answers.labels(2, "Tg")
    assert trans.any_stereo


def test_files_tell_measured_values_from_predicted_ones(predicted, predictor) -> None:
    answers = _answers(predicted, predictor)
    chosen = Chosen(predicted.candidates(), answers, [], {})
    table = downloads.table_of(chosen)
    assert table["Tg"].tolist()[:3] == [100, 100, -102]
    assert table["Tg_source"].tolist() == [
        *["measured: 100.0 °C, Mark 2009; 106.0 °C, Wiley 1989"] * 2,
        "measured: −102.0 °C, Mark 2009; cis, trans or tacticity not told apart",
        *("predicted as measured (lab)", np.nan),
    ]
    assert table["Tg_low"].notna().tolist() == [False, False, False, True, False]
    words = "Predicted are Tg as measured (lab); Density as simulated (md)."
    assert answers.like_words(answers.properties) == words
    other = f"{answers.names[1]}_source"
    assert set(table[other].dropna()) == {"predicted as simulated (md)"}
    assert "Mark 2009" in downloads.as_csv(chosen).decode()
    sdf = downloads.as_sdf(chosen).decode()
    assert sdf.count("> <Tg_source>\nmeasured") == 3
    assert sdf.count("> <units>\nTg in °C, Density in g/cm³") == 4
    sheet = downloads.as_sheet(chosen, "T", "m")
    assert sheet.count("106.0 °C, Wiley 1989") == 2
    assert sheet.count("as measured (lab)") == 1, "of a prediction alone"
    assert sheet.count("as simulated (md)</span>") == 4 * (len(answers.names) - 1)
    assert all(
        words in sheet for words in ("“inside” where the candidate", "measured ones can lie far")
    )
    alone = downloads.as_sheet(chosen, "T", "m", ["Tg"])
    assert alone.count("Glass transition temperature") == 4
    assert "Density" not in alone
    assert "simulated" not in alone


def test_a_property_may_have_the_name_of_a_column_of_sources(predicted, predictor) -> None:
    answers = _answers(predicted, predictor)
    answers.properties[1] = answers.properties[1].model_copy(update={"name": "Tg_source"})
    table = downloads.table_of(Chosen(predicted.candidates(), answers, [], {}))
    assert table["Tg_source"].iloc[0] == answers.predicted[0, 1]
    assert "measured" in table["Tg_source_"].iloc[0]


def test_only_what_a_model_answers_as_measured_is_taken(known: KnownLabels) -> None:
    shipped, flat = read_info(SHIPPED), "*CC(*)c1ccccc1"
    assert set(measured_of(known, shipped, [flat, None])[0]) == {"Tg"}
    assert measured_of(known, shipped, [None]) == [{}]
    simulated = shipped.model_copy(update={"sources": [Source(name="measured", kind="simulated")]})
    assert measured_of(known, simulated, [flat]) == [{}]
    assert measured_of(known, shipped.model_copy(update={"sources": []}), [flat]) == [{}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "Expecting property name"),
        ("[1]", "no measured values"),
        ('{"Tg": 3}', "no measured values"),
        ('{"Tg": [[NaN, "a", false]]}', "is no number"),
        ('{"Tg": [["x", "a", 1]]}', "could not convert"),
    ],
)
def test_damaged_measured_values_are_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        from_text(text)
