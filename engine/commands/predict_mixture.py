"""`predict` of a composition, by a model that learned homopolymers only: mixing rules."""

from collections.abc import Mapping

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from ..base.wording import clipped, distinct
from ..chem.composition import read
from ..chem.listed_units import name_of
from ..inference.mixing import Estimate
from ..inference.over_compositions import answers_of, rules_over
from ..inference.predict import Predictor
from ..settings.properties import Property
from .output import print_line


def print_rules(predictor: Predictor, text: str, given: Mapping[str, float | str]) -> None:
    """Print what mixing rules on a model's values of the homopolymers say of a composition.

    Args:
        predictor: the model, which predicts no compositions.
        text: canonical, of a composition.
        given: conditions, for a model that predicts at such.

    Raises:
        UserError: when a unit is not predicted.
    """
    composition = read(text)
    units = composition.units
    answers = answers_of(predictor, units, given)
    found = rules_over(predictor.info.answers, units, answers, np.array([composition.fractions]))
    names = distinct([clipped(name_of(unit) or unit, 24) for unit in units])
    print_line(
        f"The model {predictor.info.name!r} learned homopolymers only, so it predicts no "
        "copolymer. These are mixing rules on its values of the homopolymers, and know nothing of "
        "the sequence of the units.",
        stderr=True,
    )
    for name, warning in zip(names, answers.warnings, strict=True):
        if warning:
            print_line(f"{name}: {warning}", stderr=True)
    mixed = Table("property", Column("mixture", no_wrap=True), "by rule", box=SIMPLE_HEAD)
    for property_ in predictor.info.answers:
        for estimate in found[property_.name]:
            mixed.add_row(*_cells(property_, estimate))
    alone = Table("homopolymers", *map(escape, names), box=SIMPLE_HEAD)
    for property_ in predictor.info.answers:
        values = answers.values[property_.name]
        alone.add_row(escape(property_.label), *(property_.number(value) for value in values))
    Console().print(mixed, alone)


def _cells(property_: Property, estimate: Estimate) -> tuple[str, str, str]:
    k = "" if estimate.k is None else f", k = {', '.join(f'{k:.2f}' for k in estimate.k[1:])}"
    value = property_.number(float(estimate.values[0]))
    return escape(property_.label), value, f"{estimate.rule.name}{k}"
