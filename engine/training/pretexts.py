"""What a network can learn from graphs without labels."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional

from ..base.packed import PackedGraphs, take
from ..base.vocabulary import ATOM_FIELDS, BOND_FIELDS, MASKED_ATOM, MASKED_BOND
from ..models.batching import ArrangedGraphs, DeviceGraphs, GraphBatch
from ..models.messages import sum_spans
from ..models.network import Network
from ..settings.training import PretrainingConfig


def masked_atoms(graphs: PackedGraphs, share: float, random: np.random.Generator) -> np.ndarray:
    """Choose atoms at random, at least one of each graph; shape `(A,)`, bool.

    Args:
        graphs: with A atoms.
        share: of all atoms.
        random: source of the choice.
    """
    chosen = random.random(len(graphs.atoms)) < share
    sizes = np.diff(graphs.atom_start)
    forced = graphs.atom_start[:-1] + (random.random(len(sizes)) * sizes).astype(np.int64)
    chosen[forced[sizes > 0]] = True
    return chosen


def mask(graphs: PackedGraphs, chosen: np.ndarray, bonds_too: bool) -> PackedGraphs:
    """The same graphs with some atoms masked.

    Args:
        graphs: with A atoms and B bonds.
        chosen: shape `(A,)`, bool: the atoms to mask.
        bonds_too: whether the bonds of these atoms are masked as well.
    """
    atoms = graphs.atoms.copy()
    atoms[chosen] = MASKED_ATOM
    if not bonds_too:
        return graphs._replace(atoms=atoms)
    bonds = graphs.bonds.copy()
    bonds[chosen[_ends_of_all(graphs)].any(axis=1)] = MASKED_BOND
    return graphs._replace(atoms=atoms, bonds=bonds)


def drop_bonds(graphs: PackedGraphs, share: float, random: np.random.Generator) -> PackedGraphs:
    """The same graphs without some bonds, chosen at random."""
    kept = random.random(len(graphs.bonds)) >= share
    before = np.concatenate([[0], np.cumsum(kept)])
    return graphs._replace(
        ends=graphs.ends[kept],
        bonds=graphs.bonds[kept],
        bond_start=before[graphs.bond_start].astype(np.int64),
        bond_weights=None if graphs.bond_weights is None else graphs.bond_weights[kept],
    )


def _ends_of_all(graphs: PackedGraphs) -> np.ndarray:
    """The two atoms of each bond, counted over all graphs; shape `(B, 2)`."""
    first = np.repeat(graphs.atom_start[:-1], np.diff(graphs.bond_start))
    return graphs.ends.astype(np.int64) + first[:, None]


class MaskedUnits(nn.Module):
    """Predicts masked atoms and their bonds from their surroundings.

    Attribute masking of Hu et al., Strategies for Pre-training Graph Neural Networks (ICLR 2020,
    arXiv:1905.12265): every field of a masked atom, and of each of its bonds, is predicted by a
    linear map of the atoms' last features.
    """

    def __init__(self, network: Network, config: PretrainingConfig) -> None:
        """Fresh maps for a network's atoms."""
        super().__init__()
        self._share = config.share
        self.atom_fields = nn.Linear(network.config.width, sum(ATOM_FIELDS.values()))
        self.bond_fields = nn.Linear(network.config.width, sum(BOND_FIELDS.values()))

    def views(
        self,
        graphs: PackedGraphs,
        order: np.ndarray,
        random: np.random.Generator,
        device: torch.device,
    ) -> list[ArrangedGraphs]:
        """The graphs with masked atoms, and as they are, in the order given."""
        ordered = take(graphs, order)
        masked = mask(ordered, masked_atoms(ordered, self._share, random), bonds_too=True)
        rows = np.arange(ordered.size)
        return [DeviceGraphs(view, device).arrange(rows) for view in (masked, ordered)]

    def forward(self, network: Network, views: list[GraphBatch]) -> Tensor:
        """The sum of the mean cross-entropies of masked atoms and of their bonds."""
        masked, true = views
        atoms = network.encode(masked)[0]  # V × width
        is_masked = masked.atoms[:, 0] == MASKED_ATOM[0]  # V
        loss = _cross_entropy(self.atom_fields(atoms), true.atoms, ATOM_FIELDS, is_masked)
        receiver = torch.repeat_interleave(
            true.received_indptr.diff(), output_size=len(true.received_indices)
        )  # E
        sender = true.sender.index_select(0, true.received_indices)  # E
        bond = _fields_of(true.bond_code.index_select(0, true.received_indices))
        predicted = BondEnds.apply(self.bond_fields(atoms), sender, receiver, true)
        wanted = is_masked[receiver] | is_masked[sender]  # E
        return loss + _cross_entropy(predicted, bond, BOND_FIELDS, wanted)


