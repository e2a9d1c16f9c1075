"""Mixing rules: the properties of a copolymer or a blend from those of its repeat units.

A rule takes what is known, or predicted, of each unit's homopolymer. It knows nothing of sequence
or of phases: it holds for random copolymers and for polymers that mix.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..chem.polymers import weights_of
from ..settings.properties import OF_ANOTHER, Property, registered_as
from ..settings.units import conversion

DENSITY = "Density"
_CLOSED = 1e-6
"""By how much fractions may miss 1."""


class MixtureFractions(NamedTuple):
    """P compositions of the same N units.

    Attributes:
        weights: weight fractions, shape `(P, N)`.
        volumes: volume fractions, shape `(P, N)`; None where the densities are not known.
        k: of Gordon and Taylor, shape `(N,)`, 1 for the first unit; None where it is not known.
        moles: mole fractions of repeat units, shape `(P, N)`; None where they are not said.
    """

    weights: np.ndarray
    volumes: np.ndarray | None = None
    k: np.ndarray | None = None
    moles: np.ndarray | None = None


class Rule(NamedTuple):
    """One mixing rule.

    Attributes:
        name: by which it is known.
        formula: in signs; w are weight fractions, φ volume fractions.
        source: who gave it.
        unit: in which its values have to be; empty where any does.
        mix: from the units' values `(N,)` and their compositions to the values of the mixtures
            `(P,)`, which grow with each unit's value.
        needs: the part of a composition without which it cannot be used.
    """

    name: str
    formula: str
    source: str
    unit: str
    mix: Callable[[np.ndarray, MixtureFractions], np.ndarray]
    needs: str = "volumes"


class Estimate(NamedTuple):
    """What a rule says of P compositions, in the property's unit.

    Attributes:
        rule: it.
        values: from the units' predictions, shape `(P,)`.
        low, high: from the lower, and from the upper ends of all units' intervals at once, shape
            `(P,)`; NaN where a unit has none. Fractions and k are those of the predictions.
        k: of Gordon and Taylor, shape `(N,)`, relative to the first unit; None for other rules.
    """

    rule: Rule
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    k: np.ndarray | None


def _volumes(composition: MixtureFractions) -> np.ndarray:
    assert composition.volumes is not None
    return composition.volumes


def _harmonic_by_weight(values: np.ndarray, composition: MixtureFractions) -> np.ndarray:
    return 1 / (composition.weights @ (1 / values))


def _gordon_taylor(values: np.ndarray, composition: MixtureFractions) -> np.ndarray:
    assert composition.k is not None
    shares = composition.weights * composition.k
    return shares @ values / shares.sum(axis=1)


def _by_weight(values: np.ndarray, composition: MixtureFractions) -> np.ndarray:
    return composition.weights @ values


def _by_mole(values: np.ndarray, composition: MixtureFractions) -> np.ndarray:
    assert composition.moles is not None
    return composition.moles @ values


def _by_volume(values: np.ndarray, composition: MixtureFractions) -> np.ndarray:
    return _volumes(composition) @ values


def _harmonic_by_volume(values: np.ndarray, composition: MixtureFractions) -> np.ndarray:
    return 1 / (_volumes(composition) @ (1 / values))


def _lorentz_lorenz(values: np.ndarray, composition: MixtureFractions) -> np.ndarray:
    squares = values**2
    mixed = _volumes(composition) @ ((squares - 1) / (squares + 2))
    return np.sqrt((1 + 2 * mixed) / (1 - mixed))


def _lichtenecker(values: np.ndarray, composition: MixtureFractions) -> np.ndarray:
    return np.exp(_volumes(composition) @ np.log(values))


_EXPANSION = "1/K"
"""The unit of the one quantity with a rule that may be negative."""

_VOLUME_ADDITIVITY = "volumes add up, without a volume of mixing"
FOX = Rule(
    "Fox",
    "1/Tg = Σ w/Tg, in kelvin",
    "Fox, Bull. Am. Phys. Soc. 1 (1956) 123",
    "K",
    _harmonic_by_weight,
    needs="weights",
)
GORDON_TAYLOR = Rule(
    "Gordon–Taylor",
    "Tg = Σ k w Tg / Σ k w, in kelvin",
    "Gordon and Taylor, J. Appl. Chem. 2 (1952) 493, doi:10.1002/jctb.5010020901; k by Simha and "
    "Boyer, J. Chem. Phys. 37 (1962) 1003, doi:10.1063/1.1733201",
    "K",
    _gordon_taylor,
    needs="k",
)
STRAIGHT_LINE = Rule(
    "straight line",
    "P = Σ x P, x mole fractions of repeat units",
    "no mixing rule is known for it",
    "",
    _by_mole,
    needs="moles",
)
"""For comparison, where a property has no rule."""
STRAIGHT_LINE_OF_LOGARITHMS = Rule(
    "straight line of logarithms",
    "lg P = Σ x lg P, x mole fractions of repeat units",
    "no mixing rule is known for it",
    "",
    lambda values, composition: 10.0 ** _by_mole(np.log10(values), composition),
    needs="moles",
)
"""The same for a property that is learned as its logarithm."""
_RULES: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    (r"tg|glass transition( temperature| temp)?", (FOX, GORDON_TAYLOR)),
    (
        r"density",
        (
            Rule(
                "volume additivity",
                "1/ρ = Σ w/ρ",
                _VOLUME_ADDITIVITY,
                "g/cm³",
                _harmonic_by_weight,
                needs="weights",
            ),
        ),
    ),
    (
        r"ffv|fractional free volume",
        (Rule("volume additivity", "FFV = Σ φ FFV", _VOLUME_ADDITIVITY, "", _by_volume),),
    ),
    (
        r"refractive index",
        (
            Rule(
                "Lorentz–Lorenz",
                "(n²−1)/(n²+2) = Σ φ (n²−1)/(n²+2)",
                "Lorentz, Ann. Phys. 245 (1880) 641, doi:10.1002/andp.18802450406",
                "",
                _lorentz_lorenz,
            ),
        ),
    ),
    (
        r"(static )?(dielectric const(ant)?|relative permittivity)",
        (
            Rule(
                "Lichtenecker",
                "ln ε = Σ φ ln ε",
                "Lichtenecker, Phys. Z. 27 (1926) 115",
                "",
                _lichtenecker,
            ),
        ),
    ),
    (
        r"cp|(specific )?heat capacity",
        (
            Rule(
                "Neumann–Kopp",
                "cp = Σ w cp",
                "Kopp, Phil. Trans. R. Soc. 155 (1865) 71, doi:10.1098/rstl.1865.0003",
                "J/(kg·K)",
                _by_weight,
                needs="weights",
            ),
        ),
    ),
    (
        r"bulk modulus",
        (
            Rule(
                "Reuss",
                "1/K = Σ φ/K",
                "Reuss, Z. angew. Math. Mech. 9 (1929) 49, doi:10.1002/zamm.19290090104; a lower "
                "bound for a blend",
                "Pa",
                _harmonic_by_volume,
            ),
        ),
    ),
    (
        r"(linear |volumetric |thermal |cubic )*expansion",
        (Rule("volume additivity", "α = Σ φ α", _VOLUME_ADDITIVITY, _EXPANSION, _by_volume),),
    ),
)
"""By the words of a property's name, the whole of it."""


