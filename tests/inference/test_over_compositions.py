"""What a model and mixing rules say over compositions; end points are homopolymers to the bit."""

from pathlib import Path

import numpy as np
import pytest

from engine.base.errors import UserError
from engine.chem.entered_units import EnteredUnits, entered, with_named_units
from engine.chem.notations import BadSmilesError
from engine.chem.polymers import moles_of, unit_mass, weights_of
from engine.chem.repeat_unit import canonical_unit
from engine.commands import main
from engine.inference.homopolymers import Homopolymers, rules_over
from engine.inference.mixing import STRAIGHT_LINE
from engine.inference.over_compositions import (
    along,
    answers_of,
    predict_over,
    triangle,
)
from engine.inference.predict import Predictor
from engine.runs.known_labels import read_all_labels
from engine.runs.labels_over import labels_over
from engine.settings.properties import Property, property_for
from tests.three_units import ACETATE, ACRYLATE, FRACTIONS, KELVIN, STYRENE

LINE = np.linspace(0, 1, 21)


@pytest.fixture
def predictor(copolymer_bundle: Path) -> Predictor:
    """Of a model that learned homopolymers and copolymers."""
    return Predictor(copolymer_bundle)


def test_the_end_points_are_the_homopolymers_answers_to_the_bit(predictor: Predictor) -> None:
    units, grid = (STYRENE, ACRYLATE), along(np.array([0.5, 0.5]), 1, LINE)
    found = predict_over(predictor, units, grid, "random", {})
    alone = [predictor.predict([unit]) for unit in units]
    for place, row in enumerate((0, -1)):
        for name in predictor.info.names:
            value = alone[place].blend[name].iloc[0]
            assert found.answers.values[name].iloc[row] == value
            assert found.units.values[name].iloc[place] == value
            low = predictor.uncertainty(alone[place]).low[name].iloc[0]
            assert found.answers.low[name].iloc[row] == low
    middle = predictor.predict([f"{ACRYLATE}|{STYRENE}|0.5|0.5|random"]).blend["Tg"].iloc[0]
    assert found.answers.values["Tg"].iloc[10] == middle


def test_corners_of_a_triangle_are_homopolymers_and_its_sides_copolymers_of_two(
    predictor: Predictor,
) -> None:
    units, grid = (STYRENE, ACRYLATE, ACETATE), triangle(10)
    assert len(grid) == 66
    assert np.allclose(grid.sum(axis=1), 1)
    found = predict_over(predictor, units, grid, "block", {})
    for place in range(3):
        (corner,) = np.flatnonzero(grid[:, place] == 1)
        assert found.answers.values.iloc[corner].equals(
            found.units.values.iloc[place].rename(corner)
        )
    (side,) = np.flatnonzero((grid == (0.5, 0, 0.5)).all(axis=1))
    two = predictor.predict([f"{STYRENE}|{ACETATE}|1|1|block"]).blend
    assert found.answers.values["Tg"].iloc[side] == two["Tg"].iloc[0]


def test_the_order_of_the_units_does_not_matter(predictor: Predictor) -> None:
    one = predict_over(
        predictor, (STYRENE, ACETATE), along(np.array([0.5, 0.5]), 1, LINE), "random", {}
    )
    other = predict_over(
        predictor, (ACETATE, STYRENE), along(np.array([0.5, 0.5]), 0, LINE), "random", {}
    )
    assert one.answers.values.equals(other.answers.values)
    assert one.answers.low.equals(other.answers.low)


def test_what_cannot_be_predicted_is_named(predictor: Predictor) -> None:
    with pytest.raises(UserError, match="is not predicted: "):
        answers_of(predictor, ["*CC*", "*C(C"], {})


def test_along_keeps_the_proportions_of_the_other_units() -> None:
    grid = along(np.array([0.6, 0.3, 0.1]), 2, np.array([0.0, 0.1, 0.7, 1.0]))
    assert np.allclose(grid[:, 0], 2 * grid[:, 1])
    assert np.allclose(grid[1], [0.6, 0.3, 0.1])
    assert grid[3].tolist() == [0, 0, 1]
    # Where there is nothing else, the others are alike.
    assert along(np.array([0.0, 0.0, 1.0]), 2, np.array([0.0]))[0].tolist() == [0.5, 0.5, 0.0]


