"""A run in which everything that a user may name is hostile, and what of it reaches a page raw."""

import csv
import html
import io
import json
import re
from collections.abc import Iterator, Sequence

from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from engine.runs import Exclusion, Run, RunConfig, start_run
from engine.settings.sources import Source
from engine.table import Columns, Table, join_tables, load_table
from tests.conftest import SLICE

STRANGER = "http://evil.example"
RAW = re.compile(r"(?<!\\)\[i\]|(?<!\\)\$x\$|(?<!\\):violet\[")
"""What is there only where a hostile text has not been made plain."""
TAG = "<i>pwn"
"""What is there only where it has not been escaped either."""
SHORT = "![i] <i>pwn</i> $x$"
"""A hostile name without the signs that are reserved in sources' names."""


def hostile(name: str) -> str:
    """A text that would load an image and show a formula, a colour, a link and a tag."""
    return (
        f"![i]({STRANGER}/{name}.png)<i>pwn</i><img src={STRANGER}/{name}.svg>"
        f"[i](javascript:pwned=1)$x$:violet[i]`[i]({STRANGER})``"
    )


def columns() -> Columns:
    """The columns of `table_text`."""
    return Columns(
        smiles="SMILES",
        id=hostile("id"),
        properties=(hostile("property"), "Tg"),
        conditions=(hostile("number"), hostile("word")),
    )


def table_text(first: int = 0, rows: int = 40) -> bytes:
    """A CSV of textbook polymers, all names and words of which are hostile."""
    polymers = list(csv.DictReader(io.StringIO(SLICE)))[first : first + rows]
    written = io.StringIO()
    writer = csv.writer(written)
    said = columns()
    writer.writerow([said.id, "SMILES", *said.properties, *said.conditions])
    for number, row in enumerate(polymers):
        words = [hostile(f"row {number}"), row["SMILES"], row["Density"], row["Tg"]]
        writer.writerow([*words, 20 + number % 3, hostile("ab"[number % 2])])
    return written.getvalue().encode()


def hostile_table() -> Table:
    """Two tables as one, with hostile sources."""
    tables = [
        load_table(table_text(first), f"{hostile('table')}{first}.csv", columns=columns())
        for first in (0, 20)
    ]
    return join_tables(tables, _sources())


def start_hostile_run() -> Run:
    """Train on it, in the workspace in force, under a hostile name."""
    config = RunConfig(
        name=hostile("run")[:80],
        preset="smoke",
        folds="random:2",
        columns=columns(),
        sources=_sources(),
        excluded=[
            Exclusion(
                row=9, id=hostile("id"), smiles="*CC*", property="Tg", label=1.0, why=hostile("why")
            )
        ],
    )
    return start_run(hostile_table(), config, hostile("owner"))


def _sources() -> list[Source]:
    first = Source(
        name=f"{SHORT} 1", kind="measured", reference=hostile("paper"), terms=hostile("terms")
    )
    return [first, Source(name=f"{SHORT} 2", kind="simulated")]


_NOT_MARKDOWN = {
    ("text", "body"),
    ("code", "code_text"),
    ("plotly_chart", "alt"),
    ("selectbox", "options"),
    ("selectbox", "raw_value"),
    ("selectbox", "default"),
    ("multiselect", "options"),
    ("multiselect", "raw_values"),
    ("text_input", "default"),
    ("text_input", "value"),
    ("text_area", "default"),
    ("text_area", "value"),
}
"""Elements and their fields that Streamlit shows as they stand."""
_NOT_SHOWN = {"id", "form_id", "element_id", "query_params", "query_string", "user_key", "group_id"}


def raw_texts(app: AppTest) -> list[str]:
    """What a page hands to the browser in such a way that it is read as Markdown or HTML."""
    return [
        f"{kind}.{field}: {text[:200]}"
        for kind, field, text in _texts(app._tree)
        if _is_raw(kind, field, text)
    ]


def shown_texts(app: AppTest) -> str:
    """All that a page shows, as a reader sees it: a page that shows nothing passes no test."""
    return "\n".join(html.unescape(text.replace("\\", "")) for _, _, text in _texts(app._tree))


def _is_raw(kind: str, field: str, text: str) -> bool:
    if field.split(".")[-1] in _NOT_SHOWN or (kind, field) in _NOT_MARKDOWN:
        return False
    if kind == "component_instance":
        # The chart's heads are set as text; its figure is Plotly's.
        charts = json.loads(text).get("charts", []) if text.startswith("{") else []
        return any(TAG in chart["figure"] for chart in charts)
    if kind in ("plotly_chart", "html", "imgs"):
        return TAG in text.replace("\\u003c", "<").replace("\\u003e", ">")
    if kind == "dataframe":
        # Cells and heads are drawn as they stand; the hints of heads are Markdown.
        return field == "columns" and any(RAW.search(hint) for hint in _hints(text))
    return bool(RAW.search(text))


def _hints(columns: str) -> list[str]:
    return [
        each["help"] for each in json.loads(columns or "{}").values() if each and each.get("help")
    ]


def _texts(block: Block) -> Iterator[tuple[str, str, str]]:
    """All texts of a page: the element's kind, the field, the text."""
    if getattr(block, "proto", None) is not None:
        yield from _fields("block", block.proto, "")
    for child in block.children.values():
        if isinstance(child, Block):
            yield from _texts(child)
        else:
            yield from _fields(child.type, child.proto, "")


def _fields(kind: str, message: object, before: str) -> Iterator[tuple[str, str, str]]:
    if not isinstance(message, Message):
        return
    for descriptor, value in message.ListFields():
        name = f"{before}{descriptor.name}"
        values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        for each in values:
            if isinstance(each, str):
                yield kind, name, each
            else:
                yield from _fields(kind, each, f"{name}.")
