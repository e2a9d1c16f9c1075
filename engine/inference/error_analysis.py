"""What the out-of-fold predictions of a run, or those of a model on a table, say of its errors."""

import numpy as np
import pandas as pd

from ..settings.metrics import property_weights
from ..settings.properties import Property
from .bundle import BundleInfo
from .conformal import held_out_half_widths, member_spread

BLEND = "blend"


def with_intervals(out_of_fold: pd.DataFrame, info: BundleInfo) -> pd.DataFrame:
    """Out-of-fold predictions with the ends of each blend's 90 % conformal interval.

    The interval of a row is calibrated on the labels of the other folds alone, so that it says what
    it would have said of a new repeat unit.

    Args:
        out_of_fold: from `engine.runs.read_out_of_fold`.
        info: of the run's bundle.

    Returns:
        The same with the columns `low` and `high`, in the property's unit; NaN where the other
        folds have too few labels, or a member's predictions are missing.
    """
    ends = pd.DataFrame({"low": np.nan, "high": np.nan}, index=out_of_fold.index)
    for property_ in info.properties:
        # Members without a weight are not in the bundle: it was calibrated without them.
        members = [name for name in info.members if name in info.blend[property_.name]]
        if not {*members} <= {*out_of_fold}:
            continue
        rows = out_of_fold[out_of_fold["property"] == property_.name]
        rows = rows[np.isfinite(rows["blend"]) & np.isfinite(rows[members]).all(axis=1)]
        label, blend, *of_members = (
            property_.scaled(rows[name].to_numpy()) for name in ("label", BLEND, *members)
        )
        spread = member_spread(np.stack(of_members)[:, :, None])[:, 0]
        widths = held_out_half_widths(np.abs(label - blend), spread, rows["fold"].to_numpy())
        ends.loc[rows.index, "low"] = property_.unscaled(blend - widths)
        ends.loc[rows.index, "high"] = property_.unscaled(blend + widths)
    return out_of_fold.join(ends)


def property_rows(table: pd.DataFrame, property_: Property, member: str = BLEND) -> pd.DataFrame:
    """The labels of one property beside one member's predictions.

    Args:
        table: one row for each label, from `engine.runs.read_out_of_fold`.
        property_: which one.
        member: a member's name, or `blend`.

    Returns:
        Columns `row`, `id`, `smiles`, `fold`, `label`, `prediction`, both in the property's unit,
        and `error` (prediction minus label on the property's scale: in the unit, or in decades);
        then the table's other columns. Rows without a prediction are left out.
    """
    rows = table[table["property"] == property_.name].drop(columns="property")
    scaled = [property_.scaled(rows[column].to_numpy()) for column in (member, "label")]
    rows = rows.assign(prediction=rows[member], error=scaled[0] - scaled[1])
    first = ["row", "id", "smiles", "fold", "label", "prediction", "error"]
    columns = [*first, *(name for name in rows if name not in first)]
    return rows.loc[np.isfinite(rows["error"]), columns].reset_index(drop=True)


def summary(rows: pd.DataFrame, property_: Property) -> dict[str, float]:
    """What some labels' errors come to.

    Args:
        rows: from `property_rows`.
        property_: whose they are.

    Returns:
        `n`, the mean absolute error `mae`, the mean signed error `bias`, the root of the mean
        squared error `rmse`, in the property's unit or in decades, and `r2`; NaN without rows, and
        R² where the labels do not differ.
    """
    errors = rows["error"].to_numpy(dtype=float)
    if not len(errors):
        return {"n": 0, **dict.fromkeys(("mae", "bias", "rmse", "r2"), np.nan)}
    labels = property_.scaled(rows["label"].to_numpy(dtype=float))
    squares, spread = float((errors**2).sum()), float(((labels - labels.mean()) ** 2).sum())
    return {
        "n": len(errors),
        "mae": float(np.abs(errors).mean()),
        "bias": float(errors.mean()),
        "rmse": (squares / len(errors)) ** 0.5,
        "r2": 1 - squares / spread if spread > 0 else np.nan,
    }


def error_bins(rows: pd.DataFrame, count: int = 41) -> pd.DataFrame:
    """How many errors fall into each of some bins: columns `low`, `high`, `rows`.

    The bins are symmetric about zero and reach to the largest error.
    """
    largest = float(rows["error"].abs().max()) if len(rows) else 0.0
    edges = np.linspace(-1, 1, count + 1) * (largest or 1.0)
    counts, _ = np.histogram(rows["error"], edges)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "rows": counts})


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


def error_shares(info: BundleInfo) -> dict[str, float]:
    """Each answer's share of the weighted mean absolute error of a run's blend, by property."""
    blend = info.figures["blend"]
    names = [name for name in info.answer_names if blend["n"][name]]
    counts = np.array([blend["n"][name] for name in names])
    answers = [each for each in info.properties if each.name in names]
    spans = np.array([np.ptp(each.scaled(np.array(info.ranges[each.name]))) for each in answers])
    errors = np.array([blend["mae"][name] for name in names])
    parts = errors * property_weights(counts, spans) if names else np.array([])
    return dict(zip(names, (parts / parts.sum()).tolist(), strict=True)) if parts.any() else {}
