"""Batches of graphs, cut from packed arrays by index arithmetic alone."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine.packed import PackedGraphs
from engine.vocabulary import BOND_FIELDS


class GraphBatch(NamedTuple):
    """G graphs with V atoms and E directed edges (each bond twice), edges sorted by target.

    With the edges sorted, everything that sums over edges or atoms sums over spans, so no two
    threads ever add to one number: quick, and the same bits on every pass.
    """

    atoms: Tensor  # V × len(ATOM_FIELDS), uint8 codes
    source: Tensor  # E, int32: the atom a message comes from
    target: Tensor  # E, int32, ascending: the atom it goes to
    reverse: Tensor  # E, int32: the edge that runs the other way
    bond_code: Tensor  # E, int32: all fields of the bond as one code, see `bond_codes`
    edge_start: Tensor  # V + 1, int32: atom v receives edges `edge_start[v]:edge_start[v + 1]`
    graph: Tensor  # V, int32: the graph of each atom
    atom_start: Tensor  # G + 1, int32: graph g owns atoms `atom_start[g]:atom_start[g + 1]`
    positions: Tensor  # at least max(V, E), int32: 0, 1, 2, …
    count: int  # G
    real_atoms: Tensor | None = None  # V × 1, 1 or 0, where some only fill up a fixed shape
    real_graphs: Tensor | None = None  # G × 1, likewise


def bond_codes(bonds: Tensor) -> Tensor:
    """Fold the fields of each bond into one code.

    Args:
        bonds: shape `(E, len(BOND_FIELDS))`, codes.

    Returns:
        Shape `(E,)`, int32, below the product of the fields' sizes.
    """
    code = torch.zeros(len(bonds), dtype=torch.int32, device=bonds.device)
    for column, size in enumerate(BOND_FIELDS.values()):
        code = code * size + bonds[:, column].to(torch.int32)
    return code


def sort_edges(source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The order that sorts edges by target, then source, and the reverse of each in that order.

    Args:
        source, target: shape `(E,)`, int64 atom indices; each bond is there both ways, once.
    """
    order = torch.argsort(target * (source.max() + 1 if len(source) else 1) + source)
    # The k-th edge by source, then target, mirrors the k-th by target, then source.
    return order, torch.argsort(source[order], stable=True)


def starts(sizes: Tensor) -> Tensor:
    """Where each of some consecutive spans begins, and the end; shape `(len(sizes) + 1,)`."""
    result = torch.zeros(len(sizes) + 1, dtype=torch.int32, device=sizes.device)
    result[1:] = torch.cumsum(sizes, 0)
    return result


