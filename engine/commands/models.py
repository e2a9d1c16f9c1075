"""`models`, `predict`, `score` and `promote`."""

import argparse
import json
import sys
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engine import bundle
from engine.commands.figures import print_figures
from engine.commands.progress import progress_bar
from engine.commands.tables import checked_table
from engine.errors import UserError
from engine.predict import Predictor, find_bundle
from engine.runs import list_runs
from engine.score import score as score_table
from engine.submission import make_submission
from engine.table import read_table
from engine.workspace import write_atomic


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
    predictor = Predictor(find_bundle(arguments.model))
    if Path(arguments.input).is_file():
        _predict_file(predictor, arguments)
    else:
        _predict_one(predictor, arguments.input)


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
    sample = read_table(arguments.sample_submission) if arguments.sample_submission else None
    with progress_bar() as show:
        submission = make_submission(predictor, read_table(arguments.input), sample, show)
    text = submission.frame.to_csv(index=False)
    if arguments.output:
        _write(Path(arguments.output), text)
    else:
        sys.stdout.write(text)
    _warn_of_filled(submission.filled)


def _predict_one(predictor: Predictor, smiles: str) -> None:
    predicted = predictor.predict([smiles])
    if predicted.problems:
        raise UserError(
            f"{smiles!r} is neither a file nor a repeat unit that can be read: "
            f"{predicted.problems[0]}."
        )
    shown = Table("property", "blend", *predictor.info.members)
    for known in predictor.info.properties:
        values = [frame.at[0, known.name] for frame in predicted.members.values()]
        shown.add_row(
            escape(known.label),
            known.number(predicted.blend.at[0, known.name]),
            *(known.number(value) for value in values),
        )
    Console().print(shown)


def _write(path: Path, text: str) -> None:
    try:
        write_atomic(path, text)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from error
    Console(stderr=True).print(f"Written to {path}", highlight=False, soft_wrap=True)


def _warn_of_filled(filled: pd.DataFrame) -> None:
    if filled.empty:
        return
    console = Console(stderr=True)
    console.print(f"{len(filled):,} rows could not be read; they hold the training medians:")
    for row in filled.head(10).itertuples(index=False):
        console.print(f"  id {row.id}: {row.reason}", highlight=False, markup=False)
