"""A list of candidates as files: CSV, Parquet, a workbook and SDF with drawings, an HTML sheet."""

import io
import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..base.errors import UserError
from ..base.workspace import ASSETS
from ..chem import draw
from ..chem.composition import is_composition
from ..chem.description import title_of_composition
from ..chem.listed_units import name_of
from ..chem.pieces import pieces_problem
from ..chem.smiles import BadSmilesError
from ..inference.conformal import LEVEL
from ..inference.seen import UNKNOWN_ATOMS
from ..inference.specification import Requirement
from ..inference.uncertainty import GUESS, INSIDE, OUTSIDE
from ..settings.numbers import number, number_range
from ..table.columns import free_name
from ..table.written import csv_bytes
from .answers import Answers, value_columns, value_names
from .measured import with_references
from .rows import Candidate

Progress = Callable[[int, int], None]

NOTHING_FOR_SDF = (
    "An SDF of these candidates would be empty. It holds molecules, and of a composition there is "
    "none: a record for each of its repeat units would be read as so many homopolymers, and their "
    "fractions would be lost. Choose CSV, Parquet or the workbook, which hold its text."
)
MOST_DRAWN = 2000
"""Candidates of a workbook or a sheet with drawings; each takes about 5 KB and 3 ms."""

_PICTURE = (220, 130)
_ROW_HEIGHT, _PICTURE_WIDTH = 100, 32
_LONGEST_TITLE = 80
"""Of a molfile's first line; longer ones are against its rules."""

_MEASURED = "measured"
_LEGEND = {
    INSIDE: "where the candidate is like what the model learned this property from",
    OUTSIDE: "where it is less like that, and the value can be further off than the interval says",
    GUESS: f"where it has {UNKNOWN_ATOMS}",
    _MEASURED: "where the value was measured: it stands in place of the prediction, with its "
    "references",
}
"""What stands beside the values of a sheet."""

_NOT_IN_SHEETS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Chosen(NamedTuple):
    """The candidates that a file is made of, in order, and what is known of them.

    Attributes:
        candidates: N of them.
        answers: of the same N; None where no model has predicted them.
        requirements: of the specification; empty without one.
        hints: how hard they are to make, by number.
    """

    candidates: Sequence[Candidate]
    answers: Answers | None
    requirements: Sequence[Requirement]
    hints: dict[int, tuple[float | None, str]]


def table_of(chosen: Chosen) -> pd.DataFrame:
    """The candidates as a table: all values with their intervals, and the columns that they had.

    Probabilities and values are as they are in the model's units; `given` is the line or the cell
    that a candidate was put on the list as; ids are those of the file that
    candidates came from, or their numbers on the list.
    """
    rows, answers = chosen.candidates, chosen.answers
    frame = pd.DataFrame(index=range(len(rows)))
    if answers is not None:
        frame = _placed(value_columns(answers), answers.ids, rows)
        for name, numbers in _probabilities(chosen, answers).items():
            frame[free_name(str(name), frame)] = numbers
    first = {
        "id": [each.row_id or str(each.id) for each in rows],
        "name": [each.name for each in rows],
        "SMILES": [text_shown(each) for each in rows],
    }
    # Properties keep their names, whatever those are.
    for place, (column, texts) in enumerate(first.items()):
        frame.insert(place, free_name(column, frame), texts)
    hints = [chosen.hints.get(each.id, (None, "")) for each in rows]
    said = answers.warnings if answers else {}
    unpredicted = answers.problems if answers else {}
    last = {
        "synthetic_accessibility": pd.Series([score for score, _ in hints], dtype=float),
        "alerts": [alerts for _, alerts in hints],
        "note": [each.note for each in rows],
        "given": [each.given for each in rows],
        "origin": [each.origin for each in rows],
        "warning": [said.get(each.id, "") for each in rows],
        "problem": [each.problem or unpredicted.get(each.id, "") for each in rows],
    }
    for column, cells in last.items():
        frame[free_name(column, frame)] = cells
    for name in dict.fromkeys(column for each in rows for column in each.extra):
        frame[free_name(name, frame)] = [each.extra.get(name) for each in rows]
    return frame


def units_of(answers: Answers | None) -> dict[str, str]:
    """The units of a table's columns, by their names; without those that have none."""
    properties = answers.properties if answers else []
    return {
        column: property_.unit
        for property_, names in zip(properties, value_names(properties), strict=True)
        for column in (names.value, names.low, names.high)
        if property_.unit
    }


def units_words(answers: Answers) -> str:
    """The units of all properties, as `Tg in °C, FFV without a unit`."""
    return ", ".join(
        f"{each.name} in {each.unit}" if each.unit else f"{each.name} without a unit"
        for each in answers.properties
    )


