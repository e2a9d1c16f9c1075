"""Training one network: epochs of steps over arranged batches, and the loss that they minimise.

The loss is the weighted error over all labels that are not missing, absolute or Huber's.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from weakref import WeakMethod

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from ..base.bounds import Bounds
from ..base.errors import UserError
from ..models.batching import ArrangedGraphs, DeviceGraphs, GraphBatch
from ..models.device import Precision, forget_unused, out_of_memory, several_processes
from ..models.network import Network
from ..models.network_prediction import Scale
from ..settings.training import TrainingConfig, steps_of_epoch
from .averaging import WeightAverage
from .captured import CapturedStep, fixed_shape
from .checkpoints import State, groups_of, state_of
from .context import TrainContext
from .data_parallel import DataParallelForward
from .early_stopping import EarlyStopping
from .optimiser import make_optimiser, rate_factor

ARRANGED_BATCHES = 256
"""Batches whose graphs are laid out at once: more would only take memory."""


class Trainer:
    """The state of one training: network, optimiser, schedule, scaler and the device's labels.

    Attributes:
        stopping: remembers the best weights, where the settings ask for it.
        averaging: the mean of the last epochs' weights, where the settings ask for it.
        gradient_norm: the mean over the last epoch's steps, before clipping; None where weights
            move in the backward pass, or before the first epoch.
    """

    def __init__(
        self,
        network: Network,
        graphs: DeviceGraphs,
        labels: np.ndarray,
        rows: np.ndarray,
        config: TrainingConfig,
        seed: int,
        context: TrainContext,
        sources: Sequence[str] | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        """Move the network to its device and make everything ready.

        Args:
            network: with fresh weights.
            graphs: N graphs on the context's device.
            labels: shape `(N, K)`, on the properties' scales, NaN where missing.
            rows: the rows to learn from.
            config: how to train.
            seed: of the shuffling.
            context: of the fit; its reporter is told when memory runs out, or when a fast path is
                not available.
            sources: the name of each property's source; by default all have the same.
            bounds: of labels that are known by a bound alone, on the same scales.
        """
        self.device, self._use, self._reporter = context.device, context.use, context.reporter
        self.network, self.scale = network.to(self.device), Scale.of(labels[rows])
        self.weights = label_weights(labels[rows], sources).to(self.device)
        self._graphs, self._config, self._rows = graphs, config, rows
        # Bounds as more columns: whatever takes labels takes them along.
        sides = [labels, *(bounds or ())]
        self._labels = torch.as_tensor(
            np.concatenate([self.scale.apply(side) for side in sides], axis=1),
            dtype=torch.float32,
            device=self.device,
        )
        self._shuffler = torch.Generator().manual_seed(seed)
        self.precision = self._usable_precision()
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision.scaled)
        self.optimiser = make_optimiser(network, config, self._use)
        self._steps = steps_of_epoch(len(rows), config.batch)
        self._step_number = 0
        self.gradient_norm: float | None = None
        self._pieces = 1
        self._captured: CapturedStep | None = None
        self._data_parallel = (
            DataParallelForward(network, graphs.packed, graphs.descriptors, self.precision)
            if self._use.parallel == "dp"
            else None
        )
        self._capturing = self._can_capture()
        self.stopping = EarlyStopping(config.patience) if config.patience else None
        share = config.averaged_share
        self.averaging = WeightAverage(config.epochs, share) if share else None
        if several_processes():
            if self._use.step_in_backward:
                raise UserError(
                    "A step in the backward pass cannot wait for other processes: "
                    "switch it off, or choose another way to use several devices than ddp."
                )
            # The weights are equal in all processes; what dropout leaves out is not.
            torch.manual_seed(seed * dist.get_world_size() + dist.get_rank())

    def _usable_precision(self) -> Precision:
        precision = Precision.of(self.device, self._use.precision)
        if precision.scaled and self._use.step_in_backward:
            self._reporter.log(
                "A step in the backward pass cannot unscale the gradients of fp16: fp32 is used"
            )
            return Precision.of(self.device, "fp32")
        return precision

    def _can_capture(self) -> bool:
        """Whether steps are to be captured as CUDA graphs."""
        wanted = (
            self.device.type == "cuda"
            and self._use.cuda_graphs
            and not self._use.step_in_backward
            and not self._data_parallel
            and not several_processes()
        )
        if wanted and not self.network.can_be_captured:
            self._reporter.log(
                "No CUDA graph for this kind of network: steps are launched one by one"
            )
            return False
        return wanted

    @property
    def learning_rate(self) -> float:
        """Of the next step."""
        total = self._steps * self._config.epochs
        return self._config.learning_rate * rate_factor(self._config, self._step_number, total)

    def state(self) -> State:
        """All that the next epoch depends on; `restore` continues from it, bit for bit on a CPU."""
        random = {"shuffling": self._shuffler.get_state(), "torch": torch.get_rng_state()}
        if self.device.type == "cuda":
            random["cuda"] = torch.cuda.get_rng_state(self.device)
        best, stopping = self.stopping.state() if self.stopping else ({}, None)
        averaged, count = self.averaging.state() if self.averaging else ({}, 0)
        return state_of(
            {
                "network": self.network.state_dict(),
                "optimiser": self.optimiser.state(),
                "random": random,
                "best": best,
                "averaged": averaged,
            },
            {
                "step": self._step_number,
                "pieces": self._pieces,
                "scaler": self.scaler.state_dict(),
                "stopping": stopping,
                "averaged": count,
            },
        )

    def restore(self, state: State) -> None:
        """Continue from a `state` of a training of the same network on the same rows."""
        groups = groups_of(state)
        self.network.load_state_dict(groups["network"])
        self.optimiser.restore(groups["optimiser"])
        self._shuffler.set_state(groups["random"]["shuffling"])
        torch.set_rng_state(groups["random"]["torch"])
        if self.device.type == "cuda" and "cuda" in groups["random"]:
            torch.cuda.set_rng_state(groups["random"]["cuda"], self.device)
        self._step_number, self._pieces = state.values["step"], state.values["pieces"]
        if state.values["scaler"]:
            self.scaler.load_state_dict(state.values["scaler"])
        if self.stopping:
            self.stopping.restore(groups["best"], state.values["stopping"])
        if self.averaging:
            self.averaging.restore(groups["averaged"], state.values["averaged"])

    def epoch(self) -> float:
        """One pass over the rows; the mean loss, read off the device once."""
        self.network.train()
        order = self._rows[torch.randperm(len(self._rows), generator=self._shuffler).numpy()]
        # Batches of equal size, give or take one: a batch of a single graph has no variance.
        bounds = np.linspace(0, len(order), self._steps + 1).astype(int)
        total = torch.zeros((), device=self.device)
        norms = self.optimiser.norm_sum
        if norms is not None:
            norms.zero_()
        for first in range(0, self._steps, ARRANGED_BATCHES):
            block = bounds[first : first + ARRANGED_BATCHES + 1]
            total += self._block(order[block[0] : block[-1]], block - block[0])
        if several_processes():
            dist.all_reduce(total)
        if self._use.empty_cache and self.device.type == "cuda":
            torch.cuda.empty_cache()
        self.gradient_norm = None if norms is None else float(norms) / self._steps
        return float(total) / self._steps

    def _block(self, rows: np.ndarray, bounds: np.ndarray) -> Tensor:
        """Some consecutive steps; the sum of their losses."""
        arranged = self._graphs.arrange(rows, self._use.pinned_memory)
        labels = self._labels[torch.as_tensor(rows).to(self.device, non_blocking=True)]
        total = torch.zeros((), device=self.device)
        for first, last in pairwise(bounds.tolist()):
            self.optimiser.set_learning_rate(self.learning_rate)
            total += self._backward(arranged, labels, first, last)
            if several_processes():
                dist.all_reduce(self.optimiser.gradient)
            self.optimiser.step(self.scaler)
            self._step_number += 1
        return total

    def _backward(self, arranged: ArrangedGraphs, labels: Tensor, first: int, last: int) -> Tensor:
        """Leave the gradient of one batch in the optimiser; returns its loss."""
        if self._capturing:
            loss = self._replay(arranged, labels, first, last)
            if loss is not None:
                return loss
        while True:
            try:
                return self._accumulate(arranged, labels, first, last)
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                # Processes that train together must take the same steps: each waits for the others.
                alone = not self._use.step_in_backward and not several_processes()
                if not alone or self._pieces > (last - first) // 4:
                    raise MemoryError(str(error)) from error
            self._pieces *= 2
            forget_unused(self.device)
            self._reporter.log(
                f"Out of memory: batches of {last - first} graphs are now computed in "
                f"{self._pieces} pieces, whose gradients are added up"
            )

    def _accumulate(
        self, arranged: ArrangedGraphs, labels: Tensor, first: int, last: int
    ) -> Tensor:
        """The gradient of a batch, in as many pieces as memory asks for."""
        self.optimiser.zero()
        # Of the whole batch, so that the losses of pieces and processes add up to its loss.
        labelled = labelled_weight(labels[first:last], self.weights)
        first, last = _own_share(first, last)
        total = torch.zeros((), device=self.device)
        bounds = np.linspace(first, last, self._pieces + 1).astype(int).tolist()
        for start, stop in pairwise(bounds):
            predict = (
                partial(self._data_parallel, arranged.rows[start:stop])
                if self._data_parallel
                else partial(self.network, arranged.part(start, stop))
            )
            total += self._add_gradient(predict, labels[start:stop], labelled)
        return total

    def _learn(self, batch: GraphBatch, labels: Tensor) -> Tensor:
        """Leave the gradient of a whole batch in the optimiser; returns its loss."""
        self.optimiser.zero()
        labelled = labelled_weight(labels, self.weights)
        return self._add_gradient(partial(self.network, batch), labels, labelled)

    def _add_gradient(
        self, predict: Callable[[], Tensor], labels: Tensor, labelled: Tensor
    ) -> Tensor:
        """Forward and backward pass of some graphs; returns their share of the loss."""
        with self.precision.autocast(self.device):
            predicted = predict()
        error = weighted_error(predicted.float(), labels, self.weights, self._config.loss)
        loss = error / labelled
        self.scaler.scale(loss).backward()
        return loss.detach()

    def _replay(
        self, arranged: ArrangedGraphs, labels: Tensor, first: int, last: int
    ) -> Tensor | None:
        """As `_backward`, by replaying a captured CUDA graph; None where the batch does not fit."""
        batch = arranged.part(first, last)
        if self._captured is None:
            largest = self._graphs.largest(self._rows, -(-len(self._rows) // self._steps))
            try:
                step = CapturedStep(
                    WeakMethod(self._learn), self.network, self.device, fixed_shape(largest)
                )
                if not step.fits(batch):
                    return None
                step.capture(batch, labels[first:last])
            except RuntimeError as error:
                self._capturing = False
                torch.cuda.synchronize()
                self._reporter.log(f"No CUDA graph, steps are launched one by one: {error}")
                return None
            self._captured = step
        return self._captured.run(batch, labels[first:last])


def _own_share(first: int, last: int) -> tuple[int, int]:
    """This process's part of a batch."""
    if not several_processes():
        return first, last
    rank, world = dist.get_rank(), dist.get_world_size()
    count = last - first
    return first + count * rank // world, first + count * (rank + 1) // world