class DeviceGraphs:
    """Packed graphs on one device, from which batches are cut without a Python loop."""

    def __init__(self, packed: PackedGraphs, device: torch.device) -> None:
        """Move the graphs to the device once.

        Args:
            packed: N graphs.
            device: where batches are wanted.
        """
        self.packed, self.device = packed, device
        # The sizes stay on the host too: they tell a batch's shape without asking the device.
        self._atom_counts = np.diff(packed.atom_start)
        self._edge_counts = 2 * np.diff(packed.bond_start)
        atom_start = torch.as_tensor(packed.atom_start.copy())
        owner = np.repeat(np.arange(packed.count), np.diff(packed.bond_start))
        first_atom = atom_start[torch.as_tensor(owner)].unsqueeze(1)
        ends = torch.as_tensor(packed.ends.copy()).to(torch.int64) + first_atom
        codes = bond_codes(torch.as_tensor(packed.bonds.copy()))
        source, target = torch.cat([ends[:, 0], ends[:, 1]]), torch.cat([ends[:, 1], ends[:, 0]])
        order, reverse = sort_edges(source, target)
        edge_owner = torch.as_tensor(np.repeat(np.arange(packed.count), self._edge_counts))
        edge_start = torch.as_tensor(2 * packed.bond_start)
        degrees = torch.bincount(target, minlength=int(atom_start[-1]))

        def local(values: Tensor, first: Tensor) -> Tensor:
            return (values - first[edge_owner]).to(torch.int32).to(device)

        self._atoms = torch.as_tensor(packed.atoms.copy()).to(device)
        self._source, self._target = (
            local(source[order], atom_start),
            local(target[order], atom_start),
        )
        self._reverse = local(reverse, edge_start)
        self._codes = torch.cat([codes, codes])[order].to(device)
        self._degrees = degrees.to(torch.int32).to(device)
        self._atom_start, self._edge_start = atom_start.to(device), edge_start.to(device)

    def batch(self, rows: np.ndarray) -> GraphBatch:
        """The graphs of some rows as one batch, in the order given.

        Args:
            rows: shape `(G,)`, int.
        """
        return self.arrange(rows).part(0, len(rows))

    def largest(self, rows: np.ndarray, graphs: int) -> tuple[int, int, int]:
        """Sizes that next to no random batch exceeds.

        Args:
            rows: the rows that batches are drawn from.
            graphs: how many a batch has.

        Returns:
            Graphs, atoms and directed edges: the mean and four standard deviations.
        """
        sizes = (self._atom_counts[rows], self._edge_counts[rows])
        bounds = (graphs * one.mean() + 4 * np.sqrt(graphs) * one.std() for one in sizes)
        atoms, edges = (int(np.ceil(bound)) for bound in bounds)
        return graphs, atoms, edges

    def arrange(self, rows: np.ndarray, pinned: bool = False) -> "ArrangedGraphs":
        """Copies of the graphs of some rows, in the order given, to cut batches from.

        Args:
            rows: shape `(G,)`, int.
            pinned: whether to send the rows from pinned memory, so that the host need not wait.
        """
        chosen = torch.as_tensor(rows)
        if pinned and self.device.type == "cuda":
            chosen = chosen.pin_memory()
        chosen = chosen.to(self.device, non_blocking=True)
        atom_start = _host_starts(self._atom_counts[rows])
        edge_start = _host_starts(self._edge_counts[rows])
        atom_index, graph, first_atom = _spans(self._atom_start, chosen, int(atom_start[-1]))
        edge_index, edge_graph, first_edge = _spans(self._edge_start, chosen, int(edge_start[-1]))
        first = first_atom[edge_graph].to(torch.int32)
        degrees = self._degrees[atom_index]
        longest = max(len(atom_index), len(edge_index))
        return ArrangedGraphs(
            rows,
            GraphBatch(
                atoms=self._atoms[atom_index],
                source=self._source[edge_index] + first,
                target=self._target[edge_index] + first,
                reverse=self._reverse[edge_index] + first_edge[edge_graph].to(torch.int32),
                bond_code=self._codes[edge_index],
                edge_start=starts(degrees),
                graph=graph.to(torch.int32),
                atom_start=starts(self._atom_start[chosen + 1] - self._atom_start[chosen]),
                positions=torch.arange(longest, dtype=torch.int32, device=self.device),
                count=len(rows),
            ),
            atom_start,
            edge_start,
        )


class ArrangedGraphs:
    """Graphs in a chosen order on a device; consecutive ones are a batch, cut out as slices."""

    def __init__(
        self, rows: np.ndarray, whole: GraphBatch, atom_start: np.ndarray, edge_start: np.ndarray
    ) -> None:
        """Take the graphs as one batch, and where each begins, known to the host."""
        self.rows = rows
        self._whole, self._atom_start, self._edge_start = whole, atom_start, edge_start

    def part(self, first: int, last: int) -> GraphBatch:
        """The graphs from position `first` up to and without `last`, as a batch."""
        atoms = slice(int(self._atom_start[first]), int(self._atom_start[last]))
        edges = slice(int(self._edge_start[first]), int(self._edge_start[last]))
        whole = self._whole
        return GraphBatch(
            atoms=whole.atoms[atoms],
            source=whole.source[edges] - atoms.start,
            target=whole.target[edges] - atoms.start,
            reverse=whole.reverse[edges] - edges.start,
            bond_code=whole.bond_code[edges],
            edge_start=whole.edge_start[atoms.start : atoms.stop + 1] - edges.start,
            graph=whole.graph[atoms] - first,
            atom_start=whole.atom_start[first : last + 1] - atoms.start,
            positions=whole.positions,
            count=last - first,
        )


def _host_starts(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)])


def _spans(start: Tensor, rows: Tensor, total: int) -> tuple[Tensor, Tensor, Tensor]:
    """Concatenate the spans of some rows.

    Args:
        start: where each row's span begins; one more at the end.
        rows: the rows wanted.
        total: the length of all their spans, so that the device need not be asked.

    Returns:
        The packed index of each element, the position of its row in `rows`, and where in the
        result each row begins.
    """
    sizes = start[rows + 1] - start[rows]
    first = torch.cumsum(sizes, 0) - sizes
    positions = torch.arange(len(rows), device=rows.device)
    owner = torch.repeat_interleave(positions, sizes, output_size=total)
    inside = torch.arange(total, device=rows.device) - first[owner]
    return start[rows][owner] + inside, owner, first
