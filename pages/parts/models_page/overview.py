"""The list of all models, in which one is chosen, with its details below."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from engine.base.errors import UserError
from engine.inference.bundle import DEFAULT_ID, INFO, read_info
from engine.runs import KnownModel, list_models, origin_of_default, unreadable_imports
from engine.runs.trash import size_of
from engine.settings.metrics import HEADLINES, MEAN_R2, WMAE, headline
from engine.settings.numbers import number, without_unit
from pages.parts.formatting import plain
from pages.parts.models import chosen_elsewhere, show_no_model
from pages.parts.models_page.actions import show_problem, show_removed, show_selected
from pages.parts.models_page.taking_in import show_taken, take_in
from pages.parts.page_guard import part

_COLOURS = {
    "shipped": "#7174f5",
    "run": "#0d9488",
    "imported": "#0ea5e9",
    "copy": "#94a3b8",
    "default": "#f59e0b",
}
"""By word: the colour of where a model is from, and of the one that is used unless another is."""
_MOST_PROPERTIES = 6
"""Properties whose errors have a column: those that most models predict."""


def show_overview() -> None:
    """The list, the field that takes a model, and the model that the address names."""
    models = list_models()
    for problem in unreadable_imports():
        st.warning(plain(problem), icon=":material/broken_image:")
    selected = _selected(models)
    if selected:
        _show_list(models, selected)
    else:
        show_no_model()
    show_taken()
    show_problem()
    with st.expander("Take a model from a colleague", icon=":material/upload_file:"):
        take_in()
    show_removed()
    if selected:
        show_selected(selected, is_default=_default_id(models) == selected.id)


def _selected(models: list[KnownModel]) -> KnownModel | None:
    """The model that the address names (`?model=`), the one chosen elsewhere, or the default."""
    wanted = st.query_params.get("model")
    by_id = {each.id: each for each in models}
    found = by_id.get(wanted or chosen_elsewhere())
    if wanted and not found and wanted != DEFAULT_ID:
        st.warning(plain(f"There is no model {wanted!r} here; another one is shown."))
    return found or origin_of_default(models) or next(iter(models), None)


def _default_id(models: list[KnownModel]) -> str:
    default = origin_of_default(models)
    return default.id if default else ""


@part
def _show_list(models: list[KnownModel], selected: KnownModel) -> None:
    """A row for each model; a click chooses another."""
    facts = [
        _facts(str(each.folder), each.folder.joinpath(INFO).stat().st_mtime) for each in models
    ]
    kinds = [kind for kind in HEADLINES if any(kind in each["headline"] for each in facts)]
    counts = Counter(label for each in facts for label in each["errors"])
    labels = [label for label, _ in counts.most_common(_MOST_PROPERTIES)]
    default, ids = _default_id(models), [each.id for each in models]
    rows = [
        {
            "Name": model.name,
            **{kind: each["headline"].get(kind) for kind in kinds},
            "From": _words(model, default),
            **{label: each["errors"].get(label, "–") for label in labels},
            "Table": each["table"],
            "Rows": each["rows"],
            "Date": each["date"],
            "Size (MB)": each["size"] / 2**20,
        }
        for model, each in zip(models, facts, strict=True)
    ]
    place = ids.index(selected.id)
    picked = st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        placeholder="–",
        column_config=_columns(),
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [place]}},
        # The key names the rows: another list must not inherit the number of the picked row.
        key=f"models list {selected.id} {hash(tuple(ids))}",
    )
    left_out = len(counts) - len(labels)
    more = " The chosen model’s other properties are below."
    st.caption(
        "Each property's typical error, in its unit: the mean absolute error of the blend, "
        "out-of-fold. Models of different tables or folds cannot be compared by it; “Compare two” "
        f"does that on one table.{more if left_out > 0 else ''}"
    )
    chosen = picked["selection"]["rows"]
    if chosen and ids[chosen[0]] != selected.id:
        st.query_params["model"] = ids[chosen[0]]
        st.rerun()


def _words(model: KnownModel, default: str) -> list[str]:
    """Where a model is from, and whether it is the default; one without origin is a copy."""
    origin = "copy" if model.kind == "default" else model.kind
    return [origin, "default"] if model.id == default or origin == "copy" else [origin]


# The time of the description is an argument only to tell it from one that replaced it.
@st.cache_data(max_entries=1000, show_spinner=False)
def _facts(folder: str, written: float) -> dict[str, Any]:
    """What the list says of a model; of a damaged one, that it is so."""
    size = size_of(Path(folder))
    try:
        info = read_info(Path(folder))
    except UserError:
        damaged = {"table": "cannot be read", "rows": None, "date": None}
        return {**damaged, "headline": {}, "errors": {}, "size": size}
    blend = info.figures["blend"]
    kind, value = headline(blend)
    errors = {
        each.errors.label: number(without_unit(each.errors), blend["mae"].get(each.name))
        for each in info.answers
    }
    return {
        "table": info.table,
        "rows": info.rows,
        "date": datetime.fromisoformat(info.created).date(),
        "headline": {} if value is None else {kind: value},
        "errors": errors,
        "size": size,
    }


def _columns() -> dict[str, object]:
    return {
        "Name": st.column_config.TextColumn(width=160),
        "From": st.column_config.MultiselectColumn(
            options=list(_COLOURS),
            color=list(_COLOURS.values()),
            # The browser's own width is that of most rows, which have one word.
            width=150,
            help="Pages and commands use the default model unless another one is chosen. It is a "
            "copy of another, which may be gone.",
        ),
        "Table": st.column_config.TextColumn(width="medium", help="What it was trained on."),
        "Rows": st.column_config.NumberColumn(
            format="localized", help="Repeat units that it was trained on."
        ),
        "Date": st.column_config.DateColumn(help="When it was trained."),
        WMAE: st.column_config.NumberColumn(
            format="%.4f",
            help="Weighted MAE of the blend over all properties that the model answers with, "
            "out-of-fold on its own folds, no unit. Lower is better, among models of the same "
            "properties, sources and folds.",
        ),
        MEAN_R2: st.column_config.NumberColumn(
            "Mean R²",
            format="%.3f",
            help="Share of the labels' variance that the blend explains, out-of-fold, in the mean "
            "over the properties.",
        ),
        "Size (MB)": st.column_config.NumberColumn(format="%.1f"),
    }
