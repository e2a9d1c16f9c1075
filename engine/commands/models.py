"""`models`, `score`, `promote` and `adopt`."""

import argparse
import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..base.errors import UserError
from ..inference import bundle
from ..inference.scoring import score as score_table
from ..runs import find_model, list_runs
from ..settings.metrics import headline_words
from ..settings.properties import Property
from .options import (
    Commands,
    add_accept,
    add_json,
    add_model,
    add_table,
    checked_table,
    opened_model,
    tell_findings,
)
from .output import print_line, print_score, progress_bar


def add(commands: Commands) -> None:
    """Add the commands."""
    listing = commands.add_parser("models", help="list the models")
    add_json(listing)
    listing.set_defaults(carry_out=_list)

    score = commands.add_parser("score", help="score a model on a labelled table")
    add_model(score)
    add_table(score)
    score.add_argument(
        "--source",
        metavar="NAME",
        help="compare with values as in this source; by default as the model answers",
    )
    add_accept(score)
    add_json(score)
    score.set_defaults(carry_out=_score)

    promote = commands.add_parser("promote", help="make a model the default")
    add_model(promote)
    promote.set_defaults(carry_out=_promote)

    adoption = commands.add_parser(
        "adopt", help="prove a model without a manifest, and complete it with one"
    )
    add_model(adoption)
    adoption.set_defaults(carry_out=_adopt)


def _list(arguments: argparse.Namespace) -> None:
    """Print the models: the default, the shipped one, and those of finished runs."""
    places = {"default": bundle.default_bundle(), "shipped": bundle.SHIPPED}
    places.update({run.id: run.bundle for run in list_runs() if run.state == "done"})
    rows = []
    for name, folder in places.items():
        if (folder / bundle.INFO).is_file():
            try:
                info = bundle.read_info(folder)
            except UserError as error:
                Console(stderr=True).print(escape(str(error)), soft_wrap=True)
                continue
            rows.append({"model": name, "path": str(folder), **info.model_dump(mode="json")})
    if arguments.json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    shown = Table("model", "name", "trained on", "properties", "out-of-fold")
    for row in rows:
        shown.add_row(
            row["model"],
            escape(row["name"]),
            escape(f"{row['table']}, {row['rows']:,} rows"),
            escape(", ".join(property_["name"] for property_ in row["properties"])),
            headline_words(row["figures"]["blend"]) or "–",
        )
    Console().print(shown if rows else "No models yet.")


def _score(arguments: argparse.Namespace) -> None:
    """Score a model on a labelled table."""
    predictor = opened_model(arguments.model)
    table = checked_table(arguments, conditions=predictor.info.conditions)
    tell_findings(table, arguments.accept)
    with progress_bar() as show:
        result = score_table(predictor, table, show, arguments.source)
    if arguments.json:
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        _print_score(result, predictor.info.properties, table.name)


def _print_score(result: dict, properties: Sequence[Property], table: str) -> None:
    """Print the errors on a table, and apart from them those on what the model has not seen."""
    seen, unseen = sum((result["seen"] or {}).values()), result["unseen"]
    if seen:
        labels = sum(result["n"].values())
        print_line(
            f"The model was trained on {seen:,} of these {labels:,} labels, or on others of the "
            "same repeat units: their errors flatter it."
        )
    print_score(result, properties, f"Error on {table}")
    if seen and unseen:
        title = f"Error on the repeat units of {table} that the model has not seen"
        print_score(unseen, properties, title)


def _promote(arguments: argparse.Namespace) -> None:
    """Make a model the default, or the shipped one again."""
    if arguments.model == "shipped":
        bundle.reset_default()
    else:
        bundle.promote(find_model(arguments.model))
    print_line(f"The default model is now {arguments.model}.")


def _adopt(arguments: argparse.Namespace) -> None:
    """Prove a model of a former version, or from elsewhere, and complete it with a manifest."""
    # Here: it loads torch, and the other commands need not wait for that.
    from ..inference.adoption import adopt

    print_line(adopt(find_model(arguments.model)))