class Contrast(nn.Module):
    """Tells two changed copies of a graph from the copies of all others in the batch.

    The copies have masked atoms and lack some bonds (GraphCL: You et al., NeurIPS 2020,
    arXiv:2010.13902); the loss is NT-Xent, from each copy to the other (Chen et al., ICML 2020,
    arXiv:2002.05709).
    """

    def __init__(self, network: Network, config: PretrainingConfig) -> None:
        """A fresh projection of a network's pooled vectors."""
        super().__init__()
        self._share, self._temperature = config.share, config.temperature
        width = network.config.width
        self.project = nn.Sequential(
            nn.Linear(len(network.config.pooling) * width, width),
            nn.ReLU(),
            nn.Linear(width, width),
        )

    def views(
        self,
        graphs: PackedGraphs,
        order: np.ndarray,
        random: np.random.Generator,
        device: torch.device,
    ) -> list[ArrangedGraphs]:
        """Two changed copies of the graphs in the order given."""
        ordered = take(graphs, order)
        rows = np.arange(ordered.size)
        copies = [
            drop_bonds(
                mask(ordered, masked_atoms(ordered, self._share, random), bonds_too=False),
                self._share,
                random,
            )
            for _ in range(2)
        ]
        return [DeviceGraphs(copy, device).arrange(rows) for copy in copies]

    def forward(self, network: Network, views: list[GraphBatch]) -> Tensor:
        """NT-Xent, the mean over both copies of all graphs."""
        one, other = (self.project(network.pooled(view)) for view in views)
        return nt_xent(one, other, self._temperature)


PRETEXTS: dict[str, type[MaskedUnits] | type[Contrast]] = {
    "masked": MaskedUnits,
    "contrastive": Contrast,
}


def nt_xent(one: Tensor, other: Tensor, temperature: float) -> Tensor:
    """The normalised temperature-scaled cross-entropy of pairs; a scalar.

    Args:
        one, other: shape `(G, width)`, the projections of two copies of G graphs.
        temperature: cosines are divided by it.
    """
    # Low precision would round cosines by up to a tenth of the temperature.
    with torch.autocast(one.device.type, enabled=False):
        both = functional.normalize(torch.cat([one, other]).float(), dim=1)  # 2G × width
        alike = both @ both.T / temperature  # 2G × 2G
    alike = alike.masked_fill(torch.eye(len(both), dtype=torch.bool, device=both.device), -1e9)
    partner = torch.arange(len(both), device=both.device).roll(len(one))
    return functional.cross_entropy(alike, partner)


class BondEnds(Function):
    """The sum of both ends' rows for each edge; from `(V, width)` to `(E, width)`.

    Whatever follows must treat both directions of a bond alike: their gradients are then equal, and
    twice one sum over consecutive rows is the gradient.
    """

    @staticmethod
    def forward(
        ctx: Any, atoms: Tensor, sender: Tensor, receiver: Tensor, batch: GraphBatch
    ) -> Tensor:
        ctx.batch = batch
        return atoms.index_select(0, sender) + atoms.index_select(0, receiver)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        batch = ctx.batch
        positions = batch.positions[: len(gradient)]
        return 2 * sum_spans(gradient, positions, batch.received_indptr), None, None, None


def _cross_entropy(
    predicted: Tensor, codes: Tensor, fields: dict[str, int], wanted: Tensor
) -> Tensor:
    """The mean cross-entropy over all fields of the rows wanted.

    Args:
        predicted: shape `(N, sum of the fields' sizes)`.
        codes: shape `(N, fields)`, the true ones.
        fields: their sizes.
        wanted: shape `(N,)`, bool.
    """
    weight = wanted.float() / wanted.sum().clamp(min=1)
    parts = predicted.float().split(list(fields.values()), dim=1)
    losses = [
        functional.cross_entropy(part, codes[:, column].to(torch.int64), reduction="none")
        for column, part in enumerate(parts)
    ]
    return (torch.stack(losses).mean(0) * weight).sum()


def _fields_of(code: Tensor) -> Tensor:
    """The fields that `bond_codes` folded into one code; shape `(E, fields)`."""
    columns = []
    for size in reversed(BOND_FIELDS.values()):
        columns.append(code % size)
        code = code // size
    return torch.stack(columns[::-1], dim=1)
