"""One step is the same step, however it is carried out."""

import gc
import re
import weakref
from pathlib import Path
from types import SimpleNamespace
from weakref import WeakMethod

import numpy as np
import pytest
import torch
from torch import nn

from engine.base.errors import UserError
from engine.base.packed import pack
from engine.chem.graphs import graph
from engine.models.batching import BatchSize, DeviceGraphs
from engine.models.device import Precision, set_arithmetic
from engine.models.gin import GIN
from engine.settings.devices import DeviceSettings
from engine.settings.networks import NetworkConfig
from engine.settings.training import TrainingConfig
from engine.training.captured import CapturedStep, _left_as_it_was, fixed_shape, pad_batch
from engine.training.context import TrainContext
from engine.training.optimiser import FlatAdamW, warmup_cosine
from engine.training.trainer import Trainer
from tests.training.conftest import LABELS, UNITS, Told, build_polygin, network_of

CPU = torch.device("cpu")
NETWORK = NetworkConfig(layers=2, width=12, dropout=0.0)
ROWS = np.arange(len(UNITS))


@pytest.fixture(scope="module")
def graphs() -> DeviceGraphs:
    return DeviceGraphs(pack([graph(smiles) for smiles in UNITS]), CPU)


def _trainer(graphs: DeviceGraphs, told: Told | None = None, **use: object) -> Trainer:
    torch.manual_seed(0)
    config = TrainingConfig(epochs=2, batch=16, learning_rate=1e-2)
    context = TrainContext(Path(), told or Told(), DeviceSettings(**use))
    return Trainer(GIN(NETWORK, 2), graphs, LABELS, ROWS, config, 0, context)


def _captured_step(trainer: Trainer, shape: BatchSize) -> CapturedStep:
    return CapturedStep(WeakMethod(trainer._learn), trainer.network, CPU, shape)


def test_a_filled_batch_gives_the_same_numbers_and_gradients(graphs: DeviceGraphs) -> None:
    batch = graphs.batch(ROWS[:9])
    shape = fixed_shape(graphs.largest(ROWS, 9))
    results = []
    for given in (batch, pad_batch(batch, shape)):
        torch.manual_seed(0)
        network = GIN(NETWORK, 2).train()
        predicted = network(given)[:9]
        predicted.square().sum().backward()
        results.append([predicted, *(w.grad for w in network.parameters()), *network.buffers()])
    for plain, filled in zip(*results, strict=True):
        torch.testing.assert_close(plain, filled, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["baseline-gcn", "laptop-6gb"])
def test_a_filled_batch_is_the_same_for_other_kinds_of_networks(
    graphs: DeviceGraphs, name: str
) -> None:
    config = network_of(name, layers=2, width=12, layer_dropout=0.0)
    batch = graphs.batch(ROWS[:9])
    results = []
    for given in (batch, pad_batch(batch, fixed_shape(graphs.largest(ROWS, 9)))):
        torch.manual_seed(0)
        network = build_polygin(config).train()
        assert network.can_be_captured
        predicted = network(given)[:9]
        predicted.square().sum().backward()
        learned = [weight.grad for weight in network.parameters() if weight.grad is not None]
        results.append([predicted, *learned, *network.buffers()])
    for plain, filled in zip(*results, strict=True):
        torch.testing.assert_close(plain, filled, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["baseline-gcn", "laptop-6gb", "t4x2"])
def test_low_precision_gives_about_the_same_loss(graphs: DeviceGraphs, name: str) -> None:
    config = network_of(name, layers=2, width=16, descriptors=0)
    losses = []
    for precision in ("fp32", "bf16"):
        torch.manual_seed(0)
        network = build_polygin(config)
        training = TrainingConfig(epochs=2, batch=16, learning_rate=1e-3)
        context = TrainContext(Path(), use=DeviceSettings(precision=precision))
        trainer = Trainer(network, graphs, LABELS, ROWS, training, 0, context)
        losses.append(trainer.epoch())
    assert losses[1] == pytest.approx(losses[0], rel=0.1)


