"""Checks of a property's labels: whether they can be what the column says."""

from collections.abc import Callable

import numpy as np

from ..base.wording import counted, listed
from ..settings.properties import Property, is_registered, other_units, possible_range
from .report import Finding, Severity

OUTLIER_SPREADS = 6.0
"""Robust standard deviations (1.4826 · MAD) from the median beyond which a label is an outlier."""

OUTLIER_LABELS = 10
"""Below this many labels, none is called an outlier."""

_KELVIN_LOW, _KELVIN_MEDIAN = 100.0, 300.0
_MOST = 0.5
"""Share of the labels outside the plausible range from which the column is at fault, not rows."""


def check_labels(
    property_: Property, values: np.ndarray, rows: np.ndarray, unit: str | None
) -> list[Finding]:
    """What is odd about a property's labels.

    Args:
        property_: the property.
        values: (n,) its labels in its unit, with NaN where one is missing.
        rows: (n,) their spreadsheet rows.
        unit: that the user says they were given in.
    """
    whole = (None if unit else _kelvin(property_, values, rows)) or _range(
        property_, values, rows, unit
    )
    findings = [
        whole,
        # A whole column in another unit is one mistake, not one per row.
        None if whole else _impossible(property_, values, rows),
        None if whole else _implausible(property_, values, rows),
        _outliers(property_, values, rows),
        _constant(property_, values, rows),
    ]
    return [finding for finding in findings if finding]


def _kelvin(property_: Property, values: np.ndarray, rows: np.ndarray) -> Finding | None:
    if property_.unit != "°C" or not is_registered(property_.name):
        return None
    labels = values[np.isfinite(values)]
    if not len(labels) or labels.min() <= _KELVIN_LOW or np.median(labels) <= _KELVIN_MEDIAN:
        return None
    name = property_.name
    return Finding(
        kind="kelvin",
        severity="error",
        column=name,
        count=len(labels),
        rows=[int(row) for row in rows[np.isfinite(values)]],
        message=f"{name} looks like kelvin: its labels run from {labels.min():.4g} to "
        f"{labels.max():.4g} with a median of {np.median(labels):.4g}, and {name} is expected in "
        f"°C. If so, say it: `--unit {name}=K`, or the unit box on the Train page; `{name}=°C` if "
        "not.",
    )


def _plausible(property_: Property) -> tuple[float, float]:
    low = -np.inf if property_.low is None else property_.low
    return low, np.inf if property_.high is None else property_.high


