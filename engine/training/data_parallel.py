"""Each batch split over the CUDA devices of one process, by PyTorch Geometric's DataParallel."""

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor, nn

from ..base.packed import PackedGraphs
from ..models.device import Precision
from ..models.network import Network
from ..models.pyg import to_pyg

if TYPE_CHECKING:
    from torch_geometric.data import Batch


class DataParallelForward:
    """A network's forward pass over all CUDA devices."""

    def __init__(
        self,
        network: Network,
        graphs: PackedGraphs,
        descriptors: np.ndarray | None = None,
        precision: Precision | None = None,
    ) -> None:
        """Make PyG's graphs once; a batch is a list of them.

        Args:
            network: on the first CUDA device.
            graphs: N graphs.
            descriptors: shape `(N, D)`, for networks that join them.
            precision: of products; by default fp32.
        """
        from torch_geometric.nn import DataParallel

        self._parallel = DataParallel(_InPrecision(network, precision or Precision(None, False)))
        rows = [None] * graphs.size if descriptors is None else descriptors
        self._graphs = [
            to_pyg(graphs.graph(row), rows[row], graphs.weights(row)) for row in range(graphs.size)
        ]

    def __call__(self, rows: np.ndarray) -> Tensor:
        """Predict some rows, shape `(len(rows), K)`, standardised, on the first device."""
        return self._parallel([self._graphs[row] for row in rows])


class _InPrecision(nn.Module):
    """The network under autocast, which the threads of DataParallel do not inherit."""

    def __init__(self, network: Network, precision: Precision) -> None:
        super().__init__()
        self.network, self._precision = network, precision

    def forward(self, batch: "Batch") -> Tensor:
        with self._precision.autocast(batch.x.device):
            return self.network(batch)
