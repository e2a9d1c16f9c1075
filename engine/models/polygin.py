"""PolyGIN: a graph isomorphism network with bond features, a virtual node and one head a property.

Xu et al., How Powerful are Graph Neural Networks? (ICLR 2019, arXiv:1810.00826), with bond
features in the message as in Hu et al., Strategies for Pre-training Graph Neural Networks
(ICLR 2020, arXiv:1905.12265), and a virtual node as in Gilmer et al. (ICML 2017,
arXiv:1704.01212).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.models.batching import GraphBatch
from engine.models.messages import AddByGraph, EmbedAtoms, ReceiveMessages, SumByGraph
from engine.models.norm import BatchNorm, norm_silu
from engine.models.pyg import from_pyg
from engine.models.settings import PolyGINShape
from engine.vocabulary import ATOM_FIELDS, BOND_FIELDS

# Sums over atoms are divided by this, so that they enter the heads on the scale of means.
_TYPICAL_ATOMS = 32.0


class PolyGIN(nn.Module):
    """Maps a batch of repeat-unit graphs to standardised property values."""

    def __init__(self, shape: PolyGINShape, properties: int) -> None:
        """Build the network with fresh weights.

        Args:
            shape: its size.
            properties: K, the number of outputs.
        """
        super().__init__()
        self.shape = shape
        self.atom_tables = nn.ModuleList(nn.Embedding(n, shape.width) for n in ATOM_FIELDS.values())
        self.layers = nn.ModuleList(GINLayer(shape.width) for _ in range(shape.layers))
        self.virtual_start = nn.Parameter(torch.zeros(shape.width))
        self.virtual_updates = nn.ModuleList(
            Update(shape.width, shape.width)
            for _ in range(shape.layers - 1 if shape.virtual_node else 0)
        )
        first = torch.tensor([0, *ATOM_FIELDS.values()][:-1]).cumsum(0)
        self.register_buffer("atom_first", first, persistent=False)
        self.register_buffer("bond_hot", _bond_hot(), persistent=False)
        self.heads = PropertyHeads(3 * shape.width, shape.width, properties, shape.dropout)

    def forward(self, batch: GraphBatch) -> Tensor:
        """Predict.

        Args:
            batch: G graphs; a PyG `Batch` of `engine.models.pyg.to_pyg` graphs is taken too.

        Returns:
            Shape `(G, K)`: standardised values.
        """
        if not isinstance(batch, GraphBatch):
            batch = from_pyg(batch)
        atoms = self._embed(batch)
        bond_hot = self.bond_hot.index_select(0, batch.bond_code)
        sizes = batch.atom_start.diff().clamp(min=1).unsqueeze(1)
        virtual = self.virtual_start.expand(batch.count, -1)
        for number, layer in enumerate(self.layers):
            atoms = layer(AddByGraph.apply(atoms, virtual, batch), bond_hot, batch)
            if number < len(self.virtual_updates):
                total = SumByGraph.apply(atoms, batch) / sizes.sqrt()
                update = self.virtual_updates[number]
                virtual = virtual + update(virtual + total, batch.real_graphs)
        total = SumByGraph.apply(atoms, batch)
        return self.heads(torch.cat([total / sizes, total / _TYPICAL_ATOMS, virtual], dim=1))

    def _embed(self, batch: GraphBatch) -> Tensor:
        table = torch.cat([table.weight for table in self.atom_tables])
        return EmbedAtoms.apply(table, batch.atoms.to(torch.int64) + self.atom_first)


class GINLayer(nn.Module):
    """One round of messages along bonds, with a residual connection."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.own = nn.Parameter(torch.zeros(()))
        self.bond_tables = nn.ModuleList(nn.Embedding(n, width) for n in BOND_FIELDS.values())
        self.update = Update(width, 2 * width)

    def forward(self, atoms: Tensor, bond_hot: Tensor, batch: GraphBatch) -> Tensor:
        """Atoms of shape `(V, width)` in and out; `bond_hot` `(M, F)`, see `_bond_hot`."""
        table = torch.cat([table.weight for table in self.bond_tables])
        low = _arithmetic(atoms)
        received = ReceiveMessages.apply(
            atoms.to(low), 1 + self.own, bond_hot.to(low), table.to(low), batch
        )
        return atoms + self.update(received, batch.real_atoms)


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


class Update(nn.Sequential):
    """Two linear layers, each normalised over the batch."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(
            nn.Linear(width, hidden, bias=False),
            BatchNorm(hidden),
            nn.SiLU(),
            nn.Linear(hidden, width, bias=False),
            BatchNorm(width),
        )

    def forward(self, values: Tensor, real: Tensor | None = None) -> Tensor:
        """Rows of shape `(N, width)` in and out; rows with `real` 0 count in no average."""
        first, norm, _, second, last_norm = self
        if not self.training:
            hidden = functional.linear(values, *norm.folded_into(first.weight))
            hidden = functional.silu(hidden, inplace=not torch.is_grad_enabled())
            return functional.linear(hidden, *last_norm.folded_into(second.weight))
        return last_norm(second(norm_silu(norm, first(values), real)), real)


def _arithmetic(values: Tensor) -> torch.dtype:
    """The type that autocast multiplies in, where it is on."""
    kind = values.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else values.dtype


def _bond_hot() -> Tensor:
    """For each bond code a row with a one for the value of each field; `(codes, F)`."""
    sizes = list(BOND_FIELDS.values())
    codes = torch.cartesian_prod(*(torch.arange(n) for n in sizes))
    columns = zip(codes.unbind(1), sizes, strict=True)
    return torch.cat([nn.functional.one_hot(code, n) for code, n in columns], dim=1).float()
