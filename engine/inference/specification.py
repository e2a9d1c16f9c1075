"""A specification of what a polymer should be: ends and directions for its properties."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..base.errors import UserError
from ..base.wording import clipped, listed
from ..settings.properties import Property, conversion_to, registered_as
from .bundle import BundleInfo
from .conformal import Interval
from .probability import probability_between

Direction = Literal["", "high", "low"]
"""Whether a property should be as high or as low as possible; empty where it does not matter."""

LONGEST = 2000
"""Characters of the longest specification that is read."""

_LONGEST_PART = 400
_NUMBER = r"[-−+]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][-−+]?\d+)?"
_THOUSANDS = re.compile(r"[1-9]\d{0,2},\d{3}$")
_DOUBLE = re.compile(
    rf"({_NUMBER})\s*(<=?|≤)\s*(.+?)\s*(<=?|≤)\s*({_NUMBER})(.*)"
    rf"|({_NUMBER})\s*(>=?|≥)\s*(.+?)\s*(>=?|≥)\s*({_NUMBER})(.*)"
)
_ONE_END = re.compile(rf"(.+?)\s*(<=?|>=?|≤|≥)\s*({_NUMBER})(.*)")
_TURNED = re.compile(rf"({_NUMBER})\s*(<=?|>=?|≤|≥)\s*([^\s<>≤≥].*)")
_AIM = re.compile(
    r"(?:(maximi[sz]e|minimi[sz]e|highest|lowest|max|min)\s+(.+)|(.+?)\s+(?:as\s+)?(high|low)(?:\s+as\s+possible)?)",
    re.IGNORECASE,
)
_APART = re.compile(r"[;\n]|,(?=\s|$)|,(?!\d)|\s(?:and|&)\s", re.IGNORECASE)
_RANGE = re.compile(rf"(.+?)\s+({_NUMBER})\s*(?:-|–|to)\s*({_NUMBER})(.*)", re.IGNORECASE)
_SIGNS = (
    (re.compile(rf"between\s+({_NUMBER})\s+and\s+({_NUMBER})", re.IGNORECASE), r"\1 to \2"),
    (re.compile(r"\s(?:is\s)?(?:under|below|less than)\s", re.IGNORECASE), " < "),
    (re.compile(r"\s(?:is\s)?(?:over|above|more than)\s", re.IGNORECASE), " > "),
    (re.compile(r"\s(?:is\s)?at most\s", re.IGNORECASE), " ≤ "),
    (re.compile(r"\s(?:is\s)?at least\s", re.IGNORECASE), " ≥ "),
)
"""What people write in place of signs."""


class Requirement(BaseModel):
    """What one property should be.

    Attributes:
        name: the property's.
        low, high: the ends that it should lie between, in the property's unit; None for no end.
        low_meets, high_meets: whether an end itself meets the requirement, as in `Tg ≥ 150`; of
            predictions, hardly any lies at an end, but measured values are round numbers.
        direction: whether it should be as high or as low as possible.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, extra="forbid")

    name: str = Field(max_length=300)
    low: float | None = None
    high: float | None = None
    low_meets: bool = False
    high_meets: bool = False
    direction: Direction = ""

    @model_validator(mode="after")
    def _ends_in_order(self) -> "Requirement":
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(
                f"{self.name} cannot be above {self.low:g} and below {self.high:g}: give the lower "
                "end first."
            )
        return self

    @property
    def has_ends(self) -> bool:
        """Whether it has a lower or an upper end, so that it can be met or missed."""
        return self.low is not None or self.high is not None

    def words(self, unit: str = "") -> str:
        """The requirement as it can be written and read again, such as `Tg > 150 °C`."""
        aim = f"{self.name} as {self.direction} as possible" if self.direction else ""
        return ", ".join(filter(None, [self.ends_in_words(unit), aim]))

    def ends_in_words(self, unit: str = "") -> str:
        """Its ends alone; empty without any."""
        after = f" {unit}" if unit else ""
        below = "≤" if self.high_meets else "<"
        if self.low is not None and self.high is not None:
            above = "≤" if self.low_meets else "<"
            return f"{self.low:.12g} {above} {self.name} {below} {self.high:.12g}{after}"
        if self.low is not None:
            return f"{self.name} {'≥' if self.low_meets else '>'} {self.low:.12g}{after}"
        return "" if self.high is None else f"{self.name} {below} {self.high:.12g}{after}"

    def met_by(self, value: float) -> bool:
        """Whether a value, in the property's unit, lies between the ends."""
        high_enough = self.low is None or value > self.low or (self.low_meets and value == self.low)
        low_enough = (
            self.high is None or value < self.high or (self.high_meets and value == self.high)
        )
        return high_enough and low_enough


