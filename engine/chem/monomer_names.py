"""Monomers by their names."""

from functools import lru_cache
from typing import NamedTuple

from ..base.workspace import ASSETS
from .names import name_key, parts_of, rows_of

MONOMERS = ASSETS / "monomers.csv"


class NamedMonomer(NamedTuple):
    """A monomer of the list of names.

    Attributes:
        smiles: of the molecule.
        name: the usual one.
        other_names: all others.
        partner: the name of a monomer that it makes a chain with; empty where it needs none.
    """

    smiles: str
    name: str
    other_names: tuple[str, ...]
    partner: str


def named_monomers() -> tuple[NamedMonomer, ...]:
    """All monomers of the list."""
    return tuple(dict.fromkeys(_by_key().values()))


def monomer_named(text: str) -> NamedMonomer | None:
    """The monomer that a text names; letter case, blanks, hyphens and German endings do not matter.

    Args:
        text: a name; one that is only like it names none.
    """
    return _by_key().get(name_key(text))


def partners_of(monomer: NamedMonomer) -> list[NamedMonomer]:
    """The monomers of the list that are known to make a chain with one."""
    return [
        each
        for each in named_monomers()
        if monomer.partner == each.name or each.partner == monomer.name
    ]


@lru_cache(maxsize=1)
def _by_key() -> dict[str, NamedMonomer]:
    known: dict[str, NamedMonomer] = {}
    for row in rows_of(MONOMERS):
        others = tuple(parts_of(row["other_names"]))
        monomer = NamedMonomer(row["SMILES"], row["name"], others, row["partner"])
        for name in (monomer.name, *others):
            known.setdefault(name_key(name), monomer)
    return known
