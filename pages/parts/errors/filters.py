"""The filters of the Errors page: their fields, which the address keeps, and what they leave."""

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from engine.inference.error_filters import OVER, SEEN, UNDER, UNSEEN, Ends, ErrorFilter
from engine.settings.conditions import CONDITION_PREFIX, Condition
from engine.settings.properties import Property
from pages.parts.formatting import plain
from pages.parts.layout import columns

_LABEL, _SIZE = ("label_from", "label_to"), ("size_from", "size_to")
_FIELDS = (*_LABEL, *_SIZE, "similarity", "class", "fold", "sign", "seen", "units", "architecture")
"""The fields' keys, which are their names in the address too."""
_CONDITION = "at_"
"""Begins the keys of conditions, which have their place for a name: theirs may be any text."""


def forget_label_range() -> None:
    """Drop the label's ends, which are in another property's unit; for callbacks."""
    for key in _LABEL:
        st.session_state[key] = None


def choose_filter(
    rows: pd.DataFrame, property_: Property, conditions: Sequence[Condition]
) -> ErrorFilter:
    """Show the fields.

    Args:
        rows: all of the property, from `engine.inference.error_traits.with_traits`.
        property_: in whose unit the label's ends are.
        conditions: under which labels were measured.
    """
    with st.expander("Filter", icon=":material/filter_alt:", expanded=_is_filtered()):
        first = columns("errors-ranges", [1, 1, 1, 1, 1.4], 130, "bottom")
        unit = f" ({property_.unit})" if property_.unit else ""
        label = _ends(first[:2], f"Label{unit}", _LABEL, rows["label"], property_.number)
        size = _ends(first[2:4], "Heavy atoms", _SIZE, rows["size"], str)
        with first[4]:
            similarity = _choose_similarity(rows)
        second = columns("errors-groups", [1.25, 1.25, 1.5], 220, "bottom")
        with second[0]:
            classes = _choose_classes(rows)
        with second[1]:
            folds, seen = _choose_folds(rows), _choose_seen(rows)
        with second[2]:
            sign = st.segmented_control(
                "Sign of the error", [OVER, UNDER], key="sign", bind="query-params"
            )
        units, architectures = _choose_units(rows), _choose_architectures(rows)
        ranges, choices = _choose_conditions(rows, conditions)
        st.button("Reset the filter", icon=":material/filter_alt_off:", on_click=_reset)
    return ErrorFilter(
        label=label,
        size=size,
        similarity=similarity,
        classes=tuple(classes),
        units=tuple(units),
        architectures=tuple(architectures),
        folds=tuple(folds),
        sign=sign or "",
        seen=seen or "",
        ranges=ranges,
        choices=choices,
    )


def _choose_conditions(
    rows: pd.DataFrame, conditions: Sequence[Condition]
) -> tuple[tuple[tuple[Condition, Ends], ...], tuple[tuple[Condition, tuple[str, ...]], ...]]:
    """Ends of the conditions that are numbers, and values of the others."""
    ranges, choices = [], []
    for place, condition in enumerate(conditions):
        column = CONDITION_PREFIX + condition.name
        if column not in rows or rows[column].isna().all():
            continue
        if condition.kind == "number":
            fields = columns(f"errors-condition-{place}", [1, 1], 130, "bottom")
            keys = (f"{_CONDITION}{place}_from", f"{_CONDITION}{place}_to")
            written = condition.as_property.number
            ranges.append((condition, _ends(fields, condition.label, keys, rows[column], written)))
            continue
        wanted = st.multiselect(
            plain(condition.label),
            sorted(rows[column].dropna().unique()),
            key=f"{_CONDITION}{place}",
            bind="query-params",
            placeholder="Any",
        )
        choices.append((condition, tuple(wanted)))
    return tuple(ranges), tuple(choices)


def _is_filtered() -> bool:
    return any(key in _FIELDS or key.startswith(_CONDITION) for key in st.query_params)


def _reset() -> None:
    for key in (*_LABEL, *_SIZE, "sign", "seen"):
        st.session_state[key] = None
    for key in ("class", "fold", "units", "architecture"):
        st.session_state[key] = []
    st.session_state["similarity"] = 0.0, 1.0
    for key in [str(key) for key in st.session_state if str(key).startswith(_CONDITION)]:
        st.session_state[key] = None if key.endswith(("_from", "_to")) else []


def _ends(
    places: list, name: str, keys: tuple[str, str], values: pd.Series, written: Callable
) -> Ends:
    """Two fields for the ends of a number; the least and greatest there are stand in them, grey."""
    whole = pd.api.types.is_integer_dtype(values)
    chosen = []
    for place, key, word, end in zip(
        places, keys, ("from", "to"), (values.min(), values.max()), strict=True
    ):
        with place:
            chosen.append(
                st.number_input(
                    plain(f"{name} {word}"),
                    value=None,
                    step=1 if whole else None,
                    placeholder=written(end),
                    format="%d" if whole else "%g",
                    key=key,
                    bind="query-params",
                )
            )
    return chosen[0], chosen[1]


def _choose_similarity(rows: pd.DataFrame) -> Ends:
    """Ends of the similarity; an end that leaves nothing out is none."""
    if rows["similarity"].isna().all():
        return None, None
    low, high = st.slider(
        "Similarity to training",
        0.0,
        1.0,
        (0.0, 1.0),
        step=0.01,
        key="similarity",
        bind="query-params",
        help="Tanimoto similarity of count fingerprints to the most similar repeat unit with a "
        "label of this property that the predicting models were trained on; 1 is the same "
        "fingerprint.",
    )
    return low if low > 0 else None, high if high < 1 else None


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


def _choose_units(rows: pd.DataFrame) -> list[int]:
    return _choose_of(rows, "units", "Number of repeat units")


def _choose_architectures(rows: pd.DataFrame) -> list[str]:
    return _choose_of(rows, "architecture", "Architecture")


def _choose_of(rows: pd.DataFrame, column: str, label: str) -> list:
    """Some values of a column that tables of homopolymers lack; nothing where all have one."""
    there = sorted(rows[column].dropna().unique().tolist()) if column in rows else []
    if len(there) < 2:
        return []
    return st.pills(label, there, selection_mode="multi", key=column, bind="query-params")


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
