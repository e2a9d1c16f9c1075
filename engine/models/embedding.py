"""What a network first knows of an atom."""

import torch
from torch import Tensor, nn

from engine.models.batching import GraphBatch
from engine.models.messages import EmbedAtoms
from engine.vocabulary import ATOM_FIELDS


class AtomEmbedding(nn.Module):
    """A network whose atoms begin as the sum of a learned row for the code of each field."""

    def __init__(self, fields: tuple[str, ...], width: int) -> None:
        """Make fresh tables.

        Args:
            fields: names of `ATOM_FIELDS` that are read.
            width: of the embedding.
        """
        super().__init__()
        sizes = [ATOM_FIELDS[name] for name in fields]
        self.atom_tables = nn.ModuleList(nn.Embedding(n, width) for n in sizes)
        first = torch.tensor([0, *sizes][:-1]).cumsum(0)
        self.register_buffer("atom_first", first, persistent=False)
        columns = [list(ATOM_FIELDS).index(name) for name in fields]
        self._columns = columns if len(columns) < len(ATOM_FIELDS) else None

    def embed(self, batch: GraphBatch) -> Tensor:
        """Shape `(V, width)`."""
        table = torch.cat([table.weight for table in self.atom_tables])
        codes = batch.atoms if self._columns is None else batch.atoms[:, self._columns]
        return EmbedAtoms.apply(table, codes.to(torch.int64) + self.atom_first)
