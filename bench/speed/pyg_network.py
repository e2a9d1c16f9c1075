"""PolyGIN as a user of PyTorch Geometric writes it: the same function of the same weights."""

import re
from typing import cast

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch
from torch_geometric.nn import GINEConv, global_add_pool
from torch_geometric.utils import degree

from engine.base.vocabulary import ATOM_FIELDS, BOND_FIELDS
from engine.settings.networks import NetworkConfig

_TYPICAL_ATOMS = 32.0

_RENAMED = (
    (r"^layers\.(\d+)\.own$", r"convs.\1.eps"),
    (r"^layers\.(\d+)\.bond_tables\.", r"bond_tables.\1."),
    (r"^layers\.(\d+)\.update\.", r"convs.\1.nn."),
    (r"^heads\.hidden\.", "hidden."),
)


class PygNetwork(nn.Module):
    """PolyGIN from PyG's and PyTorch's ready-made parts."""

    def __init__(self, config: NetworkConfig, properties: int) -> None:
        """Build the network with fresh weights.

        Args:
            config: its size.
            properties: K, the number of outputs.
        """
        super().__init__()
        width = config.width
        self.atom_tables = nn.ModuleList(nn.Embedding(n, width) for n in ATOM_FIELDS.values())
        self.bond_tables = nn.ModuleList(
            nn.ModuleList(nn.Embedding(n, width) for n in BOND_FIELDS.values())
            for _ in range(config.layers)
        )
        self.convs = nn.ModuleList(
            GINEConv(_update(width, 2 * width), train_eps=True) for _ in range(config.layers)
        )
        self.virtual_start = nn.Parameter(torch.zeros(width))
        self.virtual_updates = nn.ModuleList(
            _update(width, width) for _ in range(config.layers - 1 if config.virtual_node else 0)
        )
        self.hidden = nn.Sequential(
            nn.Linear(3 * width, properties * width), nn.SiLU(), nn.Dropout(config.dropout)
        )
        self.outs = nn.ModuleList(nn.Linear(width, 1) for _ in range(properties))

    def forward(self, data: Batch) -> Tensor:
        """Predict; shape `(G, K)`, standardised.

        Args:
            data: G graphs, atom codes in `x`, bond codes in `edge_attr`.
        """
        atoms = _embed(self.atom_tables, data.x)
        sizes = degree(data.batch, data.num_graphs).unsqueeze(1)
        virtual = self.virtual_start.expand(data.num_graphs, -1)
        for number, conv in enumerate(self.convs):
            bonds = _embed(cast(nn.ModuleList, self.bond_tables[number]), data.edge_attr)
            atoms = atoms + virtual[data.batch]
            atoms = atoms + conv(atoms, data.edge_index, bonds)
            if number < len(self.virtual_updates):
                total = global_add_pool(atoms, data.batch, data.num_graphs) / sizes.sqrt()
                virtual = virtual + self.virtual_updates[number](virtual + total)
        total = global_add_pool(atoms, data.batch, data.num_graphs)
        pooled = torch.cat([total / sizes, total / _TYPICAL_ATOMS, virtual], dim=1)
        hidden = self.hidden(pooled).view(len(pooled), len(self.outs), -1)
        return torch.cat([out(hidden[:, k]) for k, out in enumerate(self.outs)], dim=1)


def renamed(values: dict[str, Tensor]) -> dict[str, Tensor]:
    """PolyGIN's weights, or their gradients, by the names they have in `PygNetwork`.

    Args:
        values: by the names of PolyGIN's parameters and buffers.
    """
    result = {}
    for name, value in values.items():
        if name == "heads.weight":
            result.update({f"outs.{k}.weight": row[None] for k, row in enumerate(value)})
        elif name == "heads.bias":
            result.update({f"outs.{k}.bias": bias[None] for k, bias in enumerate(value)})
        else:
            for old, new in _RENAMED:
                name = re.sub(old, new, name)
            result[name] = value[None] if name.endswith(".eps") else value
    return result


def _update(width: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(width, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.SiLU(),
        nn.Linear(hidden, width, bias=False),
        nn.BatchNorm1d(width),
    )


def _embed(tables: nn.ModuleList, codes: Tensor) -> Tensor:
    return sum(table(code) for table, code in zip(tables, codes.unbind(1), strict=True))
