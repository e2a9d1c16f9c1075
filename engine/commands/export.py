"""`export`: a run's metrics for other programs."""

import argparse
from pathlib import Path

from rich.console import Console

from ..base.errors import UserError
from ..runs import find_run
from ..runs.exports import log_to_mlflow, write_csv, write_tensorboard


def add_export(commands: argparse._SubParsersAction) -> None:
    """Add the command to the others."""
    command = commands.add_parser("export", help="write a run's metrics for other programs")
    command.add_argument("run", metavar="RUN", help="its id or name")
    command.add_argument("--csv", metavar="FILE", type=Path, help="a row for each epoch")
    command.add_argument(
        "--tensorboard", metavar="FOLDER", type=Path, help="event files, a folder for each network"
    )
    command.add_argument(
        "--mlflow", metavar="URI", help="a tracking server or folder; needs the package mlflow"
    )
    command.set_defaults(carry_out=export)


def export(arguments: argparse.Namespace) -> None:
    """Write what is asked for, and say where it lies."""
    if not (arguments.csv or arguments.tensorboard or arguments.mlflow):
        raise UserError("Say what to write: --csv FILE, --tensorboard FOLDER, --mlflow URI.")
    run = find_run(arguments.run)
    console = Console()
    for path, write in ((arguments.csv, write_csv), (arguments.tensorboard, write_tensorboard)):
        if path:
            write(run, path)
            console.print(f"Written: {path}", highlight=False, markup=False, soft_wrap=True)
    if arguments.mlflow:
        there = log_to_mlflow(run, arguments.mlflow)
        console.print(f"Written: MLflow run {there}", highlight=False, markup=False, soft_wrap=True)
