"""The settings that the boosted-tree members share, named alike for all libraries."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

BINS = 63
"""Descriptors are counts and smooth quantities: 63 bins lose nothing and halve the time of 255
(docs/experiments.md, "LightGBM L1 against L2 (63 bins, 600 rounds)")."""


class BoostingConfig(BaseModel):
    """Size and pace of boosting.

    Attributes:
        rounds: number of trees.
        learning_rate: factor of each tree's contribution.
        depth, leaves: greatest depth and number of leaves of a tree; LightGBM uses `leaves`, the
            others `depth`.
        rows, columns: shares of the rows and of the descriptors that a tree is grown from.
        loss: the error that is minimised, `absolute` or `squared`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rounds: int = 600
    learning_rate: float = 0.05
    depth: int = 6
    leaves: int = 31
    rows: float = 0.8
    columns: float = 0.3
    loss: Literal["absolute", "squared"] = "absolute"
