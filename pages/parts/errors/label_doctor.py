"""The label doctor of the Errors page: labels that are likely wrong, and training without them."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine.base.errors import UserError
from engine.base.wording import counted, listed
from engine.base.workspace import COMMAND
from engine.inference.bundle import BundleInfo
from engine.inference.label_doctor import DOUBTFUL, doubtful_labels, unlikely_words
from engine.runs import Cell, Run, start_run, unlearned_words, without_labels
from engine.settings.conditions import Condition, condition_words
from engine.settings.properties import Property
from engine.table.written import csv_bytes
from pages.parts.auth import owner
from pages.parts.errors.evaluation import Evaluation
from pages.parts.formatting import number, plain, show_error
from pages.parts.layout import forget_stale_choice
from pages.parts.page_guard import part
from pages.parts.pictures import show_picture

_ALL = "All properties"
_FEW = 10
"""Labels that are shown at first, and that each click adds."""
_MOST = 1000
"""Labels that are kept in the session and in the file."""

_FOUND = "doctor found"
"""In the session: a run's id, and its doubtful labels."""
_ASKED = "doctor asked"
"""In the session: the labels that a run is to be started without."""
_STARTED = "doctor started"
"""In the session: a list of the runs that were started, each with the id of its origin."""


def show_label_doctor(evaluation: Evaluation, property_: Property) -> None:
    """Show the labels that are likely wrong, and offer to train again without some of them.

    Args:
        evaluation: out-of-fold predictions of a run; for others a sentence is shown.
        property_: whose labels are shown where not all are.
    """
    st.caption(
        "Labels that the members on the whole and the most similar polymers contradict: a wrong "
        "digit, a mixed-up unit, a lost sign. The least likely come first, of all properties "
        "alike. A rare polymer may be right all the same, so look before you tick."
    )
    if evaluation.run is None:
        st.info(
            "Labels are judged by models that have not seen them, and trained again without the "
            "wrong ones: choose a finished run above.",
            icon=":material/info:",
        )
        return
    _show_doubtful(evaluation.run, evaluation.info, evaluation.rows, property_)


@st.fragment
@part
def _show_doubtful(run: Run, info: BundleInfo, table: pd.DataFrame, property_: Property) -> None:
    doubtful = _doubtful(run, info, table)
    properties = {property_.name: property_ for property_ in info.properties}
    name = _ALL if len(properties) < 2 else _choose_property(property_.name)
    rows = doubtful if name == _ALL else doubtful[doubtful["property"] == name]
    if rows.empty:
        st.success(
            "No label is contradicted both by all members and by the most similar polymers.",
            icon=":material/verified:",
        )
        return
    _offer_exclusion(run, doubtful)
    key = f"doctor shown {run.id} {name}"
    shown = st.session_state.setdefault(key, _FEW)
    for place, (_, row) in enumerate(rows.head(shown).iterrows(), start=1):
        _show_label(run, row, place, properties[row["property"]], info.conditions)
    if len(rows) > shown:
        st.button(
            f"Show {min(_FEW, len(rows) - shown)} more of {len(rows):,}",
            icon=":material/expand_more:",
            key="doctor more",
            on_click=lambda: st.session_state.update({key: shown + _FEW}),
        )


def _doubtful(run: Run, info: BundleInfo, table: pd.DataFrame) -> pd.DataFrame:
    """The run's doubtful labels, looked for once; the run does not change any more."""
    place = st.empty()
    if st.session_state.get(_FOUND, ("", None))[0] != run.id:

        def progress(done: int, total: int) -> None:
            place.progress(done / total, f"Comparing polymers with each other: {done / total:.0%}")

        members = [member for member in info.members if member in table]
        found = doubtful_labels(table, info.properties, members, bool(info.conditions), progress)
        st.session_state[_FOUND] = run.id, found[found["score"] >= DOUBTFUL].head(_MOST)
        place.empty()
    return st.session_state[_FOUND][1]


def _choose_property(name: str) -> str:
    """All properties, or the one that the page is about."""
    forget_stale_choice("doctor property", [_ALL, name])
    return st.segmented_control(
        "Labels of",
        [_ALL, name],
        default=_ALL,
        required=True,
        format_func=plain,
        key="doctor property",
    )


def _ticked(run: Run) -> dict[tuple[int, str], bool]:
    """The labels that are ticked, by row and property: whichever of them are shown now."""
    return st.session_state.setdefault(f"doctor ticked {run.id}", {})


def _tick_key(run: Run, row: int, name: str) -> str:
    return f"doctor tick {run.id} {row} {name}"


def _tick(run: Run, row: int, name: str) -> None:
    ticked = _ticked(run)
    if st.session_state[_tick_key(run, row, name)]:
        ticked[row, name] = True
    else:
        ticked.pop((row, name), None)


def _offer_exclusion(run: Run, doubtful: pd.DataFrame) -> None:
    """The button that trains again, and what became of it."""
    _start_what_is_asked(run)
    ticked = list(_ticked(run))
    words = counted(len(ticked), "label") if ticked else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Exclude {words} and train again" if ticked else "Exclude and train again",
            type="primary",
            icon=":material/label_off:",
            key="doctor exclude",
            disabled=not ticked,
            on_click=_ask,
            args=(run, doubtful),
            help="Starts a run with the same settings and folds, without the labels that are "
            "ticked. Your table stays as it is.",
        )
        st.download_button(
            "List (CSV)",
            _as_csv(doubtful),
            f"{run.id}-doubtful-labels.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="doctor list",
            help=f"Delete the rows that are right, then: `{COMMAND} clone {run.id} --exclude FILE`",
        )
        if not ticked:
            st.caption("Tick the labels that you take for wrong.", width="content")
    for origin, run_id, name, remarks in st.session_state.get(_STARTED, []):
        if origin == run.id:
            _show_started(run, run_id, name, remarks)


