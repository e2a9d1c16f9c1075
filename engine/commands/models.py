"""`models`, `predict`, `score` and `promote`."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from ..base.errors import UserError
from ..base.workspace import replacing
from ..inference import bundle
from ..inference.conformal import LEVEL
from ..inference.predict import Predictor
from ..inference.predict import score as score_table
from ..inference.streaming import Filled, predict_file
from ..inference.submission import make_submission
from ..inference.uncertainty import Certainty
from ..runs import list_runs
from ..runs.control import find_bundle
from ..settings.members import MEMBER_TITLES
from ..settings.properties import Property
from ..table import read_table
from .figures import print_figures
from .progress import Show, progress_bar
from .tables import checked_table


def list_all(arguments: argparse.Namespace) -> None:
    """Print the models: the default, the shipped one, and those of finished runs."""
    places = {"default": bundle.default_bundle(), "shipped": bundle.SHIPPED}
    places.update({run.id: run.folder / "bundle" for run in list_runs() if run.state == "done"})
    rows = []
    for name, folder in places.items():
        if (folder / bundle.INFO).is_file():
            info = bundle.read_info(folder)
            rows.append({"model": name, "path": str(folder), **info.model_dump(mode="json")})
    if arguments.json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    shown = Table("model", "name", "trained on", "properties", "wMAE")
    for row in rows:
        shown.add_row(
            row["model"],
            escape(row["name"]),
            escape(f"{row['table']}, {row['rows']:,} rows"),
            escape(", ".join(known["name"] for known in row["properties"])),
            f"{row['figures']['blend']['wmae']:.4f}",
        )
    Console().print(shown if rows else "No models yet.")


def predict(arguments: argparse.Namespace) -> None:
    """Predict a file, or show the prediction of one repeat unit."""
    if arguments.intervals and arguments.sample_submission:
        raise UserError(
            "A submission has exactly the columns that its sample asks for: leave out --intervals "
            "or --sample-submission."
        )
    predictor = Predictor(find_bundle(arguments.model))
    if arguments.intervals:
        predictor.demand_intervals()
    # Not by `Path`, which complains of a SMILES that is too long for a file's name.
    if os.path.isfile(arguments.input):
        _predict_file(predictor, arguments)
    else:
        _predict_one(predictor, arguments.input, arguments.intervals)


def score(arguments: argparse.Namespace) -> None:
    """Score a model on a labelled table."""
    predictor = Predictor(find_bundle(arguments.model))
    table = checked_table(arguments)
    with progress_bar() as show:
        result = score_table(predictor, table, show)
    if arguments.json:
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        print_figures({"members": {}, "blend": result}, Console(), f"Error on {table.name}")


def promote(arguments: argparse.Namespace) -> None:
    """Make a model the default, or the shipped one again."""
    if arguments.model == "shipped":
        bundle.reset_default()
    else:
        bundle.promote(find_bundle(arguments.model))
    Console().print(f"The default model is now {arguments.model}.", markup=False)


def _predict_file(predictor: Predictor, arguments: argparse.Namespace) -> None:
    output = Path(arguments.output) if arguments.output else None
    with progress_bar() as show, _written(output) as out:
        if arguments.sample_submission:
            filled = _predict_as_asked(predictor, arguments, out, show)
        else:
            filled = predict_file(predictor, Path(arguments.input), out, show, arguments.intervals)
    if output:
        Console(stderr=True).print(f"Written to {output}", highlight=False, soft_wrap=True)
    _warn_of_filled(filled)


def _predict_as_asked(
    predictor: Predictor, arguments: argparse.Namespace, out: TextIO, show: Show
) -> Filled:
    """Predict a file in the form of a sample submission, which takes the whole of both."""
    sample = read_table(arguments.sample_submission)
    submission = make_submission(predictor, read_table(arguments.input), sample, show)
    out.write(submission.frame.to_csv(index=False))
    filled = Filled()
    filled.add(submission.filled)
    return filled


def _predict_one(predictor: Predictor, smiles: str, intervals: bool) -> None:
    predicted = predictor.predict([smiles])
    if predicted.problems:
        raise UserError(
            f"{smiles!r} is neither a file nor a repeat unit that can be read: "
            f"{predicted.problems[0]}."
        )
    certainty = predictor.certainty(predicted) if intervals else None
    # Kept on one line, where a narrow terminal breaks the others.
    interval = Column(f"{100 * LEVEL:.0f} % interval", no_wrap=True)
    heads = [interval, "domain"] if certainty else []
    blended = Table("property", "blend", *heads, box=SIMPLE_HEAD)
    # A table of their own: all in one would not fit a terminal of 80 columns.
    titles = [MEMBER_TITLES[member] for member in predictor.info.members]
    members = Table("members", *titles, box=SIMPLE_HEAD)
    for known in predictor.info.properties:
        label, blend = escape(known.label), known.number(predicted.blend.at[0, known.name])
        blended.add_row(label, blend, *(_certain(certainty, known) if certainty else ()))
        values = (frame.at[0, known.name] for frame in predicted.members.values())
        members.add_row(label, *map(known.number, values))
    Console().print(blended, members)


def _certain(certainty: Certainty, known: Property) -> tuple[str, str]:
    """A property's interval and domain as cells of a table; a dash for what there is none of."""
    low, high = certainty.low.at[0, known.name], certainty.high.at[0, known.name]
    interval = "–" if np.isnan(low) else f"{known.number(low)} – {known.number(high)}"
    return interval, certainty.domain.at[0, known.name] or "–"


@contextmanager
def _written(path: Path | None) -> Iterator[TextIO]:
    """A file to write text to, which is there only when all went well; else standard output."""
    if path is None:
        yield sys.stdout
        return
    try:
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as out:
            yield out
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from error


def _warn_of_filled(filled: Filled) -> None:
    if not filled.count:
        return
    console = Console(stderr=True)
    console.print(f"{filled.count:,} rows could not be read; they hold the training medians:")
    for row in filled.first.itertuples(index=False):
        console.print(f"  id {row.id}: {row.reason}", highlight=False, markup=False)
