"""The table of candidates, a page at a time, and how it is ordered and narrowed."""

from math import ceil
from typing import NamedTuple

import pandas as pd
import streamlit as st

from engine.base.wording import clipped
from engine.candidates.answers import NEGLIGIBLE, Answers
from engine.candidates.downloads import name_shown, text_shown
from engine.candidates.measured import in_short, with_references
from engine.candidates.predicting import score_and_alerts
from engine.candidates.ranking import Order, View, ranked
from engine.candidates.rows import Candidate
from engine.chem.synthesis_hints import HARD
from engine.inference.conformal import LEVEL
from engine.inference.seen import UNKNOWN_ATOMS
from engine.inference.uncertainty import GUESS, OUTSIDE
from engine.settings.numbers import number, number_range, without_unit
from engine.settings.properties import Property
from engine.table.columns import free_name
from pages.parts.candidates.columns import Columns
from pages.parts.candidates.looking import Look
from pages.parts.formatting import number_format, plain, title_with_name
from pages.parts.pictures import picture_address

ROWS = 50
"""Candidates on one page of the table."""

_ADDED, _HARD = "order of adding", "how hard to make"
_FILTERS = {
    "likely to meet the specification": "probability of at least 50 %",
    "Pareto front": f"no other is better in everything; at least {100 * NEGLIGIBLE:g} % likely",
    "inside the domain": "like what the model learned from",
    "a problem": "not predicted",
}
_PICTURE = (122, 84)
_NAME_WIDTH = 112
"""Beside structure and name, a telephone has room for a first number."""

_ROW_HEIGHT = 88
_OF_MEASURED = (
    " ● marks measured values that the model learned: they stand in place of its prediction, and "
    "“remark” names where they come from. Such a value meets a requirement or does not; where "
    "several were measured, the probability is the share of the different ones that meet it. "
    "Another sample can scatter by more than that."
)


class Shown(NamedTuple):
    """What of a list is shown.

    Attributes:
        ids: the candidates' numbers, in order.
        by: what they are ordered by, see `View`.
        by_own: the column of their file, where it is one; else empty.
    """

    ids: list[int]
    by: str | Order
    by_own: str


def choose_view(look: Look) -> Shown:
    """Let the user order and narrow the list."""
    orders: dict[str, str | Order] = {_ADDED: ""}
    if any(each.has_ends for each in look.requirements):
        orders = {"probability of meeting the specification": Order.PROBABILITY} | orders
    if look.answers is not None:
        taken = {*orders, _HARD}
        titles = [free_name(title_with_name(each), taken) for each in look.answers.properties]
        orders |= zip(titles, look.answers.names, strict=True)
    orders[_HARD] = Order.HARDNESS
    own = {free_name(f"{name} (from the file)", orders): name for name in look.own_columns}
    orders |= dict.fromkeys(own, Order.OWN)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        # Another field where the first order is another: a widget keeps what it showed first.
        by = st.selectbox("Order", list(orders), key=f"order of {next(iter(orders))}", width=320)
        lowest = st.checkbox("Lowest first", value=orders[by] is Order.HARDNESS, key=f"low {by}")
        only = st.multiselect(
            "Only",
            list(_FILTERS),
            format_func=lambda one: f"{one} ({_FILTERS[one]})",
            key="narrowed to",
            placeholder="Show all",
            width=340,
        )
        guesses = st.checkbox(
            "Rank guesses too",
            key="rank guesses",
            help=f"Values of a candidate with {UNKNOWN_ATOMS} are guesses. Such candidates stand "
            "behind the others.",
        )
    view = View(orders[by], not lowest, tuple(only), guesses)
    by_own = own.get(by, "")
    hardness = {candidate: score for candidate, (score, _) in look.hints.items()}
    others: dict = {Order.HARDNESS: hardness}
    if by_own:
        others[Order.OWN] = look.own_column(by_own).keys
    ids = ranked(look.ids, look.answers, look.requirements, view, others, look.without_unit)
    return Shown(ids, view.by, by_own)


