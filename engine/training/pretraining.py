"""Training a network on graphs without labels, before it learns from labels."""

import math
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from ..base.packed import PackedGraphs
from ..models.build import Network
from ..models.device import Precision, forget_unused, out_of_memory, several_processes
from ..settings.devices import DeviceSettings
from ..settings.training import LoopSettings
from .checkpoints import State
from .optimiser import FlatAdamW, one_cycle
from .pretexts import PRETEXTS

_WARM_SHARE = 0.1


class Keeps(Protocol):
    """Keeps the state after an epoch; see `engine.training.network_checkpoints.Keeper`."""

    def resume_pretraining(self, pretrainer: "Pretrainer") -> int:
        """Bring it to the last state kept; returns how many epochs that has done."""
        ...

    def keep_pretraining(self, pretrainer: "Pretrainer", epoch: int, force: bool) -> None:
        """Write its state, unless the last was written a moment ago and nothing forces it."""
        ...


class _Way(NamedTuple):
    """Where and how it is computed."""

    device: torch.device
    use: DeviceSettings
    log: Callable[[str], None]


def pretrain(
    network: Network,
    graphs: PackedGraphs,
    settings: LoopSettings,
    seed: int,
    device: torch.device,
    use: DeviceSettings,
    report: Callable[[dict], None],
    log: Callable[[str], None] = lambda line: None,
    keeper: Keeps | None = None,
) -> None:
    """Train a network's body on graphs; its heads stay as they are.

    Args:
        network: with fresh weights; it is moved to the device.
        graphs: of training rows, labelled or not.
        settings: how; `settings.pretraining` must be given.
        seed: of everything random.
        device: where to train.
        use: how to use the device.
        report: told each epoch's `pretraining_epoch` and `pretraining_loss`; may raise to end it.
        log: told when memory runs out.
        keeper: keeps checkpoints, and has the one to go on from.
    """
    pretrainer = Pretrainer(network, graphs, settings, seed, _Way(device, use, log))
    epochs = settings.pretraining.epochs
    for epoch in range(keeper.resume_pretraining(pretrainer) if keeper else 0, epochs):
        started = time.perf_counter()
        loss = pretrainer.epoch(epoch)
        measured = {
            "pretraining_epoch": epoch + 1,
            "pretraining_loss": loss,
            "pretraining_seconds": time.perf_counter() - started,
        }
        last = epoch + 1 == epochs
        try:
            report(measured)
        except BaseException:
            if keeper:
                keeper.keep_pretraining(pretrainer, epoch + 1, force=True)
            raise
        if keeper:
            keeper.keep_pretraining(pretrainer, epoch + 1, force=last)
    pretrainer.end()


class Pretrainer:
    """The state of one pretraining.

    Everything random in an epoch follows from the seed and the epoch's number, so a state need not
    hold it.
    """

    def __init__(
        self, network: Network, graphs: PackedGraphs, settings: LoopSettings, seed: int, way: _Way
    ) -> None:
        """See `pretrain`."""
        self._network, self._graphs, self._seed = network.to(way.device), graphs, seed
        self._settings, self._way = settings.pretraining, way
        self._batch = settings.batch
        torch.manual_seed(seed)
        self._pretext = PRETEXTS[self._settings.kind](network, self._settings).to(way.device)
        # The heads are for labels: without a gradient they would only decay.
        network.heads.requires_grad_(False)
        both = nn.ModuleDict({"network": network, "pretext": self._pretext})
        self._module = both
        self._optimiser = FlatAdamW(
            both,
            self._settings.learning_rate,
            settings.weight_decay,
            settings.clip,
            settings.betas,
            settings.eps,
        )
        self._precision = Precision.of(way.device, way.use.precision)
        self._scaler = torch.amp.GradScaler(way.device.type, enabled=self._precision.scaled)

    def epoch(self, number: int) -> float:
        """One pass over the graphs; the mean loss of its steps.

        Args:
            number: of the epoch, from 0.
        """
        random = np.random.default_rng([self._seed, number])
        torch.manual_seed(self._seed + 1_000_003 * (number + 1))
        self._module.train()
        order = random.permutation(self._graphs.size)
        views = self._pretext.views(self._graphs, order, random, self._way.device)
        steps = max(min(math.ceil(len(order) / self._batch), len(order) // 2), 1)
        bounds = np.linspace(0, len(order), steps + 1).astype(int).tolist()
        total = torch.zeros((), device=self._way.device)
        for step in range(steps):
            done = number * steps + step
            factor = one_cycle(done, self._settings.epochs * steps, _WARM_SHARE)
            self._optimiser.set_learning_rate(self._settings.learning_rate * factor)
            total += self._step(views, bounds[step], bounds[step + 1])
        return float(total) / steps

    def _step(self, views: list, first: int, last: int) -> Tensor:
        """Learn from the graphs of some places in the order; the loss."""
        loss = None
        try:
            loss = self._gradient(views, first, last)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            # Processes that train together must not part ways: each would wait for the others.
            if last - first < 8 or several_processes():
                raise MemoryError(str(error)) from error
        # Out here: the error holds what its pass has made.
        if loss is None:
            forget_unused(self._way.device)
            middle = (first + last) // 2
            if middle - first < self._batch:
                self._batch = max(middle - first, 4)
                self._way.log(
                    f"Out of memory: batches of the pretraining now have {self._batch} graphs"
                )
            return (self._step(views, first, middle) + self._step(views, middle, last)) / 2
        self._optimiser.step(self._scaler)
        return loss

    def _gradient(self, views: list, first: int, last: int) -> Tensor:
        """Leave the gradient in the optimiser; the loss."""
        self._optimiser.zero()
        with self._precision.autocast(self._way.device):
            loss = self._pretext(self._network, [view.part(first, last) for view in views])
        self._scaler.scale(loss).backward()
        return loss.detach()

    def end(self) -> None:
        """Leave the network ready to learn from labels, with equal weights in all processes."""
        self._network.heads.requires_grad_(True)
        if several_processes():
            for value in self._network.state_dict().values():
                dist.broadcast(value, 0)

    def state(self) -> State:
        """All that the next epoch depends on, besides its number."""
        tensors = {
            **{f"module.{name}": value for name, value in self._module.state_dict().items()},
            **{f"optimiser.{name}": value for name, value in self._optimiser.state().items()},
        }
        arrays = {name: value.detach().cpu().numpy() for name, value in tensors.items()}
        return State(arrays, {"scaler": self._scaler.state_dict(), "batch": self._batch})

    def restore(self, state: State) -> None:
        """Go on from a `state`."""
        kinds: dict[str, dict[str, Tensor]] = {"module": {}, "optimiser": {}}
        for name, value in state.arrays.items():
            kind, _, inner = name.partition(".")
            kinds[kind][inner] = torch.from_numpy(value.copy())
        self._module.load_state_dict(kinds["module"])
        self._optimiser.restore(kinds["optimiser"])
        self._batch = state.values["batch"]
        if state.values["scaler"]:
            self._scaler.load_state_dict(state.values["scaler"])
