"""Molecules of the Errors page, drawn with all that is known of their predictions, page by page."""

from math import ceil
from typing import Any

import pandas as pd
import streamlit as st

from engine.inference.conformal import LEVEL
from engine.inference.error_analysis import BLEND
from engine.settings.conditions import condition_words
from engine.settings.properties import Property
from pages.parts import charts
from pages.parts.errors.evaluation import Evaluation
from pages.parts.formatting import number, number_range, plain, without_unit
from pages.parts.page_guard import part
from pages.parts.pictures import show_picture

PAGE = 12
_ORDERS = {
    "largest error first": ("size of error", False),
    "smallest error first": ("size of error", True),
    "lowest label first": ("label", True),
    "highest label first": ("label", False),
    "least similar first": ("similarity", True),
    "most similar first": ("similarity", False),
}


@part
def show_molecules(evaluation: Evaluation, rows: pd.DataFrame, property_: Property) -> None:
    """Show some rows in an order that the user chooses, a page at a time.

    Args:
        evaluation: they are of.
        rows: from `engine.inference.error_analysis.property_rows`.
        property_: the property.
    """
    if rows.empty:
        st.info("No molecule is left: reset the filter, or ask for less.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        order = st.selectbox("Order", list(_ORDERS), key="sort", bind="query-params", width=220)
        pages = ceil(len(rows) / PAGE)
        page = 1
        if pages > 1:
            page = st.pagination(pages, key="page", bind="query-params")
    column, ascending = _ORDERS[order]
    rows = rows.assign(**{"size of error": rows["error"].abs()})
    ordered = rows.sort_values(column, ascending=ascending, kind="stable")
    with st.container(horizontal=True, gap="small"):
        for place, row in enumerate(
            ordered.iloc[(page - 1) * PAGE : page * PAGE].to_dict("records")
        ):
            with st.container(
                border=True, width=230, height="stretch", gap="xsmall", key=f"molecule-{place}"
            ):
                _show_card(evaluation, row, property_)


@part
def _show_card(evaluation: Evaluation, row: dict[str, Any], property_: Property) -> None:
    show_picture(row["smiles"], 194, 120)
    error = number(property_.errors, row["error"], sign=True)
    st.markdown(
        f"**id {plain(str(row['id']))}** · row {row['row']}  \n"
        f"label {plain(number(property_, row['label']))}  \n"
        f"prediction {plain(number(property_, row['prediction']))}  \n"
        f"**error {plain(error)}**"
    )
    st.caption("  \n".join(plain(line) for line in _details(evaluation, row, property_)))
    st.page_link(
        "pages/predict.py",
        label="Open in Predict",
        icon=":material/experiment:",
        query_params={"smiles": row["smiles"], "model": evaluation.model},
    )


def _details(evaluation: Evaluation, row: dict[str, Any], property_: Property) -> list[str]:
    """Lines on a molecule's members, interval, similarity, classes and fold."""
    bare = without_unit(property_)
    members = [
        f"{charts.title_of(name)} {number(bare, row[name])}"
        for name in (BLEND, *evaluation.info.members)
        if row[name] == row[name]
    ]
    lines = [", ".join(members)]
    if row["low"] == row["low"]:
        ends = number_range(property_, row["low"], row["high"])
        inside = row["low"] <= row["label"] <= row["high"]
        side = "the label lies within" if inside else "the label lies outside"
        lines.append(f"{100 * LEVEL:.0f} % interval of the blend: {ends}; {side}")
    lines += condition_words(evaluation.info.conditions, row)
    similarity = row["similarity"]
    known = "unknown" if similarity != similarity else f"{similarity:.2f}"
    lines.append(f"similarity to training: {known}")
    lines.append(f"{', '.join(row['classes'])}; {row['size']} heavy atoms")
    if pd.notna(row["fold"]):
        lines.append(f"held out in fold {row['fold'] + 1}")
    elif pd.notna(row.get("seen")):
        lines.append("seen in training" if row["seen"] else "not seen in training")
    return lines
