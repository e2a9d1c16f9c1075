"""`runs`, `stop`, `delete`, `restore`, `empty-trash` and `export`."""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..base.errors import UserError
from ..base.wording import counted
from ..base.workspace import COMMAND
from ..inference.bundle import bundle_files, copy_bundle
from ..inference.model_card import write_card
from ..runs import (
    Run,
    changes_of,
    delete_run,
    disk_use,
    empty_trash,
    find_model,
    find_run,
    list_runs,
    restore,
    stop_run,
    trashed,
    unreadable,
)
from ..runs.exports import log_to_mlflow, write_csv, write_tensorboard
from ..runs.known_labels import KNOWN_LABELS, with_neighbours
from ..runs.trash import DAYS
from ..settings.metrics import HEADLINES, headline
from .options import Commands, add_json, add_run
from .output import confirmed, print_line

_NOT_SHOWN = {"pid", "pid_started", "boot_id", "position", "since"}


def add(commands: Commands) -> None:
    """Add the commands."""
    listing = commands.add_parser("runs", help="list the runs")
    add_json(listing)
    listing.set_defaults(carry_out=_list)

    stop = commands.add_parser("stop", help="stop a run")
    add_run(stop)
    stop.set_defaults(carry_out=_stop)

    delete = commands.add_parser(
        "delete", help=f"delete a run and its files; for {DAYS} days it can be restored"
    )
    add_run(delete)
    delete.add_argument("--yes", action="store_true", help="do not ask")
    delete.set_defaults(carry_out=_delete)

    restored = commands.add_parser("restore", help="bring a deleted run back")
    restored.add_argument(
        "run", metavar="RUN", nargs="?", help="its id; without it, deleted runs are listed"
    )
    restored.set_defaults(carry_out=_restore)

    empty = commands.add_parser("empty-trash", help="free the disk of deleted runs for good")
    empty.set_defaults(carry_out=_empty_trash)

    export = commands.add_parser(
        "export", help="write a run's metrics for other programs, or a model to give away"
    )
    export.add_argument(
        "run", metavar="RUN", help="its id or name; with --model and --onnx, of any model"
    )
    export.add_argument("--csv", metavar="FILE", type=Path, help="a row for each epoch")
    export.add_argument(
        "--tensorboard", metavar="FOLDER", type=Path, help="event files, a folder for each network"
    )
    export.add_argument(
        "--mlflow", metavar="URI", help="a tracking server or folder; needs the package mlflow"
    )
    export.add_argument(
        "--model", metavar="FOLDER", type=Path, help="a copy of the model, with a card"
    )
    export.add_argument(
        "--with-neighbours",
        action="store_true",
        help="with --model: put the training units and their values into the copy, so that the "
        "nearest are shown beside predictions; whoever has it can read them",
    )
    export.add_argument(
        "--onnx",
        metavar="FILE",
        type=Path,
        help="the student of the model, as `distil` makes it, for programs without torch; needs "
        "the package onnx",
    )
    export.set_defaults(carry_out=_export)


def _list(arguments: argparse.Namespace) -> None:
    """Print the runs."""
    runs = list_runs()
    if arguments.json:
        rows = [
            {
                **run.model_dump(include={*Run.model_fields} - _NOT_SHOWN),
                "seconds": run.seconds,
                "changes": [change.model_dump() for change in changes_of(run.id)],
            }
            for run in runs
        ]
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    shown = Table(box=None)
    shown.add_column("id", no_wrap=True)
    for head in ("name", "state", "done"):
        shown.add_column(head)
    headlines = [headline(run.figures["blend"]) if run.figures else ("", None) for run in runs]
    kinds = [kind for kind in HEADLINES if kind in {name for name, _ in headlines}]
    for kind in kinds:
        shown.add_column(kind, no_wrap=True)
    for run, (name, value) in zip(runs, headlines, strict=True):
        state = f"{run.state}: {run.stage}" if run.alive and run.stage else run.state
        figures = [
            f"{value:{HEADLINES[kind]}}" if kind == name and value is not None else ""
            for kind in kinds
        ]
        shown.add_row(run.id, escape(run.name), state, f"{run.progress:.0%}", *figures)
    Console().print(shown if runs else f"No runs yet: start one with `{COMMAND} train`.")
    for problem in unreadable():
        Console(stderr=True).print(escape(problem), soft_wrap=True)