def name_shown(candidate: Candidate) -> str:
    """A candidate's name: as it was given, or as the list of names has it; may be empty.

    That of a composition is made of its units' names and fractions.
    """
    if candidate.name or candidate.unit is None:
        return candidate.name
    try:
        if is_composition(candidate.unit):
            return title_of_composition(candidate.unit)
        return name_of(candidate.unit)
    except BadSmilesError:
        return ""


def title_shown(candidate: Candidate) -> str:
    """What a candidate is called beside its drawing: its name, its id, or its repeat unit."""
    return name_shown(candidate) or candidate.row_id or text_shown(candidate)


def text_shown(candidate: Candidate) -> str:
    """A candidate's repeat unit; without one, the text as given."""
    return candidate.unit or candidate.given


def _placed(frame: pd.DataFrame, ids: np.ndarray, rows: Sequence[Candidate]) -> pd.DataFrame:
    """A table of candidates' answers in the order of candidates; empty where there is none."""
    return frame.set_axis(ids, axis=0).reindex([each.id for each in rows]).reset_index(drop=True)


def _probabilities(chosen: Chosen, answers: Answers) -> pd.DataFrame:
    if not chosen.requirements:
        return pd.DataFrame(index=range(len(chosen.candidates)))
    columns = answers.probabilities(chosen.requirements).columns()
    frame = pd.DataFrame(columns, index=range(len(answers.ids)))
    frame["on_pareto_front"] = answers.front(chosen.requirements)
    return _placed(frame, answers.ids, chosen.candidates)


def as_csv(chosen: Chosen) -> bytes:
    """As CSV, with the numbers in full."""
    return csv_bytes(table_of(chosen))


def as_parquet(chosen: Chosen) -> bytes:
    """As Parquet."""
    out = io.BytesIO()
    table_of(chosen).to_parquet(out, index=False)
    return out.getvalue()


def as_workbook(chosen: Chosen, progress: Progress | None = None) -> bytes:
    """As an XLSX workbook with a drawing in each row, of the first `MOST_DRAWN` candidates."""
    from openpyxl import Workbook
    from openpyxl.drawing.image import Image
    from openpyxl.styles import Alignment, Font

    frame, units = table_of(_first(chosen)), units_of(chosen.answers)
    heads = [f"{name}, {units[name]}" if name in units else name for name in frame.columns]
    book = Workbook()
    sheet = book.active
    sheet.title = "candidates"
    for column, head in enumerate(["structure", *heads], start=1):
        _write(sheet.cell(1, column), head).font = Font(bold=True)
    sheet.column_dimensions["A"].width = _PICTURE_WIDTH
    sheet.freeze_panes = "B2"
    for row, cells in enumerate(frame.itertuples(index=False), start=2):
        sheet.row_dimensions[row].height = _ROW_HEIGHT
        for column, value in enumerate(cells, start=2):
            _write(sheet.cell(row, column), value).alignment = Alignment(vertical="center")
        if picture := _png(chosen.candidates[row - 2]):
            sheet.add_image(Image(io.BytesIO(picture)), f"A{row}")
        if progress:
            progress(row - 1, len(frame))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write(cell, value):  # type: ignore[no-untyped-def]  # openpyxl brings no types
    """Put a value into a cell; no text in it is a formula."""
    if isinstance(value, str):
        cell.value = _NOT_IN_SHEETS.sub("", value)[:32_000]
        cell.data_type = "s"
    elif value is not None and value == value:
        cell.value = value.item() if isinstance(value, np.generic) else value
    return cell


def _png(candidate: Candidate) -> bytes | None:
    try:
        return draw.png(candidate.unit, *_PICTURE) if candidate.unit else None
    except BadSmilesError:
        return None


def as_sdf(chosen: Chosen, progress: Progress | None = None) -> bytes:
    """As an SDF file: structures with all columns; a candidate without one is left out.

    So is a composition, of which there is no structure, and one whose unit is refused. The first
    line of each record is the candidate's name, its id or its unit; the field `units` says those of
    its values.

    Raises:
        UserError: when no candidate is left.
    """
    frame = table_of(chosen)
    if chosen.answers:
        frame[free_name("units", frame)] = units_words(chosen.answers)
    parts = []
    for place, candidate in enumerate(chosen.candidates):
        if block := _molblock(candidate, chosen.answers):
            title = _sdf_line(title_shown(candidate))[:_LONGEST_TITLE]
            fields = frame.iloc[place].items()
            data = "".join(_sdf_field(str(name), value) for name, value in fields)
            _, _, structure = block.rstrip().partition("\n")
            parts.append(f"{title}\n{structure}\n{data}$$$$\n")
        if progress:
            progress(place + 1, len(frame))
    if not parts:
        raise UserError(NOTHING_FOR_SDF)
    return "".join(parts).encode("utf-8", "replace")


