"""Batches of graphs, gathered from packed arrays by index arithmetic alone."""

from typing import NamedTuple

import torch
from torch import Tensor

from engine.packed import PackedGraphs
from engine.vocabulary import BOND_FIELDS


class GraphBatch(NamedTuple):
    """G graphs with V atoms and E directed edges (each bond twice) in all."""

    atoms: Tensor  # V × len(ATOM_FIELDS), int32 codes
    source: Tensor  # E, int64: the atom a message comes from
    target: Tensor  # E, int64: the atom it goes to
    bond_code: Tensor  # E, int64: all fields of the bond as one code, see `bond_codes`
    graph: Tensor  # V, int64: the graph of each atom
    count: int  # G


def bond_codes(bonds: Tensor) -> Tensor:
    """Fold the fields of each bond into one code.

    Args:
        bonds: shape `(E, len(BOND_FIELDS))`, codes.

    Returns:
        Shape `(E,)`, int64, below the product of the fields' sizes.
    """
    code = torch.zeros(len(bonds), dtype=torch.int64, device=bonds.device)
    for column, size in enumerate(BOND_FIELDS.values()):
        code = code * size + bonds[:, column].to(torch.int64)
    return code


class DeviceGraphs:
    """Packed graphs on one device, from which batches are gathered without a Python loop."""

    def __init__(self, packed: PackedGraphs, device: torch.device) -> None:
        """Move the graphs to the device once."""
        self._atoms = torch.as_tensor(packed.atoms.copy()).to(device, torch.int32)
        self._ends = torch.as_tensor(packed.ends.copy()).to(device, torch.int64)
        self._codes = bond_codes(torch.as_tensor(packed.bonds.copy())).to(device)
        self._atom_start = torch.as_tensor(packed.atom_start.copy()).to(device)
        self._bond_start = torch.as_tensor(packed.bond_start.copy()).to(device)

    def batch(self, rows: Tensor) -> GraphBatch:
        """The graphs of some rows as one batch, in the order given.

        Args:
            rows: shape `(G,)`, int64, on the same device.
        """
        atom_index, graph, first = _spans(self._atom_start, rows)
        bond_index, bond_graph, _ = _spans(self._bond_start, rows)
        ends = self._ends[bond_index] + first[bond_graph].unsqueeze(1)
        codes = self._codes[bond_index]
        return GraphBatch(
            self._atoms[atom_index],
            torch.cat([ends[:, 0], ends[:, 1]]),
            torch.cat([ends[:, 1], ends[:, 0]]),
            torch.cat([codes, codes]),
            graph,
            len(rows),
        )


def _spans(start: Tensor, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Concatenate the spans of some rows.

    Returns:
        The packed index of each element, the batch position of its row, and where in the batch
        each row begins.
    """
    sizes = start[rows + 1] - start[rows]
    first = torch.cumsum(sizes, 0) - sizes
    owner = torch.repeat_interleave(torch.arange(len(rows), device=rows.device), sizes)
    inside = torch.arange(len(owner), device=rows.device) - first[owner]
    return start[rows][owner] + inside, owner, first
