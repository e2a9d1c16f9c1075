"""Batches of graphs, cut from packed arrays by index arithmetic alone."""

from math import prod
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..base.packed import PackedGraphs
from ..base.vocabulary import BOND_FIELDS


class GraphBatch(NamedTuple):
    """G graphs with V atoms, E directed edges (each bond twice) and M messages.

    Along bonds of the same kind an atom sends the same message to all its neighbours, so it is
    computed once: M is about two thirds of E. Edges are stored twice in compressed sparse rows
    (CSR), by receiving atom and by message: every sum then runs over consecutive rows, so no two
    threads add to the same number. That is quick, and gives the same bits on every pass
    (docs/experiments.md, "Edges sorted by target with every sum a span").
    """

    atoms: Tensor  # V × len(ATOM_FIELDS), uint8 codes
    sender: Tensor  # M, ascending: the atom that sends each message
    bond_code: Tensor  # M: all fields of the bond it goes along as one code, see `bond_codes`
    sent_indptr: Tensor  # V + 1: atom v sends messages `sent_indptr[v]:sent_indptr[v + 1]`
    received_indices: Tensor  # E: messages, ordered by the atom that receives them
    received_indptr: Tensor  # V + 1: where each atom's span begins in `received_indices`
    receiver_indices: Tensor  # E: atoms, ordered by the message that they receive
    receiver_indptr: Tensor  # M + 1: where each message's span begins in `receiver_indices`
    graph: Tensor  # V: the graph of each atom
    atom_indptr: Tensor  # G + 1: graph g owns atoms `atom_indptr[g]:atom_indptr[g + 1]`
    positions: Tensor  # at least max(V, E): 0, 1, 2, …
    size: int  # G
    real_atoms: Tensor | None = None  # V × 1: 1 for atoms, 0 for padding; None without padding
    real_graphs: Tensor | None = None  # G × 1, likewise
    descriptors: Tensor | None = None  # G × D, float32, NaN for a missing value
    largest: int = 0  # atoms of the largest graph; 0 if the host does not know it
    # Of compositions, see `PackedGraphs`; None where all weigh 1.
    atom_weights: Tensor | None = None  # V × 1
    received_weights: Tensor | None = None  # E, in the order of `received_indices`
    receiver_weights: Tensor | None = None  # E, in the order of `receiver_indices`
    weighed: Tensor | None = None  # G × 1: the sum of its atoms' weights

    def sizes(self) -> Tensor:
        """Atoms of each graph by their weights, or at least one; `(G, 1)`."""
        if self.weighed is not None:
            return self.weighed
        return self.atom_indptr.diff().clamp(min=1).unsqueeze(1)


class BatchSize(NamedTuple):
    """How large a batch is."""

    graphs: int
    atoms: int
    edges: int
    messages: int


class Connections(NamedTuple):
    """The fields of a `GraphBatch` that follow from its edges; int64."""

    sender: Tensor
    bond_code: Tensor
    sent_counts: Tensor  # V: number of messages that each atom sends
    received_indices: Tensor
    received_counts: Tensor  # V: number that each atom receives
    receiver_indices: Tensor
    receiver_counts: Tensor  # M: number of atoms that receive each message
    by_receiver: Tensor  # E: the edges in the order of `received_indices`
    by_message: Tensor  # E: the edges in the order of `receiver_indices`


def connect(source: Tensor, target: Tensor, codes: Tensor, atoms: int) -> Connections:
    """Derive the messages from the edges, and sort both.

    Args:
        source, target: shape `(E,)`, int64 atom indices, with each bond in both directions.
        codes: shape `(E,)`, the bond's code.
        atoms: V.
    """
    kinds = prod(BOND_FIELDS.values())
    keys, message = torch.unique(source * kinds + codes, return_inverse=True)
    sender = keys // kinds
    # Stable: two bonds between the same atoms may differ in their weights alone.
    by_receiver = torch.argsort(target * max(len(keys), 1) + message, stable=True)
    by_message = torch.argsort(message * max(atoms, 1) + target, stable=True)
    return Connections(
        sender,
        keys % kinds,
        torch.bincount(sender, minlength=atoms),
        message[by_receiver],
        torch.bincount(target, minlength=atoms),
        target[by_message],
        torch.bincount(message, minlength=len(keys)),
        by_receiver,
        by_message,
    )


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


def indptr_of(counts: Tensor) -> Tensor:
    """Where each of N consecutive spans begins, and the last ends; shape `(N + 1,)`, int32."""
    result = torch.zeros(len(counts) + 1, dtype=torch.int32, device=counts.device)
    result[1:] = torch.cumsum(counts, 0)
    return result