def test_fox_by_mole_fractions_and_a_straight_line_where_no_rule_is_known(
    predictor: Predictor,
) -> None:
    units, fractions = (STYRENE, ACRYLATE), np.array([[0.25, 0.75]])
    answers = answers_of(predictor, units, {})
    answers.values["EA"] = [1.0, -2.0]
    answers.low["EA"] = answers.high["EA"] = np.nan
    answers.values["sigma"] = [1e-2, 1e-6]
    answers.low["sigma"] = answers.high["sigma"] = np.nan
    sigma = Property(name="sigma", title="sigma", unit="S/cm", scale="log10")
    properties = [*predictor.info.answers, property_for("EA", "eV"), sigma]
    found = rules_over(properties, units, Homopolymers.of(answers, [{}, {}]), fractions)
    masses = np.array([unit_mass(unit) for unit in units])
    weights = fractions[0] * masses / (fractions[0] @ masses)
    kelvin = 1 / (weights / (answers.values["Tg"].to_numpy() + 273.15)).sum()
    assert [each.rule.name for each in found["Tg"]] == ["Fox", "Gordon–Taylor"]
    assert found["Tg"][0].values == pytest.approx([kelvin - 273.15])
    density = 1 / (weights / answers.values["Density"].to_numpy()).sum()
    assert found["Density"][0].values == pytest.approx([density])
    (line,) = found["EA"]
    assert line.rule is STRAIGHT_LINE
    assert line.values == pytest.approx([0.25 - 1.5])
    (of_logarithms,) = found["sigma"]
    assert of_logarithms.values == pytest.approx([10 ** (0.25 * -2 + 0.75 * -6)])


def test_rules_are_the_same_however_a_unit_is_drawn(predictor: Predictor) -> None:
    two_periods = "*CC(c1ccccc1)CC(*)c1ccccc1"
    answers = answers_of(predictor, (STYRENE, ACRYLATE), {})
    answers.values["EA"] = [1.0, -2.0]
    answers.low["EA"] = answers.high["EA"] = np.nan
    properties = [*predictor.info.answers, property_for("EA", "eV")]
    alone = Homopolymers.of(answers, [{}, {}])
    one, other = (
        rules_over(properties, (unit, ACRYLATE), alone, np.array([[moles, 1 - moles]]))
        for unit, moles in ((STYRENE, 0.5), (two_periods, 1 / 3))
    )
    for name in ("Tg", "Density", "EA"):
        assert one[name][0].values == pytest.approx(other[name][0].values)


def test_measured_homopolymers_take_the_place_of_predicted_ones(predictor: Predictor) -> None:
    units = (STYRENE, ACRYLATE)
    answers = answers_of(predictor, units, {})
    high = answers.high["Tg"][0]
    alone = Homopolymers.of(answers, [{"Tg": [100.0, high + 5]}, {"Density": []}])
    assert alone.measured["Tg"].tolist() == [True, False]
    assert not alone.measured["Density"].any()
    assert alone.values["Tg"][0] == 100.0
    # The interval is the model's, but for what was measured outside of it.
    assert alone.low["Tg"].equals(answers.low["Tg"])
    assert alone.high["Tg"].tolist() == [high + 5, answers.high["Tg"][1]]
    assert alone.values["Tg"][1] == answers.values["Tg"][1]
    assert alone.values["Density"].equals(answers.values["Density"])
    assert alone.of_property("Tg") == "measured and predicted homopolymers"
    assert alone.in_words("Tg", ["PS", "PBA"]) == "measured for PS, and predicted for PBA"
    none = answers._replace(low=answers.low * np.nan, high=answers.high * np.nan)
    assert np.isnan(Homopolymers.of(none, [{"Tg": [100.0]}, {}]).high["Tg"]).all()
    # The model's own answers stay as they are.
    assert alone.predicted.values["Tg"][0] != 100.0
    ends = along(np.array([0.5, 0.5]), 1, np.array([0.0, 0.5, 1.0]))
    fox = rules_over(predictor.info.answers, units, alone, ends)["Tg"][0]
    assert fox.values[[0, 2]] == pytest.approx(alone.values["Tg"])
    assert fox.low[[0, 2]] == pytest.approx(alone.low["Tg"])
    assert fox.high[[0, 2]] == pytest.approx(alone.high["Tg"])
    assert fox.low[1] < fox.values[1] < fox.high[1]


def test_weights_and_moles_of_units() -> None:
    units = [STYRENE, "*CC*"]
    weights = weights_of(units, [0.5, 0.5])
    assert weights == pytest.approx([104.152 / 132.206, 28.054 / 132.206], abs=1e-3)
    moles = moles_of(units, weights)
    assert moles[0] == pytest.approx(moles[1])


