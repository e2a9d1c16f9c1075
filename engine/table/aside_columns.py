"""Columns called like those of a composition's units or fractions, and not read as such."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from ..base.wording import clipped
from ..chem.fractions import is_number, number_of
from ..chem.names import polymer_named
from ..chem.notations import BadSmilesError, drawn_unit, stand_in_ends
from .cells import is_missing
from .column_cells import is_numeric, is_smiles, values_of
from .name_families import families, loose_families
from .reading import RawTable
from .share_names import says_share, share_families


def columns_aside(
    raw: RawTable, units: Sequence[str], fractions: Sequence[str], taken: Collection[str]
) -> tuple[str, ...]:
    """Columns that may hold a further unit, or a fraction of one, in a few rows or all.

    Args:
        raw: the table.
        units: the columns of repeat units.
        fractions: those of their fractions.
        taken: columns that the user names as something else; a salt's keeps its place even so.
    """
    like_units = _family_of(units, _families_of(raw.column_names))
    structures = [
        name
        for name in like_units.values()
        if name not in units and values_of(raw, name, 1) and not is_numeric(raw, name)
    ]
    names = [name for name in raw.column_names if name not in taken or name in fractions]
    like_shares = _family_of(fractions, share_families(names)) if fractions else {}
    own = {place for place, name in like_units.items() if name in units}
    shares = [
        name
        for place, name in like_shares.items()
        if place not in (own or range(1, len(units) + 1))
        and name not in {*units, *fractions}
        and is_numeric(raw, name)
    ]
    return (*structures, *shares)


def _families_of(names: Sequence[str]) -> Iterator[dict[int, str]]:
    yield from families(names)
    yield from loose_families(names)


def _family_of(columns: Sequence[str], among: Iterable[dict[int, str]]) -> dict[int, str]:
    """The first family that holds some columns, counted from 1; empty where none does."""
    family = next((each for each in among if {*columns} <= {*each.values()}), {})
    first = min(family, default=1)
    return {place + (first == 0): name for place, name in family.items()}


def fault_aside(cells: Mapping[str, str | None], conditions: Collection[str]) -> str | None:
    """Why a row cannot be read without the cells of such columns; None where they say nothing.

    A salt or a solvent in one may have a share in another.

    Args:
        cells: of a row, by their columns.
        conditions: columns of them that are read otherwise.
    """
    others, shares = 0, []
    for name, cell in cells.items():
        if cell is None or is_missing(cell):
            continue
        if says_share(name):
            if _is_something(cell):
                shares.append(f"“{name}” has {cell}, and no column has a repeat unit for it")
        elif name not in conditions and ("*" in cell or is_unit(cell)):
            return (
                f"“{name}” has the repeat unit “{clipped(cell, 60)}”, and is read as no column of "
                "units: correct its cells that are none, or name it with `--unit-columns`"
            )
        else:
            others += 1
    return shares[others] if len(shares) > others else None


def _is_something(share: str) -> bool:
    """Whether a text is a number above 0; others are notes."""
    try:
        return number_of(share) > 0
    except BadSmilesError:
        # One that is too large is more than nothing.
        return is_number(share.strip())


@lru_cache(maxsize=20_000)
def is_unit(cell: str) -> bool:
    """Whether a cell is drawn with chain ends, in any notation, or names a polymer."""
    if polymer_named(cell):
        return True
    try:
        drawn = bool(drawn_unit(cell) or stand_in_ends([cell]))
    except BadSmilesError:
        return False
    return drawn and is_smiles(cell)