def _ask(run: Run, doubtful: pd.DataFrame) -> None:
    """Ask for a run without what is ticked; a second click finds nothing ticked any more."""
    scores = doubtful.set_index(["row", "property"])["score"]
    cells = [
        Cell(row, name, f"label doctor: {unlikely_words(scores[row, name])}")
        for row, name in _ticked(run)
    ]
    _set_ticks(run, cells, False)
    st.session_state[_ASKED] = {run.id: cells} if cells else {}


def _start_what_is_asked(run: Run) -> None:
    """Start the run that was asked for; a click meanwhile neither loses nor doubles it."""
    # Both are changed without a call to Streamlit, at any of which another click ends this script.
    asked = st.session_state.get(_ASKED, {})
    started = st.session_state.setdefault(_STARTED, [])
    if run.id not in asked:
        return
    name, place = owner(), st.empty()

    def progress(done: int, total: int) -> None:
        place.progress(done / total, f"Checking row {done:,} of {total:,}…")

    with st.spinner("Starting the run…"):
        try:
            table, config = without_labels(run, asked[run.id], progress)
            begun = start_run(table, config, name)
            started.append((run.id, begun.id, begun.name, unlearned_words(table)))
            asked.clear()
        except UserError as error:
            _set_ticks(run, asked.pop(run.id), True)
            show_error(error)
    place.empty()


def _set_ticks(run: Run, cells: Sequence[Cell], on: bool) -> None:
    """Tick labels, or none of them any more."""
    for cell in cells:
        st.session_state[_tick_key(run, cell.row, cell.property)] = on
        if on:
            _ticked(run)[cell.row, cell.property] = True
        else:
            _ticked(run).pop((cell.row, cell.property), None)


def _show_started(run: Run, run_id: str, name: str, remarks: list[str]) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/check_circle: Started: **{plain(name)}**", width="content")
        st.page_link(
            "pages/monitor.py",
            label="Watch it in Monitor",
            icon=":material/monitoring:",
            query_params={"run": run_id},
        )
        st.page_link(
            "pages/compare.py",
            label="Compare both",
            icon=":material/compare_arrows:",
            query_params={"runs": f"{run.id},{run_id}"},
        )
        for words in remarks:
            st.caption(plain(words))


@part
def _show_label(
    run: Run, row: pd.Series, place: int, property_: Property, conditions: Sequence[Condition]
) -> None:
    """One label: the molecule, what contradicts it, and a box to tick.

    Args:
        run: whose label it is.
        row: of the doubtful labels.
        place: in the list.
        property_: the label's.
        conditions: under which labels were measured.
    """
    key = _tick_key(run, row.row, row.property)
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"doctor label {place}"
    ):
        show_picture(row.smiles, 192, 120)
        with st.container(width="stretch", gap="xsmall", key=f"words of doctor label {place}"):
            under = "".join(f" · {words}" for words in condition_words(conditions, row))
            st.markdown(
                f"**{plain(property_.name)}: {plain(_number(property_, row.label))}** "
                f"is **{unlikely_words(row.score)}** · id {plain(str(row.id))} · row {row.row}"
                f"{plain(under)}",
                help="It is as far from the members and from its neighbours as "
                f"{row.score:.1f} times the half-width of a 90 % interval.",
            )
            st.markdown(plain(_members_words(row, property_)))
            st.markdown(plain(_neighbours_words(row, property_, bool(conditions))))
        st.session_state.setdefault(key, (row.row, row.property) in _ticked(run))
        st.checkbox(
            "Exclude", key=key, on_change=_tick, args=(run, row.row, row.property), width="content"
        )


def _members_words(row: pd.Series, property_: Property) -> str:
    low, high = _number(property_, row.least), _number(property_, row.most)
    says = f"Every member says {low}" if low == high else f"The members say {low} to {high}"
    return f"{says}; the blend is {_number(property_, row.blend)}."


def _neighbours_words(row: pd.Series, property_: Property, under_conditions: bool) -> str:
    parts = [
        f"{_number(property_, value)} ({_likeness(i, similarity, row.same)})"
        for i, (value, similarity) in enumerate(zip(row.neighbours, row.similarities, strict=True))
    ]
    if under_conditions:
        return (
            "By their labels, and by what the blend says that conditions change, the most similar "
            f"polymers would have {listed(parts)} under these conditions."
        )
    return f"The most similar polymers have {listed(parts)}."


def _number(property_: Property, value: float) -> str:
    """A value that no line breaks apart from its unit."""
    return number(property_, value).replace(" ", "\u00a0")


def _likeness(place: int, similarity: float, same: int) -> str:
    return "the same polymer" if place < same else f"{similarity:.0%} similar"


def _as_csv(doubtful: pd.DataFrame) -> bytes:
    """The list as a file that `clone --exclude` takes."""
    columns = ["row", "id", "smiles", "property", "label", "blend", "least", "most", "score"]
    listed_ = doubtful[columns].assign(
        neighbours=[
            "; ".join(f"{value:.6g}" for value in values) for values in doubtful["neighbours"]
        ],
        why=[f"label doctor: {unlikely_words(score)}" for score in doubtful["score"]],
    )
    return csv_bytes(listed_)
