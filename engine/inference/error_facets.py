"""By what errors are told apart: label, size, similarity, chemical class, fold, conditions."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..settings.conditions import CONDITION_PREFIX, Condition
from ..settings.numbers import number, without_unit
from ..settings.properties import Property
from .error_filters import SEEN, UNSEEN

_SECTIONS = 8


class Facet(NamedTuple):
    """Something that rows differ in.

    Attributes:
        column: of the rows.
        title: what it is, for people; a unit is added where it has one.
        kind: `range` for numbers that are grouped into sections of equally many rows, `groups` for
            values that are groups themselves, `classes` where a row may belong to several.
    """

    column: str
    title: str
    kind: str


_FACETS = (
    Facet("label", "Label", "range"),
    Facet("size", "Size of the repeat unit (heavy atoms)", "range"),
    Facet("similarity", "Similarity to training", "range"),
    Facet("classes", "Chemical class", "classes"),
    Facet("units", "Number of repeat units", "groups"),
    Facet("rarest", "Mole fraction of the rarest unit", "range"),
    Facet("architecture", "Architecture", "groups"),
    Facet("fold", "Fold", "groups"),
    Facet("seen", "Seen in training", "groups"),
)


def facets_of(rows: pd.DataFrame, conditions: Sequence[Condition] = ()) -> list[Facet]:
    """What some rows can be told apart by; a column without values, or with one alone, is none.

    Args:
        rows: from `engine.inference.error_analysis.property_rows`, with the columns of
            `engine.inference.error_traits.with_traits` where those are known.
        conditions: of the model, whose values are columns that begin with `CONDITION_PREFIX`.
    """
    of_conditions = [
        Facet(
            CONDITION_PREFIX + each.name, each.label, "range" if each.kind == "number" else "groups"
        )
        for each in conditions
    ]
    named = [facet for facet in (*_FACETS, *of_conditions) if facet.column in rows]
    return [facet for facet in named if rows[facet.column].dropna().nunique() > 1]


def errors_by(rows: pd.DataFrame, facet: Facet, count: int = _SECTIONS) -> pd.DataFrame:
    """The mean errors of groups of rows.

    Args:
        rows: from `engine.inference.error_analysis.property_rows`.
        facet: what they are grouped by.
        count: of the sections of a facet of numbers. Equal numbers stay together, so there may be
            fewer.

    Returns:
        Columns `group` (the value; the section's number for numbers), `low`, `high` (the least and
        greatest number in a section; NaN for groups), `mae`, `bias` and `rows`; sections in order,
        classes by their errors, the largest first.
    """
    values = rows[facet.column]
    if facet.kind == "classes":
        rows = rows.assign(classes=values).explode("classes")
        means = _means(rows, rows["classes"]).sort_values("mae", ascending=False)
    elif facet.kind == "groups":
        means = _means(rows, values)
    else:
        means = _means(rows, sections(values, count))
        numbers = values.groupby(sections(values, count))
        means = means.assign(low=numbers.min(), high=numbers.max())
    means = means.rename_axis("group").reset_index()
    return means.reindex(columns=["group", "low", "high", "mae", "bias", "rows"])


def group_words(facet: Facet, group: dict, property_: Property) -> str:
    """What a group of rows is called.

    Args:
        facet: what they are grouped by.
        group: a row of `errors_by`.
        property_: whose errors they are.
    """
    if facet.kind != "range":
        value = group["group"]
        if facet.column == "fold":
            return str(value + 1)
        return str(value) if facet.column != "seen" else SEEN if value else UNSEEN
    bare = without_unit(property_)
    written = {"label": lambda end: number(bare, end), "similarity": "{:.2f}".format}
    written["rarest"] = written["similarity"]
    ends = map(written.get(facet.column, "{:.4g}".format), (group["low"], group["high"]))
    return " … ".join(dict.fromkeys(ends))


def sections(values: pd.Series, count: int) -> pd.Series:
    """The section of each number: of equally many rows, as far as equal numbers allow it."""
    # Ranks, not quantiles: equal numbers share a rank, so no edge separates them.
    share = (values.rank(method="average") - 0.5) / max(values.notna().sum(), 1)
    return np.floor(share * count)


def _means(rows: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    errors = rows["error"].groupby(groups)
    size = rows["error"].abs().groupby(groups)
    return pd.DataFrame({"mae": size.mean(), "bias": errors.mean(), "rows": errors.size()})
