"""Early stopping by rows that are set aside from a network's own training rows."""

import math

import numpy as np
import torch
from torch import Tensor, nn


def inner_split(
    rows: np.ndarray, units: np.ndarray, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Divide training rows into those to learn from and those that decide when to stop.

    Args:
        rows: the training rows of one network; the fold that it is scored on is not among them.
        units: shape `(N,)`, int: the repeat unit of each row of the table. Rows of one unit stay
            together: the network must not be judged by units that it learns from.
        share: of the rows to set aside, about.
        seed: of the choice.

    Returns:
        The rows to learn from, and those set aside, both in their order.
    """
    count = max(round(share * len(rows)), 1)
    _, first, unit = np.unique(units[rows], return_index=True, return_inverse=True)
    # Units in the order in which they first occur, then shuffled.
    order = np.argsort(first)[np.random.default_rng([seed, count]).permutation(len(first))]
    reached = np.cumsum(np.bincount(unit)[order])
    chosen = order[: np.searchsorted(reached, count) + 1]
    aside = np.isin(unit, chosen)
    return rows[~aside], rows[aside]


class EarlyStopping:
    """Remembers the best weights, and how many epochs have passed since."""

    def __init__(self, patience: int) -> None:
        """Be over after so many epochs without a better loss."""
        self._patience = patience
        self._best: dict[str, Tensor] = {}
        self._loss, self._waited = math.inf, 0

    @property
    def over(self) -> bool:
        """Whether the loss has not fallen for too long."""
        return self._waited >= self._patience

    def note(self, loss: float, network: nn.Module) -> None:
        """Record the loss on the rows set aside, after an epoch."""
        self._waited += 1
        if loss < self._loss:
            self._loss, self._waited = loss, 0
            self._best = {
                name: value.detach().cpu().clone() for name, value in network.state_dict().items()
            }

    def load_best(self, network: nn.Module) -> None:
        """Load the best weights, if there are any."""
        if self._best:
            network.load_state_dict(self._best)

    def state(self) -> tuple[dict[str, Tensor], dict]:
        """The best weights, and plain values; `restore` takes both."""
        loss = self._loss if math.isfinite(self._loss) else None
        return self._best, {"loss": loss, "waited": self._waited}

    def restore(self, best: dict[str, Tensor], values: dict) -> None:
        """Go on from a `state`."""
        self._best = {name: torch.as_tensor(value) for name, value in best.items()}
        self._loss = math.inf if values["loss"] is None else values["loss"]
        self._waited = values["waited"]
