"""What the out-of-fold predictions of a run say about its errors."""

import numpy as np
import pandas as pd

from ..settings.properties import Property

BLEND = "blend"


def property_rows(
    out_of_fold: pd.DataFrame, property_: Property, member: str = BLEND
) -> pd.DataFrame:
    """The labels of one property beside one member's out-of-fold predictions.

    Args:
        out_of_fold: from `engine.runs.read_out_of_fold`.
        property_: which one.
        member: a member's name, or `blend`.

    Returns:
        Columns `row`, `id`, `smiles`, `fold`, `label`, `prediction`, both in the property's unit,
        and `error` (prediction minus label on the property's scale: in the unit, or in decades);
        rows without a prediction are left out.
    """
    rows = out_of_fold[out_of_fold["property"] == property_.name]
    scaled = [property_.scaled(rows[column].to_numpy()) for column in (member, "label")]
    rows = rows.assign(prediction=rows[member], error=scaled[0] - scaled[1])
    columns = ["row", "id", "smiles", "fold", "label", "prediction", "error"]
    return rows.loc[np.isfinite(rows["error"]), columns].reset_index(drop=True)


def worst_rows(rows: pd.DataFrame, count: int = 12) -> pd.DataFrame:
    """The rows with the largest errors of either sign, the largest first.

    Args:
        rows: from `property_rows`.
        count: how many.
    """
    order = rows["error"].abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order[:count]].reset_index(drop=True)


def error_bins(rows: pd.DataFrame, count: int = 41) -> pd.DataFrame:
    """How many errors fall into each of some bins: columns `low`, `high`, `rows`.

    The bins are symmetric about zero and reach to the largest error.
    """
    largest = float(rows["error"].abs().max()) if len(rows) else 0.0
    edges = np.linspace(-1, 1, count + 1) * (largest or 1.0)
    counts, _ = np.histogram(rows["error"], edges)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "rows": counts})


def errors_by_fold(rows: pd.DataFrame) -> pd.DataFrame:
    """The mean absolute error of each fold: columns `fold`, `mae`, `rows`."""
    return _mean_errors(rows, rows["fold"]).rename_axis("fold").reset_index()


def errors_by_label(rows: pd.DataFrame, count: int = 8) -> pd.DataFrame:
    """The mean absolute error in sections of the labels' range, each with equally many rows.

    Returns:
        Columns `low`, `high` (the least and greatest label in the section), `mae`, `rows`. Equal
        labels stay together, so there may be fewer sections than `count`.
    """
    # Ranks, not quantiles of the labels: equal labels share a rank, so no edge separates them.
    share = (rows["label"].rank(method="average") - 0.5) / max(len(rows), 1)
    sections = (share * count).astype(int)
    means = _mean_errors(rows, sections)
    labels = rows["label"].groupby(sections)
    means.insert(0, "low", labels.min())
    means.insert(1, "high", labels.max())
    return means.reset_index(drop=True)


def figure_rows(figures: dict, name: str) -> pd.DataFrame:
    """The figures of one property: a row for the blend, then one for each member.

    Args:
        figures: of a run or a bundle, see `engine.settings.metrics.figures`.
        name: of the property.

    Returns:
        Columns `member`, `mae`, `rmse`, `r2`, `n`; the errors as `property_rows` has them.
    """
    kinds = ("mae", "rmse", "r2", "n")
    rows = [
        {"member": member, **{kind: by_kind[kind].get(name) for kind in kinds}}
        for member, by_kind in {BLEND: figures[BLEND], **figures["members"]}.items()
    ]
    return pd.DataFrame(rows, columns=["member", *kinds])


def _mean_errors(rows: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    errors = rows["error"].abs().groupby(groups)
    return pd.DataFrame({"mae": errors.mean(), "rows": errors.size()})