def show_table(look: Look, shown: list[int], columns: Columns) -> list[int]:
    """Show a page of candidates; returns the numbers of those that are selected in it.

    Args:
        look: the list.
        shown: the numbers of the candidates that are shown, in order.
        columns: what is shown of them.
    """
    if not shown:
        st.info("No candidate is left: show all, or ask for less.", icon=":material/filter_alt:")
        return []
    pages, page = ceil(len(shown) / ROWS), 1
    if pages > 1:
        page = st.pagination(pages, key=f"page of {len(shown)}")
    here = shown[(page - 1) * ROWS : page * ROWS]
    rows = {each.id: each for each in look.list_.candidates(here)}
    here = [each for each in here if each in rows]
    frame = _frame(look, [rows[each] for each in here], columns)
    event = st.dataframe(
        frame,
        key=f"candidates {look.list_.id} {page} {hash(tuple(here))}",
        hide_index=True,
        row_height=_ROW_HEIGHT,
        height=min(len(frame), 6) * _ROW_HEIGHT + 40,
        on_select="rerun",
        selection_mode="multi-row",
        column_config=_column_config(look, columns.properties),
        alt=f"Table of {len(frame)} candidates with predicted properties",
    )
    words = (
        f"{len(shown):,} of {len(look.ids):,} candidates. Tick rows to compare up to eight, to "
        f"write notes, or to remove them. Beside each value stands its {100 * LEVEL:.0f} % "
        "interval; ◦ marks values outside the applicability domain, ? guesses."
    )
    if look.answers is not None:
        words = f"{words} {look.answers.like_words(columns.properties)}".strip()
        if look.answers.is_measured.any():
            words += _OF_MEASURED
    st.caption(plain(words))
    return [here[row] for row in event.selection.rows if row < len(here)]


def _frame(look: Look, rows: list[Candidate], chosen: Columns) -> pd.DataFrame:
    """What is shown of some candidates."""
    answers = look.answers
    at = [answers.row_of(each.id) if answers else None for each in rows]
    columns: dict[str, list] = {
        "structure": [each.unit and picture_address(each.unit, *_PICTURE) for each in rows],
        "name": [_title(each) for each in rows],
    }
    if answers is not None:
        likely = answers.probabilities(look.requirements)
        if len(likely.of_all):
            columns["all met"] = [None if row is None else 100 * likely.of_all[row] for row in at]
        for property_ in chosen.properties:
            k = answers.names.index(property_.name)
            columns[property_.name] = [
                None if row is None else answers.values[row, k] for row in at
            ]
            columns[_interval_of(property_)] = [
                "" if row is None else _interval(answers, row, k, property_) for row in at
            ]
    if any(each.row_id for each in rows):
        columns["id"] = [each.row_id for each in rows]
    hints = _hints(look, rows)
    columns["hard to make"] = [hints.get(each.id, (None, ""))[0] for each in rows]
    columns["note"] = [each.note for each in rows]
    columns["remark"] = [_remark(look, each, hints.get(each.id, (None, ""))[1]) for each in rows]
    columns["from"] = [each.origin for each in rows]
    frame = pd.DataFrame(columns)
    behind = list(columns).index("name") + 1
    if chosen.given:
        frame.insert(behind, free_name(chosen.given, frame), [each.given for each in rows])
        behind += 1
    for place, column in enumerate(chosen.own, start=behind):
        cells = column.texts if column.numbers is None else column.numbers
        kind = object if column.numbers is None else float
        values = pd.Series([cells.get(each.id) for each in rows], dtype=kind)
        frame.insert(place, free_name(column.name, frame), values)
    return frame


def _title(candidate: Candidate) -> str:
    """What a candidate is called in a narrow column: by its name, or what was given, and its id."""
    name = name_shown(candidate) if candidate.unit else clipped(candidate.given)
    return " · ".join(filter(None, [name, candidate.row_id])) or text_shown(candidate)


