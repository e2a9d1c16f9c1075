"""A model of several sources: what it answers like, and what files hold."""

from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from engine.base.errors import UserError
from engine.base.manifest import ProvenFiles
from engine.features.compute import compute_features
from engine.inference.predict import Predictor
from engine.inference.predicted_tables import predict_file
from engine.inference.submission import make_submission
from engine.models.store import drop_descriptor_models, load_member
from engine.runs.making import Made, make_bundle
from engine.table import read_table
from engine.training.context import TrainContext
from tests.two_sources import UNITS, joined, request


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Path]:
    folder = tmp_path_factory.mktemp("answers")
    return make_bundle(request(joined(), "random:3"), TrainContext(folder)), folder


def test_weighted_errors_are_of_the_answers(made: tuple[Made, Path]) -> None:
    blend = made[0].info.figures["blend"]
    spread = np.ptp([len(unit) for unit in UNITS])
    assert blend["n"] == {"Tg": len(UNITS), "Tg (md)": len(UNITS)}
    assert blend["wmae"] == pytest.approx(blend["mae"]["Tg"] / spread)


def test_files_hold_the_answers_and_the_others_when_asked(
    made: tuple[Made, Path], tmp_path: Path
) -> None:
    predictor, test = Predictor(made[1]), tmp_path / "test.csv"
    test.write_text("id,SMILES\n1,*CCO*\n")
    assert predictor.info.sources[0].words == "lab (measured)"
    sample = read_table(b"id,Tg (md)\n1,0\n", "sample.csv")
    submission = make_submission(predictor, read_table(test), sample)
    assert submission.frame["Tg (md)"][0] > 400
    out = StringIO()
    predict_file(predictor, test, out)
    assert out.getvalue().splitlines()[0] == "id,SMILES,Tg,warning,problem"
    out = StringIO()
    predict_file(predictor, test, out, names={name: name for name in predictor.info.names})
    assert out.getvalue().splitlines()[0] == "id,SMILES,Tg,Tg (md),warning,problem"


def test_a_submission_is_like_the_first_table_whatever_answers_are_like(
    made: tuple[Made, Path], tmp_path: Path
) -> None:
    info = made[0].info
    lab, md = info.properties
    swapped = {
        "properties": [
            md.model_copy(update={"name": "Tg", "quantity": ""}),
            lab.model_copy(update={"name": "Tg (lab)", "quantity": "Tg"}),
        ]
    }
    turned = info.model_copy(update=swapped)
    assert turned.answer_columns == {"Tg": "Tg"}
    assert turned.submission_columns == {"Tg": "Tg (lab)"}
    assert info.columns_like("md") == {"Tg": "Tg (md)"}
    with pytest.raises(UserError, match="no source 'MD'; its sources are lab, md"):
        info.columns_like("MD")
    test = read_table(b"id,SMILES\n1,*CCO*\n", "test.csv")
    sample = read_table(b"id,Tg\n1,0\n", "sample.csv")
    as_md = make_submission(Predictor(made[1]), test, sample, source="md").frame
    assert as_md.columns.tolist() == ["id", "Tg"]
    assert as_md["Tg"][0] > 400


def test_models_of_no_weight_are_not_kept_and_predict_nothing(
    made: tuple[Made, Path], tmp_path: Path
) -> None:
    for path in made[1].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    drop_descriptor_models(tmp_path, "lightgbm", ["Tg", "Tg"], [True, False])
    assert not list(tmp_path.glob("lightgbm-001*"))
    member = load_member(
        ProvenFiles.unproven(tmp_path), "lightgbm", ["Tg", "Tg"], None, weighs=[True, False]
    )
    predicted = member.predict(compute_features(["*CCO*"]), threads=1)
    assert np.isfinite(predicted[0, 0])
    assert np.isnan(predicted[0, 1])
