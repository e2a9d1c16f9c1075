"""Figures of error as a table on the terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engine.properties import property_for


def print_figures(figures: dict, console: Console, title: str) -> None:
    """Print `{"blend": …, "members": …}` with a row for each member."""
    names = list(figures["blend"]["mae"])
    heads = [escape(f"{property_for(name).label} MAE") for name in names]
    table = Table("", *heads, "wMAE", "wMAE by row", title=title)
    for member, one in {**figures["members"], "blend": figures["blend"]}.items():
        errors = [_number(one["mae"][name]) for name in names]
        table.add_row(member, *errors, _number(one["wmae"]), _number(one["wmae_row"]))
    console.print(table)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
