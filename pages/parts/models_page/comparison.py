"""Two models on one labelled table: their errors label by label, and how sure the difference is."""

from pathlib import Path

import pandas as pd
import streamlit as st

from engine.base.wording import counted, listed
from engine.base.workspace import ASSETS
from engine.inference.bundle import INFO
from engine.inference.model_comparison import Compared, compare_models
from engine.inference.scoring import Scored, score_rows
from engine.settings.numbers import number, r2_words, without_unit
from engine.table import Table
from pages.parts import models
from pages.parts.address import asked_anew, keep_in_address
from pages.parts.errors.scored_table import accepted_as_it_is, checked_table
from pages.parts.formatting import file_size, plain
from pages.parts.layout import check_limits, columns, forget_stale_choice, upload_table
from pages.parts.page_guard import part
from pages.parts.train.intake import SAMPLE, as_file

UNSEEN, ALL = "Those that neither has seen", "All labels"
_FILE, _UPLOADS = "models table", "models table uploads"
_SCORED = "models scored"
"""In the session: what was scored last, by model and table; two are kept."""


@part
def show_comparison() -> None:
    """Choose two models and a table, and see whose errors are smaller."""
    available = models.available_models()
    if len(available) < 2:
        st.info(
            "There are fewer than two models: train one, or take one from a colleague.",
            icon=":material/compare_arrows:",
        )
        return
    chosen = _choose_two({key: label for key, (label, _) in available.items()})
    check_limits()
    file = _choose_table()
    if file is None:
        st.info(
            "Upload a table with measured or simulated values that neither model has learned, or "
            "take the textbook table.",
            icon=":material/upload_file:",
        )
        return
    table = checked_table(file)
    if chosen[0] == chosen[1]:
        st.info("Choose two different models.", icon=":material/arrow_upward:")
        return
    if not accepted_as_it_is(file, table):
        return
    labels = st.segmented_control(
        "Labels compared",
        [UNSEEN, ALL],
        default=UNSEEN,
        required=True,
        key="labels",
        bind="query-params",
        help="A model flatters itself on repeat units that it was trained on.",
    )
    scored = _scored([available[key][1] for key in chosen], file, table)
    _show_result(scored, with_seen=labels == ALL)


def _choose_two(labels: dict[str, str]) -> tuple[str, str]:
    """The models that the address names (`?first=`, `?second=`), or the first two."""
    labels = models.distinct_labels(labels)
    names = list(labels)
    chosen = []
    for place, column in enumerate(columns("models-two", [1, 1], 300)):
        word = ("first", "second")[place]
        asked, key = asked_anew(word), f"models {word}"
        forget_stale_choice(key, names)
        if asked in names or key not in st.session_state:
            st.session_state[key] = asked if asked in names else names[place]
        with column:
            chosen.append(
                st.selectbox(
                    f"Model {'AB'[place]}",
                    names,
                    format_func=lambda name: labels[name],
                    key=key,
                )
            )
        keep_in_address(word, chosen[-1])
    return chosen[0], chosen[1]


def _choose_table() -> dict | None:
    uploads = st.session_state.setdefault(_UPLOADS, 0)
    upload_table(
        "Table with labels: CSV, TSV, Parquet, XLSX, SDF or a list of SMILES",
        f"models table {uploads}",
        "A column with the SMILES of repeat units, and a column of numbers for one or more "
        "properties that both models predict.",
        on_change=_take_upload,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Use the textbook table (155 polymers)",
            icon=":material/menu_book:",
            on_click=_take_textbook,
        )
        file = st.session_state.get(_FILE)
        if file:
            words = f"**{plain(file['name'])}** · {file_size(len(file['data']))}"
            st.markdown(f":material/table: {words}", width="content")
    return file


def _take_upload() -> None:
    uploaded = st.session_state[f"models table {st.session_state[_UPLOADS]}"]
    if uploaded is None:
        st.session_state.pop(_FILE, None)
    else:
        st.session_state[_FILE] = as_file(uploaded.name, uploaded.getvalue())


def _take_textbook() -> None:
    # A fresh uploader: the old one would go on showing a file that is no longer used.
    st.session_state[_UPLOADS] += 1
    st.session_state[_FILE] = as_file(SAMPLE, (ASSETS / SAMPLE).read_bytes())


def _scored(folders: list[Path], file: dict, table: Table) -> list[Scored]:
    """Both models' predictions of the table, made once for each model and table."""
    known = st.session_state.get(_SCORED, {})
    keys = [f"{each} {(each / INFO).stat().st_mtime_ns} {file['key']}" for each in folders]
    for folder, key in zip(folders, keys, strict=True):
        if key in known:
            continue
        bar = st.progress(0.0, models.LOADING)

        def show(kind: str, done: int, total: int, bar=bar) -> None:
            words = f"{kind.capitalize()}: {done:,} of {total:,} repeat units"
            bar.progress(done / max(total, 1), words)

        try:
            known[key] = score_rows(models.load_predictor(folder), table, show)
        finally:
            bar.empty()
    st.session_state[_SCORED] = {key: known[key] for key in keys}
    return [known[key] for key in keys]


@part
def _show_result(scored: list[Scored], with_seen: bool) -> None:
    first, second = scored
    compared = compare_models(first, second, with_seen)
    if not compared:
        st.info(
            "There is no property that the table labels and both models predict.",
            icon=":material/info:",
        )
        return
    unaware = [word for word, each in zip("AB", scored, strict=True) if each.seen is None]
    if unaware:
        st.warning(
            f"What {listed(unaware)} was trained on is not known: its errors may flatter it.",
            icon=":material/warning:",
        )
    for word, one in zip("AB", scored, strict=True):
        if words := one.unpredicted_words:
            st.warning(plain(f"{word}: {words}"), icon=":material/warning:")
    seen = sum(each.seen for each in compared)
    if not any(each.first["n"] for each in compared):
        st.info(
            f"There is no label to compare by: of the table’s, {seen:,} are of repeat units that "
            f"one of the models was trained on. Upload another table, or choose “{ALL}” above.",
            icon=":material/info:",
        )
        return
    st.dataframe(pd.DataFrame([_row(each) for each in compared]), hide_index=True)
    if seen and with_seen:
        st.warning(
            f"{counted(seen, 'label')} of repeat units that one of the models was trained on "
            "are among these: such errors flatter it.",
            icon=":material/warning:",
        )
    words = f" {counted(seen, 'label')} of repeat units that a model was trained on left out."
    st.caption(
        "MAE: mean absolute error of the blend, in the property's unit. Difference: that of B less "
        "that of A on the same labels, with its 95 % interval, paired by label; one that spans "
        f"zero may be chance.{words if seen and not with_seen else ''}"
    )


def _row(each: Compared) -> dict[str, object]:
    property_ = each.property_.errors
    bare = without_unit(property_)
    words = {"first": "A", "second": "B"}.get(each.better)
    enough = "no telling difference" if each.interval else "too few labels"
    change = "–" if each.difference is None else number(bare, each.difference, sign=True)
    if each.interval:
        low, high = (number(bare, end, sign=True) for end in each.interval)
        change += f" ({low} to {high})"
    return {
        "Property": property_.label,
        "Labels": each.first["n"],
        "MAE of A": number(bare, each.first["mae"]),
        "MAE of B": number(bare, each.second["mae"]),
        "Difference": change,
        "Better": words or enough,
        "R² of A": r2_words(each.first["r2"]),
        "R² of B": r2_words(each.second["r2"]),
    }
