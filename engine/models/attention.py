"""Attention among all atoms of a graph."""

from contextlib import nullcontext
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from .batching import GraphBatch

# On a CPU what is filled up costs time; a GPU rather has few, large operations.
_GRAPHS_PER_GROUP = {"cpu": 8}


class Padding(NamedTuple):
    """Graphs of about one size, each filled up to the largest of them."""

    atoms: int  # V of these graphs
    place: Tensor  # V, int64: where each atom lies among `graphs · longest` places
    seen: Tensor  # graphs × 1 × 1 × longest, bool: the places that hold an atom
    graphs: int
    longest: int


class SizeGroups(NamedTuple):
    """How a batch is filled up; the same for all layers of a network."""

    order: Tensor | None  # V: atoms, those of small graphs first; None where they stay in place
    back: Tensor | None  # V: where each atom then is
    groups: list[Padding]


def size_groups(batch: GraphBatch) -> SizeGroups:
    """Group the graphs of a batch by their size, as suits the device."""
    sizes = batch.atom_indptr.diff().to(torch.int64)
    size = _GRAPHS_PER_GROUP.get(sizes.device.type, batch.size)
    if batch.size <= size:
        longest = batch.largest or int(sizes.max())
        return SizeGroups(None, None, [_padding(sizes, len(batch.atoms), longest)])
    ranked, graphs = torch.sort(sizes, stable=True)
    ends = ranked.cumsum(0)
    first = torch.repeat_interleave(
        batch.atom_indptr[:-1].to(torch.int64)[graphs] - (ends - ranked), ranked
    )
    order = first + torch.arange(len(batch.atoms), device=sizes.device)
    back = torch.empty_like(order)
    back[order] = torch.arange(len(order), device=order.device)
    groups = [_padding(part, int(part.sum()), int(part[-1])) for part in ranked.split(size)]
    return SizeGroups(order, back, groups)


def _padding(sizes: Tensor, atoms: int, longest: int) -> Padding:
    graph = torch.arange(len(sizes), device=sizes.device)
    owner = torch.repeat_interleave(graph, sizes, output_size=atoms)
    inside = torch.arange(atoms, device=sizes.device) - (sizes.cumsum(0) - sizes)[owner]
    seen = torch.arange(longest, device=sizes.device) < sizes.unsqueeze(1)
    return Padding(atoms, owner * longest + inside, seen[:, None, None], len(sizes), longest)


class GraphAttention(nn.Module):
    """Each atom looks at every atom of its graph, with several heads, and adds what it finds.

    Scaled dot products as in Vaswani et al. (NeurIPS 2017, arXiv:1706.03762), beside messages
    along bonds as in GraphGPS (Rampášek et al., NeurIPS 2022, arXiv:2205.12454), normalised before.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        """Build with fresh weights.

        Args:
            width: of atoms; `heads` divides it.
            heads: how many.
            dropout: of what is added.
        """
        super().__init__()
        self._heads, self._dropout = heads, dropout
        self.norm = nn.LayerNorm(width)
        self.look = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, atoms: Tensor, groups: SizeGroups) -> Tensor:
        """Atoms of shape `(V, width)` in and out; `groups` are those of the batch."""
        looked = self.look(self.norm(atoms))
        if groups.order is not None:
            looked = looked.index_select(0, groups.order)
        parts = looked.split([group.atoms for group in groups.groups])
        found = [self._find(part, group) for part, group in zip(parts, groups.groups, strict=True)]
        together = torch.cat(found)  # V × width
        if groups.back is not None:
            together = together.index_select(0, groups.back)
        return atoms + functional.dropout(self.out(together), self._dropout, self.training)

    def _find(self, looked: Tensor, group: Padding) -> Tensor:
        """What each atom finds; from `(V, 3 · width)` to `(V, width)`."""
        places = group.graphs * group.longest
        # No two atoms have one place: nothing is added up, here or in the gradient.
        padded = looked.new_zeros(places, looked.shape[1]).index_copy(0, group.place, looked)
        parts = padded.view(group.graphs, group.longest, 3, self._heads, -1)
        # Each graphs × heads × longest × width / heads.
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        # The faster kernels add up gradients in any order.
        exact = looked.is_cuda and torch.are_deterministic_algorithms_enabled()
        with sdpa_kernel(SDPBackend.MATH) if exact else nullcontext():
            found = functional.scaled_dot_product_attention(query, key, value, attn_mask=group.seen)
        return found.transpose(1, 2).reshape(places, -1).index_select(0, group.place)
