"""To and from PyTorch Geometric, for those who bring its graphs or compare with its loaders."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.models.batching import GraphBatch, bond_codes, connect, starts
from engine.packed import Graph

if TYPE_CHECKING:
    from torch_geometric.data import Batch, Data


def to_pyg(graph: Graph) -> "Data":
    """One graph as PyG's `Data`: atom codes in `x`, bond codes in `edge_attr`, bonds both ways."""
    from torch_geometric.data import Data

    ends = torch.as_tensor(graph.ends.astype(np.int64)).T
    bonds = torch.as_tensor(graph.bonds.copy())
    return Data(
        x=torch.as_tensor(graph.atoms.copy()),
        edge_index=torch.cat([ends, ends.flip(0)], dim=1),
        edge_attr=torch.cat([bonds, bonds]),
    )


def from_pyg(batch: "Batch") -> GraphBatch:
    """A PyG `Batch` of what `to_pyg` makes, as the networks take it."""
    source, target = batch.edge_index
    found = connect(source, target, bond_codes(batch.edge_attr), batch.num_nodes)

    def small(values: torch.Tensor) -> torch.Tensor:
        return values.to(torch.int32)

    return GraphBatch(
        atoms=batch.x,
        sender=small(found.sender),
        bond_code=small(found.bond_code),
        sent_start=starts(found.sent),
        heard=small(found.heard),
        heard_start=starts(found.hears),
        listener=small(found.listener),
        listener_start=starts(found.listeners),
        graph=small(batch.batch),
        atom_start=starts(torch.bincount(batch.batch, minlength=batch.num_graphs)),
        positions=torch.arange(
            max(batch.num_nodes, len(source)), dtype=torch.int32, device=source.device
        ),
        count=batch.num_graphs,
    )
