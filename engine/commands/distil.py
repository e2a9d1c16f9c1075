"""`distil`: make the student of a model, by which it screens many units quickly."""

import argparse
from pathlib import Path

from ..base.wording import counted
from .options import Commands, add_model, opened_model, seed, whole_number
from .output import print_line, progress_bar

_OF_COMPOSITIONS = (
    " It reads single repeat units: compositions are all predicted by the model itself."
)


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "distil",
        help="make a student of a model, by which `screen` rules out most of many units in "
        "minutes; takes about ten minutes on two cores",
    )
    add_model(command)
    command.add_argument(
        "tables",
        nargs="+",
        type=Path,
        metavar="TABLE",
        help="whose columns named after SMILES hold repeat units like those that are to be "
        "screened; labels are not read",
    )
    command.add_argument(
        "--units",
        type=whole_number,
        metavar="N",
        help="that the ensemble answers for it, three quarters of them made up of the parts of the "
        "tables' units; 32,000 by default",
    )
    command.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="of everything random; 0 by default"
    )
    command.set_defaults(carry_out=_distil)


def _distil(arguments: argparse.Namespace) -> None:
    """Make a student, and say what it is."""
    # Loaded here, since it waits for torch.
    from ..screening.distilling import UNITS, distil

    predictor = opened_model(arguments.model)
    with progress_bar() as show:
        info = distil(predictor, arguments.tables, show, arguments.units or UNITS, arguments.seed)
    print_line(
        f"The model {predictor.info.name!r} has a student, taught on "
        f"{counted(info.known, 'unit')} of the tables and {info.made_up:,} made-up ones; "
        f"{info.held_out:,} of them were held out, and say how far it can be trusted."
        + (_OF_COMPOSITIONS if predictor.info.learned_compositions else "")
    )
