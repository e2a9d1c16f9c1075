"""`report`: a finished run's errors as one HTML file."""

import argparse
from pathlib import Path

from ..base.errors import UserError
from ..base.workspace import writing_to
from ..runs import find_run
from ..runs.html_report import html_report
from .options import Commands, add_run
from .output import print_line, progress_bar


def add(commands: Commands) -> None:
    """Add the command."""
    report = commands.add_parser("report", help="write a run's errors as one HTML file")
    add_run(report)
    report.add_argument(
        "-o",
        "--output",
        metavar="OUT.html",
        type=Path,
        default=Path("report.html"),
        help="where to write; report.html by default",
    )
    report.set_defaults(carry_out=_report)


def _report(arguments: argparse.Namespace) -> None:
    """Write the report, and say where it lies."""
    path: Path = arguments.output
    with progress_bar() as show:
        text = html_report(find_run(arguments.run), show)
    try:
        with writing_to(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from error
    print_line(f"Written: {path}")
