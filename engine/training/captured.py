"""One training step as a CUDA graph: batches filled up to a fixed shape, launched all at once.

Small networks spend their time on launching kernels; a captured graph is launched as one.
"""

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from engine.models.batching import GraphBatch
from engine.training.loss import weighted_error

if TYPE_CHECKING:
    from engine.training.trainer import Trainer

# Filling is spread over so many graphs of its own: one long sum would hold up a whole device.
_FILLING_GRAPHS = 16
_WARM_UP_STEPS = 3


class FixedShape(NamedTuple):
    """Graphs, atoms and directed edges of every filled batch."""

    graphs: int
    atoms: int
    edges: int


def fixed_shape(graphs: int, atoms: int, edges: int) -> FixedShape:
    """The shape that holds batches of at most these sizes, and filling besides."""
    return FixedShape(graphs + _FILLING_GRAPHS, _round_up(atoms + 64), _round_up(edges + 64))


def fill_up(batch: GraphBatch, shape: FixedShape) -> GraphBatch:
    """The batch, filled up to a shape with atoms, edges and graphs that count for nothing.

    Args:
        batch: smaller than `shape` in graphs, atoms and edges.
        shape: of the result.
    """
    device = batch.atoms.device
    atoms, edges = len(batch.atoms), len(batch.source)
    more_graphs, more_atoms = shape.graphs - batch.count, shape.atoms - atoms
    more_edges = shape.edges - edges
    edge = torch.arange(more_edges, dtype=torch.int32, device=device)
    atom = torch.arange(more_atoms, dtype=torch.int32, device=device)
    ends = atoms + (edge * more_atoms).div(more_edges, rounding_mode="floor").to(torch.int32)
    owner = batch.count + (atom * more_graphs).div(more_atoms, rounding_mode="floor")
    return GraphBatch(
        atoms=torch.cat([batch.atoms, batch.atoms.new_zeros(more_atoms, batch.atoms.shape[1])]),
        source=torch.cat([batch.source, ends]),
        target=torch.cat([batch.target, ends]),
        reverse=torch.cat([batch.reverse, edges + edge]),
        bond_code=torch.cat([batch.bond_code, torch.zeros_like(edge)]),
        edge_start=_more_starts(batch.edge_start, edges, more_edges, more_atoms),
        graph=torch.cat([batch.graph, owner.to(torch.int32)]),
        atom_start=_more_starts(batch.atom_start, atoms, more_atoms, more_graphs),
        positions=torch.arange(max(shape.atoms, shape.edges), dtype=torch.int32, device=device),
        count=shape.graphs,
        real_atoms=_ones_then_zeros(atoms, more_atoms, device),
        real_graphs=_ones_then_zeros(batch.count, more_graphs, device),
    )


class CapturedStep:
    """Forward and backward pass of a trainer's network, captured once and replayed."""

    def __init__(self, trainer: "Trainer", shape: FixedShape) -> None:
        """Prepare for batches of at most that shape.

        Args:
            trainer: whose network, loss and precision to use.
            shape: from `fixed_shape`.
        """
        self._trainer, self._shape = trainer, shape
        self._graph = torch.cuda.CUDAGraph() if trainer.device.type == "cuda" else None
        self._batch: GraphBatch | None = None
        self._labels = torch.empty(0)
        self._loss = torch.zeros((), device=trainer.device)

    def capture(self, batch: GraphBatch, labels: Tensor) -> None:
        """Record the step on a first batch; the network is left as it was.

        Raises:
            RuntimeError: when the device or the driver cannot do it.
        """
        self._batch = fill_up(batch, self._shape)
        self._labels = self._fill_labels(labels)
        if self._graph is None:
            return
        buffers = [buffer.clone() for buffer in self._trainer.network.buffers()]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP_STEPS):
                self._pass()
        torch.cuda.current_stream().wait_stream(stream)
        with torch.cuda.graph(self._graph):
            self._pass()
        for buffer, before in zip(self._trainer.network.buffers(), buffers, strict=True):
            buffer.copy_(before)

    def run(self, batch: GraphBatch, labels: Tensor) -> Tensor | None:
        """Leave the gradient of a batch in the optimiser.

        Returns:
            Its loss, a scalar tensor; None for a batch that does not fit in.
        """
        sizes = (batch.count, len(batch.atoms), len(batch.source))
        if any(size >= most for size, most in zip(sizes, self._shape, strict=True)):
            return None
        for mine, filled in zip(self._batch, fill_up(batch, self._shape), strict=True):
            if isinstance(mine, Tensor):
                mine.copy_(filled)
        self._labels.copy_(self._fill_labels(labels))
        if self._graph is None:
            self._pass()
        else:
            self._graph.replay()
        return self._loss.clone()

    def _pass(self) -> None:
        trainer = self._trainer
        trainer.optimiser.zero()
        with trainer.precision.autocast(trainer.device):
            predicted = trainer.network(self._batch)
        known = (torch.isfinite(self._labels) * trainer.weights).sum().clamp(min=1e-6)
        loss = weighted_error(predicted.float(), self._labels, trainer.weights) / known
        trainer.scaler.scale(loss).backward()
        self._loss.copy_(loss.detach())

    def _fill_labels(self, labels: Tensor) -> Tensor:
        more = labels.new_full((self._shape.graphs - len(labels), labels.shape[1]), torch.nan)
        return torch.cat([labels, more])


def _more_starts(starts: Tensor, total: int, more: int, parts: int) -> Tensor:
    """Go on from spans that end at `total` with `more` elements divided into `parts` spans."""
    part = torch.arange(1, parts + 1, dtype=torch.int64, device=starts.device)
    ends = total + (part * more + parts - 1).div(parts, rounding_mode="floor")
    return torch.cat([starts, ends.to(torch.int32)])


def _ones_then_zeros(ones: int, zeros: int, device: torch.device) -> Tensor:
    return (torch.arange(ones + zeros, device=device) < ones).float().unsqueeze(1)


def _round_up(number: int) -> int:
    return -(-number // 128) * 128
