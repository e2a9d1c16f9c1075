"""Which columns hold the repeat units of a composition, their fractions, and the architecture."""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from ..base.budget import check_time
from ..base.errors import UserError
from ..chem.architectures import Architecture, architecture_of
from ..chem.comonomers import units_made_of
from ..chem.composition import is_composition
from ..chem.notations import BadSmilesError
from ..chem.smiles import canonical, without_stereo
from ..settings.polymer_columns import Basis, SaidUnits
from .amount_units import demand_one_measure
from .aside_columns import columns_aside, is_unit
from .cell_units import units_of
from .column_cells import (
    NUMBER_SAMPLE,
    SMILES_SAMPLE,
    has_stars,
    is_numeric,
    is_smiles,
    values_of,
    words_of,
)
from .fraction_columns import (
    Whole,
    basis_told,
    fraction_columns,
    numbers_of,
    places_of,
    whole_of,
)
from .name_families import LONGEST_NAME, are_alike, families, loose_families
from .reading import RawTable

_ARCHITECTURE = re.compile(
    r"(.*_)?(architecture|topology|chain_type|(co)?polymer_type|microstructure|arrangement)"
    r"|(monomer_)?sequence(_type|_distribution)?|type"
)
_MOST_PARTS = 20
"""Numbers up to this may be parts to one."""


class UnitColumns(NamedTuple):
    """The columns of a composition.

    Attributes:
        units: of repeat units, the first included.
        fractions: of their fractions, in the order of the units; that of the last may be missing.
        basis: what the fractions are shares of.
        whole: what they add up to.
        architecture: the column that says how units follow each other.
        aside: columns called like units or fractions that are read as neither.
    """

    units: tuple[str, ...]
    fractions: tuple[str, ...] = ()
    basis: Basis = "mole"
    whole: Whole = "one"
    architecture: str | None = None
    aside: tuple[str, ...] = ()


def find_unit_columns(
    raw: RawTable, said: SaidUnits, exclude: Collection[str] = ()
) -> UnitColumns | None:
    """The columns of compositions; None for a table of one repeat unit in each row.

    Two to six columns of repeat units whose names differ in a letter or a number make one where
    there are fractions or an architecture beside them.

    Args:
        raw: the table, or its beginning.
        said: what the user says of them, besides the units.
        exclude: columns that are something else.

    Raises:
        UserError: when it is not clear what their ratio is.
    """
    names = [name for name in raw.column_names if name not in exclude]
    sure = ((each, True) for each in families(names))
    for family, is_sure in (*sure, *((each, False) for each in loose_families(names))):
        units = _units_of(raw, family)
        if len(units) > 1 and (is_sure or _are_unlike(raw, [*units.values()])):
            order = places_of(said.fractions or (), [*units])
            units = {place: units[place] for place in order}
            found = _complete(raw, units, said, [n for n in names if n not in family.values()])
            found = _with_aside(raw, found, exclude)
            if found.fractions or found.architecture or said.one_architecture:
                _demand_clear_ratio(raw, found, said)
                return found
    return None


def _units_of(raw: RawTable, family: dict[int, str]) -> dict[int, str]:
    """The columns of a family that hold repeat units, or what makes some."""
    units = {place: name for place, name in family.items() if _holds_units(raw, name)}
    if not units and _holds_monomers(raw, [*family.values()]):
        return family
    return units


def _are_unlike(raw: RawTable, names: Sequence[str]) -> bool:
    """Whether columns hold other structures than the first of them, in most rows that have both.

    Marks of stereo make none another one: the same structures may be given with them and without.
    """
    first, *others = names
    return all(_differ(raw, first, other) for other in others)


def _differ(raw: RawTable, first: str, second: str) -> bool:
    head = raw.frame[[first, second]].dropna()[:SMILES_SAMPLE].itertuples(index=False)
    pairs = [(_forms_of(one), _forms_of(other)) for one, other in head]
    known = [(own, others) for own, others in pairs if own and others]
    return sum(not others <= own for own, others in known) > 0.5 * len(known)


