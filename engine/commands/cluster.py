"""`cluster`: whether the Slurm cluster that the workspace describes can train."""

import argparse

from ..base.workspace import COMMAND
from .options import Commands
from .output import print_line


def add(commands: Commands) -> None:
    """Add the command."""
    cluster = commands.add_parser(
        "cluster",
        help="check the Slurm cluster that cluster.yaml in the workspace describes, with a job of "
        "ten seconds",
    )
    cluster.add_argument("what", choices=["check"])
    cluster.add_argument(
        "--patience",
        type=float,
        default=300,
        metavar="SECONDS",
        help="how long the job may wait in the queue; 300 by default",
    )
    cluster.set_defaults(carry_out=_check)


def _check(arguments: argparse.Namespace) -> None:
    """Submit the job, and say what the node is or what is wrong."""
    # Loaded here: other commands need no submitit.
    from ..cluster.check import check_cluster, differences
    from ..cluster.settings import read_cluster, remember_checked

    cluster = read_cluster()
    for line in cluster.setup:
        print_line(f"setup: {line}")
    report = check_cluster(cluster, print_line, arguments.patience)
    remember_checked(cluster, report)
    print_line(
        f"The cluster works. The node {report.node} has Python {report.python} at "
        f"{report.executable}, and gives a job {report.hardware.sentence()}."
    )
    if words := differences(report):
        print_line(words)
    print_line(f"Next: {COMMAND} train TABLE --on slurm.")
