"""The repeat units that a cell holds, however they are drawn or named."""

from functools import lru_cache

from ..chem.composition import is_composition, parts_of
from ..chem.names import polymer_named
from ..chem.notations import BadSmilesError, drawn_unit
from ..chem.repeat_unit import canonical_unit
from ..chem.smiles import without_stereo


@lru_cache(maxsize=20_000)
def units_of(cell: str | None) -> frozenset[str]:
    """What all drawings of a cell's repeat units share; empty for what is none, and no name."""
    if cell is None or not any(map(str.isalpha, cell)):
        return frozenset()
    try:
        texts = parts_of(cell)[0] if is_composition(cell) else [cell]
        return frozenset(unit for text in texts if (unit := _unit_of(text)))
    except BadSmilesError:
        return frozenset()


def _unit_of(text: str) -> str:
    """The canonical repeat unit, without marks of stereo, of a drawing or a polymer's name."""
    polymer = polymer_named(text)
    drawn = polymer.smiles if polymer else drawn_unit(text)
    return canonical_unit(without_stereo(drawn)) if drawn else ""
