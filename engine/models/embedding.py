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
        # A buffer: a list would be sent to the device at each pass.
        chosen = torch.tensor(columns) if len(columns) < len(ATOM_FIELDS) else None
        self.register_buffer("atom_columns", chosen, persistent=False)

    def embed(self, batch: GraphBatch) -> Tensor:
        """Shape `(V, width)`."""
        table = torch.cat([table.weight for table in self.atom_tables])
        codes = batch.atoms
        if self.atom_columns is not None:
            codes = codes.index_select(1, self.atom_columns)
        return EmbedAtoms.apply(table, codes.to(torch.int64) + self.atom_first)
