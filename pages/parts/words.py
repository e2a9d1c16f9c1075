"""Words on pages: texts that hold SMILES or column names, shown as they stand."""

import re

import streamlit as st

from engine.properties import Property

_CODE = re.compile(r"(`[^`]*`)")
_MARKS = re.compile(r"([*_$\[\]<>~#|\\:])")


def plain(text: str) -> str:
    """A text whose `*` and `$` Markdown leaves alone; what stands between backticks is code."""
    parts = _CODE.split(text)
    return "".join(
        part
        if part.startswith("`") and part.endswith("`") and len(part) > 1
        else _MARKS.sub(r"\\\1", part)
        for part in parts
    )


def sentence(text: str) -> str:
    """A reason as a sentence: its first letter large, a full stop at its end."""
    text = text.strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


def show_error(error: Exception) -> None:
    """Show a `UserError` as it stands."""
    st.error(plain(str(error)), icon=":material/error:")


def number(known: Property, value: float | None, sign: bool = False) -> str:
    """A value with its unit and a true minus sign; a dash where there is none.

    Args:
        known: the property, in whose unit the value is.
        value: the number.
        sign: whether to show the sign of a positive value, as for errors.
    """
    if value is None or value != value:
        return "–"
    text = known.format(value).replace("-", "−", 1)
    return f"+{text}" if sign and value > 0 else text


def unit_of(known: Property) -> str:
    """The unit in words: also for a pure number."""
    return known.unit or "no unit"
