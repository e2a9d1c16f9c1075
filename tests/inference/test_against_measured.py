"""How far answers as simulated lie from measured values, and how that is said."""

import pytest

from engine.inference.against_measured import (
    FEWEST_POLYMERS,
    AgainstMeasured,
    against_measured,
    against_measured_words,
)
from engine.inference.bundle import SHIPPED, read_info
from engine.settings.properties import property_for

DENSITY = property_for("Density")


def test_only_polymers_that_have_both_values_count() -> None:
    answers = {"*CC*": 0.8, "*CCO*": 1.0, "*C*": 5.0}
    measured = {"*CC*": 0.9, "*CCO*": 1.3, "*CO*": 5.0}
    found = against_measured(DENSITY, answers, measured)
    assert found.polymers == 2
    assert (found.median, found.mae) == pytest.approx((-0.2, 0.2))
    assert against_measured(DENSITY, answers, {"*CO*": 1.0}) is None


def test_a_property_on_a_logarithmic_scale_is_compared_in_decades() -> None:
    viscosity = property_for("viscosity", "Pa·s").model_copy(update={"scale": "log10"})
    found = against_measured(viscosity, {"*CC*": 1e3}, {"*CC*": 1e5})
    assert (found.median, found.mae) == pytest.approx((-2.0, 2.0))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "never compared with measured values"),
        (
            (70, -0.07, 0.072),
            "off by 0.072 g/cm³ on average for 70 measured polymers, mostly too low",
        ),
        ((70, 0.01, 0.072), "off by 0.072 g/cm³ on average for 70 measured polymers"),
        ((FEWEST_POLYMERS - 1, 0.1, 0.1), "compared with no more than 9 measured polymers"),
    ],
)
def test_the_distance_is_said_of_simulated_answers_alone(found, words: str) -> None:
    name = "Density (radonpy)"
    known = (
        {}
        if found is None
        else {name: AgainstMeasured(polymers=found[0], median=found[1], mae=found[2])}
    )
    info = read_info(SHIPPED).model_copy(update={"against_measured": known})
    by_name = {each.name: each for each in info.properties}
    assert against_measured_words(info, by_name[name]) == words
    # Measured, and collected from journals.
    assert not against_measured_words(info, by_name["Density"])
    assert not against_measured_words(info, by_name["Tg (competition)"])
    silent = info.model_copy(update={"against_measured": None})
    assert not against_measured_words(silent, by_name[name])
