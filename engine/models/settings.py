"""The sizes of members; read by pages too, so neither torch nor a booster is loaded here."""

from pydantic import BaseModel, ConfigDict


class PolyGINShape(BaseModel):
    """The size of a PolyGIN network."""

    model_config = ConfigDict(frozen=True)

    layers: int = 4
    width: int = 128
    dropout: float = 0.1
    virtual_node: bool = True


class TreeSettings(BaseModel):
    """Size and pace of boosting, in the same words for the three libraries."""

    model_config = ConfigDict(frozen=True)

    rounds: int = 600
    learning_rate: float = 0.05
    depth: int = 6
    leaves: int = 31
    rows: float = 0.8
    columns: float = 0.3
