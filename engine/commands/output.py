"""What commands show on the terminal: progress bars, and figures of error."""

from collections.abc import Callable, Iterator, Sequence
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
from rich.table import Column, Table

from ..base.errors import UserError
from ..models.members import title_of
from ..settings.properties import Property

Show = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is."""

_WEIGHTED = {"wmae": "wMAE", "wmae_row": "wMAE\nby row"}
_SCORED = {"n": "labels", "mae": "MAE", "bias": "mean signed\nerror", "rmse": "RMSE", "r2": "R²"}
_SIDE_BY_SIDE = 5
"""Most properties whose errors stand side by side."""


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


def confirmed(question: str) -> bool:
    """Ask on the terminal before something is deleted; says so where the answer is no.

    Raises:
        UserError: when nobody is there to answer.
    """
    console = Console()
    try:
        answer = console.input(escape(f"{question} yes or no: "))
    except EOFError:
        raise UserError("Nobody is there to answer: say --yes to delete it.") from None
    if answer.strip().casefold() in ("y", "yes"):
        return True
    console.print("Nothing was deleted.")
    return False


def print_figures(
    figures: dict, properties: Sequence[Property], console: Console, title: str
) -> None:
    """Print `{"blend": …, "members": …}`; up to five properties fit 80 columns side by side."""
    rows = {**figures["members"], "blend": figures["blend"]}
    if len(properties) <= _SIDE_BY_SIDE:
        console.print(_members_below_each_other(rows, properties, title))
    else:
        console.print(_properties_below_each_other(rows, properties, title))


def print_score(result: dict, properties: Sequence[Property], title: str) -> None:
    """Print the errors of one model by property, as `engine.inference.scoring` gives them."""
    table = Table("property", *_SCORED.values(), title=title, box=SIMPLE_HEAD)
    for property_ in properties:
        name = property_.name
        if result["n"][name]:
            cells = [_number(result[form][name]) for form in _SCORED]
            table.add_row(escape(property_.errors.label), *cells)
    console = Console()
    console.print(table)
    weighted = [f"{words} {result[form]:.4f}" for form, words in _WEIGHTED.items() if result[form]]
    print_line(", ".join(weighted).replace("\n", " "))


def _members_below_each_other(
    rows: dict[str, dict], properties: Sequence[Property], title: str
) -> Table:
    names = [property_.name for property_ in properties]
    heads = [escape(f"{each.name}\n{each.errors.unit}".strip()) for each in properties]
    table = Table("MAE", *heads, *_WEIGHTED.values(), title=title, box=SIMPLE_HEAD)
    for member, scores in rows.items():
        errors = [_number(scores["mae"][name]) for name in names]
        table.add_row(_title(member), *errors, *(_weighted(scores, form) for form in _WEIGHTED))
    return table


def _properties_below_each_other(
    rows: dict[str, dict], properties: Sequence[Property], title: str
) -> Table:
    heads = [Column(_title(member), justify="right", min_width=8) for member in rows]
    table = Table(
        Column("MAE", overflow="fold"),
        *heads,
        title=title,
        box=SIMPLE_HEAD,
        padding=(0, 0, 0, 1),
        pad_edge=False,
    )
    for property_ in properties:
        errors = [_number(scores["mae"][property_.name], 3) for scores in rows.values()]
        table.add_row(escape(property_.errors.label), *errors)
    for form, words in _WEIGHTED.items():
        table.add_row(words.replace("\n", " "), *(_weighted(row, form) for row in rows.values()))
    return table


def _title(member: str) -> str:
    return "Blend" if member == "blend" else title_of(member)


def _weighted(scores: dict, form: str) -> str:
    return "" if scores[form] is None else f"{scores[form]:.4f}"


def _number(value: float | None, digits: int = 4) -> str:
    return "" if value is None else f"{value:.{digits}g}"
