"""How texts, numbers, times and sizes are written on pages."""

import re
import time
from html import escape

import streamlit as st

from engine.base.workspace import COMMAND
from engine.settings.numbers import number as number
from engine.settings.numbers import number_range as number_range
from engine.settings.numbers import without_unit as without_unit
from engine.settings.properties import Property

# Our own sentences say commands, options and `*` in backticks; any other backtick is somebody's.
_CODE = re.compile(rf"(?<!`)(`(?:\*|(?:--|pip |{COMMAND} )[^`\n]+)`)(?!`)")
_MARKS = re.compile(r"([*_$\[\]<>~#|\\:`&])")
_LINE_BEGINS = re.compile(
    r"^(?=[-+](?:\s|$)|-[ \t]*-|=+[ \t]*$)|^(\d+)(?=[.)](?:\s|$))", re.MULTILINE
)
_LINE_ENDS = re.compile(r"(?:\r\n?|[\n\v\f\x1c-\x1e\x85\u2028\u2029])[ \t]*")
# Streamlit looks for these after Markdown has been read, where no backslash is left.
_SPELLED = re.compile(r":(?=material/|streamlit:)|(?<!\S)(?:<(?=-|=)|-(?=>|-)|[>~](?==))")
_LONGEST_FILE_NAME = 60
"""In letters; systems count at most 255 bytes, and a letter may have four."""
_JOINER = "\u2060"
"""A sign of no width, which breaks what it stands in."""


def plain(text: str) -> str:
    """A text as it stands, for every place where Streamlit reads Markdown: labels, hints, messages.

    Nothing in it becomes an image, a link with another text, a formula, a colour, an icon, a list
    or a heading. Web addresses become links to themselves.

    Args:
        text: of a user, or a sentence of ours that quotes one. Commands, options and `*` that a
            sentence has between backticks are shown as code.
    """
    text = _LINE_ENDS.sub("\n", text.encode("utf-8", "replace").decode())
    parts = _CODE.split(text)
    parts[::2] = [
        _MARKS.sub(r"\\\1", _SPELLED.sub(rf"\g<0>{_JOINER}", part)) for part in parts[::2]
    ]
    return _LINE_BEGINS.sub(r"\1\\", "".join(parts))


def plain_in_chart(text: str) -> str:
    """A text as it stands, for titles, names and hover boxes of Plotly, which reads HTML in them.

    A text of a hover box may not refer to the chart's values either, as `%{x}` does.
    """
    return escape(text).replace("{", "&#123;")


def sentence(text: str) -> str:
    """A reason as a sentence: its first letter large, a full stop at its end."""
    text = text.strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


def show_error(error: Exception) -> None:
    """Show a `UserError` as it stands."""
    st.error(plain(str(error)), icon=":material/error:")


def title_with_name(property_: Property) -> str:
    """A property's title with its short name, where they differ."""
    if property_.title == property_.name:
        return property_.title
    return f"{property_.title} ({property_.name})"


def unit_of(property_: Property) -> str:
    """The unit in words, also for a pure number."""
    return property_.unit or "no unit"


def errors_beside_unit(property_: Property) -> Property:
    """The property as errors are written beside its unit: theirs is said only where it differs."""
    same = property_.errors.unit == property_.unit
    return without_unit(property_) if same else property_.errors


def number_format(property_: Property) -> str:
    """How a column of a property's values is written, as tables of Streamlit take it."""
    return "%.4g" if property_.decimals is None else f"%.{property_.decimals}f"


def duration(seconds: float | None) -> str:
    """A duration as people say it, such as `3 min 12 s`; empty for None."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def rough_duration(seconds: float) -> str:
    """A duration that is only estimated: long ones in whole minutes."""
    if seconds >= 90:
        return duration(round(seconds / 60) * 60).removesuffix(" 0 s")
    return duration(seconds)


def time_left(seconds: float | None) -> str:
    """How long something will still take, roughly; empty when nobody knows."""
    return "" if seconds is None else f"about {rough_duration(seconds)} left"


def date_and_time(seconds: float | None, exact: bool = False) -> str:
    """A point in time on this machine's clock, to the minute or second; empty for None."""
    form = "%d %b %Y, %H:%M:%S" if exact else "%d %b %Y, %H:%M"
    return "" if seconds is None else time.strftime(form, time.localtime(seconds))


def time_of_day(seconds: float) -> str:
    """A point in time as the hour, minute and second on this machine's clock."""
    return time.strftime("%H:%M:%S", time.localtime(seconds))


def file_name(name: str, otherwise: str) -> str:
    """A name as a file may have it, without an ending.

    Args:
        name: as people write it; letters of any script stay.
        otherwise: for a name of which nothing is left.
    """
    words = re.sub(r"[^\w-]+", "-", name).strip("-")
    return words[:_LONGEST_FILE_NAME] or otherwise


def file_size(count: int) -> str:
    """A number of bytes as people say it."""
    return f"{count / 2**20:,.1f} MB" if count >= 2**20 else f"{max(count / 2**10, 0.1):,.1f} KB"
