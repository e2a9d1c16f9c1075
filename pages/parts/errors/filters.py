"""The filters of the Errors page: their fields, which the address keeps, and what they leave."""

import pandas as pd
import streamlit as st

from engine.inference.error_filters import OVER, SEEN, UNDER, UNSEEN, Ends, ErrorFilter
from engine.settings.properties import Property
from pages.parts.layout import columns

_LABEL = ("label_from", "label_to")
_FIELDS = (*_LABEL, "size", "similarity", "class", "fold", "sign", "seen")
"""The fields' keys, which are their names in the address too."""


def forget_label_range() -> None:
    """Drop the label's ends, which are in another property's unit; for callbacks."""
    for key in _LABEL:
        st.session_state[key] = None


def choose_filter(rows: pd.DataFrame, property_: Property) -> ErrorFilter:
    """Show the fields.

    Args:
        rows: all of the property, from `engine.inference.error_traits.with_traits`.
        property_: in whose unit the label's ends are.
    """
    with st.expander("Filter", icon=":material/filter_alt:", expanded=_is_filtered()):
        first = columns("errors-ranges", [1, 1, 1.2, 1.2], 150, "bottom")
        label = _label_ends(first, rows, property_)
        with first[2]:
            size = _slider("Heavy atoms in the repeat unit", "size", rows["size"], 1)
        with first[3]:
            similarity = _slider("Similarity to training", "similarity", rows["similarity"], 0.01)
        second = columns("errors-groups", [1.6, 1.2, 1.2], 200, "bottom")
        with second[0]:
            classes = _choose_classes(rows)
        with second[1]:
            folds, seen = _choose_folds(rows), _choose_seen(rows)
        with second[2]:
            sign = st.segmented_control(
                "Sign of the error", [OVER, UNDER], key="sign", bind="query-params"
            )
        st.button("Reset the filter", icon=":material/filter_alt_off:", on_click=_reset)
    return ErrorFilter(
        label=label,
        size=size,
        similarity=similarity,
        classes=tuple(classes),
        folds=tuple(folds),
        sign=sign or "",
        seen=seen or "",
    )


def _is_filtered() -> bool:
    return any(key in st.query_params for key in _FIELDS)


def _reset() -> None:
    forget_label_range()
    for key in ("class", "fold"):
        st.session_state[key] = []
    for key in ("sign", "seen"):
        st.session_state[key] = None
    # A slider without a value of its own begins at its ends.
    for key in ("size", "similarity"):
        if key in st.session_state:
            st.session_state[key] = st.session_state[f"{key} ends"]


def _label_ends(places, rows: pd.DataFrame, property_: Property) -> Ends:
    ends = rows["label"].min(), rows["label"].max()
    unit = f" ({property_.unit})" if property_.unit else ""
    chosen = []
    for place, key, word, end in zip(places[:2], _LABEL, ("from", "to"), ends, strict=True):
        with place:
            chosen.append(
                st.number_input(
                    f"Label {word}{unit}",
                    value=None,
                    placeholder=property_.number(end),
                    format="%g",
                    key=key,
                    bind="query-params",
                )
            )
    return chosen[0], chosen[1]


def _slider(label: str, key: str, values: pd.Series, step: float) -> Ends:
    """Ends of a number; an end that leaves nothing out is none."""
    known = values.dropna()
    if known.nunique() < 2:
        return None, None
    kind = int if step == 1 else float
    low, high = kind(known.min() // step * step), kind(-(-known.max() // step) * step)
    st.session_state[f"{key} ends"] = low, high
    value = st.slider(label, low, high, (low, high), step=kind(step), key=key, bind="query-params")
    return None if value[0] <= low else value[0], None if value[1] >= high else value[1]


def _choose_classes(rows: pd.DataFrame) -> list[str]:
    return st.multiselect(
        "Chemical class",
        sorted({*rows["classes"].explode()}),
        key="class",
        bind="query-params",
        placeholder="Any",
        help="What the main chain is made of, and the side groups that name a class. A repeat unit "
        "may belong to several.",
    )


def _choose_folds(rows: pd.DataFrame) -> list[int]:
    folds = sorted(rows["fold"].dropna().unique().tolist())
    if len(folds) < 2:
        return []
    return st.pills(
        "Held-out fold",
        folds,
        selection_mode="multi",
        format_func=lambda fold: str(fold + 1),
        key="fold",
        bind="query-params",
    )


def _choose_seen(rows: pd.DataFrame) -> str | None:
    if "seen" not in rows or rows["seen"].dropna().nunique() < 2:
        return None
    return st.segmented_control("Repeat unit", [UNSEEN, SEEN], key="seen", bind="query-params")
