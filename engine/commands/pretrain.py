"""`pretrain`: make an encoder for networks to start from."""

import argparse
from collections.abc import Container
from hashlib import sha256
from pathlib import Path
from shutil import rmtree

from ..base.errors import UserError
from ..base.workspace import subfolder
from ..training.reporter import Reporter
from .on_cluster import carry_out_on_slurm
from .options import Commands, add_on, seed, whole_number
from .output import print_line, progress_bar


def add(commands: Commands) -> None:
    """Add the command."""
    pretrain = commands.add_parser(
        "pretrain",
        help="train an encoder for networks to start from, as the shipped one was, on repeat units "
        "without labels; the same command goes on where it was cut off",
    )
    pretrain.add_argument(
        "tables",
        nargs="+",
        type=Path,
        metavar="TABLE",
        help="whose columns named after SMILES hold repeat units; labels are not read",
    )
    pretrain.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="a new folder for the encoder's files",
    )
    pretrain.add_argument(
        "--made-up",
        type=whole_number,
        default=60_000,
        metavar="N",
        help="units to make up from the parts of those in the tables; 60,000 by default",
    )
    pretrain.add_argument(
        "--epochs",
        type=whole_number,
        default=12,
        metavar="N",
        help="passes over the units; 12 by default",
    )
    pretrain.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="of everything random; 0 by default"
    )
    add_on(pretrain, "here")
    pretrain.set_defaults(carry_out=_pretrain)


class _Teller(Reporter):
    """Prints what is worth a line."""

    def log(self, line: str) -> None:
        print_line(line, stderr=True)

    def measured(self, row: dict) -> None:
        shares = ", ".join(
            f"{name} {row[name]:.2f}"
            for name in sorted({*row} - {"epoch", "train_loss", "seconds"})
        )
        print_line(
            f"Epoch {row['epoch']}: loss {row['train_loss']:.4f}, {row['seconds']:.0f} s; share of "
            f"the variance explained: {shares}",
            stderr=True,
        )


def _pretrain(arguments: argparse.Namespace) -> int:
    """Make an encoder, and say what it is."""
    if arguments.on == "slurm":
        return _pretrain_on_slurm(arguments)
    # Loaded here, since they wait for torch.
    from ..base.hardware import detect
    from ..models.encoder import INFO, WEIGHTS
    from ..runs.encoder_making import make_encoder
    from ..training.context import TrainContext

    key = sha256(str(arguments.output.resolve()).encode()).hexdigest()[:16]
    checkpoints = subfolder("pretraining") / key
    _demand_empty(arguments.output, (WEIGHTS, INFO) if checkpoints.is_dir() else ())
    context = TrainContext(arguments.output, _Teller(), checkpoints=checkpoints).on(
        "cuda" if detect().gpus else "cpu"
    )
    with progress_bar() as show:
        info = make_encoder(
            arguments.tables, arguments.made_up, arguments.epochs, arguments.seed, context, show
        )
    rmtree(checkpoints, ignore_errors=True)
    print_line(
        f"The encoder in {arguments.output} learned from {info.known:,} units of the tables and "
        f"{info.made_up:,} made-up ones."
    )
    return 0


def _pretrain_on_slurm(arguments: argparse.Namespace) -> int:
    numbers = {"made-up": arguments.made_up, "epochs": arguments.epochs, "seed": arguments.seed}
    said = [f"--{name}={number}" for name, number in numbers.items()]
    tables = [str(table.resolve()) for table in arguments.tables]
    output = str(arguments.output.resolve())
    words = ["pretrain", *said, "--output", output, "--", *tables]
    return carry_out_on_slurm(words, Path.cwd())


def _demand_empty(folder: Path, unfinished: Container[str]) -> None:
    """Make a folder before hours go into what it is to hold.

    Args:
        folder: to be made.
        unfinished: names of files that it may hold, from when the same command was cut off.

    Raises:
        UserError: when it cannot be made, or holds something else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = next((path for path in folder.iterdir() if path.name not in unfinished), None)
    except OSError as error:
        raise UserError(f"{folder} cannot be written to: {error.strerror}.") from error
    if held is not None:
        raise UserError(f"{folder} holds {held.name}: name a new folder, or empty this one.")
