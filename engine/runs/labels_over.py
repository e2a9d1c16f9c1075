"""The labels of compositions of the same repeat units that a model learned, with their fractions.

They stand beside what the model predicts over the composition.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..chem.architectures import Architecture
from ..chem.composition import is_composition, read
from ..chem.polymers import unit_mass
from ..chem.repeat_unit import canonical_unit
from ..table.duplicates import flat_smiles
from .known_labels import KnownLabel, KnownLabels


class LabelledComposition(NamedTuple):
    """A composition of some repeat units that has labels.

    Attributes:
        fractions: the mole fraction of each of the N units that were asked for, as they are drawn.
        architecture: empty where it is not known, and of a homopolymer.
        labels: by property.
    """

    fractions: tuple[float, ...]
    architecture: Architecture
    labels: dict[str, list[KnownLabel]]


def labels_over(known: KnownLabels, units: Sequence[str]) -> list[LabelledComposition]:
    """All labelled compositions and homopolymers that hold none but some repeat units.

    Args:
        known: the labels that may be shown.
        units: N repeat units that can be read, drawn in any way; stereo marks are not compared.
    """
    flat = [flat_smiles(unit) for unit in units]
    canonical = [canonical_unit(unit) for unit in flat]
    # A unit may be drawn as two of the canonical one: then it is half as many moles.
    per_drawn = [
        unit_mass(own) / unit_mass(drawn) for own, drawn in zip(canonical, flat, strict=True)
    ]
    found = []
    for text in known.polymers:
        own = dict(_shares(text))
        if not own.keys() <= {*canonical}:
            continue
        # Two that draw the same polymer cannot be told apart: the first stands for both.
        moles = np.array(
            [
                own.get(unit, 0.0) * part if canonical.index(unit) == place else 0.0
                for place, (unit, part) in enumerate(zip(canonical, per_drawn, strict=True))
            ]
        )
        fractions = tuple((moles / moles.sum()).tolist())
        architecture = read(text).architecture
        found.append(LabelledComposition(fractions, architecture, known.of_polymer(text)))
    return found


def _shares(text: str) -> list[tuple[str, float]]:
    """The canonical repeat units of a row, with the mole fraction of each."""
    if not is_composition(text):
        return [(text, 1.0)]
    composition = read(text)
    return [*zip(composition.units, composition.fractions, strict=True)]
