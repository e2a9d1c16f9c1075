"""Graphs of compositions: weights of atoms and bonds in sums, messages and whole networks."""

from collections import defaultdict

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from engine.base.packed import PackedGraphs, take
from engine.chem.repeat_unit import canonical_unit
from engine.features.compute import compute_features
from engine.models.attention import GraphAttention, size_groups
from engine.models.batching import DeviceGraphs, GraphBatch
from engine.models.messages import ReceiveMessages, SumByGraph
from engine.models.network_prediction import Scale, filled_up, mean_of_networks
from engine.models.polygin import PolyGIN
from engine.models.pyg import to_pyg
from engine.settings.networks import NetworkConfig
from engine.training.captured import fixed_shape, pad_batch, size_of
from engine.training.pretexts import drop_bonds
from tests.models.test_messages import assert_same, random_values

CPU = torch.device("cpu")
TEXTS = [
    canonical_unit(text)
    for text in (
        "*CC(*)c1ccccc1|*CC(*)C|0.25|0.75|random",
        "*CC(*)c1ccccc1",
        "*OCC*|*CC(*)C(=O)OC|0.5|0.5|alternating",
        "*c1ccc(*)cc1|*c1ccc(*)s1|*C=C*|0.2|0.3|0.5|block",
    )
]
ROWS = np.array([2, 0, 3, 1, 0])
WIDTH = 4


@pytest.fixture(scope="module")
def packed() -> PackedGraphs:
    return compute_features(TEXTS, canonical_units=True).graphs


@pytest.fixture(scope="module")
def batch(packed: PackedGraphs) -> GraphBatch:
    return DeviceGraphs(packed, CPU).batch(ROWS)


def _edges(packed: PackedGraphs) -> list[tuple[int, int, int, float]]:
    """Every edge of the batch: sender, receiver, bond code and weight, by plain loops."""
    edges, first = [], 0
    kinds = (2 * 2 * 4, 2 * 4, 4, 1)
    for row in ROWS:
        graph, weights = packed.graph(row), packed.weights(row)
        assert weights is not None
        for (one, other), bond, (to, back) in zip(graph.ends, graph.bonds, weights[1], strict=True):
            code = int(np.dot(bond, kinds))
            edges.append((first + int(one), first + int(other), code, float(to)))
            edges.append((first + int(other), first + int(one), code, float(back)))
        first += len(graph.atoms)
    return edges


def test_messages_count_by_the_weights_of_their_bonds(
    packed: PackedGraphs, batch: GraphBatch
) -> None:
    atoms, own, table = (
        random_values(len(batch.atoms), WIDTH),
        random_values(),
        random_values(4, WIDTH, seed=1),
    )
    hot = one_hot(batch.bond_code.long() % 4, 4).double()
    ours = ReceiveMessages.apply(atoms, own, hot, table, batch)
    source, target, code, weight = (
        torch.tensor(column) for column in zip(*_edges(packed), strict=True)
    )
    messages = weight.double()[:, None] * torch.relu(atoms[source] + table[code % 4])
    received = torch.zeros_like(atoms).index_add(0, target, messages)
    assert_same(ours, own * atoms + received, [atoms, own, table])


def test_atoms_are_summed_by_the_fraction_of_their_unit(
    packed: PackedGraphs, batch: GraphBatch
) -> None:
    atoms = random_values(len(batch.atoms), WIDTH)
    weights = torch.tensor(take(packed, ROWS).atom_weights).double()
    plain = atoms.new_zeros(batch.size, WIDTH).index_add(
        0, batch.graph.long(), atoms * weights[:, None]
    )
    assert_same(SumByGraph.apply(atoms, batch), plain, [atoms])
    sums = torch.zeros(batch.size).index_add(0, batch.graph.long(), weights.float())
    torch.testing.assert_close(batch.sizes().squeeze(1), sums)


def test_each_end_of_a_unit_hears_one_neighbour_in_all(packed: PackedGraphs) -> None:
    """What reaches a joint from within its kind and from other units has a weight of one bond."""
    heard: dict[int, float] = defaultdict(float)
    graph, weights = packed.graph(0), packed.weights(0)
    assert weights is not None
    fractions = weights[0]
    apart = [fractions[one] != fractions[other] for one, other in graph.ends]
    for (one, other), (to, back), between in zip(graph.ends, weights[1], apart, strict=True):
        if between:
            heard[int(other)] += float(to)
            heard[int(one)] += float(back)
    closing = [w for w, between in zip(weights[1], apart, strict=True) if not between and w[0] < 1]
    # Propylene is three of four units: a quarter of its neighbours is styrene, and of styrene's
    # neighbours three quarters are propylene.
    assert sorted({round(value, 5) for value in heard.values()}) == [0.25, 0.75]
    assert sorted(round(float(to), 5) for to, _ in closing) == [0.25, 0.75]