def test_a_captured_step_leaves_the_same_gradient(graphs: DeviceGraphs) -> None:
    eager, captured = _trainer(graphs), _trainer(graphs)
    step = _captured_step(captured, fixed_shape(graphs.largest(ROWS, 9)))
    labels = torch.as_tensor(eager.scale.apply(LABELS), dtype=torch.float32)
    step.capture(graphs.batch(ROWS[:8]), labels[:8])
    arranged = graphs.arrange(ROWS[8:17])
    loss = eager._accumulate(arranged, labels[8:17], 0, 9)
    torch.testing.assert_close(step.run(graphs.batch(ROWS[8:17]), labels[8:17]), loss)
    torch.testing.assert_close(
        captured.optimiser.gradient, eager.optimiser.gradient, rtol=1e-4, atol=1e-6
    )


def test_a_batch_too_large_for_the_captured_shape_is_left_to_the_ordinary_step(
    graphs: DeviceGraphs,
) -> None:
    trainer = _trainer(graphs)
    step = _captured_step(trainer, fixed_shape(BatchSize(4, 40, 60, 50)))
    assert step.run(graphs.batch(ROWS), torch.zeros(len(ROWS), 2)) is None


def test_a_first_batch_that_does_not_fit_is_launched_and_the_next_is_captured(
    graphs: DeviceGraphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    trainer = _trainer(graphs, told)
    trainer._capturing = True
    largest = graphs.largest(ROWS, 12)
    shape = BatchSize(4, *fixed_shape(largest)[1:])
    monkeypatch.setattr("engine.training.trainer.fixed_shape", lambda size: shape)
    arranged = graphs.arrange(ROWS)
    assert trainer._replay(arranged, trainer._labels, 0, 12) is None
    assert trainer._capturing
    assert trainer._captured is None
    assert trainer._replay(arranged, trainer._labels, 12, 15) is not None
    assert trainer._captured is not None
    assert not told.lines


def test_a_capture_that_is_cut_off_leaves_fresh_random_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of the capture would wait for its end, and refuse to be used outside it."""
    before = torch.Generator().manual_seed(5).get_state()
    own, other = SimpleNamespace(device_index=0), SimpleNamespace(device_index=0)
    current = [own]
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: before)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: current[-1])
    monkeypatch.setattr(torch.cuda, "set_stream", current.append)
    replaced = []
    stand_in = SimpleNamespace(graphsafe_set_state=replaced.append)
    monkeypatch.setattr(torch.cuda, "default_generators", (stand_in,))
    restored = []
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state, device: restored.append(state))
    network = nn.BatchNorm1d(3)

    def capture() -> None:
        current.append(other)
        network(torch.randn(4, 3))
        raise RuntimeError("the capture failed")

    with pytest.raises(RuntimeError, match="capture"), _left_as_it_was(network, CPU):
        capture()
    assert isinstance(replaced[0], torch.Generator)
    assert current[-1] is own
    assert torch.equal(restored[0], before)
    assert network.num_batches_tracked == 0


def test_a_captured_step_keeps_no_trainer_alive(graphs: DeviceGraphs) -> None:
    trainer = _trainer(graphs)
    trainer._captured = _captured_step(trainer, fixed_shape(BatchSize(4, 40, 60, 50)))
    gone = weakref.ref(trainer)
    gc.disable()
    try:
        del trainer
        assert gone() is None
    finally:
        gc.enable()


def test_a_step_in_the_backward_pass_is_not_computed_in_fp16(
    graphs: DeviceGraphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = {"auto": Precision(torch.float16, True), "fp32": Precision(None, False)}
    monkeypatch.setattr(Precision, "of", lambda device, choice: kinds[choice])
    told = Told()
    trainer = _trainer(graphs, told, step_in_backward=True)
    assert trainer.precision == kinds["fp32"]
    assert not trainer.scaler.is_enabled()
    assert "fp32 is used" in told.lines[0]


def test_processes_that_train_together_do_not_part_ways_when_memory_runs_out(
    graphs: DeviceGraphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = _trainer(graphs)

    def no_memory(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(GIN, "forward", no_memory)
    monkeypatch.setattr("engine.training.trainer.several_processes", lambda: True)
    monkeypatch.setattr("engine.training.trainer._own_share", lambda first, last: (first, last))
    with pytest.raises(MemoryError):
        trainer._backward(graphs.arrange(ROWS), trainer._labels, 0, 16)
    assert trainer._pieces == 1


@pytest.mark.parametrize("kind", [torch.OutOfMemoryError, RuntimeError])
def test_out_of_memory_halves_the_pieces_and_goes_on(
    graphs: DeviceGraphs, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    told = Told()
    trainer = _trainer(graphs, told)
    forward = GIN.forward

    def limited(network: GIN, batch) -> torch.Tensor:
        if batch.size > 5:
            raise kind("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return forward(network, batch)

    monkeypatch.setattr(GIN, "forward", limited)
    assert np.isfinite(trainer.epoch())
    assert np.isfinite(trainer.epoch())
    assert [re.search(r"(\d+) pieces", line)[1] for line in told.lines] == ["2", "4"]


def test_a_batch_that_cannot_be_cut_further_ends_the_training(
    graphs: DeviceGraphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(network: GIN, batch) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(GIN, "forward", never)
    with pytest.raises(MemoryError, match="CUDA out of memory"):
        _trainer(graphs).epoch()


@pytest.mark.parametrize(
    ("precision", "products"), [("auto", "high"), ("fp32", "highest"), ("bf16", "high")]
)
def test_fp32_is_exact_and_what_else_is_in_single_precision_is_tf32(
    precision: str, products: str
) -> None:
    set_arithmetic(DeviceSettings(precision=precision))
    try:
        assert torch.get_float32_matmul_precision() == products
    finally:
        set_arithmetic(DeviceSettings())


def test_tf32_has_the_types_of_fp32_and_no_cpu_has_it() -> None:
    assert Precision.of(torch.device("cuda"), "tf32") == Precision(None, False)
    with pytest.raises(UserError, match="tf32 needs a CUDA device"):
        Precision.of(CPU, "tf32")


def test_other_errors_are_not_taken_for_a_lack_of_memory(
    graphs: DeviceGraphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(network: GIN, batch) -> torch.Tensor:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(GIN, "forward", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        _trainer(graphs).epoch()


def test_pieces_add_up_to_the_gradient_of_the_batch(graphs: DeviceGraphs) -> None:
    """In evaluation mode: averages over a smaller batch are others."""
    labels = torch.as_tensor(_trainer(graphs).scale.apply(LABELS), dtype=torch.float32)
    gradients = []
    for pieces in (1, 3):
        trainer = _trainer(graphs)
        trainer.network.eval()
        trainer._pieces = pieces
        trainer._accumulate(graphs.arrange(ROWS), labels, 0, len(ROWS))
        gradients.append(trainer.optimiser.gradient.clone())
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-6)


def test_the_flat_optimiser_steps_as_adamw_does() -> None:
    def build() -> nn.Module:
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 7), nn.Tanh(), nn.Linear(7, 1))

    plain, flat = build(), build()
    adamw = torch.optim.AdamW(plain.parameters(), lr=0.1, weight_decay=0.01)
    ours = FlatAdamW(flat, 0.1, 0.01, clip=0.5)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    values = torch.randn(5, 3)
    for rate in (0.1, 0.05, 0.2):
        adamw.param_groups[0]["lr"] = rate
        adamw.zero_grad()
        (10 * plain(values)).square().mean().backward()
        nn.utils.clip_grad_norm_(plain.parameters(), 0.5)
        adamw.step()
        ours.set_learning_rate(rate)
        ours.zero()
        (10 * flat(values)).square().mean().backward()
        ours.step(scaler)
    for one, other in zip(plain.parameters(), flat.parameters(), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("use", [{}, {"step_in_backward": True}])
def test_the_loss_falls(graphs: DeviceGraphs, use: dict) -> None:
    trainer = _trainer(graphs, **use)
    trainer._config = TrainingConfig(epochs=15, batch=16, learning_rate=1e-2)
    losses = [trainer.epoch() for _ in range(15)]
    assert losses[-1] < losses[0] / 1.5


def test_no_batch_is_a_single_graph(graphs: DeviceGraphs, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    forward = GIN.forward

    def counted(network: GIN, batch) -> torch.Tensor:
        sizes.append(batch.size)
        return forward(network, batch)

    monkeypatch.setattr(GIN, "forward", counted)
    config = TrainingConfig(epochs=1, batch=2)
    Trainer(GIN(NETWORK, 2), graphs, LABELS, ROWS[:5], config, 0, TrainContext(Path())).epoch()
    assert sorted(sizes) == [2, 3]


def test_the_learning_rate_rises_then_falls_to_nothing() -> None:
    rates = [warmup_cosine(step, 100, 0.1) for step in range(101)]
    assert max(rates) == rates[10] == 1
    assert rates[0] == pytest.approx(0.1)
    assert rates[-1] == pytest.approx(0, abs=1e-9)
