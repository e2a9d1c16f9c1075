"""The table of a table's columns: what each of them is, and what it is called."""

from itertools import islice
from typing import NamedTuple

import pandas as pd
import streamlit as st

from engine.chem.architectures import ARCHITECTURES, Architecture
from engine.chem.composition import is_composition
from engine.settings.polymer_columns import Basis
from engine.settings.properties import Scale
from engine.table import RawTable
from engine.table.cells import is_missing
from pages.parts.train.said import columns_said, said

_ROLES = ("Repeat unit", "Fraction", "Architecture", "Id", "Property", "Condition", "Not used")
REPEAT_UNIT, FRACTION, ARCHITECTURE, ID, PROPERTY, CONDITION, UNUSED = _ROLES
_SCALE_OF: dict[str, Scale] = {"linear": "linear", "log10": "log10"}
_BASES: dict[Basis, str] = {"mole": "the moles", "weight": "the weight"}
_BY_LABELS, _NONE = "by its labels", "–"
_EXAMPLES, _LOOKED_AT = 3, 100
_MANY, _TALLEST = 10, 420
"""Columns from which their table scrolls, and its height in pixels then."""


class ColumnChoice(NamedTuple):
    """What the user says of a table's columns, by their new names.

    Attributes:
        smiles, fractions, architectures, ids, properties, conditions: the columns of each role.
        basis: what the fractions are shares of, where that is said.
        one_architecture: of all rows, where that is said.
        renamed: new names by the file's.
        scales: on which properties are learned, where that is said.
    """

    smiles: list[str]
    fractions: list[str]
    architectures: list[str]
    basis: Basis | None
    one_architecture: Architecture
    ids: list[str]
    properties: list[str]
    conditions: list[str]
    renamed: dict[str, str]
    scales: dict[str, Scale]


def choose_columns(cells: RawTable, key: str) -> ColumnChoice:
    """Let the user say what each column is, and what it is called.

    Args:
        cells: of the file, before they are mended.
        key: of the form that it is part of.
    """
    st.caption(
        "The columns: what each is, and what it is called. “Tg” or “Density” as a name makes a "
        "column the property that is known by it; without any property, every column of numbers "
        "is one. A copolymer has several repeat units, a fraction of each (the last is the rest), "
        "and perhaps an architecture, in a column or one for all rows."
    )
    frame = _columns_frame(cells)
    edited = st.data_editor(
        frame,
        key=f"columns {key}",
        hide_index=True,
        width="stretch",
        height=_TALLEST if len(frame) > _MANY else "auto",
        disabled=["Column", "Holds"],
        column_config={
            "Column": st.column_config.TextColumn(help="As the file calls it."),
            "Holds": st.column_config.TextColumn(help="Its first cells.", width="medium"),
            "Role": st.column_config.SelectboxColumn(
                options=list(_ROLES),
                required=True,
                help="A condition, such as a temperature or a solvent, is given to the model "
                "beside the repeat unit. An architecture is random, alternating, block or graft.",
            ),
            "Name": st.column_config.TextColumn(
                max_chars=80, help="As it is called from here on. Click to rename the column."
            ),
            "Scale": st.column_config.SelectboxColumn(
                options=[_BY_LABELS, *_SCALE_OF, _NONE],
                required=True,
                help="On which a property is learned. On log10, errors are measured in decades, "
                "and predictions are never negative: for labels over several decades.",
            ),
        },
    )
    with st.container(horizontal=True):
        basis = _choose_basis(key) if FRACTION in {*edited["Role"]} else None
        architecture = _choose_architecture(cells, edited, key)
    return _choice_of(edited, basis, architecture)


def _choose_basis(key: str) -> Basis | None:
    """Let the user say what fractions are shares of; None for what the names say."""
    return st.selectbox(
        "Fractions are shares of",
        [None, *_BASES],
        index=[None, *_BASES].index(said().basis),
        format_func=lambda basis: _BASES[basis] if basis else "what their names say, else moles",
        key=f"basis {key}",
        width=300,
    )


def _choose_architecture(cells: RawTable, edited: pd.DataFrame, key: str) -> Architecture:
    """Let the user say how units follow each other in all rows, where no column says it.

    Of a table of single repeat units it is not asked.
    """
    roles = dict(zip(edited["Column"], edited["Role"], strict=True))
    units = [name for name, role in roles.items() if role == REPEAT_UNIT]
    if ARCHITECTURE in roles.values() or not (len(units) > 1 or _holds_compositions(cells, units)):
        return ""
    return st.selectbox(
        "All rows are",
        ARCHITECTURES,
        index=ARCHITECTURES.index(_said_architecture()),
        format_func=lambda name: f"{name} copolymers" if name else "of unknown architecture",
        key=f"architecture {key}",
        width=300,
        help="How the units follow each other along the chain, where no column says it. A row that "
        "says another one keeps its own.",
    )


def _said_architecture() -> Architecture:
    said_ = said().one_architecture
    return next((name for name in ARCHITECTURES if name == said_), "")


def _holds_compositions(cells: RawTable, names: list[str]) -> bool:
    """Whether the first cells of some columns hold several repeat units with fractions."""
    heads = (text for name in names for text in cells.frame[name][:_LOOKED_AT])
    return any(is_composition(text) for text in heads if not is_missing(text))


def _choice_of(
    edited: pd.DataFrame, basis: Basis | None, one_architecture: Architecture
) -> ColumnChoice:
    names = [
        (name or "").strip() or column
        for column, name in zip(edited["Column"], edited["Name"], strict=True)
    ]
    roles = list(zip(names, edited["Role"], strict=True))
    by_role = {role: [name for name, its in roles if its == role] for role in _ROLES}
    scales = zip(names, edited["Scale"], strict=True)
    return ColumnChoice(
        smiles=by_role[REPEAT_UNIT],
        fractions=by_role[FRACTION],
        architectures=by_role[ARCHITECTURE],
        basis=basis,
        one_architecture=one_architecture,
        ids=by_role[ID],
        properties=by_role[PROPERTY],
        conditions=by_role[CONDITION],
        renamed={
            column: name
            for column, name in zip(edited["Column"], names, strict=True)
            if name != column
        },
        scales={name: _SCALE_OF[words] for name, words in scales if words in _SCALE_OF},
    )


def _columns_frame(cells: RawTable) -> pd.DataFrame:
    columns, renamed = columns_said(cells), said().renamed
    roles: dict[str | None, str] = {}
    scales = columns.scales if columns else {}
    if columns:
        roles = dict.fromkeys(columns.properties, PROPERTY)
        roles |= dict.fromkeys(columns.conditions, CONDITION)
        roles |= dict.fromkeys(columns.structures, REPEAT_UNIT)
        roles |= dict.fromkeys(columns.fractions, FRACTION)
        roles |= {columns.id: ID, columns.architecture: ARCHITECTURE}
    names = [renamed.get(name, name) for name in cells.column_names]
    return pd.DataFrame(
        {
            "Column": cells.column_names,
            "Role": [roles.get(name, UNUSED) for name in names],
            "Holds": [_examples(cells, name) for name in cells.column_names],
            "Name": names,
            "Scale": [
                scales.get(name, _BY_LABELS if roles.get(name) == PROPERTY else _NONE)
                for name in names
            ],
        }
    )


def _examples(cells: RawTable, name: str) -> str:
    texts = (text for text in cells.frame[name] if not is_missing(text))
    return ", ".join(text[:30] for text in islice(texts, _EXAMPLES))
