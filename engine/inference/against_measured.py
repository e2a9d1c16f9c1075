"""How far what a model answers as simulated lies from what was measured of the same polymers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ..base.wording import counted
from ..settings.numbers import number
from ..settings.properties import Property

if TYPE_CHECKING:
    from .bundle import BundleInfo

FEWEST_POLYMERS = 10
"""Of fewer polymers no distance is told: it would say little of others."""

NEVER = "never compared with measured values"
"""What is said of answers as simulated of which nobody knows how far they are off."""

_OTHER_QUANTITIES = {
    "static_dielectric_const": "with the fixed charges of simulations electrons do not move: "
    "measured dielectric constants are larger by about n² − 1, n being the refractive index",
    "Cp": "classical simulations overestimate heat capacities: measured ones are far below",
}
"""What is known of properties that simulations by classical molecular dynamics tell otherwise."""


class AgainstMeasured(BaseModel):
    """The distance of a property's answers from measured values of the same quantity.

    Attributes:
        polymers: of how many both are known.
        median: the median of answer − measured value, in the unit in which errors are told.
        mae: the mean absolute difference, in the same unit.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    polymers: int = Field(ge=1)
    median: float
    mae: float = Field(ge=0)


def against_measured(
    property_: Property, answers: Mapping[str, float], measured: Mapping[str, float]
) -> AgainstMeasured | None:
    """Compare answers with measured values; None where no polymer has both.

    Args:
        property_: that of the answers.
        answers, measured: by canonical repeat unit, in the property's unit.
    """
    both = [polymer for polymer in answers if polymer in measured]
    if not both:
        return None
    answered, true = (
        property_.scaled(np.array([values[polymer] for polymer in both]))
        for values in (answers, measured)
    )
    apart = answered - true
    return AgainstMeasured(
        polymers=len(both), median=float(np.median(apart)), mae=float(np.abs(apart).mean())
    )


def is_simulated(info: "BundleInfo", property_: Property) -> bool:
    """Whether a property is answered as its source has it, which simulated or computed it."""
    kinds = {source.name: source.kind for source in info.sources}
    return (property_.origin or kinds.get(property_.source)) in ("simulated", "computed")


def caveat(property_: Property, like: str) -> str:
    """What is known to set simulated values of a property apart from measured ones.

    Args:
        property_: the property.
        like: what its values are like, see `engine.settings.sources.source_words`.

    Returns:
        Words without a full stop; empty where nothing is known, and for measured values.
    """
    return _OTHER_QUANTITIES.get(property_.base, "") if like.startswith("as simulated") else ""


def against_measured_words(info: "BundleInfo", property_: Property) -> str:
    """How far answers as simulated were from measured values, in words.

    Returns:
        Such as `off by 0.072 g/cm³ on average for 70 measured polymers, mostly too low`; empty for
        what is answered as measured, and for a model that does not say.
    """
    if info.against_measured is None or not is_simulated(info, property_):
        return ""
    found = info.against_measured.get(property_.name)
    if found is None:
        return NEVER
    polymers = counted(found.polymers, "measured polymer")
    if found.polymers < FEWEST_POLYMERS:
        return f"compared with no more than {polymers}"
    words = f"off by {number(property_.errors, found.mae)} on average for {polymers}"
    if 2 * abs(found.median) < found.mae:
        return words
    return f"{words}, mostly too {'high' if found.median > 0 else 'low'}"