def rules_of(property_: Property) -> tuple[Rule, ...]:
    """The mixing rules of a property, known by its name; none for most.

    Args:
        property_: in a unit that the rules can be used in, or no rule is found.
    """
    quantity = registered_as(property_.base) or property_.base
    words = " ".join(re.findall(r"[^\W_]+", quantity.casefold()))
    if OF_ANOTHER.search(words):
        return ()
    for pattern, rules in _RULES:
        if re.fullmatch(pattern, words):
            return tuple(rule for rule in rules if _conversion(property_, rule))
    return ()


def _conversion(property_: Property, rule: Rule) -> tuple[float, float] | None:
    """Factor and offset from the property's unit to the rule's."""
    if rule.unit in ("", property_.unit):
        return 1.0, 0.0
    return conversion(property_.unit, rule.unit) if property_.unit else None


def weight_fractions(fractions: np.ndarray, units: Sequence[str] | None = None) -> np.ndarray:
    """Weight fractions of P compositions.

    Args:
        fractions: shape `(P, N)`, that add up to 1.
        units: the N repeat units, where the fractions are by mole of them; None where they are by
            weight already.

    Returns:
        Shape `(P, N)`.

    Raises:
        UserError: when fractions are negative, or do not add up to 1.
    """
    fractions = np.asarray(fractions, dtype=np.float64)
    sums = fractions.sum(axis=1)
    if (fractions < 0).any() or not (np.abs(sums - 1) <= _CLOSED).all():
        wrong = sums[np.argmax(np.abs(sums - 1))]
        raise UserError(
            f"The fractions of the units have to be 0 or more and add up to 100 %, and not to "
            f"{100 * wrong:.4g} %: correct them."
        )
    return fractions if units is None else weights_of(units, fractions)