def test_labels_of_the_same_units_stand_at_their_fractions(predictor: Predictor) -> None:
    known = read_all_labels(predictor.folder, predictor.info)
    found = labels_over(known, [ACRYLATE, STYRENE])
    assert {each.fractions[1] for each in found} == {0.0, 1.0, *FRACTIONS}
    assert len(found) == 2 + 2 * len(FRACTIONS)
    (alone,) = (each for each in found if each.fractions == (0.0, 1.0))
    assert alone.architecture == ""
    assert alone.labels["Tg"][0].value == pytest.approx(KELVIN[STYRENE] - 273.15)
    block = {each.fractions[1] for each in found if each.architecture == "block"}
    assert block == {*FRACTIONS}
    # A unit drawn twice as long is half as many moles.
    doubled = "*CC(c1ccccc1)CC(*)c1ccccc1"
    assert canonical_unit(doubled) == canonical_unit(STYRENE)
    halved = {round(each.fractions[1], 3) for each in labels_over(known, [ACRYLATE, doubled])}
    assert halved == {0.0, 0.143, 0.333, 0.6, 1.0}
    assert len(labels_over(known, [ACRYLATE, STYRENE, ACETATE])) == 3 + 18 + 1


def test_units_are_entered_in_their_order_with_names_and_with_none_of_one() -> None:
    units = entered("polystyrene|*CCO*|1|0|stat")
    assert units == EnteredUnits((STYRENE, "*CCO*"), (1.0, 0.0), "random")
    assert units.text == f"{STYRENE}|*CCO*|1|0|random"
    assert canonical_unit(units.text) == canonical_unit(STYRENE)
    assert with_named_units("*CCO*") == "*CCO*"
    three = units.with_unit("*C*")
    assert three.fractions == pytest.approx((2 / 3, 0, 1 / 3))
    assert entered(three.text).fractions == pytest.approx(three.fractions, abs=1e-6)
    assert three.without(0).texts == ("*CCO*", "*C*")
    # What is not entered yet is in no text.
    assert units.with_unit("").text == units.text
    assert EnteredUnits((STYRENE,)).with_unit("").text == STYRENE
    assert units.without(1) == EnteredUnits((STYRENE,))
    assert units.without(0).fractions == (1.0,)
    assert EnteredUnits(("a", "b"), (0.0, 0.0)).fractions == (0.5, 0.5)
    with pytest.raises(BadSmilesError, match="7 repeat units"):
        entered("|".join([*(f"*{'C' * n}O*" for n in range(1, 8)), *["1"] * 7]))


@pytest.mark.parametrize(
    "text",
    [
        "[*:1]CC([*:2])c1ccccc1.[*:3]CCO[*:4]|0.3|0.7|<1-3:0.25:0.25<1-4:0.25:0.25<2-3:0.25:0.25"
        "<2-4:0.25:0.25<1-2:0.25:0.25<3-4:0.25:0.25<1-1:0.25:0.25<2-2:0.25:0.25<3-3:0.25:0.25"
        "<4-4:0.25:0.25",
        "{[$]CC(c1ccccc1)[$],[$]CCO[$]}|0.3|0.7",
        "*CC(*)c1ccccc1|*CCO*|30|70|random",
    ],
)
def test_each_notation_is_opened_as_units_with_fractions(text: str) -> None:
    units = entered(text)
    assert [canonical_unit(each) for each in units.texts] == [
        canonical_unit(each) for each in (STYRENE, "*CCO*")
    ]
    assert units.fractions == pytest.approx((0.3, 0.7))
    assert canonical_unit(units.text) == canonical_unit(text)
    assert units.architecture == "random"


def test_the_command_predicts_a_composition(
    predictor: Predictor, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"polystyrene|{ACRYLATE}|0.5|0.5|random"
    assert main(["predict", str(predictor.folder), text]) == 0
    value = predictor.predict([f"{ACRYLATE}|{STYRENE}|1|1|random"]).blend["Tg"].iloc[0]
    tg = next(each for each in predictor.info.properties if each.name == "Tg")
    assert tg.number(value) in capsys.readouterr().out


def test_the_command_has_mixing_rules_of_a_model_of_homopolymers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = f"polystyrene|{ACRYLATE}|0.5|0.5|random"
    assert main(["predict", "shipped", text]) == 0
    said = capsys.readouterr()
    assert "learned homopolymers only" in said.err
    assert "Fox" in said.out
    assert "LightGBM" not in said.out
    assert main(["predict", "shipped", text, "--intervals"]) != 0
    assert "have no intervals" in capsys.readouterr().err
    assert main(["predict", "shipped", f"polystyrene|{ACRYLATE}|0.5|0.9"]) != 0
    assert "add up to 1.4, not to 1" in capsys.readouterr().err
    # Nothing of the second unit is the first one's homopolymer.
    assert main(["predict", "shipped", f"polystyrene|{ACRYLATE}|1|0"]) == 0
    assert "LightGBM" in capsys.readouterr().out
