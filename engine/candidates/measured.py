"""Measured values of candidates: those that a model learned, which stand before its predictions."""

import json
import math
from collections.abc import Sequence

from ..inference.bundle import BundleInfo
from ..inference.specification import Requirement
from ..runs.known_labels import KnownLabel, KnownLabels, names_as_measured
from ..settings.numbers import number, number_range, without_unit
from ..settings.properties import Property
from ..table.duplicates import flat_smiles

Measured = dict[str, list[KnownLabel]]
"""The measured values of a candidate, by property; the first of a property stands for it."""

ANY_STEREO = "cis, trans or tacticity not told apart"


def measured_of(
    known: KnownLabels, info: BundleInfo, units: Sequence[str | None]
) -> list[Measured]:
    """The measured values of N polymers, of the properties that a model answers as measured.

    Args:
        known: the labels that the model learned, of measured sources alone.
        info: of the model.
        units: the N repeat units as the model takes them; None where a text cannot be read.
    """
    names = set(names_as_measured(info)) & set(known.names) & set(info.answer_names)
    if not names:
        return [{} for _ in units]
    found = []
    for unit in units:
        if unit is None:
            labels: Measured = {}
        elif info.canonical_units and flat_smiles(unit) == unit:
            labels = known.of_polymer(unit)
        else:
            labels = known.of(unit)
        found.append({name: own for name, own in labels.items() if name in names})
    return found


def as_text(measured: Measured) -> str:
    """Measured values as `from_text` reads them; empty without any."""
    kept = {
        name: [[each.value, each.reference, each.any_stereo] for each in labels]
        for name, labels in measured.items()
    }
    return json.dumps(kept) if kept else ""


def from_text(text: str) -> Measured:
    """Measured values of a file that anybody may have written.

    Raises:
        ValueError: when it holds none.
    """
    try:
        kept = {
            str(name): [
                KnownLabel(float(value), str(reference), bool(any_stereo))
                for value, reference, any_stereo in labels
            ]
            for name, labels in (json.loads(text) if text else {}).items()
            if labels
        }
    except (AttributeError, TypeError, RecursionError) as error:
        raise ValueError("no measured values") from error
    if not all(math.isfinite(each.value) for labels in kept.values() for each in labels):
        raise ValueError("a measured value is no number")
    return kept


def share_that_meets(requirement: Requirement, labels: Sequence[KnownLabel]) -> float:
    """Which share of the different measured values of a polymer meets a requirement, 0 to 1.

    Collections copy values from each other: the same value twice is one measurement.

    Args:
        requirement: with ends.
        labels: of its property.
    """
    values = {each.value for each in labels}
    return sum(requirement.met_by(value) for value in values) / len(values)


def in_short(property_: Property, labels: Sequence[KnownLabel]) -> str:
    """That a value is measured, and how far other measured ones lie apart, for a narrow cell."""
    ends = min(each.value for each in labels), max(each.value for each in labels)
    bare = without_unit(property_)
    if number(bare, ends[0]) == number(bare, ends[1]):
        return "measured"
    return f"measured, {number_range(bare, *ends, ' … ')}"


def with_references(property_: Property, labels: Sequence[KnownLabel]) -> str:
    """All measured values with their references, as `100 °C, Mark 2009; 106 °C, Wiley 1989`."""
    told = [f"{number(property_, each.value)}, {each.reference}" for each in labels]
    stereo = [ANY_STEREO] if any(each.any_stereo for each in labels) else []
    return "; ".join([*dict.fromkeys(told), *stereo])
