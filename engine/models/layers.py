"""One round of messages along bonds, and the small networks that update what was received."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..base.vocabulary import BOND_FIELDS
from ..settings.networks import NetworkConfig
from .batching import GraphBatch
from .messages import ReceiveMessages, joint_table
from .norm import BatchNorm, norm_silu


class GINLayer(nn.Module):
    """One round of messages along bonds, with residual connection, ReLU and dropout as set."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width, bond_width = config.width, config.bond_width or config.width
        self._residual, self._relu = config.residual, config.layer_relu
        self._dropout = config.layer_dropout
        self.own = nn.Parameter(torch.zeros(()))
        self.bond_tables = nn.ModuleList(nn.Embedding(n, bond_width) for n in BOND_FIELDS.values())
        self.bond_map = nn.Linear(bond_width, width, bias=False) if config.bond_width else None
        self.update = make_update(config, 2 * width)

    def forward(self, atoms: Tensor, bond_hot: Tensor, batch: GraphBatch) -> Tensor:
        """Atoms of shape `(V, width)` in and out; `bond_hot` `(M, F)`, see `bond_hot_rows`."""
        table = joint_table(self.bond_tables)  # F × bond_width
        if self.bond_map is not None:
            table = self.bond_map(table)
        low = product_type(atoms)
        received = ReceiveMessages.apply(
            atoms.to(low), 1 + self.own, bond_hot.to(low), table.to(low), batch
        )
        updated = self.update(received, batch.real_atoms)
        if self._relu:
            updated = functional.relu(updated)
        if self._dropout:
            updated = functional.dropout(updated, self._dropout, self.training)
        # Low precision is for products; the sum over layers stays in full precision.
        return atoms + updated if self._residual else updated.to(atoms.dtype)


def make_update(config: NetworkConfig, hidden: int) -> nn.Module:
    """Two linear layers with the settings' kind of normalisation."""
    return (LayerUpdate if config.norm == "layer" else Update)(config.width, hidden)


_UpdateParts = tuple[nn.Linear, BatchNorm, nn.SiLU, nn.Linear, BatchNorm]


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
        """Rows of shape `(N, width)` in and out; rows with `real` 0 are in no average."""
        first, norm, _, second, last_norm = cast(_UpdateParts, tuple(self))
        if not self.training:
            hidden = functional.linear(values, *norm.folded_into(first.weight))
            hidden = functional.silu(hidden, inplace=not torch.is_grad_enabled())
            return functional.linear(hidden, *last_norm.folded_into(second.weight))
        return last_norm(second(norm_silu(norm, first(values), real)), real)


class LayerUpdate(nn.Sequential):
    """Two linear layers, each normalised row by row (Ba et al., arXiv:1607.06450)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(
            nn.Linear(width, hidden, bias=False),
            nn.LayerNorm(hidden),
            nn.SiLU(),
            nn.Linear(hidden, width, bias=False),
            nn.LayerNorm(width),
        )

    def forward(self, values: Tensor, real: Tensor | None = None) -> Tensor:
        """Rows of shape `(N, width)` in and out, independent of one another."""
        return super().forward(values)


def product_type(values: Tensor) -> torch.dtype:
    """The type that products are computed in: autocast's where it is on."""
    kind = values.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else values.dtype


def bond_hot_rows() -> Tensor:
    """A row for each bond code, with a one for the value of each field; `(codes, F)`."""
    sizes = list(BOND_FIELDS.values())
    codes = torch.cartesian_prod(*(torch.arange(n) for n in sizes))
    columns = zip(codes.unbind(1), sizes, strict=True)
    return torch.cat([nn.functional.one_hot(code, n) for code, n in columns], dim=1).float()
