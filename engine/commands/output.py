"""What commands show on the terminal: progress bars, and figures of error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from ..models.members import title_of
from ..settings.properties import property_for

Show = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is."""

_WEIGHTED = ("wmae", "wmae_row")


@contextmanager
def progress_bar() -> Iterator[Show]:
    """A bar for each kind of work, on standard error; gone when the work is done."""
    with bars(transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what.capitalize(), total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield show


def bars(transient: bool = False) -> Progress:
    """Progress bars with counts and the time left, on standard error.

    Args:
        transient: whether they vanish when the work is done; such bars are for terminals only.
    """
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description:<18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=transient,
        disable=transient and not console.is_terminal,
    )


def print_line(words: str, stderr: bool = False) -> None:
    """Print a sentence as it stands: paths and SMILES are no markup, and no line is broken."""
    Console(stderr=stderr).print(words, highlight=False, markup=False, soft_wrap=True)


def print_figures(figures: dict, console: Console, title: str) -> None:
    """Print `{"blend": …, "members": …}` with a row for each member; fits 80 columns."""
    names = list(figures["blend"]["mae"])
    properties = [property_for(name) for name in names]
    heads = [escape(f"{property_.name}\n{property_.unit}".strip()) for property_ in properties]
    table = Table("MAE", *heads, "wMAE", "wMAE\nby row", title=title, box=SIMPLE_HEAD)
    for member, scores in {**figures["members"], "blend": figures["blend"]}.items():
        errors = [_number(scores["mae"][name]) for name in names]
        weighted = ["" if scores[form] is None else f"{scores[form]:.4f}" for form in _WEIGHTED]
        table.add_row("Blend" if member == "blend" else title_of(member), *errors, *weighted)
    console.print(table)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
