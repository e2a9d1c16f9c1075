"""The base classes of an ensemble's members; a member's file alone says its name and settings.

Pages import these classes, so a member's file loads neither torch nor a library of boosted trees
before it fits or predicts.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError
from safetensors.numpy import load

from ..settings.networks import NetworkConfig
from ..settings.training import TrainingConfig

if TYPE_CHECKING:
    from .network import Network


class Member(ABC):
    """A member of an ensemble.

    Attributes:
        name: in files, columns and presets: letters, digits and `_`; no column of `oof.parquet` has
            it.
        title: as pages show it.
        colour: on every page, in CSS's notation.
        Config: its settings.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    colour: ClassVar[str]
    Config: ClassVar[type[BaseModel]]


class DescriptorMember(Member):
    """A member that learns from descriptors; an instance is one fitted model of one property.

    `fit` runs in several threads at once: it uses one thread, lets go of the interpreter while it
    works, and gives the same model for the same seed. `from_bytes` proves what it reads: no file
    makes a member that ends the process, or never ends.
    """

    @classmethod
    @abstractmethod
    def fit(cls, descriptors: np.ndarray, labels: np.ndarray, config: Any, seed: int) -> Self:
        """Fit a model of one property.

        Args:
            descriptors: shape `(N, D)`, NaN allowed.
            labels: shape `(N,)`, in the property's unit.
            config: of this member's class `Config`.
            seed: of everything random.
        """

    @classmethod
    @abstractmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` gave.

        Raises:
            ValueError: for anything else.
        """

    @abstractmethod
    def to_bytes(self) -> bytes:
        """The model as safetensors."""

    @abstractmethod
    def takes(self, width: int, columns: int) -> bool:
        """Whether it predicts so many columns from `width` descriptors."""

    @abstractmethod
    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """From `(N, D)` to `(N,)`, in the property's unit."""


def arrays_of(content: bytes) -> dict[str, np.ndarray]:
    """The arrays that a file of safetensors holds.

    Raises:
        ValueError: when it is no such file.
    """
    try:
        return load(content)
    except SafetensorError as error:
        raise ValueError(str(error)) from error


class SourcesMember(DescriptorMember):
    """A member that learns a quantity from all its sources at once.

    An instance is one fitted model of one quantity as S sources have it, S being 2 or more: labels
    and predictions of `fit` and `predict` have shape `(N, S)`. Labels are NaN where a source has
    none; each row has at least one. A quantity of one source has no such model.
    """


class NetworkMemberConfig(BaseModel):
    """The parts of the networks, and how they are trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: NetworkConfig = NetworkConfig()
    training: TrainingConfig = TrainingConfig()


class NetworkMember(Member):
    """A member made of graph networks, one for each fold and seed; their mean is its prediction.

    Attributes:
        first_seed: added to seeds, so that networks of two members do not begin alike.
    """

    Config = NetworkMemberConfig
    first_seed: ClassVar[int] = 0

    @classmethod
    @abstractmethod
    def build(cls, config: NetworkConfig, properties: int) -> "Network":
        """Build a network with fresh weights, drawn by torch's random numbers.

        Args:
            config: what it is made of.
            properties: K, the number of outputs.
        """
