"""What each group of a repeat unit does to the predicted properties, by replacing it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .predict import Predictor


class GroupEffect(NamedTuple):
    """What a group does to one property.

    Attributes:
        group, by: the group, and what stood in its place.
        atoms: the group's, by their numbers in the unit.
        change: the value with the group less that without it, in the property's unit.
        spread: the standard deviation of what the members say of this change, each with its weight
            in the blend, in the same unit; 0 of one member alone.
    """

    group: str
    by: str
    atoms: tuple[int, ...]
    change: float
    spread: float


class GroupEffects(NamedTuple):
    """What the groups of one repeat unit do.

    Attributes:
        smiles: the unit, cut where no group is divided.
        effects: by property, one for each group.
        remainders: by property, the value less all changes: what the groups alone do not make.
    """

    smiles: str
    effects: dict[str, list[GroupEffect]]
    remainders: dict[str, float]


def group_effects(predictor: Predictor, smiles: str, names: Sequence[str]) -> GroupEffects:
    """Replace each group of a repeat unit alone, and predict with the whole ensemble what changes.

    The method is that of matched molecular pairs, with predicted values: Hussain and Rea, J. Chem.
    Inf. Model. 50 (2010) 339, doi:10.1021/ci900450m. Changes of several groups need not add up.

    Args:
        predictor: a model that predicts without conditions.
        smiles: of a repeat unit.
        names: of the properties.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    from ..chem.replacements import cut_between_carbons, replacements_of

    unit = cut_between_carbons(smiles)
    found = replacements_of(unit)
    predicted = predictor.predict([unit, *(each.smiles for each in found)])
    effects: dict[str, list[GroupEffect]] = {}
    for name in names:
        values = predicted.blend[name].to_numpy()
        weights = predictor.info.blend[name]
        of_members = np.array([predicted.members[member][name].to_numpy() for member in weights])
        changes = of_members[:, :1] - of_members[:, 1:]
        shares = np.array([*weights.values()])
        mean = shares @ changes
        spreads = np.sqrt(np.maximum(shares @ (changes - mean) ** 2, 0.0))
        effects[name] = [
            GroupEffect(each.group, each.by, each.atoms, float(values[0] - value), float(spread))
            for each, value, spread in zip(found, values[1:], spreads, strict=True)
            if np.isfinite(value)
        ]
    totals = {name: sum(each.change for each in own) for name, own in effects.items()}
    remainders = {name: float(predicted.blend[name][0] - totals[name]) for name in names}
    return GroupEffects(unit, effects, remainders)
