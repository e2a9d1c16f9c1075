"""The network that the benchmark compares with computes what PolyGIN computes."""

import numpy as np
import pytest
import torch
from torch_geometric.data import Batch

from bench.speed.plain_loop import pyg_dataset
from bench.speed.pyg_network import PygNetwork, renamed
from engine.base.packed import pack
from engine.chem.graphs import graph
from engine.models.batching import DeviceGraphs
from engine.models.gin import GIN
from engine.settings.networks import NetworkConfig

UNITS = ["*CC(*)c1ccccc1", "*C/C=C/C*", "*CC*", "*OC(=O)c1ccc(cc1)C(*)=O", "*C(F)(F)C(F)(F)*"]


@pytest.mark.parametrize("virtual_node", [True, False])
def test_outputs_and_gradients_agree(virtual_node: bool) -> None:
    torch.manual_seed(0)
    config = NetworkConfig(layers=3, width=16, dropout=0.0, virtual_node=virtual_node)
    network, plain = GIN(config, 2), PygNetwork(config, 2)
    with torch.no_grad():
        for weight in network.parameters():
            weight.normal_(std=0.5)
    plain.load_state_dict(renamed(network.state_dict()))
    packed = pack([graph(smiles) for smiles in UNITS])
    rows = np.arange(len(UNITS))
    dataset, _ = pyg_dataset(packed, np.zeros((len(UNITS), 2)), rows)
    ours = network(DeviceGraphs(packed, torch.device("cpu")).batch(rows))
    theirs = plain(Batch.from_data_list(dataset))
    torch.testing.assert_close(theirs, ours, rtol=1e-4, atol=1e-4)

    towards = torch.randn_like(ours)
    (ours * towards).sum().backward()
    (theirs * towards).sum().backward()
    expected = renamed({name: weight.grad for name, weight in network.named_parameters()})
    gradients = {name: weight.grad for name, weight in plain.named_parameters()}
    assert expected.keys() == gradients.keys()
    for name, gradient in gradients.items():
        scale = expected[name].abs().max().item()
        torch.testing.assert_close(gradient, expected[name], rtol=1e-4, atol=1e-4 * max(scale, 1))