def _molblock(candidate: Candidate, answers: Answers | None) -> str:
    """A candidate's structure; empty where it has none, or where its unit is refused."""
    if candidate.unit is None or (answers and candidate.id in answers.problems):
        return ""
    try:
        return "" if pieces_problem(candidate.unit) else draw.molblock(candidate.unit)
    except BadSmilesError:
        return ""


def _sdf_line(text: object) -> str:
    """A text in one line that is not read as another field, or as the end of the molecule."""
    line = " ".join(str(text).split())
    return f" {line}" if line.startswith((">", "$")) else line


def _sdf_field(name: str, value: object) -> str:
    if value is None or value != value or value == "":
        return ""
    head = " ".join(name.split()).translate({ord("<"): "(", ord(">"): ")"})
    return f"> <{head}>\n{_sdf_line(value)}\n\n"


class _CardRow(NamedTuple):
    """A property's value on a sheet, and as what it is predicted; empty where it is measured."""

    title: str
    value: str
    interval: str
    domain: str
    like: str


class _Card(NamedTuple):
    """A candidate on a sheet, in words."""

    name: str
    row_id: str
    smiles: str
    picture: Markup
    note: str
    problem: str
    rows: list[_CardRow]
    likely: str


def as_sheet(
    chosen: Chosen,
    title: str,
    model: str,
    shown: Collection[str] | None = None,
    progress: Progress | None = None,
) -> str:
    """As one HTML file that opens offline and holds no script, of the first `MOST_DRAWN`.

    Args:
        chosen: the candidates.
        title: the list's name.
        model: the name of the model.
        shown: the names of the properties that are on it; all where it is not given.
        progress: told how many are drawn.
    """
    first = _first(chosen)
    answers = first.answers
    places = [
        k
        for k, name in enumerate(answers.names if answers else ())
        if shown is None or name in shown
    ]
    likely = answers.probabilities(first.requirements).of_all if answers else np.array([])
    cards = []
    for each in first.candidates:
        row = answers.row_of(each.id) if answers else None
        known = row is not None and len(likely) and np.isfinite(likely[row])
        cards.append(
            _Card(
                name_shown(each) or f"candidate {each.id}",
                each.row_id,
                text_shown(each),
                _picture(each),
                each.note,
                each.problem or (answers.problems.get(each.id, "") if answers else ""),
                _card_rows(answers, row, places),
                f"{likely[row]:.0%}" if known else "",
            )
        )
        if progress:
            progress(len(cards), len(first.candidates))
    environment = Environment(
        loader=FileSystemLoader(ASSETS / "report"), autoescape=True, undefined=StrictUndefined
    )
    units = {each.name: each.unit for each in answers.properties} if answers else {}
    wanted = [each.words(units.get(each.name, "")) for each in first.requirements]
    told = [row for card in cards for row in card.rows]
    sides = {row.domain for row in told}
    return environment.get_template("candidates.html").render(
        title=title,
        model=model,
        made=datetime.now().strftime("%d %B %Y, %H:%M"),
        level=f"{100 * LEVEL:.0f} %",
        left_out=len(chosen.candidates) - len(first.candidates),
        specification=", ".join(wanted),
        legend=[f"“{side}” {words}" for side, words in _LEGEND.items() if side in sides],
        is_simulated=any("simulated" in row.like for row in told),
        cards=cards,
    )


def _card_rows(answers: Answers | None, row: int | None, places: Sequence[int]) -> list[_CardRow]:
    """Some properties' values, by their places; none for a candidate that is not predicted."""
    if answers is None or row is None or not np.isfinite(answers.values[row]).any():
        return []
    rows = []
    for k in places:
        property_, low, high = answers.properties[k], answers.low[row, k], answers.high[row, k]
        value, side = number(property_, answers.values[row, k]), answers.domains[row, k] or ""
        interval = number_range(property_, low, high) if np.isfinite(low) else ""
        made = _CardRow(
            property_.title, value, interval, side, answers.like.get(property_.name, "")
        )
        if labels := answers.labels(row, property_.name):
            references = with_references(property_, labels)
            made = made._replace(interval=references, domain=_MEASURED, like="")
        rows.append(made)
    return rows


def _picture(candidate: Candidate) -> Markup:
    try:
        return Markup(draw.svg(candidate.unit, 240, 140)) if candidate.unit else Markup("")  # noqa: S704
    except BadSmilesError:
        return Markup("")


def _first(chosen: Chosen) -> Chosen:
    """The candidates that are drawn."""
    return chosen._replace(candidates=chosen.candidates[:MOST_DRAWN])
