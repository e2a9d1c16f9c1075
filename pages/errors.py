"""Errors: where a finished run's predictions are good, and where they are not."""

import pandas as pd
import streamlit as st

from engine.base.errors import UserError
from engine.inference import bundle
from engine.inference import error_analysis as analysis
from engine.inference.bundle import BundleInfo, read_info
from engine.runs import Run, list_runs, read_out_of_fold
from engine.settings.properties import Property
from pages.parts import charts, page_guard
from pages.parts.error_overview import r2_words, show_overview
from pages.parts.formatting import number, plain, show_error, title_with_name, unit_of, without_unit
from pages.parts.layout import columns, forget_stale_choice, heading
from pages.parts.models import distinct_labels, run_label
from pages.parts.predict import gallery

WORST = 12
CHARTS = ["How often", "By label", "By fold"]


@st.cache_data(max_entries=5, show_spinner=False)
def out_of_fold(run_id: str, _run: Run) -> pd.DataFrame:
    """The out-of-fold table of a finished run; it does not change any more."""
    return read_out_of_fold(_run)


@st.cache_data(max_entries=5, show_spinner=False)
def as_csv(run_id: str, _frame: pd.DataFrame) -> bytes:
    """The out-of-fold table as a file."""
    return _frame.to_csv(index=False).encode()


def choose_run(runs: list[Run]) -> Run:
    """The run that the address names (`?run=`), or the newest; the user may choose another."""
    by_id = {run.id: run for run in runs}
    asked = st.query_params.get("run")
    wanted = next((run.id for run in runs if asked in (run.id, run.name)), None)
    if asked and not wanted:
        st.warning(plain(f"There is no finished run {asked!r}; the newest one is shown."))
    labels = distinct_labels({run.id: run_label(run) for run in runs})
    chosen = st.selectbox(
        "Finished run",
        list(by_id),
        index=list(by_id).index(wanted) if wanted else 0,
        format_func=lambda key: labels[key],
        key="errors run",
    )
    if st.query_params.get("run") != chosen:
        st.query_params["run"] = chosen
    return by_id[chosen]


def show_figures(figures: dict, property_: Property) -> None:
    """MAE, RMSE, R² and n of the blend and of each member."""
    rows = analysis.figure_rows(figures, property_.name)
    unit, bare = unit_of(property_.errors), without_unit(property_.errors)
    shown = pd.DataFrame(
        {
            "member": rows["member"].map(charts.title_of),
            f"MAE ({unit})": [number(bare, value) for value in rows["mae"]],
            f"RMSE ({unit})": [number(bare, value) for value in rows["rmse"]],
            "R²": [r2_words(value) for value in rows["r2"].astype(float)],
            "n (labels)": [f"{count:,}" for count in rows["n"]],
        }
    )
    st.dataframe(shown, hide_index=True)


def explain_figures() -> None:
    """What the figures mean, in words."""
    st.caption(
        "MAE: mean absolute error, the typical distance between prediction and label. RMSE: root "
        "of the mean squared error, which large errors dominate. R²: share of the labels' spread "
        "that is explained (1 is perfect, 0 is no better than the mean). A label is a value "
        "of the table. All are out-of-fold: each molecule was predicted by models that had "
        "not seen it."
    )


def show_second_chart(rows: pd.DataFrame, property_: Property, member: str) -> None:
    """The distribution of errors, or the error by label or by fold."""
    kind = st.segmented_control(
        "Errors",
        CHARTS,
        default=CHARTS[0],
        required=True,
        key="errors chart",
        label_visibility="collapsed",
    )
    if kind == "By label":
        means, bare = analysis.errors_by_label(rows), without_unit(property_)
        groups = [
            f"{number(bare, low)} … {number(bare, high)}"
            for low, high in zip(means["low"], means["high"], strict=True)
        ]
        axis = f"Label: {property_.label}, in sections with equally many rows"
        chart = charts.mean_errors(means, groups, axis, property_, member)
    elif kind == "By fold":
        means = analysis.errors_by_fold(rows)
        groups = [str(fold + 1) for fold in means["fold"]]
        chart = charts.mean_errors(means, groups, "Held-out fold", property_, member)
    else:
        chart = charts.error_histogram(analysis.error_bins(rows), property_, member)
    st.plotly_chart(chart, theme="streamlit", key="errors second")


