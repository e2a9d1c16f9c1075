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
from ..inference.homopolymers import Homopolymers, rules_over
from ..inference.mixing import Estimate
from ..inference.over_compositions import answers_of
from ..inference.predict import Predictor
from ..runs.known_labels import measured_values, read_measured_labels
from ..settings.properties import Property
from .output import print_line


def print_rules(predictor: Predictor, text: str, given: Mapping[str, float | str]) -> None:
    """Print what mixing rules say of a composition, on measured homopolymers where they are known.

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
    known = read_measured_labels(predictor.folder, predictor.info)
    alone = Homopolymers.of(answers, measured_values(known, predictor.info, units))
    found = rules_over(predictor.info.answers, units, alone, np.array([composition.fractions]))
    names = distinct([clipped(name_of(unit) or unit, 24) for unit in units])
    print_line(
        f"The model {predictor.info.name!r} learned homopolymers only, so it predicts no "
        "copolymer. These are mixing rules on the homopolymers, measured where that is known and "
        "else predicted; they know nothing of the sequence of the units.",
        stderr=True,
    )
    for name, warning in zip(names, answers.warnings, strict=True):
        if warning:
            print_line(f"{name}: {warning}", stderr=True)
    mixed = Table(
        "property", Column("mixture", no_wrap=True), "range", "by rule", "from", box=SIMPLE_HEAD
    )
    for property_ in predictor.info.answers:
        basis = alone.of_property(property_.name).removesuffix(" homopolymers")
        for estimate in found[property_.name]:
            mixed.add_row(*_cells(property_, estimate), basis)
    own = Table("homopolymers", *map(escape, names), box=SIMPLE_HEAD)
    for property_ in predictor.info.answers:
        rows = zip(alone.values[property_.name], alone.measured[property_.name], strict=True)
        cells = [property_.number(value) + (" *" if measured else "") for value, measured in rows]
        own.add_row(escape(property_.label), *cells)
    Console().print(mixed, own)
    if alone.measured.to_numpy().any():
        print_line("* measured", stderr=True)


def _cells(property_: Property, estimate: Estimate) -> tuple[str, str, str, str]:
    """The property, the rule's value, its range from the homopolymers' intervals, and its name."""
    k = "" if estimate.k is None else f", k = {', '.join(f'{k:.2f}' for k in estimate.k[1:])}"
    value, low, high = (float(each[0]) for each in (estimate.values, estimate.low, estimate.high))
    range_ = f"{property_.number(low)} – {property_.number(high)}" if low == low else "–"
    name = f"{estimate.rule.name}{k}"
    return escape(property_.label), property_.number(value), range_, name
