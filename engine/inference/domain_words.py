"""The applicability domain in words: why a unit is outside, and what that does to the error."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..base.wording import counted, listed
from ..settings.numbers import number
from ..settings.properties import Property
from .bundle import BundleInfo
from .domain_effect import DomainEffect, Errors
from .seen import Unseen, as_sentence, lacks_atoms, none_has, unseen_sentences
from .uncertainty import Uncertainty

OUTSIDE_DOMAIN = "outside the applicability domain"
_GUESS = "There the model can only guess, and its intervals do not hold."
_FURTHER_OFF = (
    f"There the unit lies {OUTSIDE_DOMAIN}: values can be further off than their intervals say."
)


class DomainInWords(NamedTuple):
    """How one unit lies to the training units of one property.

    Attributes:
        outside: whether it lies outside the applicability domain.
        guess: whether it has atoms that no training unit has, so that the model can only guess.
        brief: why, in a few words; empty inside.
        new: what no training unit has, as a sentence; empty where there is nothing.
        far: how far the nearest training units are, as a sentence; empty where they are near.
        similarity: of the nearest training unit with a label of the property, 0 to 1; NaN where
            there is none.
        typical: the typical error of units like it, in a few words: of those outside the domain, or
            of those whose nearest training unit is about as similar; empty where it is not known.
        effect: the typical errors outside and inside the domain, as a sentence; empty likewise.
    """

    outside: bool
    guess: bool
    brief: str
    new: str
    far: str
    similarity: float
    typical: str
    effect: str


def domain_in_words(
    info: BundleInfo, uncertainty: Uncertainty, unseen: Mapping[int, Unseen], row: int, name: str
) -> DomainInWords:
    """How a predicted unit lies to the training units of a property, in plain sentences.

    Args:
        info: of the model.
        uncertainty: of N predictions.
        unseen: of the same, as `Predictions` has it.
        row: which of them.
        name: of the property.
    """
    near = float(uncertainty.near.at[row, name])
    least = _least(info, name)
    new, is_far = _new(unseen.get(row, {}), name), near < least
    outside = bool(uncertainty.is_outside.at[row, name])
    similarity = float(uncertainty.nearest.at[row, name])
    property_ = next(each for each in info.properties if each.name == name)
    effect = info.domain.effects.get(name) if info.domain else None
    return DomainInWords(
        outside,
        any(map(lacks_atoms, new)),
        _brief(new, is_far) if outside else "",
        as_sentence(none_has(new, f" with a label of {name}")) if new else "",
        f"Its five nearest training units are {near:.2f} similar to it on average; 95 % of the "
        f"training units have five that are {least:.2f} similar or more."
        if is_far
        else "",
        similarity,
        _typical(property_, effect, outside, similarity) if effect else "",
        _effect(property_, effect, outside, bool(new)) if effect else "",
    )


def outside_words(
    info: BundleInfo,
    uncertainty: Uncertainty,
    unseen: Mapping[int, Unseen],
    names: Sequence[str],
) -> dict[int, str]:
    """By position of those units that are outside for some properties: for which, and why.

    Args:
        info, uncertainty, unseen: see `domain_in_words`.
        names: of the properties that are asked for.
    """
    near, least = uncertainty.near[names].to_numpy(), [_least(info, name) for name in names]
    by_row: dict[int, dict[str, list[str]]] = {}
    for row, k in np.argwhere(uncertainty.is_outside[names].to_numpy()).tolist():
        brief = _brief(_new(unseen.get(row, {}), names[k]), bool(near[row, k] < least[k]))
        by_row.setdefault(row, {}).setdefault(brief, []).append(names[k])
    return {
        row: "; ".join(f"{listed(own, most=len(own))}: {brief}" for brief, own in by_reason.items())
        for row, by_reason in by_row.items()
    }


def new_in_words(unseen: Unseen, names: Sequence[str]) -> str:
    """What a unit has and no training unit has, and what that does to its values.

    Args:
        unseen: of the unit.
        names: of the properties that are asked for.

    Returns:
        Sentences; empty where there is nothing.
    """
    said = []
    for lacks, meaning in ((True, _GUESS), (False, _FURTHER_OFF)):
        of_kind = {words: of for words, of in unseen.items() if lacks_atoms(words) == lacks}
        if sentences := unseen_sentences(of_kind, names):
            said += [*sentences, meaning]
    return " ".join(said)


def _least(info: BundleInfo, name: str) -> float:
    """How similar the five nearest training units of a unit inside are at least, on average."""
    threshold = info.domain.thresholds.get(name) if info.domain else None
    return float("nan") if threshold is None else 1 - threshold


def _new(unseen: Unseen, name: str) -> list[str]:
    return [words for words, names in unseen.items() if name in names]


def _brief(new: Sequence[str], is_far: bool) -> str:
    parts = [none_has(new)] if new else []
    return ", and ".join([*parts, "few training units are like it"] if is_far else parts)


def _typical(property_: Property, effect: DomainEffect, outside: bool, similarity: float) -> str:
    if outside:
        return f"{_error(property_, effect.outside)} outside the domain" if effect.outside else ""
    like = effect.at_similarity(similarity)
    return f"{_error(property_, like)} at this similarity" if like else ""


def _effect(property_: Property, effect: DomainEffect, outside: bool, new: bool) -> str:
    """What was measured on labels that the models had not seen."""
    sides = {"outside": effect.outside, "inside": effect.inside}
    first, second = sides if outside else reversed(sides)
    told = [
        f"{_error(property_, errors)} {side} the domain ({_labels(errors)})"
        for side in (first, second)
        if (errors := sides[side])
    ]
    if not told:
        return ""
    sentence = f"Typical error on held-out folds: {', '.join(told)}."
    if outside and new:
        sentence += (
            f" Where units had what no other one has, it was {_error(property_, effect.unseen)} "
            f"({counted(effect.unseen.labels, 'label')})."
            if effect.unseen
            else " None of these units had what no other one has, so here it may be larger."
        )
    return sentence


def _labels(errors: Errors) -> str:
    words = counted(errors.labels, "label")
    if errors.coverage is None:
        return words
    return f"{words}, {100 * errors.coverage:.0f} % within their intervals"


def _error(property_: Property, errors: Errors) -> str:
    return f"±{number(property_.errors, errors.mae)}"
