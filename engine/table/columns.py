"""Which column holds the SMILES, which the ids, and which the properties."""

import re
from collections import Counter
from collections.abc import Container, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from ..base.errors import UserError
from ..base.wording import counted
from ..chem.architectures import Architecture
from ..chem.smiles import canonical
from ..settings.polymer_columns import Basis, PolymerColumns, SaidUnits
from ..settings.properties import Scale
from .column_cells import (
    SMILES_SAMPLE,
    has_stars,
    holds_molecules,
    is_smiles,
    looks_like_smiles,
    smiles_score,
    values_of,
    words_of,
)
from .fraction_columns import Whole, holds_ratios
from .headers import columns_by_name
from .id_columns import guess_id
from .name_families import MOST_COLUMNS
from .property_columns import is_property, role_in
from .reading import RawTable
from .roles import Role
from .unit_columns import (
    UnitColumns,
    find_unit_columns,
    holds_compositions,
    said_architecture,
    said_unit_columns,
    text_columns,
    units_not_seen,
)

MAX_PROPERTIES = 500

_SMILES_NAMES = (
    "smiles",
    "psmiles",
    "polymersmiles",
    "repeatunitsmiles",
    "canonicalsmiles",
    "isomericsmiles",
    "smilesstring",
    "repeatunit",
    "structure",
)
_NAMES_SHOWN = 20


class Columns(BaseModel):
    """The columns of a table that are used.

    Attributes:
        smiles: of the repeat units.
        id: of the ids, if there is one.
        properties: of the labels.
        scales: the scale on which a property is learned, by its column; chosen by its labels where
            it is not said.
        conditions: what members see beside the repeat unit, such as a temperature or a solvent.
        units: of further repeat units, where rows are compositions.
        fractions: of the units' fractions, in their order; the last unit, or one of which a cell is
            empty, has the rest.
        basis: what the fractions are shares of.
        whole: what the fractions of a row add up to.
        architecture: how the units follow each other along the chain; beside several columns of
            units, or beside texts of compositions; empty where the user says that none says it of
            these.
        one_architecture: that of all rows which say none themselves; empty where it is not known.
        aside: columns called like those of units or fractions, and read as neither; a row that has
            a unit in one, or more fractions than units, cannot be used.
    """

    model_config = ConfigDict(frozen=True)

    smiles: str
    id: str | None = None
    properties: tuple[str, ...] = ()
    scales: dict[str, Scale] = {}
    conditions: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    fractions: tuple[str, ...] = ()
    basis: Basis = "mole"
    whole: Whole = "one"
    architecture: str | None = None
    one_architecture: Architecture = ""
    aside: tuple[str, ...] = ()

    @property
    def structures(self) -> tuple[str, ...]:
        """The columns of repeat units."""
        return (self.smiles, *self.units)

    @property
    def polymer(self) -> tuple[str, ...]:
        """The columns that together say what a row's polymer is."""
        architecture = (self.architecture,) if self.architecture else ()
        return (*self.structures, *self.fractions, *architecture)

    @property
    def says_more(self) -> bool:
        """Whether more is known of a row's polymer than the cell of one repeat unit, or text."""
        return bool(
            self.units or self.architecture or self.one_architecture or self.basis == "weight"
        )

    @property
    def used(self) -> tuple[str, ...]:
        """All columns that are used."""
        ids = (self.id,) if self.id else ()
        return (*self.polymer, *ids, *self.properties, *self.conditions)

    @property
    def of_polymer(self) -> PolymerColumns | None:
        """The columns of compositions; None where a single one says all of the polymer."""
        if not self.says_more and self.architecture is None:
            return None
        others = SaidUnits(
            units=self.units,
            fractions=self.fractions,
            basis=self.basis,
            architecture=self.architecture or "",
            one_architecture=self.one_architecture or None,
        )
        return PolymerColumns(smiles=self.smiles, others=others, whole=self.whole)

    @property
    def text_name(self) -> str:
        """What a column is called that holds what stands for each row's polymer."""
        return "composition" if self.units else self.smiles


