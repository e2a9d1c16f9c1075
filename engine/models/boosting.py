"""What the boosted-tree members share: settings, named alike for all libraries, and their files."""

from abc import abstractmethod
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from safetensors.numpy import save

from .forest import Forest
from .member import DescriptorMember, arrays_of
from .symmetric_forest import SymmetricForest

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

    rounds: int = Field(default=600, ge=1, le=100_000)
    learning_rate: float = Field(default=0.05, gt=0, le=10)
    depth: int = Field(default=6, ge=1, le=16)
    leaves: int = Field(default=31, ge=2, le=4096)
    rows: float = Field(default=0.8, gt=0, le=1)
    columns: float = Field(default=0.3, gt=0, le=1)
    loss: Literal["absolute", "squared"] = "absolute"


class BoostedTrees(DescriptorMember):
    """One boosted ensemble for each property.

    A library grows the trees; what is kept of them, and predicts, are plain arrays. So the library
    is loaded for a fit alone. Each fit runs on one thread; several fits run side by side.

    Attributes:
        library_suffix: of the files in the library's own format, which bundles held in former
            versions.
    """

    Config = BoostingConfig
    library_suffix: ClassVar[str]

    def __init__(self, forest: Forest | SymmetricForest) -> None:
        """Keep the trees."""
        self._forest = forest

    @classmethod
    @abstractmethod
    def from_library(cls, content: bytes) -> Self:
        """Read a file in the library's own format.

        The library may end the process at a damaged one: to be called in a process with limits.
        """

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """See `DescriptorMember`."""
        arrays = arrays_of(content)
        symmetric = {*arrays} == SymmetricForest.names
        return cls(SymmetricForest(arrays) if symmetric else Forest(arrays))

    def to_bytes(self) -> bytes:
        """See `DescriptorMember`."""
        # C order: safetensors writes the bytes as they lie in memory.
        return save(
            {name: np.ascontiguousarray(each) for name, each in self._forest.arrays.items()}
        )

    def takes(self, width: int, columns: int) -> bool:
        """See `DescriptorMember`."""
        return self._forest.width <= width and columns == 1

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """See `DescriptorMember`."""
        return self._forest.predict(descriptors).astype(np.float64)
