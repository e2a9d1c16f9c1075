"""Sums over edges and atoms, with gradients that are sums over spans too.

PyTorch's own gradient of a gather adds row by row into its target: slow on a CPU, and in no fixed
order on CUDA. A batch holds its edges sorted in both directions, so the gradient of a gather is
again a sum over consecutive rows (docs/experiments.md, "Edges sorted by target with every sum a
span").
"""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd import Function

from .batching import GraphBatch


def sum_spans(
    values: Tensor, index: Tensor, start: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Sum chosen rows of `values` span by span; no gradient.

    Args:
        values: shape `(N, width)`.
        index: int32, the rows of all spans, end to end.
        start: shape `(S + 1,)`, int32: where in `index` each span begins.
        weights: by which the rows are multiplied, in the order of `index`.

    Returns:
        Shape `(S, width)`; zero for an empty span.
    """
    mode_sum = 0
    if weights is not None:
        weights = weights.to(values.dtype)
    return torch.ops.aten._embedding_bag_forward_only(
        values.contiguous(), index, start, False, mode_sum, False, weights, True
    )[0]


def greatest_of_spans(values: Tensor, index: Tensor, start: Tensor) -> Tensor:
    """As `sum_spans`, with the greatest value of each column in place of the sum."""
    mode_max = 2
    return torch.ops.aten._embedding_bag_forward_only(
        values.contiguous(), index, start, False, mode_max, False, None, True
    )[0]


def _consecutive(values: Tensor, start: Tensor, batch: GraphBatch) -> Tensor:
    return sum_spans(values, batch.positions[: len(values)], start)


class SumByGraph(Function):
    """Sums atoms of shape `(V, width)`, by their weights, to graphs of shape `(G, width)`."""

    @staticmethod
    def forward(ctx: Any, atoms: Tensor, batch: GraphBatch) -> Tensor:
        ctx.batch = batch
        if batch.atom_weights is not None:
            atoms = atoms * batch.atom_weights.to(atoms.dtype)
        return _consecutive(atoms, batch.atom_indptr, batch)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        to_atoms = gradient.index_select(0, ctx.batch.graph)
        if ctx.batch.atom_weights is not None:
            to_atoms *= ctx.batch.atom_weights.to(to_atoms.dtype)
        return to_atoms, None


class AddByGraph(Function):
    """Adds its graph's row of shape `(G, width)` to each atom of shape `(V, width)`."""

    @staticmethod
    def forward(ctx: Any, atoms: Tensor, graphs: Tensor, batch: GraphBatch) -> Tensor:
        ctx.batch = batch
        return graphs.index_select(0, batch.graph).add_(atoms)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        return gradient, _consecutive(gradient, ctx.batch.atom_indptr, ctx.batch), None


class ReceiveMessages(Function):
    """`own · x_v + Σ w_uv relu(x_u + e_uv)` over the neighbours u of each atom v (Hu et al., 2020).

    The weights w_uv are 1 but in compositions (Aldeghi & Coley, Chem. Sci. 13 (2022) 10486,
    doi:10.1039/D2SC02839E).

    The bond's features `e_uv` are a row of `bond_hot` times `bond_table`: the gradient of a matrix
    product needs no adding row by row either.
    """

    @staticmethod
    def forward(
        ctx: Any,
        atoms: Tensor,
        own: Tensor,
        bond_hot: Tensor,
        bond_table: Tensor,
        batch: GraphBatch,
    ) -> Tensor:
        """Atoms of shape `(V, width)`, `own` a scalar, `bond_hot` `(M, F)`, table `(F, width)`."""
        sent = atoms.index_select(0, batch.sender)  # M × width
        messages = sent.addmm_(bond_hot, bond_table).relu_()
        ctx.save_for_backward(atoms, own, bond_hot, messages)
        ctx.batch = batch
        return sum_spans(
            messages, batch.received_indices, batch.received_indptr, batch.received_weights
        ).addcmul_(atoms, own)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, Tensor, None]:
        atoms, own, bond_hot, messages = ctx.saved_tensors
        batch = ctx.batch
        along = sum_spans(  # M × width
            gradient, batch.receiver_indices, batch.receiver_indptr, batch.receiver_weights
        )
        torch.ops.aten.threshold_backward.grad_input(along, messages, 0, grad_input=along)
        to_atoms = _consecutive(along, batch.sent_indptr, batch).addcmul_(gradient, own)
        to_own = torch.dot(gradient.flatten(), atoms.flatten()).to(own.dtype)
        return to_atoms, to_own, None, bond_hot.t() @ along, None


def joint_table(tables: nn.ModuleList) -> Tensor:
    """The rows of several embeddings in one table, `(F, width)`, in their order."""
    return torch.cat([cast(Tensor, table.weight) for table in tables])


class EmbedAtoms(Function):
    """The sum of one row of a table for each field of an atom."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, index: Tensor) -> Tensor:
        """Table of shape `(F, width)`; `index` of shape `(V, fields)`, int64."""
        ctx.save_for_backward(index)
        ctx.rows = len(table)
        fields = index.shape[1]
        start = torch.arange(0, index.numel() + 1, fields, dtype=torch.int32, device=table.device)
        return sum_spans(table, index.flatten().to(torch.int32), start)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (index,) = ctx.saved_tensors
        hot = gradient.new_zeros(len(index), ctx.rows).scatter_(1, index, 1.0)  # V × F
        return hot.t() @ gradient, None
