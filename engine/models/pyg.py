"""To and from PyTorch Geometric, for those who bring its graphs or compare with its loaders."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.models.batching import GraphBatch, bond_codes, sort_edges, starts
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
    order, reverse = sort_edges(source, target)
    source, target = source[order], target[order]
    degrees = torch.bincount(target, minlength=batch.num_nodes)
    sizes = torch.bincount(batch.batch, minlength=batch.num_graphs)
    return GraphBatch(
        atoms=batch.x,
        source=source.to(torch.int32),
        target=target.to(torch.int32),
        reverse=reverse.to(torch.int32),
        bond_code=bond_codes(batch.edge_attr)[order],
        edge_start=starts(degrees),
        graph=batch.batch.to(torch.int32),
        atom_start=starts(sizes),
        positions=torch.arange(max(len(batch.x), len(source)), dtype=torch.int32).to(source.device),
        count=batch.num_graphs,
    )
