"""`kaggle`: a notebook and a dataset that predict, or train and predict, on Kaggle offline."""

import argparse
from pathlib import Path

from ..base.wording import counted
from ..runs import find_model
from .options import Commands
from .output import print_line, progress_bar


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "kaggle",
        help="make a notebook and a dataset that write submission.csv on Kaggle without network",
    )
    command.add_argument(
        "model",
        nargs="?",
        metavar="MODEL",
        help="that the dataset brings: the id or name of a run or an imported model, a bundle's "
        "folder, default or shipped; without one the notebook trains on Kaggle",
    )
    command.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        type=Path,
        default=Path("kaggle-kit"),
        help="where to write; kaggle-kit by default",
    )
    command.add_argument(
        "--wheels",
        metavar="FOLDER",
        type=Path,
        help="wheels of what Kaggle's image lacks; else pip downloads some hundred MB",
    )
    command.set_defaults(carry_out=_kaggle)


def _kaggle(arguments: argparse.Namespace) -> None:
    """Make the kit, and say what to do with it."""
    from ..kaggle.kit import make_kit
    from ..kaggle.notebook import README

    model = find_model(arguments.model) if arguments.model else None
    with progress_bar() as show:
        kit = make_kit(arguments.output, model, arguments.wheels, show)
    brings = f" and the model {kit.model!r}" if kit.model else ", and no model: it trains there"
    print_line(f"Notebook: {kit.notebook}")
    print_line(
        f"Dataset:  {kit.dataset}, {kit.megabytes:,.0f} MB: {counted(kit.wheels, 'wheel')}{brings}"
    )
    print_line(
        "On Kaggle: make a private dataset of that folder's files, import the notebook into the "
        "competition, add both inputs, switch the internet off, and submit (step by step in "
        f"{kit.folder / README})."
    )