def guess_columns(
    raw: RawTable,
    *,
    smiles: str | None = None,
    id: str | None = None,
    properties: Sequence[str] | None = None,
    scales: Mapping[str, Scale] | None = None,
    conditions: Sequence[str] = (),
    units: Sequence[str] | None = None,
    fractions: Sequence[str] | None = None,
    basis: Basis | None = None,
    architecture: str | None = None,
    one_architecture: str | None = None,
) -> Columns:
    """Find the columns of a table by their names and their content.

    Args:
        raw: the table.
        smiles, id, properties: the user's choice in place of a guess; an empty `id` means that
            there is none.
        scales: the user's word on the scale of properties, by their columns or names.
        conditions: the columns that the user marks as conditions.
        units: the columns of further repeat units. Where only the first one is named, it is meant
            to be the only one.
        fractions, basis, architecture: of compositions, in place of a guess; an empty
            `architecture` means that no column says it.
        one_architecture: of all rows that say none themselves.

    Raises:
        UserError: when no column holds SMILES, when a named column does not exist, or when there
            are more than `MAX_PROPERTIES` properties.
    """
    chosen_names = (smiles, *(units or ()), *(fractions or ()), architecture or None, id or None)
    chosen_names = (*chosen_names, *(properties or ()), *conditions)
    named = [name for name in chosen_names if name is not None]
    _check_exist(raw, named)
    said = SaidUnits(
        units=None if units is None else tuple(units),
        fractions=None if fractions is None else tuple(fractions),
        basis=basis,
        architecture=architecture,
        one_architecture=one_architecture,
    )
    first, *further = (found := _polymer_columns(raw, smiles, said, named)).units
    of_units = found._replace(units=tuple(further))._asdict()
    of_units["one_architecture"] = said_architecture(one_architecture)
    columns = Columns(smiles=first, conditions=tuple(conditions), **of_units)
    id = (
        guess_id(raw, {*columns.used, *columns.aside, *(properties or ())})
        if id is None
        else id or None
    )
    if properties is None:
        properties = _guess_properties(raw, columns, id)
    by_column = columns_by_name(scales or {}, properties, "A scale")
    columns = columns.model_copy(
        update={"id": id, "properties": tuple(properties), "scales": by_column}
    )
    check_columns(raw, columns)
    return columns


def _guess_properties(raw: RawTable, columns: Columns, id: str | None) -> list[str]:
    """The columns of labels among those that are nothing else."""
    mixture = _has_mixtures(raw, columns)
    others = [name for name in raw.column_names if name not in (*columns.used, *columns.aside, id)]
    return [name for name in others if is_property(raw, name, mixture)]


def _has_mixtures(raw: RawTable, columns: Columns) -> bool:
    """Whether rows hold several repeat units, seen or not."""
    return bool(columns.units or units_not_seen(raw, columns.smiles, columns.used))


def _polymer_columns(
    raw: RawTable, smiles: str | None, said: SaidUnits, named: Sequence[str]
) -> UnitColumns:
    """The columns that say what a row's polymer is: of repeat units, or of its text.

    Args:
        raw: the table.
        smiles: the column of repeat units that the user names.
        said: what else the user says of compositions.
        named: all columns that the user names.
    """
    if said.units and smiles:
        return said_unit_columns(raw, (smiles, *said.units), said, named)
    if said.units is None and smiles is None:
        found = find_unit_columns(raw, said, named)
        if found and not _has_whole_polymers(raw, found, named):
            return found
    return text_columns(raw, smiles or _guess_smiles(raw, exclude=named), said, named)


def _has_whole_polymers(raw: RawTable, found: UnitColumns, named: Sequence[str]) -> bool:
    """Whether another column holds what stands for each row's polymer, beside parts of it."""
    try:
        best = _guess_smiles(raw, exclude=named)
    except UserError:
        return False
    return best not in found.units and has_stars(raw, best)


def check_columns(raw: RawTable, columns: Columns) -> None:
    """Refuse columns that do not exist, that are used twice, or that do not fit together.

    Raises:
        UserError: with the name of the column and those of the table's columns.
    """
    used = columns.used
    _check_exist(raw, used)
    counts = Counter(used)
    if repeated := next((name for name in used if counts[name] > 1), None):
        raise UserError(f"The column “{repeated}” is used twice; choose it for one purpose only.")
    if len(columns.properties) > MAX_PROPERTIES:
        raise UserError(
            f"{raw.name} has {len(columns.properties):,} property columns; at most "
            f"{MAX_PROPERTIES} can be learned at once. Choose the ones that matter."
        )
    _check_units(raw, columns)