def _forms_of(cell: str) -> frozenset[str]:
    """The repeat units of a cell, or the molecule that it holds."""
    if units := units_of(cell):
        return units
    return frozenset([without_stereo(canonical(cell))] if is_smiles(cell) else [])


def units_not_seen(raw: RawTable, smiles: str, used: Collection[str]) -> list[str]:
    """Columns that seem to hold further repeat units of a table that is read as one of single ones.

    Args:
        raw: the table.
        smiles: the column of repeat units, like which they are called.
        used: all columns that are used.

    Returns:
        Those called like it, and others most of whose cells are drawn with ends of the chain.
    """
    alike = next((each for each in families(raw.column_names) if smiles in each.values()), {})
    names = [name for name in raw.column_names if name not in {smiles, *used}]
    named = [name for name in names if name in alike.values()]
    named = [name for name in named if values_of(raw, name, 1) and not is_numeric(raw, name)]
    # Columns that are called like each other are parts of a polymer that stands whole in its own.
    apart = (each for each in families(names) if not are_alike(smiles, [*each.values()][-1]))
    parts = {name for each in apart for name in each.values()}
    others = [name for name in names if name not in {*named, *parts} and has_stars(raw, name)]
    drawn = [n for n in others if _holds_units(raw, n) or holds_compositions(raw, n)]
    return [*named, *(name for name in drawn if _are_unlike(raw, [smiles, name]))]


def _demand_clear_ratio(raw: RawTable, found: UnitColumns, said: SaidUnits) -> None:
    """Refuse a lone ratio that may be parts: 3 is three to one, or three in a hundred."""
    if said.fractions is not None or len(found.fractions) != 1:
        return
    (name,) = found.fractions
    most = max((row[0] or 0.0 for row in numbers_of(raw, [name])), default=0.0)
    if "ratio" in words_of(name) and 1 < most <= _MOST_PARTS:
        raise UserError(
            f"{raw.name}: “{name}” holds numbers such as {most:g}, which may be parts to one, or "
            "percentages: give fractions from 0 to 1, or a column for each unit; where they are "
            f"percentages, say `--fraction-columns {name}`."
        )


def said_unit_columns(
    raw: RawTable, units: Sequence[str], said: SaidUnits, exclude: Collection[str] = ()
) -> UnitColumns:
    """The columns of fractions and of the architecture beside columns that hold repeat units.

    Args:
        raw: the table.
        units: the columns of repeat units, as the user names them.
        said: what else the user says of compositions.
        exclude: columns that are something else.
    """
    names = [name for name in raw.column_names if name not in {*units, *exclude}]
    family = next((each for each in families(units) if len(each) == len(units)), None)
    # Their order is that of the fractions, where these are said.
    places = family if family and said.fractions is None else dict(enumerate(units))
    return _with_aside(raw, _complete(raw, places, said, names), exclude)


def _with_aside(raw: RawTable, found: UnitColumns, exclude: Collection[str]) -> UnitColumns:
    """The columns of a composition with those called like them."""
    return found._replace(aside=columns_aside(raw, found.units, found.fractions, exclude))


def holds_compositions(raw: RawTable, name: str) -> bool:
    """Whether a cell of a column is the text of several repeat units."""
    return any(cell is not None and is_composition(cell) for cell in raw.frame[name])


def text_columns(
    raw: RawTable, smiles: str, said: SaidUnits, exclude: Collection[str] = ()
) -> UnitColumns:
    """The columns that say more of polymers that stand in one column, as units or compositions.

    Args:
        raw: the table.
        smiles: the column of repeat units, or texts.
        said: what the user says of compositions.
        exclude: columns that are something else.

    Raises:
        UserError: when it is not clear what fractions are shares of.
    """
    basis, architecture = said.basis, said.architecture or None
    if holds_compositions(raw, smiles):
        names = [name for name in raw.column_names if name not in {smiles, *exclude}]
        architecture = _architecture(raw, said, names)
        if said.architecture == "" and _architecture(raw, SaidUnits(), names):
            architecture = ""  # to be kept, as it would be found again
        basis = basis or basis_told(raw, names)
    return UnitColumns((smiles,), said.fractions or (), basis or "mole", "one", architecture)


