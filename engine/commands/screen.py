"""`screen`: predict as many repeat units as there are, and keep those that are asked for."""

import argparse
from pathlib import Path

from ..base.errors import UserError
from ..base.wording import counted, listed
from ..base.workspace import COMMAND
from ..inference.bundle import read_info
from ..inference.seen import UNKNOWN_ATOMS
from ..runs import find_model
from ..screening import Screened, Wanted, join, screen
from ..screening.work import work_folder
from ..table.fixing import written_names
from ..table.mending import FragmentsUse
from .on_cluster import carry_out_on_slurm
from .options import (
    Commands,
    add_columns,
    add_conditions,
    add_fragments,
    add_model,
    add_on,
    given_conditions,
    opened_model,
    said_columns,
    said_units,
)
from .output import print_line, progress_bar


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "screen", help="predict files of any length, and keep what meets a specification"
    )
    add_model(command)
    command.add_argument(
        "input",
        nargs="+",
        metavar="INPUT",
        help="tables, also compressed (.gz, .bz2, .xz), lists of SMILES, and folders of them",
    )
    command.add_argument(
        "-o", "--output", required=True, metavar="OUT.parquet", help="or OUT.csv: what is kept"
    )
    command.add_argument(
        "--keep", default="", metavar="TEXT", help="only rows that meet 'Tg > 150, Density < 1.2'"
    )
    command.add_argument("--top", type=int, metavar="N", help="only the N best, best first")
    command.add_argument(
        "--by",
        default="",
        metavar="TEXT",
        help="what the best are chosen by, such as 'Tc high' or 'lowest Density'; else by the "
        "probability of meeting --keep",
    )
    command.add_argument(
        "--with-guesses",
        action="store_true",
        help=f"also keep units with {UNKNOWN_ATOMS}",
    )
    command.add_argument(
        "--inside-only",
        action="store_true",
        help="only units in the applicability domain for what --keep and --by ask for",
    )
    command.add_argument(
        "--in-full",
        action="store_true",
        help="let the ensemble predict all rows, also where a student of the model could rule "
        "most of them out (see `distil`)",
    )
    add_conditions(command)
    add_columns(command)
    add_fragments(command)
    command.add_argument(
        "--join",
        action="store_true",
        help="help with the screening that the same words without --join began, here or on another "
        "machine that sees the same folders; the other one writes the result",
    )
    add_on(command, "here")
    command.set_defaults(carry_out=_screen)


def _screen(arguments: argparse.Namespace) -> int:
    """Screen, and say what it came to."""
    if arguments.on == "slurm":
        return _screen_on_slurm(arguments)
    predictor, out = opened_model(arguments.model), Path(arguments.output)
    wanted = Wanted.of_words(
        predictor.info.answers,
        arguments.keep,
        arguments.by,
        arguments.top,
        arguments.with_guesses,
        arguments.inside_only,
        arguments.in_full,
    )
    inputs = [Path(each) for each in arguments.input]
    columns = said_columns(arguments)["smiles"], arguments.id_column
    units = said_units(arguments)
    conditions = given_conditions(predictor, arguments.condition)
    fragments: FragmentsUse = arguments.fragments or "refuse"
    if arguments.join:
        print_line(f"Helps with the screening into {out} until it ends.", stderr=True)
        with progress_bar() as show:
            own = join(
                predictor, inputs, out, wanted, show, *columns, conditions, fragments, units=units
            )
        print_line(f"Helped with {counted(own, 'row')}.")
        return 0
    try:
        with progress_bar() as show:
            screened = screen(
                predictor, inputs, out, wanted, show, *columns, conditions, fragments, units=units
            )
    except KeyboardInterrupt:
        if (parts := work_folder(out)).exists():
            words = f"Interrupted. The same command goes on; {parts} holds what is done."
            print_line(words, stderr=True)
        raise
    _tell(screened, out)
    return 0


def _screen_on_slurm(arguments: argparse.Namespace) -> int:
    """Let a node of the cluster do it, and others help it where cluster.yaml says `tasks`."""
    if arguments.join:
        raise UserError("With --on slurm, `tasks` in cluster.yaml says how many nodes share it.")
    # Before a job waits for nothing.
    model = find_model(arguments.model).resolve()
    Wanted.of_words(read_info(model).answers, arguments.keep, arguments.by, arguments.top)
    texts = {
        "output": str(Path(arguments.output).resolve()),
        "keep": arguments.keep,
        "by": arguments.by,
        "top": arguments.top,
        "smiles-column": arguments.smiles_column,
        "id-column": arguments.id_column,
        "fragments": arguments.fragments,
        "fractions": arguments.fractions,
        "architecture-column": arguments.architecture_column,
        "architecture": arguments.architecture,
    }
    named = {"unit": arguments.unit_columns, "fraction": arguments.fraction_columns}
    texts |= {f"{what}-columns": each and written_names(each) for what, each in named.items()}
    said = [f"--{name}={text}" for name, text in texts.items() if text is not None]
    said += [f"--condition={each}" for each in arguments.condition]
    for name in ("with_guesses", "inside_only", "in_full"):
        said += [f"--{name.replace('_', '-')}"] * getattr(arguments, name)
    inputs = [str(Path(each).resolve()) for each in arguments.input]
    words = [*said, "--", str(model), *inputs]
    helpers = ["screen", "--join", *words]
    return carry_out_on_slurm(["screen", *words], Path.cwd(), helpers)


def _tell(screened: Screened, out: Path) -> None:
    if screened.skipped:
        names = listed([str(path) for path in screened.skipped])
        print_line(f"Not read, by their names no tables: {names}.", stderr=True)
    for words in screened.unread:
        print_line(words, stderr=True)
    if screened.gone_on:
        print_line(f"{counted(screened.gone_on, 'row')} had been predicted before.", stderr=True)
    if screened.in_full < screened.rows:
        print_line(
            f"The student ruled most rows out; the ensemble predicted {screened.in_full:,}. Of a "
            "hundred wanted rows one may be among the former: --in-full predicts all.",
            stderr=True,
        )
    if screened.lacks_student:
        print_line(
            "The model has no student, which would have ruled most rows out in minutes: "
            f"`{COMMAND} distil` makes one.",
            stderr=True,
        )
    print_line(f"Written to {out}: {screened.kept:,} of {counted(screened.rows, 'row')}.")
    if screened.outside:
        lie = "lies" if screened.outside == 1 else "lie"
        print_line(
            f"{screened.outside:,} of these {lie} outside the applicability domain: the column "
            "domain says why, and --inside-only leaves such rows out.",
            stderr=True,
        )
    if screened.guesses:
        print_line(
            f"Left out: {counted(screened.guesses, 'row')} whose predictions are mere guesses, "
            f"since the unit has {UNKNOWN_ATOMS}. --with-guesses keeps such rows.",
            stderr=True,
        )
    if screened.problems_file:
        print_line(
            f"{counted(screened.problems, 'row')} could not be predicted; "
            f"{screened.problems_file} says why.",
            stderr=True,
        )
    if screened.problems and screened.problems == screened.rows:
        raise UserError(
            "No row could be predicted: is the right column read? `--smiles-column` names another."
        )