def _outside(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    return (values < limits[0]) | (values > limits[1])


def _range(
    property_: Property, values: np.ndarray, rows: np.ndarray, unit: str | None
) -> Finding | None:
    """Whether most labels lie outside the plausible range, and the unit in which they do not."""
    limits, labels = _plausible(property_), values[np.isfinite(values)]
    outside = int(_outside(labels, limits).sum())
    if outside <= _MOST * len(labels):
        return None
    name = property_.name
    better = [
        other.spellings[0]
        for other in other_units(name)
        if not unit and _outside(other.convert(labels), limits).mean() < 1 - _MOST
    ]
    mend = (
        f"They would not in {better[0]}. If that is their unit, say it: "
        f"`--unit {name}={better[0]}`, or the unit box on the Train page."
        if better
        else "Check what the column holds, and in which unit."
    )
    return Finding(
        kind="range",
        severity="error",
        column=name,
        count=outside,
        rows=[int(row) for row in rows[_outside(values, limits)]],
        message=f"{name}: {outside:,} of {counted(len(labels), 'label')} lie outside what is "
        f"plausible ({_range_words(property_, limits)}); the median is "
        f"{np.median(labels):.4g}. {mend}",
    )


def _range_words(property_: Property, limits: tuple[float, float]) -> str:
    return f"{limits[0]:g} to {limits[1]:g} {property_.unit}".strip()


def _impossible(property_: Property, values: np.ndarray, rows: np.ndarray) -> Finding | None:
    low, high = possible_range(property_.name)
    bounds = [f"below {low:g}"] * (low > -np.inf) + [f"above {high:g}"] * (high < np.inf)
    return _beyond(
        "impossible",
        property_,
        values,
        rows,
        _outside(values, (low, high)),
        lambda count: (
            f"{count} {' or '.join(bounds)} {property_.unit}".strip()
            + ", which no polymer can have"
        ),
        "check the unit and the row; it is kept.",
        "error",
    )


def _implausible(property_: Property, values: np.ndarray, rows: np.ndarray) -> Finding | None:
    limits = _plausible(property_)
    impossible = _outside(values, possible_range(property_.name))
    return _beyond(
        "implausible",
        property_,
        values,
        rows,
        _outside(values, limits) & ~impossible,
        lambda count: f"{count} outside what is plausible ({_range_words(property_, limits)})",
        "check the unit and the row; it is kept.",
    )


def usual_range(property_: Property, values: np.ndarray, spreads: float) -> tuple[float, float]:
    """The ends of so many robust standard deviations around the median, in the property's unit.

    Args:
        property_: whose scale decides.
        values: (n,) its labels, NaN where one is missing.
        spreads: how many.

    Returns:
        Infinite ends where the labels are too few, or have no spread.
    """
    median, spread = _middle_and_spread(property_.scaled(values))
    if spread == 0:
        return -np.inf, np.inf
    ends = property_.unscaled(np.array([median - spreads * spread, median + spreads * spread]))
    return float(ends[0]), float(ends[1])


def _middle_and_spread(scaled: np.ndarray) -> tuple[float, float]:
    """The median and the robust standard deviation; a spread of 0 where labels are too few."""
    labels = scaled[np.isfinite(scaled)]
    if len(labels) < OUTLIER_LABELS:
        return 0.0, 0.0
    median = float(np.median(labels))
    return median, float(1.4826 * np.median(np.abs(labels - median)))


def _outliers(property_: Property, values: np.ndarray, rows: np.ndarray) -> Finding | None:
    scaled = property_.scaled(values)
    median, spread = _middle_and_spread(scaled)
    # When most labels are equal the spread is zero, and any other label would stand out.
    if spread == 0:
        return None
    middle = float(property_.unscaled(np.array(median)))
    return _beyond(
        "outlier",
        property_,
        values,
        rows,
        np.abs(scaled - median) > OUTLIER_SPREADS * spread,
        lambda count: f"{count} far from the others (median {property_.format(middle)})",
        "check the row; it is kept.",
    )


def _beyond(
    kind: str,
    property_: Property,
    values: np.ndarray,
    rows: np.ndarray,
    mask: np.ndarray,
    words: Callable[[str], str],
    advice: str,
    severity: Severity = "warning",
) -> Finding | None:
    """A finding on the labels that a mask (n,) marks, the farthest from the median first."""
    positions = np.flatnonzero(mask)
    if not len(positions):
        return None
    scaled = property_.scaled(values)
    far = np.abs(scaled[positions] - np.nanmedian(scaled))
    worst = positions[np.argsort(-far, kind="stable")]
    named = [f"row {rows[i]} ({values[i]:.4g})" for i in worst]
    count = f"{counted(len(positions), 'label')} {'is' if len(positions) == 1 else 'are'}"
    if len(positions) > 1:
        advice = advice.replace("the row; it is", "the rows; they are")
    return Finding(
        kind=kind,
        severity=severity,
        column=property_.name,
        count=len(positions),
        rows=[int(row) for row in rows[positions]],
        message=f"{property_.name}: {words(count)}: {listed(named)}; {advice}",
    )


def _constant(property_: Property, values: np.ndarray, rows: np.ndarray) -> Finding | None:
    labels = values[np.isfinite(values)]
    if not len(labels) or labels.min() != labels.max():
        return None
    words = "its only label is" if len(labels) == 1 else f"all {len(labels):,} labels are"
    return Finding(
        kind="constant",
        severity="warning",
        column=property_.name,
        count=len(labels),
        rows=[int(row) for row in rows[np.isfinite(values)]],
        message=f"{property_.name}: {words} {property_.format(labels[0])}, so there is nothing to "
        "learn from; add labels that differ, or leave the column out.",
    )
