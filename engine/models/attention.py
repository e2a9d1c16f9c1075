"""Attention among all atoms of a graph."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.models.batching import GraphBatch


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

    def forward(self, atoms: Tensor, batch: GraphBatch) -> Tensor:
        """Atoms of shape `(V, width)` in and out."""
        longest = batch.largest or int(batch.atom_start.diff().max())
        graph, first = batch.graph.to(torch.int64), batch.atom_start[:-1].to(torch.int64)
        inside = torch.arange(len(atoms), device=atoms.device) - first[graph]
        place = graph * longest + inside
        seen = torch.arange(longest, device=atoms.device) < batch.atom_start.diff().unsqueeze(1)
        looked = self.look(self.norm(atoms))
        # No two atoms have one place: nothing is added up, here or in the gradient.
        padded = looked.new_zeros(batch.count * longest, looked.shape[1])
        padded = padded.index_copy(0, place, looked)
        parts = padded.view(batch.count, longest, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(*parts, attn_mask=seen[:, None, None])
        found = found.transpose(1, 2).reshape(batch.count * longest, -1).index_select(0, place)
        return atoms + functional.dropout(self.out(found), self._dropout, self.training)