def _stop(arguments: argparse.Namespace) -> None:
    """Stop a run and wait until it has ended."""
    run = stop_run(find_run(arguments.run))
    print_line(f"{run.id}: {run.state}. {run.reason}")


def _delete(arguments: argparse.Namespace) -> int:
    """Delete a run, after asking."""
    run = find_run(arguments.run)
    alike = [one.id for one in list_runs() if one.name == arguments.run]
    if run.id != arguments.run and len(alike) > 1:
        raise UserError(
            f"{len(alike)} runs are called {arguments.run!r}: name one by its id, "
            f"{', '.join(alike)}."
        )
    size = f"{disk_use(run) / 2**20:,.1f} MB"
    if not arguments.yes and not confirmed(f"Delete run {run.name} ({run.id}) with its {size}?"):
        return 1
    delete_run(run)
    print_line(
        f"Deleted. For {DAYS} days, `{COMMAND} restore {run.id}` brings it back; "
        f"`{COMMAND} empty-trash` frees its {size} at once."
    )
    return 0


def _restore(arguments: argparse.Namespace) -> None:
    """Bring a deleted run back, or list those that can be."""
    if arguments.run:
        restore(arguments.run)
        print_line(f"{arguments.run} is back.")
        return
    deleted = trashed()
    for each in deleted:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.deleted))
        print_line(f"{each.run.id}  {each.run.name}, deleted {when}, {each.size / 2**20:,.1f} MB")
    if not deleted:
        print_line("No deleted run is kept.")


def _empty_trash(arguments: argparse.Namespace) -> None:
    """Free the disk of all deleted runs."""
    print_line(f"{empty_trash() / 2**20:,.1f} MB are free again.")


def _export(arguments: argparse.Namespace) -> None:
    """Write what is asked for, and say where it lies."""
    if arguments.with_neighbours and not arguments.model:
        raise UserError("--with-neighbours is for a model: add --model FOLDER.")
    of_run = arguments.csv or arguments.tensorboard or arguments.mlflow
    if not (of_run or arguments.model or arguments.onnx):
        raise UserError(
            "Say what to write: --csv FILE, --tensorboard FOLDER, --mlflow URI, --model FOLDER, "
            "--onnx FILE."
        )
    if arguments.onnx and arguments.onnx.suffix.lower() != ".onnx":
        raise UserError(f"{arguments.onnx} has to end in .onnx, as files of that kind do.")
    if of_run:
        _export_metrics(find_run(arguments.run), arguments)
    if arguments.model:
        _export_model(find_model(arguments.run), arguments.model, arguments.with_neighbours)
    if arguments.onnx:
        # Loaded here, since it waits for torch.
        from ..screening.onnx_file import write_onnx

        write_onnx(find_model(arguments.run), arguments.onnx)
        print_line(f"Written: {arguments.onnx}")


def _export_metrics(run: Run, arguments: argparse.Namespace) -> None:
    """Write what is asked for of a run's metrics."""
    for path, write in ((arguments.csv, write_csv), (arguments.tensorboard, write_tensorboard)):
        if path:
            write(run, path)
            print_line(f"Written: {path}")
    if arguments.mlflow:
        print_line(f"Written: MLflow run {log_to_mlflow(run, arguments.mlflow)}")


def _export_model(folder: Path, target: Path, neighbours: bool) -> None:
    """Write a copy of a model, with a card, and with its training labels if that is asked for."""
    copy_bundle(folder, target)
    write_card(target)
    # A model that was given away with its labels brings them, as the shipped one does.
    if has_labels := KNOWN_LABELS in bundle_files(target).names:
        labels = "training labels that its owner gave away"
    elif has_labels := neighbours:
        try:
            labels = counted(with_neighbours(folder, target), "training label")
        except UserError:
            shutil.rmtree(target)
            raise
    print_line(f"Written: {target}")
    if has_labels:
        print_line(f"It holds {labels} with their repeat units.")