def in_one_order(
    raw: RawTable, units: Sequence[str], fractions: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns of repeat units and of their fractions in one order, as far as their names tell it.

    Args:
        raw: the table.
        units: columns of repeat units, in any order.
        fractions: columns of fractions, in any order; else they are in that of the units.
    """
    others = [name for name in raw.column_names if name not in {*units, *fractions}]
    found = said_unit_columns(raw, units, SaidUnits(architecture=""), others)
    if {*found.fractions} == {*fractions}:
        return found.units, found.fractions
    return tuple(units), tuple(fractions)


def _complete(
    raw: RawTable, units: dict[int, str], said: SaidUnits, names: Sequence[str]
) -> UnitColumns:
    """The columns of repeat units with those of their fractions and of the architecture.

    Args:
        raw: the table.
        units: the columns of repeat units by their place in the alphabet.
        said: what the user says of the others.
        names: of the other columns.
    """
    architecture = _architecture(raw, said, names)
    order, fractions = [*units], said.fractions
    if fractions is None:
        found = fraction_columns(raw, order, [name for name in names if name != architecture])
        fractions = tuple(found.values())
        # The unit without a column of its own has the rest, and stands last.
        order = [*found, *(place for place in units if place not in found)]
    demand_one_measure(raw.name, fractions)
    return UnitColumns(
        tuple(units[place] for place in order),
        fractions,
        said.basis or basis_told(raw, names, fractions),
        whole_of(raw, fractions, len(units)),
        architecture,
    )


def said_architecture(word: str | None) -> Architecture:
    """The architecture that a user says of all rows; empty where nothing is said.

    Raises:
        UserError: when the word names none.
    """
    if not word:
        return ""
    try:
        architecture = architecture_of(word, count=2)
    except BadSmilesError as error:
        raise UserError(f"The architecture of all rows: {error}.") from error
    if not architecture:
        raise UserError(
            f"The architecture of all rows: “{word}” says none: say random, alternating, block or "
            "graft, or nothing at all."
        )
    return architecture


def _architecture(raw: RawTable, said: SaidUnits, names: Sequence[str]) -> str | None:
    """The column that says how units follow each other: the one that is said, or found."""
    if said.architecture is not None:
        return said.architecture or None
    return next((name for name in names if _names_architectures(raw, name)), None)


def _holds_units(raw: RawTable, name: str) -> bool:
    """Whether a column holds repeat units, and not salts, solvents, or other structures."""
    check_time("looking for its columns")
    cells = values_of(raw, name, SMILES_SAMPLE)
    return sum(map(is_unit, cells)) >= 0.5 * len(cells) > 0


def _holds_monomers(raw: RawTable, names: Sequence[str]) -> bool:
    """Whether columns hold what makes repeat units, all of them, and no unit that is drawn."""
    return all(_share_of_monomers(values_of(raw, name, SMILES_SAMPLE)) >= 0.5 for name in names)


def _share_of_monomers(cells: Sequence[str]) -> float:
    check_time("looking for its columns")
    # What stands for a molecule is none: words and numbers may be read as one too.
    made = [is_smiles(cell) and len(cell) > 1 and units_made_of(cell) for cell in cells]
    return sum(map(bool, made)) / max(len(cells), 1)


def _names_architectures(raw: RawTable, name: str) -> bool:
    """Whether a column says how units follow each other along the chain."""
    words = words_of(name)
    if len(name) > LONGEST_NAME or not _ARCHITECTURE.fullmatch(words):
        return False
    cells = values_of(raw, name, NUMBER_SAMPLE)
    if words == "architecture":
        # It says it by its name: rows with another word are left out.
        return bool(cells) and not is_numeric(raw, name)
    known = 0
    for cell in cells:
        try:
            architecture_of(cell)
        except BadSmilesError:
            continue
        # Types may be called A and B.
        known += words != "type" or len(cell) > 1
    return known >= 0.5 * len(cells) > 0
