"""Exploring errors: a parity plot to select in, errors against what rows differ in, molecules."""

import pandas as pd
import streamlit as st

from engine.inference import error_analysis as analysis
from engine.inference.error_facets import Facet, errors_by, facets_of, group_words
from engine.inference.error_filters import chosen_words
from engine.settings.numbers import r2_words
from engine.settings.properties import Property
from engine.table.written import csv_bytes
from pages.parts import charts
from pages.parts.documents import explained
from pages.parts.errors.evaluation import Evaluation
from pages.parts.errors.filters import choose_filter
from pages.parts.errors.molecules import show_molecules
from pages.parts.errors.traits import rows_with_traits
from pages.parts.formatting import number, plain, plain_in_chart
from pages.parts.layout import columns, forget_stale_choice
from pages.parts.page_guard import part
from pages.parts.pictures import show_picture

_HISTOGRAM = "How often they occur"
_HINTS = {"Labels": explained("Label")} | {name: explained(name) for name in ("MAE", "Bias", "R²")}


@part
def show_explore(evaluation: Evaluation, property_: Property) -> None:
    """Show the errors of one property, to be filtered and selected in."""
    member = _choose_member(evaluation)
    everything = analysis.property_rows(rows_with_traits(evaluation, property_), property_, member)
    if everything.empty:
        st.info("There is no prediction to show for this property.")
        return
    chosen = choose_filter(everything, property_, evaluation.info.conditions)
    rows = chosen.chosen(everything).reset_index(drop=True)
    words = chosen.words(property_)
    st.markdown(f"**{plain(chosen_words(len(rows), len(everything), words))}**")
    _show_summary(rows, everything, property_)
    if rows.empty:
        st.info("No label is left: reset the filter, or ask for less.")
        return
    selected = _show_charts(evaluation, rows, property_, member)
    shown = rows if selected is None else rows.iloc[selected]
    _show_list(evaluation, shown, property_, selected is not None)


def _choose_member(evaluation: Evaluation) -> str:
    members = [analysis.BLEND, *evaluation.info.members]
    forget_stale_choice("member", members)
    member = st.segmented_control(
        "Member in the charts",
        members,
        default=analysis.BLEND,
        required=True,
        format_func=charts.title_of,
        key="member",
        bind="query-params",
        help=f"{explained('Member')} {explained('Blend')}",
    )
    return member if member in evaluation.rows else analysis.BLEND


@part
def _show_summary(rows: pd.DataFrame, everything: pd.DataFrame, property_: Property) -> None:
    """The figures of what is filtered, beside those of all where there is a difference."""
    found, of_all = (analysis.summary(each, property_) for each in (rows, everything))
    filtered = len(rows) < len(everything)
    errors = property_.errors
    shown = {
        "Labels": (f"{found['n']:,}", f"{of_all['n']:,}"),
        "MAE": (number(errors, found["mae"]), number(errors, of_all["mae"])),
        "Bias": (number(errors, found["bias"], True), number(errors, of_all["bias"], True)),
        "R²": (r2_words(found["r2"]), r2_words(of_all["r2"])),
    }
    if "seen" in rows and (seen := int(rows["seen"].fillna(False).astype(bool).sum())):
        st.warning(
            f"The model was trained on {seen:,} of these labels, or on others of the same repeat "
            "units: their errors flatter it.",
            icon=":material/visibility:",
        )
    with st.container(horizontal=True, gap="small"):
        for name, (value, whole) in shown.items():
            with st.container(border=True, width=160, gap=None):
                st.caption(name, help=_HINTS[name])
                st.markdown(f"**{plain(value)}**")
                if filtered:
                    st.caption(f"all: {plain(whole)}")


def _show_charts(
    evaluation: Evaluation, rows: pd.DataFrame, property_: Property, member: str
) -> list[int] | None:
    """The two charts; returns the rows that are selected in the first, None where none are."""
    first, second = columns("errors-charts", [1, 1], 360)
    with first:
        st.markdown("**Label against prediction** (on the dashed line both are equal)")
        event = st.plotly_chart(
            charts.parity(rows, property_, member),
            theme="streamlit",
            key="errors parity",
            alt=f"{property_.label}: labels against predictions of {len(rows):,} rows. The list "
            "below holds the same rows.",
            on_select="rerun",
            selection_mode=("points", "box", "lasso"),
        )
        st.caption(
            "Click a point, or draw a box or a lasso (in the chart's own toolbar), to see only "
            "these molecules below; a double click shows all again."
        )
    points = event.selection.points if event else []
    chosen = {point["point_index"] for point in points if point["curve_number"] == 1}
    places = sorted(place for place in chosen if place < len(rows))
    with second:
        if len(places) == 1:
            _show_clicked(rows.iloc[places[0]], property_)
        _show_second_chart(evaluation, rows, property_, member)
    return places or None


@part
def _show_clicked(row: pd.Series, property_: Property) -> None:
    """The molecule of the one point that is selected, beside the chart."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        show_picture(row["smiles"], 220, 130)
        st.markdown(
            f"**id {plain(str(row['id']))}**  \n"
            f"label {plain(number(property_, row['label']))}  \n"
            f"prediction {plain(number(property_, row['prediction']))}  \n"
            f"**error {plain(number(property_.errors, row['error'], sign=True))}**"
        )


@part
def _show_second_chart(
    evaluation: Evaluation, rows: pd.DataFrame, property_: Property, member: str
) -> None:
    """The distribution of errors, or the mean error against something that rows differ in."""
    facets = {facet.title: facet for facet in facets_of(rows, evaluation.info.conditions)}
    kind = st.selectbox(
        "Errors by",
        [_HISTOGRAM, *facets],
        key="by",
        bind="query-params",
        help="How often errors of each size occur, or the mean absolute error of groups of rows.",
    )
    if kind == _HISTOGRAM or kind not in facets:
        chart = charts.error_histogram(analysis.error_bins(rows), property_, member)
    else:
        facet = facets[kind]
        means = errors_by(rows, facet)
        groups = [
            plain_in_chart(group_words(facet, group, property_))
            for group in means.to_dict("records")
        ]
        chart = charts.mean_errors(means, groups, _axis(facet, property_), property_, member)
    st.plotly_chart(
        chart,
        theme="streamlit",
        key="errors second",
        alt=f"Errors of {property_.label} by: {kind}. The list below holds the same rows.",
    )


def _axis(facet: Facet, property_: Property) -> str:
    if facet.column == "label":
        return f"Label: {property_.label}, in sections with equally many rows"
    if facet.kind == "range":
        return f"{facet.title}, in sections with equally many rows"
    return facet.title


def _show_list(
    evaluation: Evaluation, rows: pd.DataFrame, property_: Property, selected: bool
) -> None:
    left, right = columns("errors-list", [3, 1], 240, "bottom")
    with left:
        st.subheader("Selected molecules" if selected else "Molecules")
        st.caption(
            f"{len(rows):,} selected in the chart."
            if selected
            else "A wrong label, a mixed-up unit or a rare kind of molecule often shows up among "
            "the largest errors."
        )
    with right:
        st.download_button(
            "These labels (CSV)",
            csv_bytes(rows.assign(classes=rows["classes"].map("; ".join))),
            f"{evaluation.key}-{property_.name}-errors.csv".replace("/", "-"),
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="The rows listed here: each member's prediction, the blend, its interval, the "
            "error, size, classes and similarity.",
        )
    show_molecules(evaluation, rows, property_)
