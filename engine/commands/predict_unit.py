"""`predict` of one repeat unit: what is shown on the terminal."""

import argparse
from collections.abc import Sequence
from math import isnan
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from ..base.errors import UserError
from ..base.wording import clipped, listed
from ..chem.comonomers import explained
from ..chem.composition import is_composition, read
from ..chem.entered_units import with_named_units
from ..chem.finding import Found, find, told
from ..chem.smiles import BadSmilesError, canonical
from ..inference.composition_words import architecture_words, assumed_words
from ..inference.conformal import LEVEL
from ..inference.domain_words import domain_in_words
from ..inference.predict import Predictor
from ..inference.predictions import Predictions
from ..inference.specification import Requirement, probability_columns
from ..inference.uncertainty import Uncertainty
from ..models.members import title_of
from ..runs.known_labels import read_measured_labels
from ..settings.conditions import same_for_all
from ..settings.properties import Property
from .options import given_conditions, given_requirements
from .output import print_line
from .predict_mixture import print_rules

_WIDEST = 9
"""Characters of the widest number of four digits, such as 2.701e+09."""

_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".xlsx")
"""What ends so and is no repeat unit was meant as a file."""


def predict_unit(predictor: Predictor, arguments: argparse.Namespace) -> None:
    """Print what a model predicts of one repeat unit or composition, and what is known of it.

    Of a composition, a model that learned homopolymers only has mixing rules to show.

    Args:
        predictor: the model.
        arguments: of the command `predict`; `input` is a SMILES, the name of one polymer, or the
            text of a composition.

    Raises:
        UserError: when it is neither, or the model needs conditions that are not given.
    """
    smiles = _unit_of(arguments.input)
    given = given_conditions(predictor, arguments.condition)
    missing = [each.name for each in predictor.info.conditions if each.name not in given]
    if missing:
        raise UserError(
            f"The model {predictor.info.name!r} predicts at given conditions: say "
            + " ".join(f"--condition {name}=VALUE" for name in missing)
            + "."
        )
    if is_composition(smiles) and not predictor.info.learned_compositions:
        if arguments.intervals or arguments.specification or arguments.source:
            raise UserError(
                f"The model {predictor.info.name!r} learned homopolymers only. Of a composition "
                "it has mixing rules to show, and these have no intervals: leave out --intervals, "
                "--specification and --source."
            )
        print_rules(predictor, smiles, given)
        return
    at = same_for_all(predictor.info.conditions, 1, given)
    predicted = predictor.predict([smiles], given=at, fragments=arguments.fragments or "refuse")
    if predicted.problems and Path(smiles).suffix.lower() in _SUFFIXES:
        raise UserError(f"There is no file {clipped(smiles)!r}.")
    if predicted.problems and is_composition(smiles):
        raise UserError(f"“{clipped(smiles)}” cannot be predicted: {predicted.problems[0]}.")
    if predicted.problems:
        raise UserError(
            f"{smiles!r} is neither a file nor a repeat unit that can be read: "
            f"{predicted.problems[0]}. {_near(smiles)}".rstrip()
        )
    names = list(predictor.info.columns_for(arguments.source).values())
    for words in predicted.warnings(names).values():
        print_line(words, stderr=True)
    learned = architecture_words(predictor.info, read(smiles).architecture)
    for words in filter(None, [learned, assumed_words(predictor.info, smiles)]):
        print_line(words, stderr=True)
    uncertainty = predictor.uncertainty(predicted) if predictor.has_intervals else None
    if uncertainty:
        _tell_domain(predictor, predicted, uncertainty, names)
    _print_measured(predictor, smiles)
    for condition in predictor.info.conditions:
        print_line(f"at {condition.name} {given[condition.name]} {condition.unit}".strip())
    shown = uncertainty if arguments.intervals else None
    _print_values(predictor, predicted, shown, arguments.source)
    if uncertainty and (requirements := given_requirements(predictor, arguments.specification)):
        _print_probabilities(predictor, requirements, predicted, uncertainty)


def _unit_of(text: str) -> str:
    """The SMILES or the composition that a text is, or the SMILES of the polymer that it names.

    Raises:
        UserError: for a name that leaves a doubt which polymer is meant, and for monomers.
    """
    if is_composition(text):
        return _composition_of(text)
    if "*" in text:
        return text
    found = find(text)
    if found.only:
        print_line(f"{told(found)[:-1]}: {found.only.smiles}", stderr=True)
        return found.only.smiles
    if found.offers and found.how not in ("molecule", "near"):
        raise UserError(f"{told(found)} {_one_of(found)}")
    return text


