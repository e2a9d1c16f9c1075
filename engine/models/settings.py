"""The sizes of members; read by pages too, so neither torch nor a booster is loaded here."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class PolyGINShape(BaseModel):
    """The size of a PolyGIN network."""

    model_config = ConfigDict(frozen=True)

    layers: int = 4
    width: int = 128
    dropout: float = 0.1
    virtual_node: bool = True


class TreeSettings(BaseModel):
    """Size and pace of boosting, in the same words for the three libraries.

    Attributes:
        rounds: trees.
        learning_rate: share of each tree's answer that is taken.
        depth, leaves: of a tree; LightGBM counts leaves, the others depth.
        rows, columns: shares that a tree is grown from.
        loss: the error that is made small, `absolute` or `squared`.
    """

    model_config = ConfigDict(frozen=True)

    rounds: int = 600
    learning_rate: float = 0.05
    depth: int = 6
    leaves: int = 31
    rows: float = 0.8
    columns: float = 0.3
    loss: Literal["absolute", "squared"] = "absolute"
