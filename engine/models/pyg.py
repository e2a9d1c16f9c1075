"""To and from PyTorch Geometric, for those who bring its graphs or compare with its loaders."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.models.batching import GraphBatch, bond_codes
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
    return GraphBatch(
        batch.x.to(torch.int32),
        batch.edge_index[0],
        batch.edge_index[1],
        bond_codes(batch.edge_attr),
        batch.batch,
        batch.num_graphs,
    )
