"""The errors of a run at a glance: all properties and members in one table."""

import numpy as np
import pandas as pd
import streamlit as st

from engine.inference.bundle import BundleInfo
from engine.settings.metrics import property_weights
from engine.settings.properties import Property
from pages.parts import charts
from pages.parts.formatting import number, without_unit


def show_overview(info: BundleInfo) -> None:
    """Show each property's errors, intervals and share of the weighted error, in a table."""
    st.caption("Mean absolute error of the blend and of each member, in the property's unit.")
    shares = _shares(info)
    st.dataframe(
        pd.DataFrame([_row(info, property_, shares) for property_ in info.properties]),
        hide_index=True,
        column_config={
            "Labels": st.column_config.NumberColumn(format="localized"),
            "R²": st.column_config.TextColumn(
                help="Share of the labels' spread that is explained; below 0, the mean of the "
                "labels would be a better guess."
            ),
            "Within 90 %": st.column_config.TextColumn(
                "Within the 90 % interval",
                help="Share of the labels that lay within intervals made from the other folds.",
            ),
            "Width": st.column_config.TextColumn(help="Mean width of these intervals."),
            "Share": st.column_config.ProgressColumn(
                "Share of the wMAE",
                format="percent",
                min_value=0.0,
                max_value=1.0,
                help="Of the weighted error of the whole run: where an improvement counts most.",
            ),
        },
    )


def _row(info: BundleInfo, property_: Property, shares: dict[str, float]) -> dict[str, object]:
    name, blend = property_.name, info.figures["blend"]
    # The unit stands once, in the first column.
    bare = without_unit(property_.errors)
    members = {
        charts.title_of(member): number(bare, figures["mae"].get(name))
        for member, figures in info.figures["members"].items()
    }
    interval = (info.intervals or {}).get(name)
    covered = interval.coverage if interval else None
    return {
        "Property": property_.errors.label,
        "Labels": blend["n"][name],
        "R²": r2_words(blend["r2"][name]),
        "Share": shares.get(name),
        "Within 90 %": "–" if covered is None else f"{covered:.1%}",
        "Width": number(bare, interval.width if interval else None),
        "Blend": number(bare, blend["mae"][name]),
        **members,
    }


def r2_words(value: float | None) -> str:
    """An R², in words where it is negative."""
    if value is None or np.isnan(value):
        return "–"
    return f"{value:.3f}" if value >= 0 else f"{value:.3f}, worse than the mean"


def _shares(info: BundleInfo) -> dict[str, float]:
    """Each answer's share of the weighted mean absolute error of the blend."""
    blend = info.figures["blend"]
    names = [each.name for each in info.properties if each.is_answer and blend["n"][each.name]]
    counts = np.array([blend["n"][name] for name in names])
    answers = [each for each in info.properties if each.name in names]
    spans = np.array([np.ptp(each.scaled(np.array(info.ranges[each.name]))) for each in answers])
    errors = np.array([blend["mae"][name] for name in names])
    parts = errors * property_weights(counts, spans) if names else np.array([])
    return dict(zip(names, (parts / parts.sum()).tolist(), strict=True)) if parts.any() else {}
