"""What `doctor --fix` writes: a mended table, and beside it what was done."""

import argparse
import shlex
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from ..base.errors import UserError
from ..base.wording import counted
from ..base.workspace import COMMAND, write_atomic, writing_to
from ..table import RawTable, Table
from ..table.fixing import (
    certain_mends,
    consequences,
    left_out_words,
    left_to_people,
    mended_frame,
)
from ..table.mended import check_mended, mended_table, read_cells
from ..table.mending import Mending, mending_sentences
from ..table.mending_file import written_mending
from ..table.written import csv_text
from .options import STANDARD
from .output import print_line, progress_bar
from .table_options import content_of, said_mending

_ENDINGS = (".csv", ".parquet")


def add_fix(command: argparse.ArgumentParser) -> None:
    """Let a command write a mended table."""
    command.add_argument(
        "--fix",
        metavar="FILE",
        help="write the mended table, as CSV or Parquet, and FILE with .yaml beside it, which says "
        "what was done",
    )
    command.add_argument(
        "--force", action="store_true", help="write it although there is such a file"
    )


def _checked_target(arguments: argparse.Namespace) -> Path:
    """Where the mended table goes.

    Raises:
        UserError: when there are several tables, or a file would be lost.
    """
    tables, target = arguments.table, Path(arguments.fix)
    if len(tables) > 1 or arguments.source_column or arguments.column_source:
        raise UserError("--fix mends one table at a time, without sources: mend each on its own.")
    if target.suffix.lower() not in _ENDINGS:
        raise UserError(f"--fix {arguments.fix!r}: name a file that ends in .csv or .parquet.")
    if not target.parent.is_dir():
        raise UserError(f"--fix: there is no folder {target.parent}; make it first.")
    for path in (target, target.with_suffix(".yaml")):
        if tables[0] != STANDARD and path.exists() and path.samefile(tables[0]):
            raise UserError(f"--fix would overwrite the table itself, {path}; name another file.")
        if path.exists() and not arguments.force:
            raise UserError(f"{path} exists already; name another file, or say --force.")
    return target


def fix(arguments: argparse.Namespace, show: Callable[[Table], None]) -> None:
    """Write the mended table, and say line by line what was done and what is left.

    Args:
        arguments: with the options of `add_tables` and `add_fix`.
        show: prints what is odd about the table as it was.

    Raises:
        UserError: when the table cannot be used, or nothing may be written.
    """
    target = _checked_target(arguments)
    mending = said_mending(arguments)
    data, name = content_of(arguments.table[0])
    cells = read_cells(data, mending, name)
    before = _checked(cells, mending)
    show(before)
    wider = certain_mends(before, cells, mending)
    table = before if wider == mending else _checked(cells, wider)
    mending = wider
    frame, left_out = mended_frame(table)
    done = [*mending_sentences(mending), *consequences(table, mending), left_out_words(left_out)]
    done = [line for line in done if line]
    try:
        _write(frame, target)
        beside = target.with_suffix(".yaml")
        write_atomic(beside, written_mending(table.mendings[0], done))
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror or error}.") from error
    _tell(arguments, target, table, done)


def _checked(cells: RawTable, mending: Mending) -> Table:
    with progress_bar() as progress:
        return check_mended(cells, mending, lambda done, total: progress("Checking", done, total))


def _write(frame: pd.DataFrame, target: Path) -> None:
    with writing_to(target) as temporary:
        if target.suffix.lower() == ".parquet":
            frame.to_parquet(temporary, index=False)
        else:
            temporary.write_text(csv_text(frame), encoding="utf-8")


def _tell(arguments: argparse.Namespace, target: Path, table: Table, done: list[str]) -> None:
    """Say what was done, what is left, and how to do it again; on standard error beside JSON."""
    left = left_to_people(mended_table(target, Mending()), table)
    beside = target.with_suffix(".yaml")
    lines = ["Mended:", *(f"  {line}" for line in done)] if done else ["There was nothing to mend."]
    if left:
        lines += [
            f"Left as it is, since only you can know (rows of {target.name}):",
            *(f"  {line}" for line in left),
        ]
    lines.append(
        f"{target} has {counted(len(table.canonical), 'row')}; {beside} says what was done."
    )
    if arguments.table[0] != STANDARD:
        again = f"{shlex.quote(arguments.table[0])} --mend {shlex.quote(str(beside))}"
        lines.append(f"To train on the same from the old file: {COMMAND} train {again}")
    for line in lines:
        print_line(line, stderr=arguments.json)
