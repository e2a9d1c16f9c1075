"""Figures of error as a table on the terminal."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..settings.members import MEMBER_TITLES
from ..settings.properties import property_for

_WEIGHTED = ("wmae", "wmae_row")


def print_figures(figures: dict, console: Console, title: str) -> None:
    """Print `{"blend": …, "members": …}` with a row for each member; fits 80 columns."""
    names = list(figures["blend"]["mae"])
    known = [property_for(name) for name in names]
    heads = [escape(f"{one.name}\n{one.unit}".strip()) for one in known]
    table = Table("MAE", *heads, "wMAE", "wMAE\nby row", title=title, box=SIMPLE_HEAD)
    for member, one in {**figures["members"], "blend": figures["blend"]}.items():
        errors = [_number(one["mae"][name]) for name in names]
        weighted = ["" if one[form] is None else f"{one[form]:.4f}" for form in _WEIGHTED]
        table.add_row(MEMBER_TITLES.get(member, "Blend"), *errors, *weighted)
    console.print(table)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
