"""Where the repeat units of a composition stand in its drawing, and what is written below them."""

from typing import NamedTuple

from .composition import Composition

LINE = 22
"""Height of a line of text, in pixels."""
_FLATTEST = 1.3
"""Of how many times its height a panel has the width that suits most repeat units."""


class Panel(NamedTuple):
    """The place of one repeat unit in a drawing.

    Attributes:
        unit: its SMILES.
        left, top, width, height: in pixels.
        legend: what is written below it; empty of a single unit.
    """

    unit: str
    left: int
    top: int
    width: int
    height: int
    legend: str


def panels_of(composition: Composition, width: int, height: int) -> list[Panel]:
    """The places of a composition's repeat units, in their order, as large as they can be.

    Args:
        composition: its units; a single one has the whole drawing.
        width, height: of the drawing, in pixels.
    """
    units = composition.units
    if len(units) == 1:
        return [Panel(units[0], 0, 0, width, height, "")]
    height -= LINE if composition.architecture else 0

    def room(columns: int) -> float:
        rows = -(-len(units) // columns)
        return min(width / columns, (height / rows - LINE) * _FLATTEST)

    columns = max(range(1, len(units) + 1), key=room)
    rows = -(-len(units) // columns)
    wide, high = width // columns, height // rows
    return [
        Panel(unit, wide * (n % columns), high * (n // columns), wide, high, percent_words(share))
        for n, (unit, share) in enumerate(zip(units, composition.fractions, strict=True))
    ]


def percent_words(fraction: float) -> str:
    """A mole fraction in per cent, as it is written beside a unit: `33.3 mol%`."""
    percent = fraction * 100
    # Rounded to 100, it would say that there is no other unit.
    return f"{percent:.3g} mol%" if percent < 99.95 else f"{percent:.7g} mol%"