def label_weights(labels: np.ndarray, sources: Sequence[str] | None = None) -> Tensor:
    """The weight of each property: the competition's √(1/n), the largest n weighing 1.

    Without it, a property with many labels would drown out one with few. A source whose rows have
    m labels each would drown out one whose rows have one: its properties weigh √m times less
    (docs/experiments.md, "Weights of a source with nine labels a row").

    Args:
        labels: shape `(N, K)`, NaN where missing.
        sources: the name of each property's source; by default all have the same.

    Returns:
        Shape `(K,)`, float32.
    """
    labelled = np.isfinite(labels)
    counts = np.maximum(labelled.sum(axis=0), 1)
    weights = np.sqrt(counts.max() / counts)
    for source in set(sources or ()) if len(set(sources or ())) > 1 else ():
        own = np.array([each == source for each in sources or ()])
        by_row = labelled[:, own].sum(axis=1)
        weights[own] /= np.sqrt(by_row[by_row > 0].mean()) if by_row.any() else 1.0
    return torch.as_tensor(weights, dtype=torch.float32)


def weighted_error(
    predicted: Tensor, labels: Tensor, weights: Tensor, loss: str = "absolute"
) -> Tensor:
    """The sum of weighted errors over the labels that are not missing.

    Of a label that is known by a bound alone, only what lies beyond the bound is an error.

    Args:
        predicted: shape `(G, K)`, standardised.
        labels: shape `(G, K)`, standardised, NaN where missing; or `(G, 3 K)` with the lower and
            the upper bounds behind them.
        weights: shape `(K,)`.
        loss: as `TrainingConfig` has it.
    """
    exact = labels[:, : len(weights)]
    errors = torch.where(torch.isfinite(exact), (predicted - exact.nan_to_num()).abs(), 0.0)
    if labels.shape[1] > len(weights):
        lower, upper = labels[:, len(weights) :].chunk(2, dim=1)
        below = (lower - predicted).nan_to_num().clamp(min=0)
        above = (predicted - upper).nan_to_num().clamp(min=0)
        errors = errors + torch.where(torch.isfinite(exact), 0.0, below + above)
    if loss == "huber":
        errors = torch.where(errors < 1, errors**2 / 2, errors - 0.5)
    return (errors * weights).sum()


def labelled_weight(labels: Tensor, weights: Tensor) -> Tensor:
    """The total weight of the labels of some graphs, never 0; a scalar.

    Args:
        labels: as `weighted_error` takes them.
        weights: shape `(K,)`.
    """
    sides = torch.isfinite(labels).unflatten(1, (-1, len(weights)))
    return (sides.any(dim=1) * weights).sum().clamp(min=1e-6)
