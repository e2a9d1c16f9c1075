"""Batches gathered from packed graphs are what PyTorch Geometric makes of the same graphs."""

import numpy as np
import pytest
import torch
from torch_geometric.data import Batch

from engine.base.packed import pack
from engine.chem.graphs import graph
from engine.models.batching import DeviceGraphs, GraphBatch
from engine.models.gin import GIN
from engine.models.pyg import from_pyg, to_pyg
from engine.settings.networks import NetworkConfig

UNITS = ["*CC*", "*CC(*)c1ccccc1", "*O[Si](*)(C)C", "*C/C=C/C*", "*CC(*)C(=O)OC"]
ROWS = [3, 0, 4, 4, 1]


@pytest.fixture
def ours() -> GraphBatch:
    packed = pack([graph(smiles) for smiles in UNITS])
    return DeviceGraphs(packed, torch.device("cpu")).batch(np.array(ROWS))


@pytest.fixture
def theirs() -> Batch:
    return Batch.from_data_list([to_pyg(graph(UNITS[row])) for row in ROWS])


def test_the_batches_are_equal(ours: GraphBatch, theirs: Batch) -> None:
    converted = from_pyg(theirs)
    for name, mine, other in zip(GraphBatch._fields, ours, converted, strict=True):
        if isinstance(mine, torch.Tensor):
            assert torch.equal(mine, other), name
        else:
            assert mine == other, name


def test_a_network_takes_both(ours: GraphBatch, theirs: Batch) -> None:
    torch.manual_seed(0)
    network = GIN(NetworkConfig(layers=2, width=16), properties=3).eval()
    torch.testing.assert_close(network(ours), network(theirs))


def test_a_prediction_depends_on_neither_neighbours_nor_atom_order() -> None:
    torch.manual_seed(0)
    network = GIN(NetworkConfig(layers=3, width=16), properties=2).eval()
    packed = pack([graph(smiles) for smiles in ["*CC(*)C(=O)OC", "COC(=O)C(*)C*", "*CC*"]])
    graphs = DeviceGraphs(packed, torch.device("cpu"))
    together = network(graphs.batch(np.array([0, 1, 2])))
    alone = network(graphs.batch(np.array([0])))
    torch.testing.assert_close(together[0], together[1])
    torch.testing.assert_close(together[:1], alone)
    assert not torch.allclose(together[0], together[2])