class Probabilities(NamedTuple):
    """How likely N units meet a specification.

    Attributes:
        by_property: the probability of meeting each requirement that has ends, shape `(N,)`, by
            property; NaN where a row has no interval.
        of_all: their product, as if errors of different properties had nothing to do with each
            other; NaN where one is.
    """

    by_property: dict[str, np.ndarray]
    of_all: np.ndarray

    @classmethod
    def of(cls, by_property: dict[str, np.ndarray]) -> "Probabilities":
        """Those of each requirement, and their product."""
        parts = np.array([*by_property.values()])
        return cls(by_property, parts.prod(axis=0) if len(parts) else np.array([]))

    def columns(self) -> dict[str, np.ndarray]:
        """By the name of a table's column: `probability_Tg` and so on, and `probability_all`."""
        columns = {f"probability_{name}": each for name, each in self.by_property.items()}
        return columns | ({"probability_all": self.of_all} if len(self.of_all) else {})


def read_specification(text: str, properties: Sequence[Property]) -> list[Requirement]:
    """Read requirements such as `Tg > 150, 1.1 < Density < 1.3, Tc as high as possible`.

    Ends may have a unit, which is converted to the property's own.

    Args:
        text: requirements with commas, semicolons or line breaks between them.
        properties: that there are, by whose names, titles and usual words they are known.

    Returns:
        One requirement for each property that is named, in order.

    Raises:
        UserError: when one of them cannot be read, or two of a property contradict each other.
    """
    if len(text) > LONGEST:
        raise UserError(f"A specification of {len(text):,} characters is too long.")
    for words, sign in _SIGNS:
        text = words.sub(sign, text)
    found: dict[str, dict] = {}
    for part in filter(None, (each.strip() for each in _APART.split(text))):
        if len(part) > _LONGEST_PART:
            raise UserError(f"{clipped(part)!r} is too long for one requirement.")
        property_, said = _read_part(part, properties)
        own = found.setdefault(property_.name, {"name": property_.name})
        twice = own.keys() & said.keys()
        if twice:
            raise UserError(f"{property_.name} is given twice: leave out {clipped(part)!r}.")
        own.update(said)
    return [_requirement(fields) for fields in found.values()]


def _requirement(fields: dict) -> Requirement:
    try:
        return Requirement(**fields)
    except ValidationError as error:
        raise UserError(str(error.errors()[0]["ctx"]["error"])) from error


def _read_part(part: str, properties: Sequence[Property]) -> tuple[Property, dict]:
    """One requirement: its property, and the fields that it gives."""
    if match := _RANGE.fullmatch(part):
        property_ = _property(match[1], properties, part)
        low, high = (_end(match[n], match[4], property_, part) for n in (2, 3))
        return property_, {"low": low, "high": high, "low_meets": True, "high_meets": True}
    if match := _DOUBLE.fullmatch(part):
        first, sign, name, other_sign, second, unit = filter(
            lambda each: each is not None, match.groups()
        )
        property_ = _property(name, properties, part)
        said: dict[str, object] = {}
        for number, each in ((first, _turned(sign)), (second, other_sign)):
            said |= _one_end(each, _end(number, unit, property_, part))
        return property_, said
    if match := _ONE_END.fullmatch(part):
        property_ = _property(match[1], properties, part)
        return property_, _one_end(match[2], _end(match[3], match[4], property_, part))
    if match := _TURNED.fullmatch(part):
        property_ = _property(match[3], properties, part)
        return property_, _one_end(_turned(match[2]), _end(match[1], "", property_, part))
    if match := _AIM.fullmatch(part):
        property_ = _property(match[2] or match[3], properties, part)
        high = (match[1] or match[4]).lower().startswith(("max", "high"))
        return property_, {"direction": "high" if high else "low"}
    raise UserError(
        f"{clipped(part)!r} is no requirement that can be read: write “Tg > 150”, "
        "“1.1 < Density < 1.3” or “Tc as high as possible”."
    )


def _one_end(sign: str, end: float) -> dict:
    """The fields that a sign and the end behind it give."""
    side = "high" if sign[0] in "<≤" else "low"
    return {side: end, f"{side}_meets": sign not in "<>"}


def _turned(sign: str) -> str:
    """The sign of `Tg > 5` for `5 < Tg`."""
    return sign.translate(str.maketrans("<>≤≥", "><≥≤"))


def _property(words: str, properties: Sequence[Property], part: str) -> Property:
    """The property that some words name."""
    wanted = words.strip().casefold()
    named = registered_as(words)
    for property_ in properties:
        if wanted in (property_.name.casefold(), property_.title.casefold()):
            return property_
    for property_ in properties:
        if named == property_.name:
            return property_
    like = [each for each in properties if wanted and wanted in each.title.casefold()]
    if len(like) == 1:
        return like[0]
    there = listed([each.name for each in properties], most=99)
    raise UserError(
        f"{clipped(part)!r}: this model predicts no {clipped(words.strip())!r}, but {there}."
    )