def show_worst(run_id: str, rows: pd.DataFrame, property_: Property, member: str) -> None:
    """The molecules with the largest errors, drawn."""
    st.subheader("Largest errors")
    predictor = "the blend" if member == analysis.BLEND else charts.title_of(member)
    st.caption(
        f"The {min(WORST, len(rows))} molecules on which {predictor} is furthest off. "
        "A wrong label, a mixed-up unit or a rare kind of molecule often shows up here."
    )
    with st.container(horizontal=True, gap="small"):
        for place, row in enumerate(analysis.worst_rows(rows, WORST).itertuples()):
            with st.container(
                border=True, width=228, height="stretch", gap="xsmall", key=f"worst-{place}"
            ):
                gallery.show_picture(row.smiles, 192, 120)
                st.markdown(
                    f"**id {plain(str(row.id))}** · row {row.row}  \n"
                    f"label {plain(number(property_, row.label))}  \n"
                    f"prediction {plain(number(property_, row.prediction))}  \n"
                    f"**error {plain(number(property_.errors, row.error, sign=True))}**"
                )
                st.page_link(
                    "pages/predict.py",
                    label="Open in Predict",
                    icon=":material/experiment:",
                    query_params={"smiles": row.smiles, "model": run_id},
                )


def show_report(run: Run, info: BundleInfo) -> None:
    """The whole report on one run."""
    try:
        table = out_of_fold(run.id, run)
    except OSError as error:
        raise UserError(
            f"The out-of-fold predictions of run {run.name!r} are missing from {run.folder}; "
            "choose another run, or train anew."
        ) from error
    titles = {property_.name: title_with_name(property_) for property_ in info.properties}
    left, right = columns("errors-property", [3, 1], 240, "bottom")
    with left:
        name = choose_property(info, titles)
    with right:
        st.download_button(
            "Out-of-fold table (CSV)",
            as_csv(run.id, table),
            f"{run.id}-out-of-fold.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="One row for each label: its fold, the label, and each member's prediction.",
        )
    property_ = next(each for each in info.properties if each.name == name)
    show_figures(info.figures, property_)
    explain_figures()
    if len(info.properties) > 1:
        with st.expander("All properties at once", icon=":material/grid_on:"):
            show_overview(info)
    members = [analysis.BLEND, *info.members]
    forget_stale_choice("errors member", members)
    member = st.segmented_control(
        "Member in the charts",
        members,
        default=analysis.BLEND,
        required=True,
        format_func=charts.title_of,
        key="errors member",
    )
    member = member if member in table else analysis.BLEND
    rows = analysis.property_rows(table, property_, member)
    if rows.empty:
        st.info("There is no prediction to show for this property.")
        return
    first, second = columns("errors-charts", [1, 1], 360)
    with first:
        st.markdown("**Label against prediction** (on the dashed line both are equal)")
        st.plotly_chart(
            charts.parity(rows, property_, member), theme="streamlit", key="errors parity"
        )
    with second:
        show_second_chart(rows, property_, member)
    show_worst(run.id, rows, property_, member)


def choose_property(info: BundleInfo, titles: dict[str, str]) -> str:
    """Segments for a few properties, a list for many."""
    forget_stale_choice("errors property", info.names)
    if len(titles) > 6:
        return st.selectbox("Property", info.names, format_func=titles.get, key="errors property")
    return st.segmented_control(
        "Property",
        info.names,
        default=info.names[0],
        required=True,
        key="errors property",
    )


def show_empty() -> None:
    """What to do without a finished run, and the figures of the default model, if there is one."""
    st.info(
        "There is no finished run yet. Train a model: when it is done, its errors are shown here, "
        "molecule by molecule.",
        icon=":material/info:",
    )
    st.page_link("pages/train.py", label="Train a model", icon=":material/model_training:")
    folder = bundle.default_bundle()
    if not (folder / bundle.INFO).is_file():
        return
    info = read_info(folder)
    st.subheader("The model in use")
    st.markdown(f"**{plain(info.name)}**, trained on {info.rows:,} rows of {plain(info.table)}:")
    explain_figures()
    for property_ in info.properties:
        st.markdown(f"**{plain(title_with_name(property_))}**")
        show_figures(info.figures, property_)


def main() -> None:
    """The whole page."""
    place = heading(
        "Errors", "How far off the predictions of a finished run are, and on which molecules."
    )
    runs = [run for run in list_runs() if run.state == "done"]
    if not runs:
        show_empty()
        return
    with place:
        run = choose_run(runs)
    show_report(run, read_info(run.folder / "bundle"))


page_guard.ensure_app_ran()
try:
    main()
except UserError as error:
    show_error(error)
