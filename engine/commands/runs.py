"""`train`, `runs`, `stop`, `resume` and `delete`."""

import argparse
import json
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from ..runs import (
    Run,
    RunConfig,
    changes_of,
    delete_run,
    disk_use,
    find_run,
    list_runs,
    read_progress,
    resume_run,
    start_run,
    stop_run,
)
from ..runs.records import LONGEST, checked_name
from ..table import Table
from .devices import device_settings
from .figures import print_figures
from .progress import bars
from .tables import checked_table, given_units


def train(arguments: argparse.Namespace) -> int:
    """Start a run; in the foreground show its progress and end with its figures."""
    name = None if arguments.name is None else checked_name(arguments.name)
    table = checked_table(arguments)
    config = RunConfig(
        name=name or Path(table.name).stem[:LONGEST],
        preset=arguments.preset,
        folds=arguments.folds,
        seed=arguments.seed,
        units=given_units(arguments.unit),
        use=device_settings(arguments),
    )
    return begin(table, config, arguments.detach)


def begin(table: Table, config: RunConfig, detach: bool) -> int:
    """Start a run and, unless it is left to itself, show it until it ends."""
    run = start_run(table, config)
    console = Console()
    console.print(f"Run {run.id}, files in {run.folder}", highlight=False, soft_wrap=True)
    return 0 if detach else _see_through(run, console)


def resume(arguments: argparse.Namespace) -> int:
    """Let a run go on; in the foreground show its progress and end with its figures."""
    run = resume_run(find_run(arguments.run))
    console = Console()
    console.print(f"Run {run.id} goes on.", highlight=False, soft_wrap=True)
    return 0 if arguments.detach else _see_through(run, console)


def _see_through(run: Run, console: Console) -> int:
    """Show a run until it ends; Ctrl-C stops it."""
    try:
        run = _watch(run)
    except KeyboardInterrupt:
        console.print("Stopping…")
        run = stop_run(run)
    if run.state != "done":
        console.print(
            f"Run {run.state}. {run.reason}", highlight=False, markup=False, soft_wrap=True
        )
        return 1
    if run.reason:
        console.print(run.reason, highlight=False, markup=False, soft_wrap=True)
    print_figures(run.figures, console, "Out-of-fold error")
    return 0


def list_all(arguments: argparse.Namespace) -> None:
    """Print the runs."""
    runs = list_runs()
    if arguments.json:
        fields = {*Run.model_fields} - {"pid", "pid_started", "boot_id", "position", "since"}
        rows = [
            {
                **run.model_dump(include=fields),
                "seconds": run.seconds,
                "changes": [change.model_dump() for change in changes_of(run.id)],
            }
            for run in runs
        ]
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    shown = RichTable(box=None)
    shown.add_column("id", no_wrap=True)
    for head in ("name", "state", "done", "wMAE"):
        shown.add_column(head)
    for run in runs:
        state = f"{run.state}: {run.stage}" if run.alive and run.stage else run.state
        wmae = run.figures["blend"]["wmae"] if run.figures else None
        figure = "" if wmae is None else f"{wmae:.4f}"
        shown.add_row(run.id, escape(run.name), state, f"{run.progress:.0%}", figure)
    Console().print(shown if runs else "No runs yet: start one with `python -m engine train`.")


def stop(arguments: argparse.Namespace) -> None:
    """Stop a run and wait until it has ended."""
    run = stop_run(find_run(arguments.run))
    Console().print(
        f"{run.id}: {run.state}. {run.reason}", highlight=False, markup=False, soft_wrap=True
    )


def delete(arguments: argparse.Namespace) -> int:
    """Delete a run, after asking."""
    run = find_run(arguments.run)
    console = Console()
    size = f"{disk_use(run) / 2**20:,.1f} MB"
    if not arguments.yes:
        answer = console.input(
            f"Delete run {escape(run.name)} ({run.id}) and its {size} for good? yes or no: "
        )
        if answer.strip().casefold() not in ("y", "yes"):
            console.print("Nothing was deleted.")
            return 1
    delete_run(run)
    console.print(f"Deleted; {size} are free again.", highlight=False)
    return 0


def _watch(run: Run) -> Run:
    """Show the progress of a run until it ends."""
    with bars() as shown:
        tasks: dict[str, int] = {}
        while run.alive:
            for stage in read_progress(run).stages:
                if stage.name not in tasks:
                    tasks[stage.name] = shown.add_task(stage.title, total=stage.total, start=False)
                if stage.done:
                    shown.start_task(tasks[stage.name])
                shown.update(tasks[stage.name], completed=stage.done, total=stage.total)
            time.sleep(0.5)
            run = find_run(run.id)
    return run
