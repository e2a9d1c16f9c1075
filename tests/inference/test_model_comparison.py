"""Two models on one table, compared with plain sums."""

import numpy as np
import pytest

from engine.base.errors import UserError
from engine.inference.model_comparison import compare_models
from engine.inference.predict import Predictor
from engine.inference.scoring import Scored, score_rows
from engine.table import load_table
from tests.bundles import copied, redescribe
from tests.conftest import SLICE, TEXTBOOK


@pytest.fixture(scope="module")
def table():
    """The textbook's table: the model has learned its first 70 rows."""
    return load_table(TEXTBOOK.read_bytes(), "textbook.csv")


@pytest.fixture
def changed(predictor: Predictor, tmp_path) -> Predictor:
    """The same model with other weights in its blends."""
    info = predictor.info
    member = info.members[0]
    folder = copied(predictor.folder, tmp_path / "changed")
    redescribe(folder, {"name": "changed", "blend": {name: {member: 1.0} for name in info.names}})
    return Predictor(folder)


def _plain(first: Scored, second: Scored, name: str, known: set[str], with_seen: bool):
    """Errors by a loop over rows: no array code of the engine."""
    k = first.predictor.info.names.index(name)
    changes, own, other = [], [], []
    for row, unit in enumerate(first.table.canonical):
        label = first.labels[row, k]
        if np.isnan(label) or (unit in known and not with_seen):
            continue
        own.append(abs(first.predicted.blend[name].iloc[row] - label))
        other.append(abs(second.predicted.blend[name].iloc[row] - label))
        changes.append(other[-1] - own[-1])
    return np.array(own), np.array(other), np.array(changes)


@pytest.mark.parametrize("with_seen", [True, False])
def test_errors_and_their_difference(predictor, changed, table, with_seen):
    first, second = score_rows(predictor, table), score_rows(changed, table)
    known = {*load_table(SLICE.encode(), "slice.csv").canonical}
    compared = {each.property_.name: each for each in compare_models(first, second, with_seen)}
    assert {*compared} == {"Tg", "Density"}
    for name, each in compared.items():
        own, other, changes = _plain(first, second, name, known, with_seen)
        assert each.first["n"] == each.second["n"] == len(own)
        assert each.first["mae"] == pytest.approx(own.mean())
        assert each.second["mae"] == pytest.approx(other.mean())
        assert each.difference == pytest.approx(changes.mean())
        reach = 1.96 * changes.std(ddof=1) / np.sqrt(len(changes))
        assert each.interval == pytest.approx((changes.mean() - reach, changes.mean() + reach))
        assert (each.better == "") == (each.interval[0] <= 0 <= each.interval[1])
    assert sum(each.seen for each in compared.values()) > 0


def test_a_model_beside_itself_makes_no_difference(predictor, table):
    scored = score_rows(predictor, table)
    for each in compare_models(scored, scored):
        assert each.first == each.second
        assert each.difference == 0
        assert each.better == ""


def test_units_are_converted_or_the_property_is_left_out(predictor, table, tmp_path):
    info = predictor.info
    properties = {each.name: each.model_dump(mode="json") for each in info.properties}
    kilograms = {**properties["Density"], "unit": "kg/m³"}
    folder = copied(predictor.folder, tmp_path / "other")
    redescribe(folder, {"properties": [properties["Tg"], kilograms]})
    first, second = score_rows(predictor, table), score_rows(Predictor(folder), table)
    # Its numbers are the first one's, so that each is a thousand times too small in its own unit.
    (density,) = [e for e in compare_models(first, second) if e.property_.name == "Density"]
    labels = first.labels[:, info.names.index("Density")]
    rows = np.isfinite(labels) & ~first.seen[:, info.names.index("Density")]
    values = first.predicted.blend["Density"].to_numpy()[rows] / 1000
    assert density.second["mae"] == pytest.approx(np.abs(values - labels[rows]).mean())
    redescribe(folder, {"properties": [properties["Tg"], {**kilograms, "unit": "GPa"}]})
    with pytest.raises(UserError, match="GPa"):
        score_rows(Predictor(folder), table)


def test_a_model_that_does_not_know_what_it_has_seen(old_bundle, predictor, table):
    old, new = score_rows(Predictor(old_bundle), table), score_rows(predictor, table)
    alone = compare_models(old, old)
    beside = compare_models(old, new)
    assert [each.seen for each in alone] == [0, 0]
    assert all(each.seen for each in beside)
    assert all(a.first["n"] > b.first["n"] for a, b in zip(alone, beside, strict=True))