def _hints(look: Look, rows: list[Candidate]) -> dict[int, tuple[float | None, str]]:
    """How hard candidates are to make; what is not kept yet is found out for the page alone."""
    return {
        each.id: look.hints.get(each.id) or _score_and_alerts(each.unit)
        for each in rows
        if each.unit is not None
    }


@st.cache_data(max_entries=2000, show_spinner=False)
def _score_and_alerts(unit: str) -> tuple[float | None, str]:
    return score_and_alerts(unit)


def _interval(answers: Answers, row: int, k: int, property_: Property) -> str:
    """The ends of an interval, marked where it lies outside the domain; or that it is measured."""
    if labels := answers.labels(row, property_.name):
        return f"● {in_short(property_, labels)}"
    low, high, side = answers.low[row, k], answers.high[row, k], answers.domains[row, k]
    bare = without_unit(property_)
    ends = "" if low != low else number_range(bare, low, high, " … ")
    return f"{ends} {'?' if side == GUESS else '◦' if side == OUTSIDE else ''}".strip()


def _remark(look: Look, candidate: Candidate, alerts: str) -> str:
    """What is to be said of a candidate: why it has no values, what is new in it, alerts."""
    answers = look.answers
    said = [candidate.problem, _measured(look, candidate)]
    if answers is not None:
        said += [answers.problems.get(candidate.id, ""), answers.warnings.get(candidate.id, "")]
    if alerts:
        said.append(f"Has a group that seldom lasts: {alerts}.")
    return " ".join(filter(None, said))


def _measured(look: Look, candidate: Candidate) -> str:
    """The measured values of a candidate with their references, and what the model says."""
    row = look.answers.row_of(candidate.id) if look.answers else None
    if look.answers is None or row is None:
        return ""
    told = []
    for k, property_ in enumerate(look.answers.properties):
        if labels := look.answers.labels(row, property_.name):
            values = with_references(property_, labels)
            of_model = number(property_, look.answers.predicted[row, k])
            told.append(f"{property_.name} {values} (the model, which has seen it: {of_model})")
    return f"Measured: {'. '.join(told)}." if told else ""


def _help(look: Look, property_: Property) -> str:
    """What a column's values are, and as what they are predicted."""
    if look.answers is None:
        return property_.title
    return f"{property_.title}, {look.answers.predicted_words(property_)}"


def _interval_of(property_: Property) -> str:
    return f"{property_.name}: {100 * LEVEL:.0f} %"


def _column_config(look: Look, properties: list[Property]) -> dict:
    config = {
        "structure": st.column_config.ImageColumn("structure", width=_PICTURE[0] + 10, pinned=True),
        "name": st.column_config.TextColumn("name", width=_NAME_WIDTH),
        "id": st.column_config.TextColumn("id", width=90),
        "all met": st.column_config.ProgressColumn(
            "all met",
            help="The probability of meeting all requirements of the specification.",
            format="%.0f %%",
            min_value=0.0,
            max_value=100.0,
            width=80,
        ),
        "hard to make": st.column_config.NumberColumn(
            "hard to make, 1–10",
            help="Synthetic accessibility score of the repeat unit, 1 (easy) to 10 (hard); from "
            f"about {HARD:g} on, molecules are called hard to make. Made for small molecules: it "
            "knows nothing of polymerisations.",
            format="%.1f",
        ),
        "note": st.column_config.TextColumn("note", width=180),
        "remark": st.column_config.TextColumn("remark", width=260),
    }
    for property_ in properties:
        config[property_.name] = st.column_config.NumberColumn(
            property_.label,
            help=plain(_help(look, property_)),
            format=number_format(property_),
        )
        config[_interval_of(property_)] = st.column_config.TextColumn(
            f"{property_.name}, {100 * LEVEL:.0f} %", width=130
        )
    return config
