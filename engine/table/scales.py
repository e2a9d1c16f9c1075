"""Which scale a property is learned on: its labels may span many decades."""

import numpy as np

from ..base.wording import counted, rows_text
from ..settings.properties import Property, Scale, is_registered
from .report import Finding

FEWEST_LABELS = 10
"""Below this many labels, nothing is said of the scale."""

SCALE_DECADES = 2.0
"""Between the 5th and the 95th percentile, from which labels are learned on a log10 scale: a model
of the values themselves would see the largest few alone."""


def on_scale(
    property_: Property, values: np.ndarray, rows: np.ndarray, said: Scale | None = None
) -> tuple[Property, Finding | None]:
    """The property on the scale that fits its labels, and what there is to say of it.

    Args:
        property_: as its column says.
        values: (n,) its labels in its unit, NaN where one is missing. On a log10 scale, those that
            are not above zero are set to NaN.
        rows: (n,) their spreadsheet rows.
        said: the user's word.
    """
    if said == "log10":
        lost = np.flatnonzero(np.isfinite(values) & ~(values > 0))
        values[lost] = np.nan
        logarithmic = property_.model_copy(update={"scale": "log10"})
        return logarithmic, _not_positive(property_, rows[lost]) if len(lost) else None
    if said or is_registered(property_.name):
        return property_, None
    labels = values[np.isfinite(values)]
    positive = labels[labels > 0]
    if len(positive) < max(FEWEST_LABELS, 0.9 * len(labels)) or decades(positive) < SCALE_DECADES:
        return property_, None
    if len(positive) < len(labels):
        return property_, _proposed(property_, labels, len(labels) - len(positive))
    chosen = property_.model_copy(update={"scale": "log10"})
    return chosen, _chosen(property_, labels)


def decades(labels: np.ndarray) -> float:
    """How many powers of ten lie between the 5th and the 95th percentile of labels above zero."""
    low, high = np.percentile(np.log10(labels), (5, 95))
    return float(high - low)


def _chosen(property_: Property, labels: np.ndarray) -> Finding:
    return Finding(
        kind="log_scale",
        severity="note",
        column=property_.name,
        count=len(labels),
        message=f"{property_.name}: labels from {_spanned(property_, labels)} are learned on a "
        "log10 scale, and errors are measured in decades. Predictions are in the unit, and never "
        f"negative. To learn the values as they are, say `--scale {property_.name}=linear` or "
        "choose the linear scale on the Train page.",
    )


def _proposed(property_: Property, labels: np.ndarray, others: int) -> Finding:
    have = "is" if others == 1 else "are"
    return Finding(
        kind="log_scale_possible",
        severity="warning",
        column=property_.name,
        count=others,
        message=f"{property_.name}: labels from {_spanned(property_, labels[labels > 0])} would be "
        f"better learned on a log10 scale, but {counted(others, 'label')} {have} not above zero. "
        f"Say `--scale {property_.name}=log10`, or choose that scale on the Train page, to leave "
        f"{'it' if others == 1 else 'them'} out.",
    )


def _not_positive(property_: Property, rows: np.ndarray) -> Finding:
    count = len(rows)
    are = "label is" if count == 1 else "labels are"
    return Finding(
        kind="not_positive",
        severity="warning",
        column=property_.name,
        count=count,
        rows=[int(row) for row in rows],
        message=f"{property_.name}: {count:,} {are} not above zero and left out, as a log10 scale "
        f"has no place for {'it' if count == 1 else 'them'}: {rows_text(rows.tolist())}.",
    )


def _spanned(property_: Property, labels: np.ndarray) -> str:
    return f"{labels.min():.3g} to {property_.format(labels.max())}"