def _check_units(raw: RawTable, columns: Columns) -> None:
    """Refuse columns of compositions that do not fit together."""
    count, fractions = len(columns.structures), len(columns.fractions)
    if count > MOST_COLUMNS:
        raise UserError(
            f"{raw.name} has {count} columns of repeat units; at most {MOST_COLUMNS} are read. "
            "Choose those of the main units."
        )
    of_texts = not fractions and holds_compositions(raw, columns.smiles)
    if count == 1 and (fractions or columns.architecture) and not of_texts:
        other = [*columns.fractions, columns.architecture][0]
        raise UserError(
            f"“{other}” is to say something of several repeat units, and only “{columns.smiles}” "
            "holds some: name their columns with `--unit-columns A,B`, or choose them as repeat "
            "units on the Train page."
        )
    in_one = fractions == 1 and holds_ratios(raw, columns.fractions[0])
    if count > 1 and fractions not in (0, count - 1, count) and not in_one:
        raise UserError(
            f"There are {counted(fractions, 'column')} of fractions for {count} of repeat units: "
            "give one for each, or all but the last, which is the rest."
        )


def free_name(name: str, taken: Container[str]) -> str:
    """A column's name, or one like it that is not taken."""
    while name in taken:
        name += "_"
    return name


def _check_exist(raw: RawTable, names: Sequence[str]) -> None:
    for name in names:
        if name not in raw.frame:
            raise UserError(
                f"{raw.name} has no column “{name}”. Its columns are: {_listed(raw)}. Choose one "
                "of these."
            )


def _listed(raw: RawTable) -> str:
    """The columns' names, for a message."""
    names = [name if len(name) <= 40 else name[:39] + "…" for name in raw.column_names]
    rest = f" and {len(names) - _NAMES_SHOWN:,} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + rest


def _guess_smiles(raw: RawTable, exclude: Sequence[str] = ()) -> str:
    names = [name for name in raw.column_names if name not in exclude]
    plain = {name: re.sub(r"[\W_]+", "", name).lower() for name in names}
    by_name = [name for wanted in _SMILES_NAMES for name in names if plain[name] == wanted]
    found = {*by_name}
    by_name += [
        name
        for name in names
        if "smiles" in plain[name] and "bigsmiles" not in plain[name] and name not in found
    ]
    by_name = [name for name in by_name if "smiles" in plain[name] or smiles_score(raw, name)]
    if by_name:
        # A solvent's SMILES has no `*`.
        return next((name for name in by_name if has_stars(raw, name)), by_name[0])
    scores = {name: smiles_score(raw, name) for name in names}
    best = max(names, key=lambda name: scores[name], default=None)
    if any("*" in name and is_smiles(name) for name in names):
        raise UserError(
            f"The first row of {raw.name} holds a SMILES where the columns' names should be; add "
            "a header row, such as: SMILES,Tg"
        )
    if not best or not scores[best]:
        raise UserError(
            f"{raw.name} has no SMILES column. Its columns are: {_listed(raw)}. Name the one with "
            "the repeat units, or with polymers' names, “SMILES”."
        )
    return best


def unused_roles(raw: RawTable, columns: Columns) -> dict[str, Role]:
    """What the columns are that are not used, as far as their names and cells say it."""
    used, mixture = {*columns.used}, _has_mixtures(raw, columns)
    roles: dict[str, Role] = {}
    # Beside a monomer may stand what it reacts with.
    of_monomers = not has_stars(raw, columns.smiles)
    for name in raw.column_names:
        if name in used or not values_of(raw, name, 1):
            continue
        if looks_like_smiles(raw, name) or (of_monomers and holds_molecules(raw, name)):
            if _is_second_unit(raw, name, columns.smiles):
                roles[name] = "second_unit"
        elif role := role_in(raw, name, words_of(name), mixture):
            roles[name] = role
    return roles


def _is_second_unit(raw: RawTable, name: str, smiles: str) -> bool:
    """Whether a column holds other structures than that of the repeat units."""
    head = raw.frame[[name, smiles]][:SMILES_SAMPLE].itertuples(index=False)
    pairs = [(other, unit) for other, unit in head if is_smiles(other) and is_smiles(unit)]
    return sum(canonical(other) != canonical(unit) for other, unit in pairs) > 0.5 * len(pairs)
