"""`predict`: a file of any length; one repeat unit is predicted by `predict_unit`."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pandas as pd

from ..base.errors import UserError
from ..base.wording import clipped, counted
from ..base.workspace import writing_to
from ..inference.predict import Predictor
from ..inference.predicted_tables import predict_file
from ..inference.submission import make_submission, not_asked_for_words
from ..settings.sources import ALL
from ..table import read_table
from ..table.written import csv_text
from .options import (
    STANDARD,
    Commands,
    add_columns,
    add_conditions,
    add_fragments,
    add_model,
    given_conditions,
    given_requirements,
    opened_model,
    said_columns,
    said_units,
)
from .output import print_line, progress_bar
from .predict_unit import predict_unit

_NAMED_ROWS = 10


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser("predict", help="predict a file or one repeat unit")
    add_model(command)
    command.add_argument(
        "input",
        metavar="INPUT",
        help="a table, one SMILES, the name of one polymer, a composition such as 'A|B|0.25|0.75|"
        "random', or - for standard input",
    )
    command.add_argument("-o", "--output", metavar="OUT.csv", help="where to write; else shown")
    command.add_argument(
        "--sample-submission", metavar="FILE", help="take ids, order and columns from this file"
    )
    command.add_argument(
        "--intervals",
        action="store_true",
        help="add each value's 90 %% interval, and whether the unit is like those trained on",
    )
    command.add_argument(
        "--specification",
        metavar="TEXT",
        help="add the probability of meeting it, such as 'Tg > 150, Density < 1.2'",
    )
    command.add_argument(
        "--sources",
        choices=["answer", ALL],
        default="answer",
        help="whether files have a column for each source of a property, or only for the source "
        "that answers are like",
    )
    command.add_argument(
        "--source",
        metavar="NAME",
        help="predict as this source has the properties; with a sample submission, by default the "
        "first table's",
    )
    add_conditions(command)
    add_columns(command)
    add_fragments(command)
    command.set_defaults(carry_out=_predict)


def _predict(arguments: argparse.Namespace) -> None:
    """Predict a file, or show the prediction of one repeat unit."""
    if arguments.output == STANDARD:
        arguments.output = None
    if arguments.input != STANDARD:
        _predict_input(arguments)
        return
    # As a file, which may be read more than once.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "standard input"
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        arguments.input = str(path)
        _predict_input(arguments)


def _predict_input(arguments: argparse.Namespace) -> None:
    if (arguments.intervals or arguments.specification) and arguments.sample_submission:
        raise UserError(
            "A submission has exactly the columns that its sample asks for: leave out --intervals "
            "and --specification, or --sample-submission."
        )
    if arguments.source and arguments.sources == ALL:
        raise UserError("--source is for one source, --sources all for all of them: leave out one.")
    if arguments.sample_submission and arguments.sources == ALL:
        raise UserError(
            "A submission has exactly the columns that its sample asks for: leave out --sources "
            "all or --sample-submission."
        )
    predictor = opened_model(arguments.model)
    if arguments.source:
        # Refused before anything is written.
        predictor.info.columns_like(arguments.source)
    if arguments.intervals or arguments.specification:
        predictor.demand_intervals()
    given_requirements(predictor, arguments.specification)
    # Not by `Path`, which complains of a SMILES that is too long for a file's name.
    if os.path.isdir(arguments.input):
        raise UserError(
            f"{arguments.input} is a folder: give one file, or predict all of them with `screen`."
        )
    if os.path.isfile(arguments.input):
        _predict_file(predictor, arguments)
    elif arguments.output or arguments.sample_submission:
        raise UserError(
            f"{clipped(arguments.input)!r} is no file: -o and --sample-submission are for files, "
            "and the prediction of one repeat unit is only shown."
        )
    else:
        predict_unit(predictor, arguments)


def _predict_file(predictor: Predictor, arguments: argparse.Namespace) -> None:
    output = Path(arguments.output) if arguments.output else None
    if arguments.sample_submission:
        _predict_sample(predictor, arguments, output)
        return
    with progress_bar() as show, _written(output, arguments) as out:
        source = ALL if arguments.sources == ALL else arguments.source
        names, path = predictor.info.columns_for(source), Path(arguments.input)
        missing = predict_file(
            predictor,
            path,
            out,
            show,
            arguments.intervals,
            names,
            said_columns(arguments)["smiles"],
            arguments.id_column,
            given_conditions(predictor, arguments.condition),
            arguments.fragments or "refuse",
            given_requirements(predictor, arguments.specification),
            said_units(arguments),
        )
    if output:
        print_line(f"Written to {output}", stderr=True)
    if missing.unread:
        print_line(missing.unread, stderr=True)
    if missing.count:
        words = "could not be predicted; cells are empty, and the column `problem` says why"
        print_line(f"{counted(missing.count, 'row')} {words}:", stderr=True)
        _print_rows(missing.first)
    if missing.warned:
        have = "has" if missing.warned == 1 else "have"
        words = f"{have} what no training unit has; the column `warning` says what"
        print_line(f"{counted(missing.warned, 'row')} {words}.", stderr=True)
    if missing.count and missing.count == missing.of:
        raise UserError(
            "No row could be predicted: is the right column read? `--smiles-column` names another."
        )


def _predict_sample(
    predictor: Predictor, arguments: argparse.Namespace, output: Path | None
) -> None:
    """Predict a file in the form of a sample submission; both are read as a whole."""
    sample = read_table(arguments.sample_submission)
    test = read_table(arguments.input)
    with progress_bar() as show, _written(output, arguments) as out:
        submission = make_submission(
            predictor,
            test,
            sample,
            show,
            arguments.source,
            said_columns(arguments)["smiles"],
            given_conditions(predictor, arguments.condition),
            arguments.fragments or "refuse",
            said_units(arguments),
        )
        out.write(submission.frame.to_csv(index=False))
    if output:
        print_line(f"Written to {output}", stderr=True)
    if submission.not_asked_for:
        print_line(not_asked_for_words(submission.not_asked_for, sample.name), stderr=True)
    filled, warned = submission.filled, submission.warned
    if len(warned):
        print_line(f"{counted(len(warned), 'row')} to be careful with:", stderr=True)
        _print_rows(warned.head(_NAMED_ROWS))
        if len(warned) > _NAMED_ROWS:
            print_line(f"  and {len(warned) - _NAMED_ROWS:,} more", stderr=True)
    if filled.empty:
        return
    words = f"{counted(len(filled), 'row')} could not be predicted and hold the training medians"
    if output is None:
        print_line(f"{words}:", stderr=True)
        _print_rows(filled)
        return
    beside = output.with_name(f"{output.stem}-filled-rows.csv")
    with _written(beside, arguments) as out:
        out.write(csv_text(filled))
    print_line(f"{words}; all are listed in {beside}.", stderr=True)


def _print_rows(rows: pd.DataFrame) -> None:
    for row in rows.itertuples(index=False):
        print_line(f"  id {row.id}: {row.reason}", stderr=True)


@contextmanager
def _written(path: Path | None, arguments: argparse.Namespace) -> Iterator[TextIO]:
    """A file to write text to, which exists only when all went well; else standard output."""
    if path is None:
        yield sys.stdout
        return
    try:
        inputs = [Path(each) for each in (arguments.input, arguments.sample_submission) if each]
        with (
            writing_to(path, inputs) as place,
            place.open("w", encoding="utf-8", newline="") as out,
        ):
            yield out
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from error
