"""Graphs to and from PyTorch Geometric: for its users, its DataParallel, and comparisons."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from ..base.packed import Graph
from .batching import Connections, GraphBatch, bond_codes, connect, indptr_of

if TYPE_CHECKING:
    from torch_geometric.data import Batch, Data


def to_pyg(
    graph: Graph,
    descriptors: np.ndarray | None = None,
    weights: tuple[np.ndarray, np.ndarray] | None = None,
) -> "Data":
    """One graph as PyG's `Data`: atom codes in `x`, bond codes in `edge_attr`, each bond twice.

    Args:
        graph: of one repeat unit.
        descriptors: shape `(D,)`, for networks that join them.
        weights: of a composition's atoms `(V,)` and bonds `(E, 2)`, see `PackedGraphs`.
    """
    from torch_geometric.data import Data

    ends = torch.as_tensor(graph.ends.astype(np.int64)).T
    bonds = torch.as_tensor(graph.bonds.copy())
    more = {} if descriptors is None else {"descriptors": torch.as_tensor(descriptors[None].copy())}
    if weights is not None:
        atoms, edges = (torch.as_tensor(each.copy()) for each in weights)
        more |= {"atom_weight": atoms, "edge_weight": torch.cat([edges[:, 0], edges[:, 1]])}
    return Data(
        **more,
        x=torch.as_tensor(graph.atoms.copy()),
        edge_index=torch.cat([ends, ends.flip(0)], dim=1),
        edge_attr=torch.cat([bonds, bonds]),
    )


def from_pyg(batch: "Batch") -> GraphBatch:
    """A PyG `Batch` of what `to_pyg` makes, as the networks take it."""
    source, target = batch.edge_index
    sizes = torch.bincount(batch.batch, minlength=batch.num_graphs)
    connections = connect(source, target, bond_codes(batch.edge_attr), batch.num_nodes)

    def narrow(values: torch.Tensor) -> torch.Tensor:
        return values.to(torch.int32)

    return GraphBatch(
        atoms=batch.x,
        sender=narrow(connections.sender),
        bond_code=narrow(connections.bond_code),
        sent_indptr=indptr_of(connections.sent_counts),
        received_indices=narrow(connections.received_indices),
        received_indptr=indptr_of(connections.received_counts),
        receiver_indices=narrow(connections.receiver_indices),
        receiver_indptr=indptr_of(connections.receiver_counts),
        graph=narrow(batch.batch),
        atom_indptr=indptr_of(sizes),
        positions=torch.arange(
            max(batch.num_nodes, len(source)), dtype=torch.int32, device=source.device
        ),
        size=batch.num_graphs,
        descriptors=batch.get("descriptors"),
        largest=int(sizes.max()) if len(sizes) else 0,
        **_weights(batch, connections),
    )


def _weights(batch: "Batch", connections: Connections) -> dict[str, torch.Tensor]:
    """The weights of a `GraphBatch`; none where the graphs have none."""
    if "atom_weight" not in batch:
        return {}
    atoms, edges = batch.atom_weight, batch.edge_weight
    totals = atoms.new_zeros(batch.num_graphs).index_add_(0, batch.batch, atoms)
    return {
        "atom_weights": atoms.unsqueeze(1),
        "received_weights": edges[connections.by_receiver],
        "receiver_weights": edges[connections.by_message],
        "weighed": totals.unsqueeze(1),
    }
