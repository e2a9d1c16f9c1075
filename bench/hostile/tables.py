"""Hostile tables, which are read, checked, divided into folds and streamed as the product does."""

import io
import json
import random
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError
from rich.console import Console

from bench.hostile.kind import SilentChangeError
from bench.hostile.table_bombs import BOMBS
from bench.hostile.table_inputs import CLEAN, MAKERS, Input
from engine.base.errors import UserError
from engine.commands.doctor import print_report
from engine.table import (
    RawTable,
    Table,
    average_replicates,
    guess_columns,
    read_table,
    stream_table,
)
from engine.table.columns import Columns
from engine.table.fixing import mended_frame
from engine.table.folds import check_folds, check_splitter, make_folds
from engine.table.mended import check_mended, read_cells
from engine.table.mending import Mending
from engine.table.mending_file import parse_mending
from engine.table.written import csv_text

_BOMBS = 0.01
_CHUNK = 7
_MOST_FOLDED = 2_000


class Tables:
    """Hostile tables."""

    name = "tables"

    def prepare(self, folder: Path) -> None:
        """Read a table, so that libraries are loaded."""
        lines = [f"{number},*C{'O' * number}C*,{number} K" for number in range(12)]
        data = "\n".join(["id,SMILES,Tg", *lines]).encode()
        self.attempt(Input({}, data).packed(), folder)

    def make(self, random: random.Random) -> bytes:
        """A strange table, and now and then one that stands for much."""
        if random.random() < _BOMBS:
            return Input({}, random.choice(BOMBS)(random)).packed()
        makers, weights = zip(*MAKERS, strict=True)
        return random.choices(makers, weights)[0](random).packed()

    def attempt(self, content: bytes, folder: Path) -> str:
        """Read, check and divide a table as the Train page does, and read it as `predict` does."""
        given = Input.unpacked(content)
        name = str(given.said.get("name", "table.csv"))
        with suppress(UserError):
            _stream(given.data, folder / "input")
        mending = _mending(given.said)
        cells = read_cells(given.data, mending, name)
        table = check_mended(cells, mending)
        _check_rows(table)
        _check_clean(table, mending)
        _show(table)
        for how in ("median", "mean"):
            _check_rows(average_replicates(table, how))
        _write(table, folder)
        return _divide(table)


def _mending(said: Mapping[str, Any]) -> Mending:
    if "mends" in said:
        return parse_mending(str(said["mends"]).encode("latin-1", "replace"), "mends.yaml")
    options = {key: value for key, value in said.items() if key in Mending.model_fields}
    try:
        return Mending.model_validate_json(json.dumps(options))
    except ValidationError as error:
        raise UserError("These are no options.") from error


def _stream(data: bytes, path: Path) -> None:
    """Read a file some rows at a time; its rows are those that are read at once."""
    path.write_bytes(data)
    stream = stream_table(path)
    with suppress(UserError):
        guess_columns(stream.head)
    counted = 0
    parts = []
    for part in stream.chunks(_CHUNK if stream.count < _MOST_FOLDED else 10_000):
        counted += len(part.rows)
        parts.append(part.frame)
    if counted != stream.count:
        raise SilentChangeError(f"{stream.count} rows were counted and {counted} read")
    try:
        whole = read_table(path)
    except UserError:
        return
    joined = pd.concat(parts, ignore_index=True)
    if not {*whole.column_names} <= {*joined}:
        raise SilentChangeError("a file read in parts has other columns than read at once")
    joined = joined[whole.column_names]
    # Whether commas are decimal signs is told by the head alone.
    if whole.reading == stream.head.reading and not whole.frame.equals(joined):
        raise SilentChangeError("a file read in parts differs from the same file read at once")


def _check_rows(table: Table) -> None:
    """Every row is kept or set aside."""
    report = table.report
    if report.rows != report.kept + len(table.excluded) or report.kept != len(table.smiles):
        raise SilentChangeError(
            f"{report.rows} rows were read, {len(table.smiles)} kept and {len(table.excluded)} set "
            "aside"
        )
    if not {*table.rows.tolist()}.isdisjoint(table.excluded["row"].tolist()):
        raise SilentChangeError("a row is kept and set aside")


def _check_clean(table: Table, mending: Mending) -> None:
    """The labels of untouched rows are those of a table that holds no others."""
    if not any(text.startswith(CLEAN) for text in table.ids) or not table.properties:
        return
    raw, columns = table.raw, table.report.columns
    if not columns.id:
        return
    own = [str(text).startswith(CLEAN) for text in raw.frame[columns.id]]
    alone = RawTable(
        raw.name, raw.frame[own].reset_index(drop=True), raw.rows[np.array(own)], raw.reading
    )
    clean = check_mended(alone, mending.but(**_chosen(columns)))
    rows = {int(row): place for place, row in enumerate(table.rows)}
    told = {(finding.column, row) for finding in table.report.findings for row in finding.rows}
    for k, property_ in enumerate(clean.properties):
        places = [n for n, each in enumerate(table.properties) if each == property_]
        if not places:
            continue
        for place, row in enumerate(clean.rows.tolist()):
            label = clean.labels[place, k]
            found = table.labels[rows[row], places[0]] if row in rows else np.nan
            said = any((column, row) in told for column in (property_.name, *columns.properties))
            if not (label == found or np.isnan(label) or said):
                raise SilentChangeError(f"{property_.name} of row {row} is {found}, was {label}")


def _chosen(columns: Columns) -> dict[str, Any]:
    """What is said of columns, so that it does not depend on the other rows."""
    return {
        "smiles": columns.smiles,
        "id": columns.id or "",
        "properties": columns.properties,
        "conditions": columns.conditions,
    }


def _show(table: Table) -> None:
    table.report.model_dump_json()
    print_report(table, Console(file=io.StringIO(), width=100))


def _write(table: Table, folder: Path) -> None:
    """What pages and `doctor --fix` write can be read again."""
    table.excluded.to_parquet(folder / "excluded.parquet")
    (folder / "excluded.csv").write_text(csv_text(table.excluded), encoding="utf-8")
    if table.smiles:
        frame, _ = mended_frame(table)
        path = folder / "mended.csv"
        path.write_text(csv_text(frame), encoding="utf-8")
        again = read_table(path)
        if len(again.rows) != len(table.rows):
            raise SilentChangeError(f"{len(table.rows)} rows were written, {len(again.rows)} read")


def _divide(table: Table) -> str:
    """Make folds, as a run does."""
    if len(table.properties) == 0:
        return "nothing to learn"
    if len(table.smiles) > _MOST_FOLDED:
        return "read"
    for spec in ("random:5", "similarity:2", "pair:3", "unit:2"):
        # Too few rows, most often; the table is read all the same.
        with suppress(UserError):
            check_splitter(spec, table.canonical)
            folds = make_folds(spec, table.canonical, table.labels, 0)
            check_folds(folds, table.canonical, table.labels, [p.name for p in table.properties])
    return "set aside" if len(table.excluded) else "read"
