"""Attention among all atoms of a graph."""

from contextlib import nullcontext
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from .batching import GraphBatch

# On a CPU padding costs time; a GPU is quicker with few, large operations.
_GRAPHS_PER_GROUP = {"cpu": 8}


class SizeGroup(NamedTuple):
    """Graphs of similar size, each padded to the largest of them."""

    atoms: int  # V of these graphs
    slot: Tensor  # V, int64: the slot of each atom among `graphs · longest`
    # graphs × 1 × 1 × longest, bool: the slots that hold an atom; of compositions, float: what is
    # added to the score of each, −∞ where there is none
    occupied: Tensor
    graphs: int
    longest: int


class SizeGroups(NamedTuple):
    """How a batch is padded; the same for all layers of a network."""

    order: Tensor | None  # V: atoms, small graphs first; None for the batch's own order
    back: Tensor | None  # V: the position of each atom in that order
    groups: list[SizeGroup]


def size_groups(batch: GraphBatch) -> SizeGroups:
    """Group the graphs of a batch by size, as suits the device.

    An atom of a composition is looked at as often as its weight says: its logarithm is added to the
    score.
    """
    weights = batch.atom_weights
    scores = None if weights is None else weights.squeeze(1).log()  # V
    sizes = batch.atom_indptr.diff().to(torch.int64)
    size = _GRAPHS_PER_GROUP.get(sizes.device.type, batch.size)
    if batch.size <= size:
        longest = batch.largest or int(sizes.max())
        return SizeGroups(None, None, [_padding(sizes, len(batch.atoms), longest, scores)])
    ranked, graphs = torch.sort(sizes, stable=True)
    ends = ranked.cumsum(0)
    first = torch.repeat_interleave(
        batch.atom_indptr[:-1].to(torch.int64)[graphs] - (ends - ranked), ranked
    )
    order = first + torch.arange(len(batch.atoms), device=sizes.device)
    back = torch.empty_like(order)
    back[order] = torch.arange(len(order), device=order.device)
    parts = ranked.split(size)
    counts = [int(part.sum()) for part in parts]
    by_group = [None] * len(parts) if scores is None else scores[order].split(counts)
    groups = [
        _padding(part, count, int(part[-1]), own)
        for part, count, own in zip(parts, counts, by_group, strict=True)
    ]
    return SizeGroups(order, back, groups)


def _padding(sizes: Tensor, atoms: int, longest: int, scores: Tensor | None) -> SizeGroup:
    graph = torch.arange(len(sizes), device=sizes.device)
    owner = torch.repeat_interleave(graph, sizes, output_size=atoms)
    inside = torch.arange(atoms, device=sizes.device) - (sizes.cumsum(0) - sizes)[owner]
    slot = owner * longest + inside
    occupied = torch.arange(longest, device=sizes.device) < sizes.unsqueeze(1)
    if scores is not None:
        empty = scores.new_full((len(sizes) * longest,), -torch.inf)
        occupied = empty.index_copy(0, slot, scores).view(len(sizes), longest)
    return SizeGroup(atoms, slot, occupied[:, None, None], len(sizes), longest)


class GraphAttention(nn.Module):
    """Multi-head attention of each atom to all atoms of its graph, with a residual connection.

    Scaled dot products as in Vaswani et al. (NeurIPS 2017, arXiv:1706.03762), beside messages
    along bonds as in GraphGPS (Rampášek et al., NeurIPS 2022, arXiv:2205.12454), with the
    normalisation before the attention.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        """Build with fresh weights.

        Args:
            width: of atoms; a multiple of `heads`.
            heads: number of heads.
            dropout: rate, before the residual connection.
        """
        super().__init__()
        self._heads, self._dropout = heads, dropout
        self.norm = nn.LayerNorm(width)
        self.look = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, atoms: Tensor, groups: SizeGroups) -> Tensor:
        """Atoms of shape `(V, width)` in and out; `groups` are those of the batch."""
        projected = self.look(self.norm(atoms))
        if groups.order is not None:
            projected = projected.index_select(0, groups.order)
        parts = projected.split([group.atoms for group in groups.groups])
        attended = [
            self._attend(part, group) for part, group in zip(parts, groups.groups, strict=True)
        ]
        together = torch.cat(attended)  # V × width
        if groups.back is not None:
            together = together.index_select(0, groups.back)
        return atoms + functional.dropout(self.out(together), self._dropout, self.training)

    def _attend(self, projected: Tensor, group: SizeGroup) -> Tensor:
        """Queries, keys and values `(V, 3 · width)` to attended values `(V, width)`."""
        slots = group.graphs * group.longest
        # Each atom has a slot of its own: nothing is added up, here or in the gradient.
        padded = projected.new_zeros(slots, projected.shape[1]).index_copy(0, group.slot, projected)
        parts = padded.view(group.graphs, group.longest, 3, self._heads, -1)
        # Each graphs × heads × longest × width / heads.
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        mask = group.occupied if group.occupied.dtype == torch.bool else group.occupied.to(query)
        # The faster kernels sum gradients in no fixed order.
        exact = projected.is_cuda and torch.are_deterministic_algorithms_enabled()
        with sdpa_kernel(SDPBackend.MATH) if exact else nullcontext():
            attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return attended.transpose(1, 2).reshape(slots, -1).index_select(0, group.slot)
