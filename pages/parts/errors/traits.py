"""What the repeat units of an evaluation are like: computed once, kept in memory for a while."""

from dataclasses import dataclass, field
from threading import Lock

import pandas as pd
import streamlit as st

from engine.inference.error_traits import with_traits
from engine.settings.properties import Property
from pages.parts.errors.evaluation import Evaluation


@dataclass
class _Kept:
    """The rows of one property with their traits, once somebody has computed them."""

    rows: pd.DataFrame | None = None
    lock: Lock = field(default_factory=Lock)


def rows_with_traits(evaluation: Evaluation, property_: Property) -> pd.DataFrame:
    """The labels of one property, with size, classes and similarity; shows how far it is."""
    kept = _kept(evaluation.key, property_.name)
    with kept.lock:
        if kept.rows is None:
            place = st.empty()

            def show(kind: str, done: int, total: int) -> None:
                words = f"{kind.capitalize()}: {done:,} of {total:,} repeat units"
                place.progress(done / max(total, 1), words)

            rows = evaluation.rows[evaluation.rows["property"] == property_.name]
            kept.rows = with_traits(rows, show)
            place.empty()
        return kept.rows


@st.cache_resource(max_entries=12, show_spinner=False)
def _kept(key: str, name: str) -> _Kept:
    return _Kept()