class DeviceGraphs:
    """Packed graphs on one device, from which batches are cut without a Python loop."""

    def __init__(
        self,
        packed: PackedGraphs,
        device: torch.device,
        descriptors: np.ndarray | None = None,
    ) -> None:
        """Move the graphs to the device once.

        Args:
            packed: N graphs.
            device: of the batches.
            descriptors: shape `(N, D)`, for networks that join them.
        """
        self.packed, self.device, self.descriptors = packed, device, descriptors
        self._descriptors = (
            None if descriptors is None else torch.as_tensor(descriptors.copy()).to(device)
        )
        atom_start = torch.as_tensor(packed.atom_start.copy())
        bond_counts = np.diff(packed.bond_start)
        first = np.repeat(packed.atom_start[:-1], bond_counts)
        ends = torch.as_tensor(packed.ends.astype(np.int64) + first[:, None])
        codes = bond_codes(torch.as_tensor(packed.bonds.copy()))
        source, target = torch.cat([ends[:, 0], ends[:, 1]]), torch.cat([ends[:, 1], ends[:, 0]])
        all_atoms = int(packed.atom_start[-1])
        connections = connect(source, target, torch.cat([codes, codes]), all_atoms)
        message_start = indptr_of(connections.sent_counts)[atom_start].to(torch.int64)
        message_counts = message_start.diff().numpy()
        # Sizes stay on the host too: a batch's shape is known without asking the device.
        self._counts = {
            "atoms": np.diff(packed.atom_start),
            "edges": 2 * bond_counts,
            "messages": message_counts,
        }
        self._starts = {
            "atoms": atom_start.to(device),
            "edges": torch.as_tensor(2 * packed.bond_start).to(device),
            "messages": message_start.to(device),
        }
        graph_of_edge = torch.as_tensor(np.repeat(np.arange(packed.size), 2 * bond_counts))
        graph_of_message = torch.as_tensor(np.repeat(np.arange(packed.size), message_counts))

        def narrow(values: Tensor) -> Tensor:
            return values.to(torch.int32).to(device)

        self._atoms = torch.as_tensor(packed.atoms.copy()).to(device)
        self._sender = narrow(connections.sender - atom_start[graph_of_message])
        self._codes, self._sent_counts = (
            narrow(connections.bond_code),
            narrow(connections.sent_counts),
        )
        self._received_indices = narrow(connections.received_indices - message_start[graph_of_edge])
        self._received_counts = narrow(connections.received_counts)
        self._receiver_indices = narrow(connections.receiver_indices - atom_start[graph_of_edge])
        self._receiver_counts = narrow(connections.receiver_counts)
        self._weights = _Weights.of(packed, connections, device)

    def batch(self, rows: np.ndarray) -> GraphBatch:
        """The graphs of some rows as one batch, in the order given.

        Args:
            rows: shape `(G,)`, int.
        """
        return self.arrange(rows).part(0, len(rows))

    def largest(self, rows: np.ndarray, graphs: int) -> BatchSize:
        """A size that hardly any random batch exceeds: the mean plus four standard deviations.

        Args:
            rows: the rows that batches are drawn from.
            graphs: number of graphs in a batch.
        """
        sizes = {name: counts[rows] for name, counts in self._counts.items()}
        limits = {
            name: int(np.ceil(graphs * counts.mean() + 4 * np.sqrt(graphs) * counts.std()))
            for name, counts in sizes.items()
        }
        return BatchSize(graphs, **limits)

    def arrange(self, rows: np.ndarray, pinned: bool = False) -> "ArrangedGraphs":
        """Copy the graphs of some rows, in the order given, to cut batches from.

        Args:
            rows: shape `(G,)`, int.
            pinned: whether to send the row numbers from pinned memory, so that the host need not
                wait.
        """
        chosen = torch.as_tensor(rows)
        if pinned and self.device.type == "cuda":
            chosen = chosen.pin_memory()
        chosen = chosen.to(self.device, non_blocking=True)
        descriptors = None if self._descriptors is None else self._descriptors[chosen]
        host_starts = {name: _host_starts(counts[rows]) for name, counts in self._counts.items()}
        spans = {
            name: _concatenated_spans(start, chosen, int(host_starts[name][-1]))
            for name, start in self._starts.items()
        }
        atom, graph, first_atom = spans["atoms"]
        edge, edge_graph, _ = spans["edges"]
        message, message_graph, first_message = spans["messages"]
        weights = self._weights
        return ArrangedGraphs(
            rows,
            GraphBatch(
                atoms=self._atoms[atom],
                sender=self._sender[message] + first_atom[message_graph],
                bond_code=self._codes[message],
                sent_indptr=indptr_of(self._sent_counts[atom]),
                received_indices=self._received_indices[edge] + first_message[edge_graph],
                received_indptr=indptr_of(self._received_counts[atom]),
                receiver_indices=self._receiver_indices[edge] + first_atom[edge_graph],
                receiver_indptr=indptr_of(self._receiver_counts[message]),
                graph=graph.to(torch.int32),
                atom_indptr=indptr_of(
                    self._starts["atoms"][chosen + 1] - self._starts["atoms"][chosen]
                ),
                positions=torch.arange(
                    max(len(atom), len(edge)), dtype=torch.int32, device=self.device
                ),
                size=len(rows),
                descriptors=descriptors,
                atom_weights=weights and weights.atoms[atom],
                received_weights=weights and weights.received[edge],
                receiver_weights=weights and weights.receiver[edge],
                weighed=weights and weights.graphs[chosen],
            ),
            host_starts,
        )


