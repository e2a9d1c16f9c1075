"""`train`, `resume` and `clone`: commands that let a run work, and show it."""

import argparse
import time

from rich.console import Console
from rich.progress import TaskID

from ..base.workspace import COMMAND
from ..inference.bundle import read_info
from ..runs import (
    Run,
    RunConfig,
    clone_of,
    exclude,
    find_run,
    read_cells,
    read_progress,
    resume_run,
    start_run,
    stop_run,
    unlearned_words,
    with_kept_folds,
)
from ..runs.records import LONGEST, checked_name
from ..settings.devices import DeviceSettings
from ..table import Table, leave_out
from .options import Commands, add_devices, add_on, add_run, add_settings, device_settings, seed
from .output import bars, print_figures, print_line, progress_bar
from .sources import add_leave_out, add_tables, checked_tables
from .table_options import add_accept, said_mending, tell_findings

_CLONED = ("name", "preset", "folds", "seed", "pretrained")


def add(commands: Commands) -> None:
    """Add the commands."""
    train = commands.add_parser("train", help="train on a table")
    add_tables(train)
    add_settings(train)
    train.add_argument("--seed", type=seed, default=0, metavar="N")
    _add_pretrained(train, True)
    train.add_argument("--name", help="for the list of runs; else the table's name")
    add_accept(train)
    _add_detach(train)
    add_on(train, "here")
    train.set_defaults(carry_out=_train)

    resume = commands.add_parser(
        "resume", help="let a run that has ended too early go on from its checkpoints"
    )
    add_run(resume)
    _add_detach(resume)
    add_on(resume, None)
    resume.set_defaults(carry_out=_resume)

    clone = commands.add_parser(
        "clone",
        help="start a run on the same table; what is not said is as in the run it is cloned from",
    )
    add_run(clone)
    clone.add_argument("--preset", metavar="P")
    clone.add_argument("--folds", metavar="F")
    clone.add_argument("--seed", type=seed, metavar="N")
    _add_pretrained(clone, None)
    clone.add_argument("--name", help="for the list of runs")
    add_leave_out(clone)
    clone.add_argument(
        "--exclude",
        metavar="FILE",
        help="labels not to learn from: a table with the columns row (its number in the run's "
        "table) and property, and why if you like, such as the label doctor's list; what is left "
        "stays in the run's folds",
    )
    _add_detach(clone)
    add_on(clone, "here")
    add_devices(clone)
    clone.set_defaults(carry_out=_clone, **dict.fromkeys(DeviceSettings.model_fields))


def _add_detach(command: argparse.ArgumentParser) -> None:
    command.add_argument("--detach", action="store_true", help="return at once")


def _add_pretrained(command: argparse.ArgumentParser, default: bool | None) -> None:
    command.add_argument(
        "--pretrained",
        action=argparse.BooleanOptionalAction,
        default=default,
        help="whether networks start from the pretrained encoder, where the preset has it so "
        "(cpu, gpu and best); else from random weights",
    )


def _train(arguments: argparse.Namespace) -> int:
    """Start a run; in the foreground show its progress and end with its figures."""
    name = None if arguments.name is None else checked_name(arguments.name)
    table = checked_tables(arguments)
    tell_findings(table, arguments.accept)
    config = RunConfig(
        name=name or table.title[:LONGEST],
        preset=arguments.preset,
        folds=arguments.folds,
        seed=arguments.seed,
        pretrained=arguments.pretrained,
        units={} if table.sources else said_mending(arguments).units,
        use=device_settings(arguments),
    )
    return _start(table, config, arguments)


def _resume(arguments: argparse.Namespace) -> int:
    """Let a run go on; in the foreground show its progress and end with its figures."""
    run = resume_run(find_run(arguments.run), arguments.on)
    print_line(f"Run {run.id} goes on.")
    return 0 if arguments.detach else _see_through(run)


def _clone(arguments: argparse.Namespace) -> int:
    """Start a run like another one."""
    given = {name: value for name, value in vars(arguments).items() if value is not None}
    if "name" in given:
        given["name"] = checked_name(given["name"])
    origin = clone_of(find_run(arguments.run))
    use = {name: given[name] for name in DeviceSettings.model_fields if name in given}
    config = RunConfig(
        **{
            **origin.config.model_dump(),
            **{name: given[name] for name in _CLONED if name in given},
            "use": {**origin.config.use.model_dump(), **use},
        }
    )
    with progress_bar() as show:
        table = origin.checked(lambda done, total: show("Checking", done, total))
    if arguments.exclude:
        table, config = exclude(origin, table, config, read_cells(arguments.exclude))
    if arguments.leave_out:
        table, config = with_kept_folds(table, config)
    return _start(leave_out(table, arguments.leave_out), config, arguments)


def _start(table: Table, config: RunConfig, arguments: argparse.Namespace) -> int:
    """Start a run and, unless it is left to itself, show it until it ends."""
    run = start_run(table, config, on=arguments.on)
    for words in unlearned_words(table):
        print_line(words)
    print_line(f"Run {run.id}, files in {run.folder}")
    return 0 if arguments.detach else _see_through(run)


def _see_through(run: Run) -> int:
    """Show a run until it ends; Ctrl-C stops it."""
    try:
        run = _watch(run)
    except KeyboardInterrupt:
        print_line("Stopping…")
        run = stop_run(run)
    if run.state != "done":
        print_line(f"Run {run.state}. {run.reason}")
        return 1
    if run.reason:
        print_line(run.reason)
    info = read_info(run.bundle)
    print_figures(info.figures, info.properties, Console(), "Out-of-fold error")
    effects = info.source_effects
    if effects:
        print_line("What each source changed, measured with one Gaussian process of all:")
    for effect in effects:
        print_line(f"  {effect.sentence}")
    print_line(f"Next: {COMMAND} predict {run.id} FILE.csv, or see {COMMAND} studio.")
    return 0


def _watch(run: Run) -> Run:
    """Show the progress of a run until it ends."""
    with bars() as shown:
        tasks: dict[str, TaskID] = {}
        said, alive = "", True
        while alive:
            # Asked before, so that the bars are those of the end when it has ended.
            run = find_run(run.id)
            alive = run.alive
            if alive and run.reason != said:
                said = run.reason
                print_line(said)
            for stage in read_progress(run).stages:
                if stage.name not in tasks:
                    tasks[stage.name] = shown.add_task(stage.title, total=stage.total, start=False)
                if stage.done:
                    shown.start_task(tasks[stage.name])
                shown.update(tasks[stage.name], completed=stage.done, total=stage.total)
            if alive:
                time.sleep(0.5)
    return run
