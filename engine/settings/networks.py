"""What a graph network is made of; read by pages too, so torch is not loaded here."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..base.vocabulary import ATOM_FIELDS, DESCRIPTOR_GROUPS

Pooling = Literal["mean", "sum", "max", "virtual"]

MOST_WIDTH = 8192
"""Far more than a table of polymers can fill, and few enough that memory is not the limit."""
MOST_CONDITIONS = 100_000


class NetworkConfig(BaseModel):
    """The parts of a network; but for its width, the default is the network of the preset `cpu`.

    Attributes:
        layers, width: rounds of messages, and numbers that an atom has in each.
        dropout: of the heads' hidden layer.
        virtual_node: whether all atoms of a graph also talk through a node of its own.
        kind: `gin` sums messages that know their bond; `gcn` averages its neighbours (Kipf &
            Welling, ICLR 2017, arXiv:1609.02907), and of the fields below only `pooling`, `heads`
            and `atom_fields` are for it.
        norm: normalisation over the `batch`, or over each atom's `layer`.
        residual: whether a layer adds to what came in.
        layer_relu, layer_dropout: ReLU, and dropout of this share, after each layer.
        attention: heads with which each atom looks at all atoms of its graph; 0 for none.
        pooling: how atoms become one vector of their graph; several are joined. `virtual` is
            the virtual node's last state.
        heads: `property` is a two-layer head for each, `linear` one linear map to all.
        atom_width, bond_width: of embeddings that are then mapped to `width`; 0 embeds in it.
        atom_fields: which fields of an atom are read, all by default.
        descriptors: so many of the descriptor vector's numbers are joined to the pooled vector.
        conditions: so many numbers of compositions and conditions stand among the descriptors, and
            are all joined too.

    Raises:
        ValidationError: for settings of which no network can be made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layers: int = Field(default=4, ge=1, le=100)
    width: int = Field(default=128, ge=1, le=MOST_WIDTH)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    virtual_node: bool = True
    kind: Literal["gin", "gcn"] = "gin"
    norm: Literal["batch", "layer"] = "batch"
    residual: bool = True
    layer_relu: bool = False
    layer_dropout: float = Field(default=0.0, ge=0, lt=1)
    attention: int = Field(default=0, ge=0, le=256)
    pooling: tuple[Pooling, ...] = Field(
        default=("mean", "sum", "virtual"), min_length=1, max_length=4
    )
    heads: Literal["property", "linear"] = "property"
    atom_width: int = Field(default=0, ge=0, le=MOST_WIDTH)
    bond_width: int = Field(default=0, ge=0, le=MOST_WIDTH)
    atom_fields: tuple[str, ...] = Field(
        default=tuple(ATOM_FIELDS), min_length=1, max_length=len(ATOM_FIELDS)
    )
    descriptors: int = Field(default=0, ge=0, le=sum(DESCRIPTOR_GROUPS.values()))
    conditions: int = Field(default=0, ge=0, le=MOST_CONDITIONS)

    @property
    def joined(self) -> int:
        """How many numbers are joined to the pooled vector."""
        return self.descriptors + self.conditions

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.attention and self.width % self.attention:
            raise ValueError(
                f"attention: {self.attention} heads do not divide a width of {self.width}"
            )
        if self.kind == "gcn" and "virtual" in self.pooling:
            raise ValueError("pooling: a network of kind gcn has no virtual node")
        unknown = [field for field in self.atom_fields if field not in ATOM_FIELDS]
        if unknown:
            raise ValueError(
                f"atom_fields: there is no {unknown[0]!r}; choose from {', '.join(ATOM_FIELDS)}"
            )
        return self
