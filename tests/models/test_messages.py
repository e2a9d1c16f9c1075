"""Our sums over spans give the numbers and the gradients that PyTorch's own operations give."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from engine.base.packed import pack
from engine.chem.graphs import graph
from engine.models.batching import DeviceGraphs, GraphBatch
from engine.models.messages import AddByGraph, EmbedAtoms, ReceiveMessages, SumByGraph

UNITS = ["*CC*", "*CC(*)c1ccccc1", "[SiH4]", "*O[Si](*)(C)C", "*C/C=C/C*", "*CC(*)C(=O)OC"]
WIDTH = 5


@pytest.fixture(scope="module")
def batch() -> GraphBatch:
    packed = pack([graph(smiles) for smiles in UNITS])
    return DeviceGraphs(packed, torch.device("cpu")).batch(np.array([5, 0, 4, 1, 1, 3, 2]))


def random_values(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()


def assert_same(ours: Tensor, plain: Tensor, inputs: list[Tensor]) -> None:
    """Equal results, and equal gradients of an uneven sum of them."""
    torch.testing.assert_close(ours, plain)
    slope = random_values(*ours.shape, seed=9).detach()
    mine = torch.autograd.grad((ours * slope).sum(), inputs)
    for one, other in zip(mine, torch.autograd.grad((plain * slope).sum(), inputs), strict=True):
        torch.testing.assert_close(one, other)


def _edges(batch: GraphBatch) -> list[tuple[int, int, int]]:
    """Every edge as sender, receiver and bond code."""
    hearers = torch.repeat_interleave(batch.received_indptr.diff())
    message = batch.received_indices.long()
    columns = (batch.sender[message], hearers, batch.bond_code[message])
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def test_both_orders_of_the_edges_hold_the_same_edges(batch: GraphBatch) -> None:
    message = torch.repeat_interleave(batch.receiver_indptr.diff())
    columns = (batch.sender[message], batch.receiver_indices, batch.bond_code[message])
    assert sorted(zip(*(column.tolist() for column in columns), strict=True)) == _edges(batch)
    assert {(b, a, code) for a, b, code in _edges(batch)} == set(_edges(batch))


def test_a_message_is_computed_once_for_all_who_hear_it(batch: GraphBatch) -> None:
    pairs = list(zip(batch.sender.tolist(), batch.bond_code.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs) < len(batch.received_indices)
    assert sorted(pairs) == pairs


def test_messages(batch: GraphBatch) -> None:
    atoms, own, table = (
        random_values(len(batch.atoms), WIDTH),
        random_values(),
        random_values(4, WIDTH, seed=1),
    )
    bond_hot = one_hot(batch.bond_code.long() % 4, 4).double()
    ours = ReceiveMessages.apply(atoms, own, bond_hot, table, batch)
    source, target, code = (torch.tensor(column) for column in zip(*_edges(batch), strict=True))
    messages = torch.relu(atoms[source] + table[code % 4])
    received = torch.zeros_like(atoms).index_add(0, target, messages)
    assert_same(ours, own * atoms + received, [atoms, own, table])


def test_sums_by_graph(batch: GraphBatch) -> None:
    atoms = random_values(len(batch.atoms), WIDTH)
    plain = atoms.new_zeros(batch.size, WIDTH).index_add(0, batch.graph.long(), atoms)
    assert_same(SumByGraph.apply(atoms, batch), plain, [atoms])


def test_adding_by_graph(batch: GraphBatch) -> None:
    atoms, graphs = random_values(len(batch.atoms), WIDTH), random_values(batch.size, WIDTH, seed=1)
    plain = atoms + graphs[batch.graph.long()]
    assert_same(AddByGraph.apply(atoms, graphs, batch), plain, [atoms, graphs])


def test_embedding() -> None:
    table = random_values(9, WIDTH)
    index = torch.tensor([[0, 4, 8], [1, 4, 7], [0, 5, 8]])
    assert_same(EmbedAtoms.apply(table, index), table[index].sum(1), [table])
