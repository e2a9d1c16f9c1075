"""Learning from graphs without labels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.base.packed import PackedGraphs, pack, take
from engine.base.vocabulary import MASKED_ATOM, MASKED_BOND
from engine.chem.graphs import graph
from engine.models.batching import DeviceGraphs
from engine.settings.devices import DeviceSettings
from engine.settings.networks import NetworkConfig
from engine.settings.training import PretrainingConfig, TrainingConfig
from engine.training.context import TrainContext
from engine.training.network_checkpoints import NetworkCheckpointer
from engine.training.pretexts import BondEnds, _fields_of, drop_bonds, mask, masked_atoms, nt_xent
from engine.training.pretraining import Pretrainer, pretrain
from engine.training.reporter import Reporter
from tests.training.conftest import UNITS, build_polygin

CPU = torch.device("cpu")
NETWORK = NetworkConfig(layers=2, width=24, layer_dropout=0.1)
CONTEXT = TrainContext(Path())


@pytest.fixture(scope="module")
def graphs() -> PackedGraphs:
    return pack([graph(smiles) for smiles in [*UNITS, "*CC(*)c1ccccc1", "*C=CC(=O)N*", "[SiH4]"]])


class _Measured(Reporter):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.rows: list[dict] = []

    def measured(self, row: dict) -> None:
        self.rows.append(row)


def _pretrainer(
    graphs: PackedGraphs, config: TrainingConfig, seed: int = 0, context: TrainContext = CONTEXT
) -> Pretrainer:
    network = build_polygin(NETWORK)
    return Pretrainer(network, graphs, config, config.pretraining, seed, context)


def _settings(kind: str, epochs: int = 12) -> TrainingConfig:
    before = PretrainingConfig(kind=kind, epochs=epochs, learning_rate=1e-2, temperature=0.2)
    return TrainingConfig(batch=16, pretraining=before)


def _pretrained(graphs: PackedGraphs, kind: str, seed: int = 0) -> tuple:
    torch.manual_seed(seed)
    network = build_polygin(NETWORK)
    told = _Measured()
    context = CONTEXT.with_reporter(told)
    checkpointer = NetworkCheckpointer(context, "polygin-000", {})
    pretrain(network, graphs, _settings(kind), seed, context, checkpointer)
    return network, told.rows


@pytest.mark.parametrize("kind", ["masked", "contrastive"])
def test_it_learns_the_body_and_leaves_the_heads(graphs: PackedGraphs, kind: str) -> None:
    network, told = _pretrained(graphs, kind)
    losses = [row["pretraining_loss"] for row in told]
    assert [row["pretraining_epoch"] for row in told] == list(range(1, 13))
    assert np.mean(losses[-3:]) < 0.8 * losses[0]
    torch.manual_seed(0)
    fresh = build_polygin(NETWORK)
    for name, value in fresh.heads.state_dict().items():
        assert torch.equal(value, network.heads.state_dict()[name])
    assert not torch.equal(fresh.layers[0].update[0].weight, network.layers[0].update[0].weight)
    assert all(weight.requires_grad for weight in network.parameters())


@pytest.mark.parametrize("kind", ["masked", "contrastive"])
def test_the_same_seed_gives_the_same_bits(graphs: PackedGraphs, kind: str) -> None:
    one, other = (_pretrained(graphs, kind)[0].state_dict() for _ in range(2))
    assert all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize("kind", ["masked", "contrastive"])
def test_low_precision_learns_about_the_same(graphs: PackedGraphs, kind: str) -> None:
    losses = []
    for precision in ("fp32", "bf16"):
        torch.manual_seed(0)
        context = replace(CONTEXT, use=DeviceSettings(precision=precision))
        losses.append(_pretrainer(graphs, _settings(kind), context=context).epoch(0))
    assert losses[1] == pytest.approx(losses[0], rel=0.1)


def test_it_goes_on_from_a_state_with_the_same_bits(graphs: PackedGraphs) -> None:
    settings = _settings("masked", 4)

    def fresh(seed: int) -> Pretrainer:
        torch.manual_seed(seed)
        return _pretrainer(graphs, settings, seed=3)

    whole, other = fresh(0), fresh(0)
    for epoch in range(4):
        whole.epoch(epoch)
    for epoch in range(2):
        other.epoch(epoch)
    state = other.state()
    resumed = fresh(1)
    resumed.restore(state)
    for epoch in range(2, 4):
        resumed.epoch(epoch)
    for name, value in whole.state().arrays.items():
        assert np.array_equal(value, resumed.state().arrays[name]), name


def test_when_memory_runs_out_batches_become_smaller(
    graphs: PackedGraphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretrainer = _pretrainer(graphs, _settings("masked"))
    gradient = Pretrainer._gradient

    def limited(self: Pretrainer, views: list, first: int, last: int) -> torch.Tensor:
        if last - first > 10:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return gradient(self, views, first, last)

    monkeypatch.setattr(Pretrainer, "_gradient", limited)
    assert np.isfinite(pretrainer.epoch(0))
    assert 4 <= pretrainer.state().values["batch"] <= 10


def test_hidden_atoms_and_their_bonds_say_nothing(graphs: PackedGraphs) -> None:
    chosen = masked_atoms(graphs, 0.1, np.random.default_rng(0))
    assert all(
        chosen[first:last].any()
        for first, last in zip(graphs.atom_start, graphs.atom_start[1:], strict=False)
    )
    hidden = mask(graphs, chosen, bonds_too=True)
    assert (hidden.atoms[chosen] == MASKED_ATOM).all()
    assert np.array_equal(hidden.atoms[~chosen], graphs.atoms[~chosen])
    for row in range(graphs.size):
        own = chosen[graphs.atom_start[row] : graphs.atom_start[row + 1]]
        one, true = hidden.graph(row), graphs.graph(row)
        touched = own[true.ends].any(axis=1)
        assert (one.bonds[touched] == MASKED_BOND).all()
        assert np.array_equal(one.bonds[~touched], true.bonds[~touched])
    assert not (graphs.atoms == MASKED_ATOM).all(axis=1).any()
    assert not (graphs.bonds == MASKED_BOND).all(axis=1).any()


def test_dropped_bonds_are_gone_from_their_graph(graphs: PackedGraphs) -> None:
    fewer = drop_bonds(graphs, 0.3, np.random.default_rng(0))
    assert 0 < len(fewer.bonds) < len(graphs.bonds)
    for row in range(graphs.size):
        one, whole = fewer.graph(row), graphs.graph(row)
        assert {*map(tuple, one.ends.tolist())} <= {*map(tuple, whole.ends.tolist())}
    DeviceGraphs(fewer, CPU).batch(np.arange(fewer.size))


def test_graphs_taken_are_those_of_the_rows(graphs: PackedGraphs) -> None:
    rows = np.array([5, 0, 5, 34])
    taken = take(graphs, rows)
    for place, row in enumerate(rows):
        for one, other in zip(taken.graph(place), graphs.graph(row), strict=True):
            assert np.array_equal(one, other)


def test_the_contrastive_loss_is_nt_xent() -> None:
    torch.manual_seed(0)
    one, other = torch.randn(5, 4), torch.randn(5, 4)
    both = torch.cat([one, other])
    both = both / both.norm(dim=1, keepdim=True)
    losses = []
    for i in range(10):
        alike = [(both[i] @ both[j] / 0.07).exp() for j in range(10) if j != i]
        losses.append(-((both[i] @ both[(i + 5) % 10] / 0.07).exp() / sum(alike)).log())
    assert nt_xent(one, other, 0.07).item() == pytest.approx(np.mean(losses), rel=1e-4)


def test_both_ends_of_a_bond_and_their_gradient(graphs: PackedGraphs) -> None:
    batch = DeviceGraphs(graphs, CPU).batch(np.arange(graphs.size))
    sender = batch.sender[batch.received_indices]
    receiver = torch.repeat_interleave(batch.received_indptr.diff())
    atoms = torch.randn(len(batch.atoms), 3, dtype=torch.float64, requires_grad=True)
    plain = atoms[sender.long()] + atoms[receiver.long()]
    ours = BondEnds.apply(atoms, sender, receiver, batch)
    mine, other = (torch.autograd.grad(one.square().sum(), atoms)[0] for one in (ours, plain))
    torch.testing.assert_close(mine, other)
    fields = _fields_of(batch.bond_code)
    assert sorted(map(tuple, fields.tolist())) == sorted(map(tuple, graphs_bonds(graphs)))


def graphs_bonds(graphs: PackedGraphs) -> list[list[int]]:
    """The fields of each message's bond."""
    found = set()
    for row in range(graphs.size):
        one = graphs.graph(row)
        for (a, b), bond in zip(one.ends.tolist(), one.bonds.tolist(), strict=True):
            found |= {(row, a, *bond), (row, b, *bond)}
    return [list(entry[2:]) for entry in found]