def volume_fractions(weights: np.ndarray, densities: np.ndarray) -> np.ndarray:
    """Volume fractions `(P, N)` from weight fractions `(P, N)` and densities `(N,)`."""
    volumes = weights / densities
    return volumes / volumes.sum(axis=1, keepdims=True)


def simha_boyer(temperatures: np.ndarray, densities: np.ndarray) -> np.ndarray:
    """The k of Gordon and Taylor by the rule that Tg times the change of expansivity is constant.

    k = ρ₁ Tg₁ / (ρ₂ Tg₂); Simha and Boyer, J. Chem. Phys. 37 (1962) 1003, doi:10.1063/1.1733201.

    Args:
        temperatures: Tg of N units, in kelvin.
        densities: of the same, in one unit.

    Returns:
        Shape `(N,)`, relative to the first unit.
    """
    products = temperatures * densities
    return products[0] / products


def estimates(
    properties: Sequence[Property],
    values: pd.DataFrame,
    low: pd.DataFrame,
    high: pd.DataFrame,
    weights: np.ndarray,
    k: float | None = None,
    moles: np.ndarray | None = None,
) -> dict[str, list[Estimate]]:
    """What mixing rules say of P compositions of N units.

    Args:
        properties: those with a rule are looked for among them, and a density.
        values: N rows, a column for each property, in the properties' units.
        low, high: the ends of the values' intervals, in the same form.
        weights: weight fractions, shape `(P, N)`.
        k: of Gordon and Taylor, of the second of two units; Simha and Boyer's where it is None.
        moles: mole fractions, shape `(P, N)`; where they are given, a straight line stands for the
            rules of a property that would have no estimate.

    Returns:
        By property's name; no estimates where there is no rule, or the rule needs a density.
    """
    rules = {each.name: rules_of(each) for each in properties}
    densities = next(
        (values[each.name].to_numpy() for each in properties if _is_density(each)), None
    )
    volumes = None if densities is None else volume_fractions(weights, densities)
    found = {}
    for property_ in properties:
        name = property_.name
        own_k = _k_of(property_, values[name], densities, k)
        composition = MixtureFractions(weights, volumes, own_k, moles)
        usable = [rule for rule in rules[name] if getattr(composition, rule.needs) is not None]
        if not usable and moles is not None:
            is_logarithm = property_.scale == "log10"
            usable = [STRAIGHT_LINE_OF_LOGARITHMS if is_logarithm else STRAIGHT_LINE]
        found[name] = [
            _estimated(property_, rule, (values[name], low[name], high[name]), composition)
            for rule in usable
        ]
    return found


def _estimated(
    property_: Property, rule: Rule, of_units: Sequence[pd.Series], composition: MixtureFractions
) -> Estimate:
    """One rule with the units' values, and the lower and the upper ends of their intervals."""
    values, low, high = (_mixed(property_, rule, each.to_numpy(), composition) for each in of_units)
    return Estimate(rule, values, low, high, composition.k if rule.needs == "k" else None)


def _is_density(property_: Property) -> bool:
    return registered_as(property_.base) == DENSITY and bool(rules_of(property_))


def _k_of(
    property_: Property, values: pd.Series, densities: np.ndarray | None, k: float | None
) -> np.ndarray | None:
    """Gordon and Taylor's k of each unit; None where neither it nor a density is known."""
    if k is not None:
        return np.array([1.0, k])
    if densities is None or GORDON_TAYLOR not in rules_of(property_):
        return None
    factor, offset = _conversion(property_, GORDON_TAYLOR) or (1.0, 0.0)
    return simha_boyer(values.to_numpy() * factor + offset, densities)


def _mixed(
    property_: Property, rule: Rule, values: np.ndarray, composition: MixtureFractions
) -> np.ndarray:
    """A rule's values `(P,)` in the property's unit; NaN where a unit's value is impossible."""
    factor, offset = _conversion(property_, rule) or (1.0, 0.0)
    converted = values * factor + offset
    may_be_negative = rule.unit == _EXPANSION or rule is STRAIGHT_LINE
    if not may_be_negative and (converted < 0).any():
        # Below absolute zero, say: a reciprocal or a logarithm would still give a number.
        return np.full(len(composition.weights), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        mixed = rule.mix(converted, composition)
    mixed = (np.where(np.isfinite(mixed), mixed, np.nan) - offset) / factor
    # What is one unit alone has that unit's value, to the bit.
    alone = composition.weights == 1.0
    return np.where(alone.any(axis=1), values[alone.argmax(axis=1)], mixed)