def _end(number: str, unit: str, property_: Property, part: str) -> float:
    """An end in the property's unit."""
    if _THOUSANDS.search(number):
        raise UserError(
            f"{clipped(part)!r}: {number!r} may be thousands or a decimal comma: write it without "
            "the comma, or with a point."
        )
    value, unit = float(number.replace("−", "-").replace(",", ".")), unit.strip()
    if unit and unit != property_.unit:
        convert = conversion_to(property_, property_.base, unit)
        if convert is None:
            wanted = property_.unit or "no unit"
            raise UserError(
                f"{clipped(part)!r}: {clipped(unit)!r} is no unit of {property_.name}, which is "
                f"given in {wanted}."
            )
        value = float(convert(np.array([value]))[0])
    if not math.isfinite(value):
        raise UserError(f"{clipped(part)!r}: {clipped(number)!r} is too large a number.")
    return value


def probabilities(
    requirements: Sequence[Requirement],
    properties: Mapping[str, Property],
    intervals: Mapping[str, Interval],
    values: Mapping[str, np.ndarray],
    half_widths: Mapping[str, np.ndarray],
) -> Probabilities:
    """How likely N units meet each requirement, and all of them.

    Args:
        requirements: those without ends cannot be missed, and do not count.
        properties, intervals: of the model, by name.
        values: by property, shape `(N,)`, the predictions in the property's unit.
        half_widths: by property, shape `(N,)`, on the property's scale.
    """
    by_property = {}
    for each in requirements:
        if not each.has_ends:
            continue
        property_ = properties[each.name]
        by_property[each.name] = probability_between(
            intervals.get(each.name),
            property_.scaled(values[each.name]),
            half_widths[each.name],
            _scaled_end(property_, each.low, -np.inf),
            _scaled_end(property_, each.high, np.inf),
        )
    return Probabilities.of(by_property)


def _scaled_end(property_: Property, end: float | None, without: float) -> float:
    """An end on the property's scale; one that no value can pass where there is none."""
    if end is None:
        return without
    scaled = float(property_.scaled(np.array(end)))
    return scaled if math.isfinite(scaled) else -np.inf  # of a logarithm: all values lie above


def probability_columns(
    requirements: Sequence[Requirement],
    info: BundleInfo,
    blend: pd.DataFrame,
    half_widths: pd.DataFrame,
) -> pd.DataFrame:
    """`probability_Tg` and so on, and `probability_all`: N rows, NaN where it cannot be said.

    Args:
        requirements: of the properties that the model answers with.
        info: of the model.
        blend: N rows, a column for each property.
        half_widths: of the intervals, see `engine.inference.uncertainty.Uncertainty`.
    """
    likely = probabilities(
        requirements,
        {each.name: each for each in info.properties},
        info.intervals or {},
        {name: blend[name].to_numpy() for name in blend},
        {name: half_widths[name].to_numpy() for name in half_widths},
    )
    return pd.DataFrame(likely.columns(), index=blend.index)


def pareto_front(
    requirements: Sequence[Requirement],
    values: Mapping[str, np.ndarray],
    of_all: np.ndarray | None = None,
) -> np.ndarray:
    """Which of N units no other one beats in all that is wanted at once.

    What is wanted: each property with a direction, and the probability of meeting all ends.

    Args:
        requirements: with their directions.
        values: by property, shape `(N,)`.
        of_all: shape `(N,)`, the probability of meeting all ends; None where there are none.

    Returns:
        Shape `(N,)`, bool; a unit without one of these values is not on the front.
    """
    columns = [
        values[each.name] * (1 if each.direction == "high" else -1)
        for each in requirements
        if each.direction
    ]
    if of_all is not None and len(of_all):
        columns.append(of_all)
    if not columns:
        return np.zeros(0, dtype=bool)
    wanted = np.column_stack(columns)
    front = np.zeros(len(wanted), dtype=bool)
    usable = np.flatnonzero(np.isfinite(wanted).all(axis=1))
    # From the best by the sum of ranks on: whoever is beaten at all is mostly beaten by these.
    ranks = wanted[usable].argsort(axis=0).argsort(axis=0).sum(axis=1)
    kept = np.empty((0, wanted.shape[1]))
    members: list[int] = []
    for row in usable[np.argsort(-ranks, kind="stable")]:
        point = wanted[row]
        if ((kept >= point).all(axis=1) & (kept > point).any(axis=1)).any():
            continue
        beaten = (point >= kept).all(axis=1) & (point > kept).any(axis=1)
        members = [each for each, lost in zip(members, beaten, strict=True) if not lost] + [row]
        kept = np.vstack([kept[~beaten], point])
    front[members] = True
    return front
