"""`models` with what can be done with them, `score`, `promote` and `adopt`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from ..base.errors import UserError
from ..base.plain_files import demand_file
from ..base.workspace import COMMAND
from ..inference import bundle
from ..inference.packing import pack
from ..inference.scoring import score as score_table
from ..runs import (
    find_imported,
    find_model,
    import_model,
    list_models,
    remove_imported,
    rename_model,
    restore_imported,
    shown_name,
    unreadable_imports,
)
from ..runs.imported import checked_model_name, rename_imported
from ..runs.trash import DAYS
from ..settings.metrics import headline_words
from ..settings.properties import Property
from ..table.unseen_units import demand_all_units
from .options import Commands, add_json, add_model, opened_model
from .output import confirmed, print_line, print_score, progress_bar
from .table_options import add_accept, add_table, checked_table, said_mending, tell_findings


def add(commands: Commands) -> None:
    """Add the commands."""
    listing = commands.add_parser("models", help="list the models")
    add_json(listing)
    listing.set_defaults(carry_out=_list)
    _add_exchange(listing)

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


def _add_exchange(listing: argparse.ArgumentParser) -> None:
    """Add what `models` does besides listing them."""
    actions = listing.add_subparsers(metavar="ACTION")
    export = actions.add_parser("export", help="write a model as one file, to give it away")
    add_model(export)
    export.add_argument("file", metavar="OUT.zip", type=Path)
    export.set_defaults(carry_out=_export)

    taking = actions.add_parser("import", help="take in a model that somebody has exported")
    taking.add_argument("file", metavar="FILE.zip", type=Path)
    taking.add_argument("--name", metavar="NAME", help="to know it by")
    taking.set_defaults(carry_out=_import)

    rename = actions.add_parser("rename", help="give a run's or an imported model another name")
    add_model(rename)
    rename.add_argument("name", metavar="NAME")
    rename.set_defaults(carry_out=_rename)

    remove = actions.add_parser("remove", help=f"remove an imported model; kept for {DAYS} days")
    add_model(remove)
    remove.add_argument("--yes", action="store_true", help="do not ask")
    remove.set_defaults(carry_out=_remove)

    restored = actions.add_parser("restore", help="bring a removed model back")
    restored.add_argument("model", metavar="MODEL", help="its id or name")
    restored.set_defaults(carry_out=_restore)


def _list(arguments: argparse.Namespace) -> None:
    """Print the models: the default, the shipped one, those of runs and those from elsewhere."""
    places = {bundle.DEFAULT_ID: (bundle.default_bundle(), "")}
    places.update({each.id: (each.folder, each.name) for each in list_models()})
    rows = []
    for key, (folder, name) in places.items():
        if (folder / bundle.INFO).is_file():
            try:
                info = bundle.read_info(folder)
            except UserError as error:
                Console(stderr=True).print(escape(str(error)), soft_wrap=True)
                continue
            told = info.model_dump(mode="json")
            told["name"] = name or shown_name(folder)
            rows.append({"model": key, "path": str(folder), **told})
    for problem in unreadable_imports():
        Console(stderr=True).print(escape(problem), soft_wrap=True)
    if arguments.json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    shown = Table(Column("model", no_wrap=True), "name", "trained on", "properties", "out-of-fold")
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
    info = predictor.info
    table = checked_table(arguments, conditions=info.conditions, learned=info.polymer_columns)
    if said_mending(arguments).smiles is None:
        demand_all_units(table.raw, table.report.columns)
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
    if unpredicted := result.get("unpredicted"):
        print_line(unpredicted)
    print_score(result, properties, f"Error on {table}")
    if seen and unseen:
        title = f"Error on the repeat units of {table} that the model has not seen"
        print_score(unseen, properties, title)


def _promote(arguments: argparse.Namespace) -> None:
    """Make a model the default, or the shipped one again."""
    if arguments.model == bundle.SHIPPED_ID:
        bundle.reset_default()
    else:
        bundle.promote(find_model(arguments.model))
    print_line(f"The default model is now {arguments.model}.")


def _adopt(arguments: argparse.Namespace) -> None:
    """Prove a model of a former version, or from elsewhere, and complete it with a manifest."""
    # Here: it loads torch, and the other commands need not wait for that.
    from ..inference.adoption import adopt

    print_line(adopt(find_model(arguments.model)))


def _export(arguments: argparse.Namespace) -> None:
    """Write a model as one file."""
    with progress_bar() as show:
        pack(find_model(arguments.model), arguments.file, show)
    print_line(f"{arguments.file} holds the model: `{COMMAND} models import` takes it in.")


def _import(arguments: argparse.Namespace) -> None:
    """Take in a model that somebody has exported."""
    path = arguments.file
    name = None if arguments.name is None else checked_model_name(arguments.name)
    demand_file(path, "Give the file that `models export` has written.")
    with path.open("rb") as file, progress_bar() as show:
        model, deviation = import_model(file, path.name, progress=show)
    if name is not None:
        rename_imported(model, name)
    print_line(f"The model “{name or model.name}” is here now, as {model.id}.")
    if deviation:
        print_line(deviation, stderr=True)


def _rename(arguments: argparse.Namespace) -> None:
    """Give a model another name."""
    rename_model(arguments.model, arguments.name)
    print_line(f"{arguments.model} is now called {arguments.name.strip()}.")


def _remove(arguments: argparse.Namespace) -> int:
    """Remove an imported model, after asking."""
    model = find_imported(arguments.model)
    if model is None:
        raise UserError(
            f"There is no imported model {arguments.model!r}; a run's model is deleted with it, by "
            f"`{COMMAND} delete`."
        )
    if not arguments.yes and not confirmed(f"Remove the model {model.name} ({model.id})?"):
        return 1
    remove_imported(model)
    print_line(f"Removed. For {DAYS} days, `{COMMAND} models restore {model.id}` brings it back.")
    return 0


def _restore(arguments: argparse.Namespace) -> None:
    """Bring a removed model back."""
    model = restore_imported(arguments.model)
    print_line(f"{model.name} is back.")
