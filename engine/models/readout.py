"""From the atoms of a graph to its properties: pooling, descriptors, heads."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import Function

from ..base.vocabulary import DESCRIPTOR_GROUPS, FULL_AT
from ..settings.networks import NetworkConfig
from .batching import GraphBatch
from .messages import SumByGraph, greatest_of_spans, sum_spans

TYPICAL_ATOMS = 32.0
"""Sums over atoms are divided by it, so that they enter the heads on the scale of means."""
# Standard deviations at which descriptors are clipped: beyond, a value is odd, no matter how odd.
_FARTHEST = 5.0


class MaxByGraph(Function):
    """The greatest value in each graph; atoms `(V, width)` to graphs `(G, width)`.

    Atoms that share the greatest value share its gradient.
    """

    @staticmethod
    def forward(ctx: Any, atoms: Tensor, batch: GraphBatch) -> Tensor:
        greatest = greatest_of_spans(atoms, batch.positions[: len(atoms)], batch.atom_indptr)
        ctx.save_for_backward(atoms, greatest)
        ctx.batch = batch
        return greatest

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        atoms, greatest = ctx.saved_tensors
        batch = ctx.batch
        hit = (atoms == greatest.index_select(0, batch.graph)).to(gradient.dtype)
        hits = sum_spans(hit, batch.positions[: len(hit)], batch.atom_indptr)
        share = gradient / hits.clamp(min=1)
        return hit * share.index_select(0, batch.graph), None


def pool(config: NetworkConfig, atoms: Tensor, virtual: Tensor | None, batch: GraphBatch) -> Tensor:
    """One vector for each graph.

    Args:
        config: says which poolings are concatenated.
        atoms: shape `(V, width)`.
        virtual: shape `(G, width)`, the virtual nodes; None where that pooling is not used.
        batch: G graphs.

    Returns:
        Shape `(G, width · poolings)`.
    """
    sizes = batch.sizes()  # G × 1
    total = SumByGraph.apply(atoms, batch) if {"mean", "sum"} & {*config.pooling} else None

    def part(kind: str) -> Tensor:  # G × width
        if kind == "max":
            return MaxByGraph.apply(_faded(atoms, batch), batch)
        if kind == "virtual":
            assert virtual is not None, "the network has no virtual nodes"
            return virtual
        assert total is not None
        return total / (sizes if kind == "mean" else TYPICAL_ATOMS)

    return torch.cat([part(kind) for kind in config.pooling], dim=1)


def _faded(atoms: Tensor, batch: GraphBatch) -> Tensor:
    """Atoms for the greatest of them: those of units of small fractions are less, down to −∞.

    So a curve over composition ends at the homopolymer's value.
    """
    if batch.atom_weights is None:
        return atoms
    shown = (batch.atom_weights / FULL_AT).clamp(max=1)
    return atoms + shown.log().to(atoms.dtype)


def make_heads(config: NetworkConfig, properties: int) -> nn.Module:
    """Heads that map pooled vectors, with descriptors if any, to K values of each graph."""
    width_in = len(config.pooling) * config.width + config.joined
    if config.heads == "linear":
        return LinearHeads(width_in, properties)
    return PropertyHeads(width_in, config.width, properties, config.dropout)


class LinearHeads(nn.Linear):
    """One row of weights for each property, in fp32: bf16 would round a Tg to whole degrees."""

    def forward(self, pooled: Tensor) -> Tensor:
        """From `(G, width_in)` to `(G, K)`."""
        with torch.autocast(pooled.device.type, enabled=False):
            return super().forward(pooled.float())


class PropertyHeads(nn.Module):
    """One two-layer head for each property, computed side by side."""

    def __init__(self, width_in: int, width: int, properties: int, dropout: float) -> None:
        super().__init__()
        self.properties = properties
        self.hidden = nn.Sequential(
            nn.Linear(width_in, properties * width), nn.SiLU(), nn.Dropout(dropout)
        )
        self.weight = nn.Parameter(torch.randn(properties, width) / width**0.5)
        self.bias = nn.Parameter(torch.zeros(properties))

    def forward(self, pooled: Tensor) -> Tensor:
        """From `(G, width_in)` to `(G, K)`."""
        hidden = self.hidden(pooled).view(len(pooled), self.properties, -1)
        return (hidden * self.weight).sum(2) + self.bias


class JoinDescriptors(nn.Module):
    """Joins standardised columns of the descriptor vector; the choice is kept with the weights.

    Until `choose` is called, it joins the first columns as they are.
    """

    column: Tensor  # int64: the columns that are joined
    mean: Tensor
    deviation: Tensor

    def __init__(self, count: int, conditions: int = 0) -> None:
        """Make room for `count` numbers, among them all of compositions and conditions."""
        super().__init__()
        self._conditions = conditions
        self.register_buffer("column", torch.arange(count))
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("deviation", torch.ones(count))

    def choose(self, descriptors: np.ndarray, labels: np.ndarray) -> None:
        """Choose the columns and their scale by training rows alone.

        The columns are those of compositions and conditions, and of the others those of greatest
        absolute correlation (Pearson) with any property.

        Args:
            descriptors: shape `(n, D)`, NaN where a descriptor has no value.
            labels: shape `(n, K)`, NaN where missing.
        """
        values = descriptors.astype(np.float64)
        finite = np.isfinite(values)
        counts = np.maximum(finite.sum(axis=0), 1)
        mean = np.where(finite, values, 0).sum(axis=0) / counts
        centred = np.where(finite, values - mean, 0)
        deviation = np.sqrt((centred**2).sum(axis=0) / counts)
        deviation[~(deviation > 0)] = 1.0
        strength = _correlations((centred / deviation).clip(-_FARTHEST, _FARTHEST), labels)
        after = values.shape[1] - DESCRIPTOR_GROUPS["morgan"]
        strength[after - self._conditions : after] = np.inf
        chosen = np.sort(np.argsort(-strength, kind="stable")[: len(self.column)])
        self.column.copy_(torch.as_tensor(chosen))
        self.mean.copy_(torch.as_tensor(mean[chosen]))
        self.deviation.copy_(torch.as_tensor(deviation[chosen]))

    @property
    def is_sound(self) -> bool:
        """Whether all columns exist."""
        width = sum(DESCRIPTOR_GROUPS.values()) + self._conditions
        return bool(((self.column >= 0) & (self.column < width)).all())

    def forward(self, pooled: Tensor, descriptors: Tensor) -> Tensor:
        """Join descriptors `(G, D)` to `(G, width)`; a missing value counts as the mean."""
        chosen = descriptors.index_select(1, self.column)  # G × chosen columns
        standard = ((chosen - self.mean) / self.deviation).clamp(-_FARTHEST, _FARTHEST)
        return torch.cat([pooled, standard.nan_to_num().to(pooled.dtype)], dim=1)


def _correlations(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The greatest absolute correlation of each column of `(n, D)` with any of `(n, K)`."""
    strongest = np.zeros(values.shape[1])
    for column in labels.T:
        labelled = np.isfinite(column)
        if labelled.sum() < 3:
            continue
        centred = values[labelled] - values[labelled].mean(axis=0)
        target = column[labelled] - column[labelled].mean()
        norm = np.sqrt((centred**2).sum(axis=0) * (target**2).sum())
        correlation = np.abs(target @ centred) / np.where(norm > 0, norm, np.inf)
        strongest = np.maximum(strongest, correlation)
    return strongest
