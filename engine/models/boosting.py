"""The settings that the boosted-tree members share, named alike for all libraries."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

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
        rows, columns: shares of the rows and of the descriptors that a tree is grown from; CatBoost
            weights rows at random instead, and does not read `rows`.
        loss: the error that is minimised, `absolute` or `squared`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rounds: int = Field(default=600, ge=1)
    learning_rate: float = Field(default=0.05, gt=0, le=10)
    depth: int = Field(default=6, ge=1, le=16)
    leaves: int = Field(default=31, ge=2)
    rows: float = Field(default=0.8, gt=0, le=1)
    columns: float = Field(default=0.3, gt=0, le=1)
    loss: Literal["absolute", "squared"] = "absolute"
