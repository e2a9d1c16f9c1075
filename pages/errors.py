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
from pages.parts.formatting import number, plain, show_error, unit_of
from pages.parts.layout import columns, forget_stale_choice, heading
from pages.parts.models import plain_title, run_label, told_apart
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
    """The run of the address (`?run=`), or the newest; another can be chosen."""
    by_id = {run.id: run for run in runs}
    asked = st.query_params.get("run")
    wanted = next((run.id for run in runs if asked in (run.id, run.name)), None)
    if asked and not wanted:
        st.warning(plain(f"There is no finished run {asked!r}; the newest one is shown."))
    labels = told_apart({run.id: run_label(run) for run in runs})
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


def figures_table(figures: dict, known: Property) -> None:
    """MAE, RMSE, R² and n of the blend and of each member."""
    rows = analysis.figure_rows(figures, known.name)
    unit = unit_of(known)
    shown = pd.DataFrame(
        {
            "member": rows["member"].map(charts.title_of),
            f"MAE ({unit})": [number(bare(known), value) for value in rows["mae"]],
            f"RMSE ({unit})": [number(bare(known), value) for value in rows["rmse"]],
            "R²": ["–" if value != value else f"{value:.3f}" for value in rows["r2"].astype(float)],
            "n (labels)": [f"{count:,}" for count in rows["n"]],
        }
    )
    st.dataframe(shown, hide_index=True)


def bare(known: Property) -> Property:
    """The property without its unit, for cells whose column names it."""
    return known.model_copy(update={"unit": ""})


def legend() -> None:
    """What the figures mean, in words."""
    st.caption(
        "MAE: mean absolute error, the typical distance between prediction and label. RMSE: root "
        "of the mean squared error, which large errors dominate. R²: share of the labels' spread "
        "that is explained (1 is perfect, 0 is no better than the mean). A label is a value "
        "of the table. All are out-of-fold: each molecule was predicted by models that had "
        "not seen it."
    )


def second_chart(rows: pd.DataFrame, known: Property, member: str) -> None:
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
        means = analysis.errors_by_label(rows)
        groups = [
            f"{number(bare(known), low)} … {number(bare(known), high)}"
            for low, high in zip(means["low"], means["high"], strict=True)
        ]
        axis = f"Label: {known.label}, sections of equally many rows"
        figure = charts.mean_errors(means, groups, axis, known, member)
    elif kind == "By fold":
        means = analysis.errors_by_fold(rows)
        groups = [str(fold + 1) for fold in means["fold"]]
        figure = charts.mean_errors(means, groups, "Held-out fold", known, member)
    else:
        figure = charts.error_histogram(analysis.error_bins(rows), known, member)
    st.plotly_chart(figure, theme="streamlit", key="errors second")


def worst(rows: pd.DataFrame, known: Property, member: str) -> None:
    """The molecules with the largest errors, drawn."""
    st.subheader("Largest errors")
    who = "the blend" if member == analysis.BLEND else charts.title_of(member)
    st.caption(
        f"The {min(WORST, len(rows))} molecules on which {who} is furthest off. "
        "A wrong label, a unit mixed up or a rare kind of molecule often shows up here."
    )
    with st.container(horizontal=True, gap="small"):
        for place, row in enumerate(analysis.worst_rows(rows, WORST).itertuples()):
            with st.container(
                border=True, width=228, height="stretch", gap="xsmall", key=f"worst-{place}"
            ):
                gallery.picture(row.smiles, 192, 120)
                st.markdown(
                    f"**id {plain(str(row.id))}** · row {row.row}  \n"
                    f"label {plain(number(known, row.label))}  \n"
                    f"prediction {plain(number(known, row.prediction))}  \n"
                    f"**error {plain(number(known, row.error, sign=True))}**"
                )
                st.page_link(
                    "pages/predict.py",
                    label="Open in Predict",
                    icon=":material/experiment:",
                    query_params={"smiles": row.smiles},
                )


def report(run: Run, info: BundleInfo) -> None:
    """The whole report on one run."""
    try:
        table = out_of_fold(run.id, run)
    except OSError as error:
        raise UserError(
            f"The out-of-fold predictions of run {run.name!r} are missing from {run.folder}; "
            "choose another run, or train anew."
        ) from error
    titles = {known.name: plain_title(known.title, known.name) for known in info.properties}
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
    known = next(one for one in info.properties if one.name == name)
    figures_table(info.figures, known)
    legend()
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
    rows = analysis.property_rows(table, name, member)
    if rows.empty:
        st.info("There is no prediction to show for this property.")
        return
    first, second = columns("errors-charts", [1, 1], 360)
    with first:
        st.markdown("**Label against prediction** (on the dashed line both are equal)")
        st.plotly_chart(charts.parity(rows, known, member), theme="streamlit", key="errors parity")
    with second:
        second_chart(rows, known, member)
    worst(rows, known, member)


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


def empty() -> None:
    """What to do without a finished run; the shipped model's figures, where there is one."""
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
    st.markdown(
        f"**{plain(info.name)}**, trained on {info.rows:,} repeat units of {plain(info.table)}:"
    )
    legend()
    for known in info.properties:
        st.markdown(f"**{plain(plain_title(known.title, known.name))}**")
        figures_table(info.figures, known)


def page() -> None:
    """The whole page."""
    words = "How far off the predictions of a finished run are, and on which molecules."
    place = heading("Errors", words)
    runs = [run for run in list_runs() if run.state == "done"]
    if not runs:
        empty()
        return
    with place:
        run = choose_run(runs)
    report(run, read_info(run.folder / "bundle"))


page_guard.ensure_app_ran()
try:
    page()
except UserError as error:
    show_error(error)