LOOKING = NetworkConfig(layers=2, width=16, attention=2, pooling=("mean", "max", "sum"))
"""Attention, and the greatest values, as `t4x2` has them."""


def test_an_atom_is_looked_at_as_often_as_its_weight_says(
    packed: PackedGraphs, batch: GraphBatch
) -> None:
    torch.manual_seed(0)
    attention = GraphAttention(16, 2, 0.0).eval()
    atoms = torch.randn(len(batch.atoms), 16)
    query, key, value = attention.look(attention.norm(atoms)).view(-1, 3, 2, 8).unbind(1)
    scores = torch.einsum("uhd,vhd->huv", query, key) / 8**0.5
    weights = torch.tensor(take(packed, ROWS).atom_weights)
    counted = scores.exp() * weights * (batch.graph[:, None] == batch.graph)
    attended = torch.einsum("huv,vhd->uhd", counted / counted.sum(2, keepdim=True), value)
    expected = atoms + attention.out(attended.reshape(-1, 16))
    torch.testing.assert_close(attention(atoms, size_groups(batch)), expected)


@pytest.mark.parametrize("config", [LOOKING, NetworkConfig(layers=2, width=16)])
def test_a_curve_ends_at_the_homopolymer(config: NetworkConfig) -> None:
    torch.manual_seed(0)
    network = PolyGIN.build(config, 3).eval()
    texts = ["*CC(*)c1ccccc1|*CC(*)C|0.999999|0.000001", "*CC(*)c1ccccc1"]
    graphs = compute_features([canonical_unit(text) for text in texts], canonical_units=True).graphs
    with torch.inference_mode():
        nearly, whole = network(DeviceGraphs(graphs, CPU).batch(np.arange(2)))
    torch.testing.assert_close(nearly, whole, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("config", [LOOKING, NetworkConfig(layers=2, width=16)])
def test_weights_of_one_change_no_bit(config: NetworkConfig) -> None:
    torch.manual_seed(0)
    network = PolyGIN.build(config, 3).eval()
    graphs = compute_features(["*CC*", "*CC(*)c1ccccc1", "*OCC*"]).graphs
    with torch.inference_mode():
        plain = network(DeviceGraphs(graphs, CPU).batch(np.arange(3)))
        weighed = network(DeviceGraphs(graphs.weighted(), CPU).batch(np.arange(3)))
    assert torch.equal(plain, weighed)


def test_a_composition_has_the_same_bits_beside_others(packed: PackedGraphs) -> None:
    torch.manual_seed(0)
    network = PolyGIN.build(NetworkConfig(layers=2, width=16), 3)
    scale = Scale(np.zeros(3), np.ones(3))

    def predicted(rows: list[int]) -> np.ndarray:
        graphs = DeviceGraphs(filled_up(take(packed, np.array(rows))), CPU)
        return mean_of_networks([(network, scale)], graphs, np.arange(len(rows) + 16), 1)

    together = predicted([0, 1, 2, 3])
    np.testing.assert_array_equal(predicted([2, 0, 3, 1])[:4], together[[2, 0, 3, 1]])
    np.testing.assert_array_equal(predicted([3])[0], together[3])


def test_pyg_batches_carry_weights(packed: PackedGraphs) -> None:
    from torch_geometric.data import Batch

    torch.manual_seed(0)
    network = PolyGIN.build(NetworkConfig(layers=2, width=16), 3).eval()
    units = [to_pyg(packed.graph(row), None, packed.weights(row)) for row in ROWS]
    with torch.inference_mode():
        ours = network(DeviceGraphs(packed, CPU).batch(ROWS))
        torch.testing.assert_close(network(Batch.from_data_list(units)), ours)


def test_padding_changes_no_row(batch: GraphBatch) -> None:
    torch.manual_seed(0)
    network = PolyGIN.build(NetworkConfig(layers=2, width=16), 3).eval()
    with torch.inference_mode():
        padded = network(pad_batch(batch, fixed_shape(size_of(batch))))
        torch.testing.assert_close(padded[: batch.size], network(batch))


def test_dropped_bonds_take_their_weights_along(packed: PackedGraphs) -> None:
    fewer = drop_bonds(packed, 0.3, np.random.default_rng(0))
    assert fewer.bond_weights is not None
    assert len(fewer.bond_weights) == len(fewer.bonds) == fewer.bond_start[-1] < len(packed.bonds)
    DeviceGraphs(fewer, CPU).batch(ROWS)
