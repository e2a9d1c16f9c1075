"""Each batch split over the CUDA devices of one process, by PyTorch Geometric's DataParallel."""

import numpy as np
from torch import Tensor

from engine.models.build import Network
from engine.models.pyg import to_pyg
from engine.packed import PackedGraphs


class DataParallelForward:
    """A network's forward pass over all CUDA devices there are."""

    def __init__(
        self, network: Network, graphs: PackedGraphs, descriptors: np.ndarray | None = None
    ) -> None:
        """Make PyG's graphs once; a batch is a list of them.

        Args:
            network: on the first CUDA device.
            graphs: N graphs.
            descriptors: shape `(N, D)`, for networks that join them.
        """
        from torch_geometric.nn import DataParallel

        self._parallel = DataParallel(network)
        rows = [None] * graphs.count if descriptors is None else descriptors
        self._graphs = [to_pyg(graphs.one(row), rows[row]) for row in range(graphs.count)]

    def __call__(self, rows: np.ndarray) -> Tensor:
        """Predict some rows, shape `(len(rows), K)`, standardised, on the first device."""
        return self._parallel([self._graphs[row] for row in rows])