class ArrangedGraphs:
    """Graphs in a chosen order on a device; a batch is a slice of them."""

    def __init__(
        self, rows: np.ndarray, whole: GraphBatch, host_starts: dict[str, np.ndarray]
    ) -> None:
        """Keep the graphs as one batch, and on the host where each of them begins."""
        self.rows = rows
        self._whole, self._host_starts = whole, host_starts

    def part(self, first: int, last: int) -> GraphBatch:
        """The graphs at positions `first` to `last`, without the latter, as a batch."""
        atoms, edges, messages = (
            slice(int(self._host_starts[name][first]), int(self._host_starts[name][last]))
            for name in ("atoms", "edges", "messages")
        )
        whole = self._whole
        return GraphBatch(
            atoms=whole.atoms[atoms],
            sender=whole.sender[messages] - atoms.start,
            bond_code=whole.bond_code[messages],
            sent_indptr=whole.sent_indptr[atoms.start : atoms.stop + 1] - messages.start,
            received_indices=whole.received_indices[edges] - messages.start,
            received_indptr=whole.received_indptr[atoms.start : atoms.stop + 1] - edges.start,
            receiver_indices=whole.receiver_indices[edges] - atoms.start,
            receiver_indptr=whole.receiver_indptr[messages.start : messages.stop + 1] - edges.start,
            graph=whole.graph[atoms] - first,
            atom_indptr=whole.atom_indptr[first : last + 1] - atoms.start,
            positions=whole.positions,
            size=last - first,
            descriptors=None if whole.descriptors is None else whole.descriptors[first:last],
            largest=int(np.diff(self._host_starts["atoms"][first : last + 1]).max(initial=0)),
            atom_weights=_part(whole.atom_weights, atoms),
            received_weights=_part(whole.received_weights, edges),
            receiver_weights=_part(whole.receiver_weights, edges),
            weighed=None if whole.weighed is None else whole.weighed[first:last],
        )


class _Weights(NamedTuple):
    """The weights of all graphs on a device, as a `GraphBatch` has them."""

    atoms: Tensor
    received: Tensor
    receiver: Tensor
    graphs: Tensor

    @classmethod
    def of(
        cls, packed: PackedGraphs, connections: Connections, device: torch.device
    ) -> "_Weights | None":
        """None where all weigh 1."""
        if packed.atom_weights is None or packed.bond_weights is None:
            return None
        bonds = torch.as_tensor(packed.bond_weights.copy())
        edges = torch.cat([bonds[:, 0], bonds[:, 1]])
        parts = np.split(packed.atom_weights, packed.atom_start[1:-1])
        graphs = torch.tensor([part.sum() if len(part) else 1.0 for part in parts])
        return cls(
            torch.as_tensor(packed.atom_weights.copy()).unsqueeze(1).to(device),
            edges[connections.by_receiver].to(device),
            edges[connections.by_message].to(device),
            graphs.float().unsqueeze(1).to(device),
        )


def _part(values: Tensor | None, rows: slice) -> Tensor | None:
    return None if values is None else values[rows]


def _host_starts(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)])


def _concatenated_spans(start: Tensor, rows: Tensor, total: int) -> tuple[Tensor, Tensor, Tensor]:
    """Concatenate the spans of some rows.

    Args:
        start: where each row's span begins; one more at the end.
        rows: whose spans to concatenate.
        total: the length of all these spans, so that the device need not be asked.

    Returns:
        The packed index of each element, the position of its row in `rows`, and where in the
        result each row begins (int32).
    """
    sizes = start[rows + 1] - start[rows]
    first = torch.cumsum(sizes, 0) - sizes
    positions = torch.arange(len(rows), device=rows.device)
    owner = torch.repeat_interleave(positions, sizes, output_size=total)
    inside = torch.arange(total, device=rows.device) - first[owner]
    return start[rows][owner] + inside, owner, first.to(torch.int32)
