"""One training step as a CUDA graph, on batches that are padded to a fixed shape.

Small networks spend their time on launching kernels; a captured graph is a single launch.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakMethod

import torch
from torch import Tensor, nn

from ..models.batching import BatchSize, GraphBatch

_PADDING_GRAPHS = 16
_WARM_UP_STEPS = 3
_NO_LOSS = -1.0


def fixed_shape(size: BatchSize) -> BatchSize:
    """The shape that holds batches of at most that size, and some padding."""
    return BatchSize(size.graphs + _PADDING_GRAPHS, *(_round_up(limit + 64) for limit in size[1:]))


def pad_batch(batch: GraphBatch, shape: BatchSize) -> GraphBatch:
    """Pad a batch to a shape with graphs that affect neither loss nor gradient.

    Args:
        batch: smaller than `shape` in every respect.
        shape: of the result.
    """
    size = size_of(batch)
    more = BatchSize(*(limit - own for limit, own in zip(shape, size, strict=True)))
    device = batch.atoms.device
    edge = torch.arange(more.edges, dtype=torch.int64, device=device)
    # Spread evenly: one long sum over the padding would hold up the whole device.
    some_message = (size.messages + edge % more.messages).to(torch.int32)
    some_atom = (size.atoms + edge % more.atoms).to(torch.int32)
    return GraphBatch(
        atoms=torch.cat([batch.atoms, batch.atoms.new_zeros(more.atoms, batch.atoms.shape[1])]),
        sender=torch.cat([batch.sender, _owners(size.atoms, more.messages, more.atoms, device)]),
        bond_code=torch.cat([batch.bond_code, batch.bond_code.new_zeros(more.messages)]),
        sent_indptr=_more_starts(batch.sent_indptr, size.messages, more.messages, more.atoms),
        received_indices=torch.cat([batch.received_indices, some_message]),
        received_indptr=_more_starts(batch.received_indptr, size.edges, more.edges, more.atoms),
        receiver_indices=torch.cat([batch.receiver_indices, some_atom]),
        receiver_indptr=_more_starts(batch.receiver_indptr, size.edges, more.edges, more.messages),
        graph=torch.cat([batch.graph, _owners(size.graphs, more.atoms, more.graphs, device)]),
        atom_indptr=_more_starts(batch.atom_indptr, size.atoms, more.atoms, more.graphs),
        positions=torch.arange(max(shape.atoms, shape.edges), dtype=torch.int32, device=device),
        size=shape.graphs,
        real_atoms=_ones_then_zeros(size.atoms, more.atoms, device),
        real_graphs=_ones_then_zeros(size.graphs, more.graphs, device),
        atom_weights=_more_ones(batch.atom_weights, more.atoms),
        received_weights=_more_ones(batch.received_weights, more.edges),
        receiver_weights=_more_ones(batch.receiver_weights, more.edges),
        weighed=_more_ones(batch.weighed, more.graphs),
    )


def size_of(batch: GraphBatch) -> BatchSize:
    """How large a batch is; known without asking the device."""
    return BatchSize(batch.size, len(batch.atoms), len(batch.received_indices), len(batch.sender))


class CapturedStep:
    """Forward and backward pass of a network, captured once and replayed."""

    def __init__(
        self,
        learn: WeakMethod[Callable[[GraphBatch, Tensor], Tensor]],
        network: nn.Module,
        device: torch.device,
        shape: BatchSize,
    ) -> None:
        """Prepare for batches of at most that shape.

        Args:
            learn: leaves the gradient of a batch in the optimiser, and returns its loss. Held
                weakly: in a cycle of trainer and step the graph's memory would outlive the fit.
            network: the one that learns.
            device: of network and batches.
            shape: from `fixed_shape`.
        """
        self._learn, self._network, self._device, self._shape = learn, network, device, shape
        self._graph = torch.cuda.CUDAGraph() if device.type == "cuda" else None
        self._batch: GraphBatch | None = None
        self._labels = torch.empty(0)
        self._loss = torch.zeros((), device=device)

    def fits(self, batch: GraphBatch) -> bool:
        """Whether a batch has room in the shape, with some padding."""
        return all(own < limit for own, limit in zip(size_of(batch), self._shape, strict=True))

    def capture(self, batch: GraphBatch, labels: Tensor) -> None:
        """Record the step on a first batch, which fits; the network is left as it was.

        Raises:
            RuntimeError: when the device or the driver cannot do it.
        """
        self._batch = pad_batch(batch, self._shape)
        self._labels = self._pad_labels(labels)
        if self._graph is None:
            return
        with _left_as_it_was(self._network, self._device):
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(_WARM_UP_STEPS):
                    self._pass()
            torch.cuda.current_stream().wait_stream(stream)
            with torch.cuda.graph(self._graph):
                self._pass()
            # An empty graph replays without an error, and would train on one gradient forever.
            self._loss.fill_(_NO_LOSS)
            self._graph.replay()
            if self._loss.item() == _NO_LOSS:
                raise RuntimeError("the captured graph does nothing")

    def run(self, batch: GraphBatch, labels: Tensor) -> Tensor | None:
        """Leave the gradient of a batch in the optimiser.

        Returns:
            Its loss, a scalar tensor; None for a batch that does not fit.
        """
        if not self.fits(batch):
            return None
        assert self._batch is not None, "nothing was captured"
        for mine, padded in zip(self._batch, pad_batch(batch, self._shape), strict=True):
            if isinstance(mine, Tensor) and isinstance(padded, Tensor):
                mine.copy_(padded)
        self._labels.copy_(self._pad_labels(labels))
        if self._graph is None:
            self._pass()
        else:
            self._graph.replay()
        return self._loss.clone()

    def _pass(self) -> None:
        learn = self._learn()
        assert learn is not None
        assert self._batch is not None
        self._loss.copy_(learn(self._batch, self._labels))

    def _pad_labels(self, labels: Tensor) -> Tensor:
        more = labels.new_full((self._shape.graphs - len(labels), labels.shape[1]), torch.nan)
        return torch.cat([labels, more])


@contextmanager
def _left_as_it_was(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Undo what the block changes in averages and random numbers, also when it fails."""
    buffers = [buffer.clone() for buffer in network.buffers()]
    random = torch.cuda.get_rng_state(device)
    stream = torch.cuda.current_stream(device)
    try:
        yield
    except BaseException:
        # One that is cut off leaves its random numbers waiting for its end: dropout would fail.
        torch.cuda.default_generators[stream.device_index].graphsafe_set_state(
            torch.Generator(device)
        )
        raise
    finally:
        # A capture that fails leaves its own stream as the current one.
        torch.cuda.set_stream(stream)
        for buffer, before in zip(network.buffers(), buffers, strict=True):
            buffer.copy_(before)
        torch.cuda.set_rng_state(random, device)


def _more_starts(starts: Tensor, total: int, more: int, parts: int) -> Tensor:
    """Append `more` elements in `parts` spans to spans that end at `total`."""
    part = torch.arange(1, parts + 1, dtype=torch.int64, device=starts.device)
    ends = total + (part * more + parts - 1).div(parts, rounding_mode="floor")
    return torch.cat([starts, ends.to(torch.int32)])


def _owners(first: int, count: int, owners: int, device: torch.device) -> Tensor:
    """The owner of each of `count` elements that `_more_starts` divides over `owners`."""
    element = torch.arange(count, dtype=torch.int64, device=device)
    return (first + (element * owners).div(count, rounding_mode="floor")).to(torch.int32)


def _ones_then_zeros(ones: int, zeros: int, device: torch.device) -> Tensor:
    return (torch.arange(ones + zeros, device=device) < ones).float().unsqueeze(1)


def _more_ones(weights: Tensor | None, more: int) -> Tensor | None:
    if weights is None:
        return None
    return torch.cat([weights, weights.new_ones(more, *weights.shape[1:])])


def _round_up(number: int) -> int:
    return -(-number // 128) * 128
