"""Compositions that stand as texts in one column, with what other columns say of them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

from ..chem.architectures import Architecture, architecture_of
from ..chem.composition import composed, count_units, is_composition, parts_of
from ..chem.notations import BadSmilesError
from ..chem.polymers import moles_of
from .cells import is_missing
from .columns import Columns
from .polymer_text import PolymerText, Problem, empty
from .reading import RawTable

Form = Callable[[str], str]
"""What is done with each repeat unit of a composition before they are put together."""


def texts_of_column(raw: RawTable, columns: Columns, form: Form | None) -> Iterator[PolymerText]:
    """What stands for the polymer of each row of a table with one column of polymers, in order.

    Args:
        raw: the table, or some rows of it.
        columns: that are used.
        form: what is done with each repeat unit of a composition.
    """
    cells = raw.frame[columns.smiles].tolist()
    words = raw.frame[columns.architecture].tolist() if columns.architecture else repeat(None)
    for cell, word in zip(cells, words, strict=False):
        if cell is None or is_missing(cell):
            yield empty(cell or "")
        elif not is_composition(cell):
            yield PolymerText(cell, None, 1, cell)
        else:
            yield _of_composition(cell, None if is_missing(word) else word, columns, form)


def _of_composition(
    cell: str, word: str | None, columns: Columns, form: Form | None
) -> PolymerText:
    """What stands for a composition; its own text where no other column and no form changes it."""
    try:
        given = count_units(cell)
        # Read with the others, whose error says what is wrong with it.
        as_it_is = columns.basis == "mole" and not columns.one_architecture
        if word is None and form is None and as_it_is:
            return PolymerText(cell, None, given, cell)
        units, fractions, stated = parts_of(cell)
    except BadSmilesError:
        return PolymerText(cell, None, 1, cell)
    there = [pair for pair in zip(units, fractions, strict=True) if pair[1]]
    try:
        said = _architecture(word, stated, len({unit for unit, _ in there}))
        architecture = said or columns.one_architecture
    except BadSmilesError as error:
        problem = Problem("composition", f"“{columns.architecture}”: {error}")
        return PolymerText(None, problem, 0, cell)
    try:
        units = [form(unit) if form else unit for unit, _ in there]
        amounts = [amount for _, amount in there]
        moles = _moles(units, amounts) if columns.basis == "weight" else amounts
        text = composed(units, moles, architecture).unrounded
    except BadSmilesError as error:
        return PolymerText(None, Problem("composition", str(error)), 0, cell)
    return PolymerText(text, None, given, cell)


def _moles(units: Sequence[str], weights: Sequence[float]) -> list[float]:
    """The moles of units by their weights.

    Raises:
        BadSmilesError: when a unit cannot be read; it names the unit.
    """
    moles = []
    for unit, weight in zip(units, weights, strict=True):
        try:
            moles += moles_of([unit], [weight])
        except BadSmilesError as error:
            raise BadSmilesError(f"its unit “{unit[:60]}”: {error}") from error
    return moles


def _architecture(word: str | None, stated: Architecture, count: int) -> Architecture:
    """The architecture that a column or a text says.

    Raises:
        BadSmilesError: when they contradict each other.
    """
    said = architecture_of(word or "", count)
    if said and stated and said != stated:
        raise BadSmilesError(
            f"it says {said}, and the composition beside it {stated}: correct one of them"
        )
    return said or stated
