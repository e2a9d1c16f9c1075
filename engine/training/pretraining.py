"""Training a network on graphs without labels, before it learns from labels."""

import time

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from ..base.packed import PackedGraphs
from ..models.device import Precision, forget_unused, out_of_memory, several_processes
from ..models.network import Network
from ..settings.training import PretrainingConfig, TrainingConfig, steps_of_epoch
from .checkpoints import State, groups_of, state_of
from .context import TrainContext
from .network_checkpoints import NetworkCheckpointer
from .optimiser import FlatAdamW, warmup_cosine
from .pretexts import PRETEXTS

_WARM_SHARE = 0.1


def pretrain(
    network: Network,
    graphs: PackedGraphs,
    config: TrainingConfig,
    seed: int,
    context: TrainContext,
    checkpointer: NetworkCheckpointer,
) -> None:
    """Train a network's body on graphs, where the settings ask for it; its heads stay as they are.

    The reporter of the context is told each epoch's `pretraining_epoch`, `pretraining_loss` and
    `pretraining_seconds`.

    Args:
        network: with fresh weights; it is moved to the context's device.
        graphs: of training rows, labelled or not.
        config: of the whole training; its `pretraining` is carried out.
        seed: of everything random.
        context: of the fit.
        checkpointer: saves checkpoints, and has the one to resume from.
    """
    if config.pretraining is None:
        return
    pretrainer = Pretrainer(network, graphs, config, config.pretraining, seed, context)
    epochs = config.pretraining.epochs
    for epoch in range(checkpointer.resume_pretraining(pretrainer), epochs):
        started = time.perf_counter()
        loss = pretrainer.epoch(epoch)
        measured = {
            "pretraining_epoch": epoch + 1,
            "pretraining_loss": loss,
            "pretraining_seconds": time.perf_counter() - started,
        }
        last = epoch + 1 == epochs
        try:
            context.reporter.measured({**checkpointer.about, **measured})
        except BaseException:
            checkpointer.save_pretraining(pretrainer, epoch + 1, force=True)
            raise
        checkpointer.save_pretraining(pretrainer, epoch + 1, force=last)
    pretrainer.end()


class Pretrainer:
    """The state of one pretraining.

    Everything random in an epoch follows from the seed and the epoch's number, so a state need not
    hold it.
    """

    def __init__(
        self,
        network: Network,
        graphs: PackedGraphs,
        training: TrainingConfig,
        config: PretrainingConfig,
        seed: int,
        context: TrainContext,
    ) -> None:
        """See `pretrain`; `training` has the size of batches and the optimiser's settings."""
        self._device, self._reporter = context.device, context.reporter
        self._network, self._graphs, self._seed = network.to(self._device), graphs, seed
        self._config = config
        self._batch = training.batch
        torch.manual_seed(seed)
        self._pretext = PRETEXTS[config.kind](network, config).to(self._device)
        # The heads get no gradient here, and would only decay.
        network.heads.requires_grad_(False)
        self._module = nn.ModuleDict({"network": network, "pretext": self._pretext})
        self._optimiser = FlatAdamW(
            self._module,
            config.learning_rate,
            training.weight_decay,
            training.clip,
            training.betas,
            training.eps,
        )
        self._precision = Precision.of(self._device, context.use.precision)
        self._scaler = torch.amp.GradScaler(self._device.type, enabled=self._precision.scaled)

    def epoch(self, number: int) -> float:
        """One pass over the graphs; the mean loss of its steps.

        Args:
            number: of the epoch, from 0.
        """
        random = np.random.default_rng([self._seed, number])
        torch.manual_seed(self._seed + 1_000_003 * (number + 1))
        self._module.train()
        order = random.permutation(self._graphs.size)
        views = self._pretext.views(self._graphs, order, random, self._device)
        steps = steps_of_epoch(len(order), self._batch)
        bounds = np.linspace(0, len(order), steps + 1).astype(int).tolist()
        total = torch.zeros((), device=self._device)
        for step in range(steps):
            done = number * steps + step
            factor = warmup_cosine(done, self._config.epochs * steps, _WARM_SHARE)
            self._optimiser.set_learning_rate(self._config.learning_rate * factor)
            total += self._step(views, bounds[step], bounds[step + 1])
        return float(total) / steps

    def _step(self, views: list, first: int, last: int) -> Tensor:
        """Learn from the graphs at some positions of the order; returns the loss."""
        loss = None
        try:
            loss = self._gradient(views, first, last)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            # Processes that train together must take the same steps: each waits for the others.
            if last - first < 8 or several_processes():
                raise MemoryError(str(error)) from error
        # Outside `except`: the error keeps the tensors of its pass alive.
        if loss is None:
            forget_unused(self._device)
            middle = (first + last) // 2
            if middle - first < self._batch:
                self._batch = max(middle - first, 4)
                self._reporter.log(
                    f"Out of memory: batches of the pretraining now have {self._batch} graphs"
                )
            return (self._step(views, first, middle) + self._step(views, middle, last)) / 2
        self._optimiser.step(self._scaler)
        return loss

    def _gradient(self, views: list, first: int, last: int) -> Tensor:
        """Leave the gradient in the optimiser; returns the loss."""
        self._optimiser.zero()
        with self._precision.autocast(self._device):
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
        groups = {"module": self._module.state_dict(), "optimiser": self._optimiser.state()}
        return state_of(groups, {"scaler": self._scaler.state_dict(), "batch": self._batch})

    def restore(self, state: State) -> None:
        """Continue from a `state`."""
        groups = groups_of(state)
        self._module.load_state_dict(groups["module"])
        self._optimiser.restore(groups["optimiser"])
        self._batch = state.values["batch"]
        if state.values["scaler"]:
            self._scaler.load_state_dict(state.values["scaler"])
