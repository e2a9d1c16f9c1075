"""The parts that networks are made of, and the network of each preset."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torch_geometric.nn import GCNConv

from engine.base.manifest import ProvenFiles
from engine.base.packed import pack
from engine.base.vocabulary import ATOM_FIELDS
from engine.chem.graphs import graph
from engine.models.attention import GraphAttention, size_groups
from engine.models.batching import DeviceGraphs, GraphBatch
from engine.models.gcn import GCN
from engine.models.gin import GIN
from engine.models.network import count_parameters
from engine.models.network_prediction import Scale
from engine.models.pyg import from_pyg, to_pyg
from engine.models.readout import JoinDescriptors, MaxByGraph
from engine.models.store import load_networks, save_network
from engine.settings.networks import NetworkConfig
from engine.settings.presets import PRESETS
from tests.training.conftest import build_polygin, network_of

CPU = torch.device("cpu")
UNITS = ["*CC*", "*CC(*)c1ccccc1", "[SiH4]", "*O[Si](*)(C)C", "*C/C=C/C*", "*CC(*)C(=O)OC"]
ROWS = np.array([5, 0, 4, 1, 1, 3, 2])
DESCRIPTORS = np.random.default_rng(0).normal(size=(len(UNITS), 200)).astype(np.float32)
PACKED = pack([graph(smiles) for smiles in UNITS])


def _batch(rows: np.ndarray = ROWS) -> GraphBatch:
    return DeviceGraphs(PACKED, CPU, DESCRIPTORS).batch(rows)


def _double(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()


@pytest.mark.parametrize(
    ("name", "total", "count"),
    [
        ("smoke", 11857.618839414099, 82_520),
        ("cpu", 30955.23773216431, 365_385),
        ("gpu", 30955.23773216431, 365_385),
    ],
)
def test_the_first_presets_start_from_the_weights_they_always_had(
    name: str, total: float, count: int
) -> None:
    torch.manual_seed(7)
    network = build_polygin(network_of(name), 5)
    assert sum(w.detach().double().abs().sum().item() for w in network.parameters()) == (
        pytest.approx(total, rel=1e-12)
    )
    assert count_parameters(network) == count
    assert type(network) is GIN


@pytest.mark.parametrize("name", PRESETS)
def test_a_prediction_of_each_preset_depends_on_the_graph_alone(name: str) -> None:
    torch.manual_seed(0)
    network = build_polygin(network_of(name), 3).eval()
    together = network(_batch())
    assert together.shape == (len(ROWS), 3)
    torch.testing.assert_close(together[3], together[4])
    torch.testing.assert_close(together[2:4], network(_batch(ROWS[2:4])), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(together[0], together[1])


@pytest.mark.parametrize("name", PRESETS)
def test_networks_of_each_preset_survive_the_disk(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = network_of(name)
    network = build_polygin(config)
    if network.join is not None:
        network.join.choose(DESCRIPTORS, np.arange(12.0).reshape(6, 2))
    network(_batch())
    scale = Scale(np.zeros(2), np.ones(2))
    save_network(tmp_path, "polygin", 0, network.eval(), scale)
    read = NetworkConfig(**config.model_dump(mode="json"))
    ((loaded, _),) = load_networks(ProvenFiles.unproven(tmp_path), "polygin", read, 1, 2)
    torch.testing.assert_close(loaded(_batch()), network(_batch()), rtol=2e-2, atol=2e-2)
    if network.join is not None:
        assert torch.equal(loaded.join.column, network.join.column)
        assert torch.equal(loaded.join.deviation, network.join.deviation)


def test_the_gcn_computes_what_pyg_computes() -> None:
    torch.manual_seed(0)
    config = network_of("baseline-gcn")
    network = GCN(config, 2)
    with torch.no_grad():
        network.biases.normal_()
    batch = _batch()
    columns = [list(ATOM_FIELDS).index(name) for name in config.atom_fields]
    hot = [one_hot(batch.atoms[:, c].long(), list(ATOM_FIELDS.values())[c]) for c in columns]
    values = torch.cat(hot, dim=1).float()
    receiver_indices = torch.repeat_interleave(batch.received_indptr.diff())
    edges = torch.stack([batch.sender[batch.received_indices].long(), receiver_indices])
    first = torch.cat([table.weight for table in network.atom_tables]).T
    weights = [first, *(layer.weight for layer in network.weights)]
    plain = [GCNConv(weight.shape[1], weight.shape[0]) for weight in weights]
    for conv, weight, bias in zip(plain, weights, network.biases, strict=True):
        conv.load_state_dict({"lin.weight": weight.detach(), "bias": bias.detach()})
        values = torch.relu(conv(values, edges))
    ours = network.encode(batch)[0]
    torch.testing.assert_close(ours, values, rtol=1e-5, atol=1e-5)
    slope = torch.randn_like(ours)
    (ours * slope).sum().backward()
    (values * slope).sum().backward()
    for conv, gradient in zip(plain, network.biases.grad, strict=True):
        torch.testing.assert_close(gradient, conv.bias.grad, rtol=1e-4, atol=1e-4)
    for conv, layer in zip(plain[1:], network.weights, strict=True):
        torch.testing.assert_close(layer.weight.grad, conv.lin.weight.grad, rtol=1e-4, atol=1e-4)
    tables = torch.cat([table.weight.grad for table in network.atom_tables])
    torch.testing.assert_close(tables.T, plain[0].lin.weight.grad, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("graphs_at_once", [2, 100])
def test_attention_looks_at_the_atoms_of_one_graph(
    graphs_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.models.attention._GRAPHS_PER_GROUP", {"cpu": graphs_at_once})
    torch.manual_seed(0)
    attention = GraphAttention(12, heads=3, dropout=0.0)
    batch = _batch()
    atoms = torch.randn(len(batch.atoms), 12)
    looked = attention.look(attention.norm(atoms))
    parts = []
    for one in looked.split(batch.atom_indptr.diff().tolist()):
        query, key, value = one.view(len(one), 3, 3, 4).permute(1, 2, 0, 3)
        share = torch.softmax(query @ key.transpose(1, 2) / 2, dim=2)
        parts.append((share @ value).transpose(0, 1).reshape(len(one), 12))
    expected = atoms + attention.out(torch.cat(parts))
    for batch_known in (batch, batch._replace(largest=0)):
        found = attention(atoms, size_groups(batch_known))
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_the_greatest_of_each_graph_and_its_gradient() -> None:
    batch = _batch()
    atoms = _double(len(batch.atoms), 5)
    plain = torch.stack([one.amax(0) for one in atoms.split(batch.atom_indptr.diff().tolist())])
    ours = MaxByGraph.apply(atoms, batch)
    assert torch.equal(ours, plain)
    slope = _double(*ours.shape).detach()
    mine, other = (torch.autograd.grad((one * slope).sum(), atoms)[0] for one in (ours, plain))
    torch.testing.assert_close(mine, other)


def test_descriptors_are_chosen_and_standardised_by_training_rows() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(50, 9)) * 100 + 7
    values[:, 2] = 5.0
    values[::6, 4] = np.nan
    labels = np.stack([np.nan_to_num(values[:, 4]), np.full(50, np.nan)], axis=1)
    labels[:, 1] = -3 * values[:, 7]
    join = JoinDescriptors(3)
    join.choose(values.astype(np.float32), labels)
    assert {4, 7} < set(join.column.tolist())
    joined = join(torch.zeros(50, 2), torch.as_tensor(values, dtype=torch.float32))
    assert joined.shape == (50, 5)
    assert torch.isfinite(joined).all()
    assert joined[:, 2:].mean(0).abs().max() < 0.1
    assert joined[:, 2:].abs().max() <= 5


def test_settings_without_the_later_words_are_the_network_of_before() -> None:
    config = NetworkConfig(**{"layers": 4, "width": 96, "dropout": 0.1, "virtual_node": True})
    assert config == network_of("cpu")


def test_pyg_batches_carry_descriptors() -> None:
    from torch_geometric.data import Batch

    units = [to_pyg(PACKED.graph(row), DESCRIPTORS[row]) for row in ROWS]
    batch = from_pyg(Batch.from_data_list(units))
    assert torch.equal(batch.descriptors, _batch().descriptors)
    assert batch.largest == int(_batch().atom_indptr.diff().max())


@pytest.mark.parametrize("heads", ["linear", "property"])
def test_what_a_network_says_is_not_rounded(heads: str) -> None:
    network = build_polygin(NetworkConfig(layers=1, width=12, heads=heads)).eval()
    with torch.autocast("cpu", torch.bfloat16):
        assert network(_batch()).dtype == torch.float32
