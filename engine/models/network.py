"""What the graph networks share: atom embeddings, and the path from a batch to properties."""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from ..base.vocabulary import ATOM_FIELDS
from ..settings.networks import NetworkConfig
from .batching import GraphBatch
from .messages import EmbedAtoms, joint_table
from .pyg import from_pyg
from .readout import JoinDescriptors, pool


class Network(nn.Module):
    """Maps a batch of repeat-unit graphs to standardised property values.

    Attributes:
        config: what the network is made of.
        heads: from pooled vectors, and descriptors where there are any, to K values.
        join: joins descriptors to the pooled vectors; None for a network without descriptors.
    """

    heads: nn.Module
    atom_first: Tensor
    atom_columns: Tensor | None

    def __init__(self, config: NetworkConfig, atom_width: int) -> None:
        """Make fresh embeddings of atoms: a table for each field, a row for each code.

        Args:
            config: its `atom_fields` are read.
            atom_width: of the embedding.
        """
        super().__init__()
        self.config = config
        self.join: JoinDescriptors | None = None
        if config.joined:
            self.join = JoinDescriptors(config.joined, config.conditions)
        sizes = [ATOM_FIELDS[name] for name in config.atom_fields]
        self.atom_tables = nn.ModuleList(nn.Embedding(n, atom_width) for n in sizes)
        first = torch.tensor([0, *sizes][:-1]).cumsum(0)
        self.register_buffer("atom_first", first, persistent=False)
        columns = [list(ATOM_FIELDS).index(name) for name in config.atom_fields]
        # A buffer: a list would be copied to the device on each pass.
        chosen = torch.tensor(columns) if len(columns) < len(ATOM_FIELDS) else None
        self.register_buffer("atom_columns", chosen, persistent=False)

    @property
    @abstractmethod
    def can_be_captured(self) -> bool:
        """Whether batches may be padded to a fixed shape, as captured CUDA graphs need."""

    @abstractmethod
    def encode(self, batch: GraphBatch) -> tuple[Tensor, Tensor | None]:
        """Atoms `(V, width)` after the last layer, and virtual nodes `(G, width)` if any."""

    def embed(self, batch: GraphBatch) -> Tensor:
        """The sum of the embeddings of each atom's fields; shape `(V, atom_width)`."""
        table = joint_table(self.atom_tables)  # F × atom_width
        codes = batch.atoms
        if self.atom_columns is not None:
            codes = codes.index_select(1, self.atom_columns)
        return EmbedAtoms.apply(table, codes.to(torch.int64) + self.atom_first)

    def pooled(self, batch: GraphBatch) -> Tensor:
        """One vector for each graph, `(G, width · poolings)`, before descriptors and heads."""
        return pool(self.config, *self.encode(batch), batch)

    def forward(self, batch: GraphBatch) -> Tensor:
        """Predict.

        Args:
            batch: G graphs; a PyG `Batch` of `engine.models.pyg.to_pyg` graphs is accepted too.

        Returns:
            Shape `(G, K)`: standardised values.
        """
        if not isinstance(batch, GraphBatch):
            batch = from_pyg(batch)
        pooled = self.pooled(batch)
        if self.join is not None:
            pooled = self.join(pooled, batch.descriptors)
        return self.heads(pooled)


def count_parameters(network: nn.Module) -> int:
    """The number of learned parameters."""
    return sum(weight.numel() for weight in network.parameters())