def _one_of(found: Found) -> str:
    """What to give instead."""
    units = listed([unit.smiles for unit in found.offers])
    return f"Give one of them: {units}." if len(found.offers) > 1 else f"Give {units}."


def _composition_of(text: str) -> str:
    """The canonical text of a composition, whose units may be named.

    Raises:
        UserError: when it cannot be read.
    """
    try:
        return canonical(with_named_units(text))
    except BadSmilesError as error:
        found = find(text)
        if found.offers:
            raise UserError(told(found)) from error
        raise UserError(
            f"The composition {clipped(text)!r} cannot be read: {explained(error)}."
        ) from error


def _near(text: str) -> str:
    """The names of polymers that a text is like, as a sentence; empty where it is like none."""
    found = find(text)
    return told(found) if found.how == "near" else ""


def _print_values(
    predictor: Predictor, predicted: Predictions, shown: Uncertainty | None, source: str | None
) -> None:
    """Print what the blend and each member predict of one unit."""
    # Kept on one line, where a narrow terminal breaks the others.
    interval = Column(f"{100 * LEVEL:.0f} % interval", no_wrap=True)
    heads: list[Column | str] = [interval, "domain"] if shown else []
    blended = Table("property", "blend", *heads, box=SIMPLE_HEAD)
    # A table of their own: all in one would not fit a terminal of 80 columns.
    titles = [title_of(member) for member in predictor.info.members]
    heads_of_members = [
        Column(each, justify="right", min_width=_WIDEST, overflow="fold") for each in titles
    ]
    members = Table(
        Column("members", overflow="fold"),
        *heads_of_members,
        box=SIMPLE_HEAD,
        padding=(0, 0, 0, 1),
        pad_edge=False,
    )
    for property_ in predictor.info.properties:
        if source and property_.source != source:
            continue
        label = escape(property_.label)
        blend = property_.number(predicted.blend.at[0, property_.name])
        blended.add_row(label, blend, *(_cells(shown, property_) if shown else ()))
        values = (frame.at[0, property_.name] for frame in predicted.members.values())
        members.add_row(label, *("–" if isnan(v) else property_.number(v) for v in values))
    Console().print(blended, members)


def _print_probabilities(
    predictor: Predictor,
    requirements: Sequence[Requirement],
    predicted: Predictions,
    uncertainty: Uncertainty,
) -> None:
    """Print how likely one unit meets each requirement, and all of them."""
    row = probability_columns(
        requirements, predictor.info, predicted.blend, uncertainty.half_widths
    ).iloc[0]
    units = {each.name: each.unit for each in predictor.info.properties}
    for each in requirements:
        if each.has_ends:
            words = each.ends_in_words(units[each.name])
            print_line(f"probability of {words}: {row[f'probability_{each.name}']:.0%}")
    if sum(each.has_ends for each in requirements) > 1:
        print_line(f"probability of all of it: {row['probability_all']:.0%}")


def _print_measured(predictor: Predictor, smiles: str) -> None:
    """Print the measured values of a polymer that the model learned, with their references."""
    known = read_measured_labels(predictor.folder, predictor.info).of(smiles)
    for property_ in predictor.info.properties:
        for label in known.get(property_.name, []):
            words = " (cis, trans or tacticity not told apart)" if label.any_stereo else ""
            value = property_.format(label.value)
            print_line(f"measured: {property_.name} {value}, {label.reference}{words}")


def _tell_domain(
    predictor: Predictor, predicted: Predictions, uncertainty: Uncertainty, names: Sequence[str]
) -> None:
    """Say on standard error for which properties a unit lies outside the domain, and what of it."""
    told = {
        name: domain_in_words(predictor.info, uncertainty, predicted.unseen, 0, name)
        for name in names
    }
    outside = [name for name in names if told[name].outside]
    if outside:
        which = "all properties" if len(outside) == len(names) else listed(outside)
        print_line(f"Outside the applicability domain of {which}.", stderr=True)
    for name in outside:
        words = told[name]
        if sentences := " ".join(filter(None, [words.far, words.effect])):
            print_line(f"  {name}: {sentences}", stderr=True)


def _cells(uncertainty: Uncertainty, property_: Property) -> tuple[str, str]:
    """A property's interval and domain as cells of a table; a dash where there is none."""
    low, high = uncertainty.low.at[0, property_.name], uncertainty.high.at[0, property_.name]
    interval = "–" if np.isnan(low) else f"{property_.number(low)} – {property_.number(high)}"
    return interval, uncertainty.domain.at[0, property_.name] or "–"
