"""Light changes of graphs, for learning without labels."""

import numpy as np

from engine.packed import PackedGraphs
from engine.vocabulary import MASKED_ATOM, MASKED_BOND


def masked_atoms(graphs: PackedGraphs, share: float, random: np.random.Generator) -> np.ndarray:
    """Choose atoms at random, at least one of each graph; shape `(A,)`, bool.

    Args:
        graphs: with A atoms.
        share: of all atoms.
        random: source of the choice.
    """
    chosen = random.random(len(graphs.atoms)) < share
    sizes = np.diff(graphs.atom_start)
    one = graphs.atom_start[:-1] + (random.random(len(sizes)) * sizes).astype(np.int64)
    chosen[one[sizes > 0]] = True
    return chosen


def hide(graphs: PackedGraphs, chosen: np.ndarray, bonds_too: bool) -> PackedGraphs:
    """The same graphs with atoms that say nothing of themselves.

    Args:
        graphs: with A atoms and B bonds.
        chosen: shape `(A,)`, bool: the atoms to hide.
        bonds_too: whether bonds of those atoms are hidden as well.
    """
    atoms = graphs.atoms.copy()
    atoms[chosen] = MASKED_ATOM
    if not bonds_too:
        return graphs._replace(atoms=atoms)
    bonds = graphs.bonds.copy()
    bonds[chosen[_ends_of_all(graphs)].any(axis=1)] = MASKED_BOND
    return graphs._replace(atoms=atoms, bonds=bonds)


def drop_bonds(graphs: PackedGraphs, share: float, random: np.random.Generator) -> PackedGraphs:
    """The same graphs without some bonds, chosen at random."""
    kept = random.random(len(graphs.bonds)) >= share
    before = np.concatenate([[0], np.cumsum(kept)])
    return graphs._replace(
        ends=graphs.ends[kept],
        bonds=graphs.bonds[kept],
        bond_start=before[graphs.bond_start].astype(np.int64),
    )


def _ends_of_all(graphs: PackedGraphs) -> np.ndarray:
    """The two atoms of each bond, counted over all graphs; shape `(B, 2)`."""
    first = np.repeat(graphs.atom_start[:-1], np.diff(graphs.bond_start))
    return graphs.ends.astype(np.int64) + first[:, None]
