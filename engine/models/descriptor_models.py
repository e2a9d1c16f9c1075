"""Members that learn from descriptors, each property by itself; by name."""

from typing import ClassVar, Protocol

import numpy as np

from ..settings.members import GaussianProcessSettings, TreeSettings
from .gaussian_process import GaussianProcess
from .trees import CatBoost, LightGBM, XGBoost


class DescriptorModel(Protocol):
    """A model of one property."""

    suffix: ClassVar[str]

    @classmethod
    def fit(
        cls,
        descriptors: np.ndarray,
        labels: np.ndarray,
        settings: TreeSettings | GaussianProcessSettings,
        seed: int,
    ) -> "DescriptorModel":
        """Fit to descriptors `(N, D)`, NaN allowed, and labels `(N,)` in the property's unit."""
        ...

    @classmethod
    def from_bytes(cls, content: bytes) -> "DescriptorModel":
        """Read what `to_bytes` gave.

        Raises:
            ValueError: when it is something else.
        """
        ...

    def to_bytes(self) -> bytes:
        """The library's own format, or safetensors."""
        ...

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """From `(N, D)` to `(N,)`, in the property's unit."""
        ...


DESCRIPTOR_MODELS: dict[str, type[DescriptorModel]] = {
    "lightgbm": LightGBM,
    "xgboost": XGBoost,
    "catboost": CatBoost,
    "gaussian_process": GaussianProcess,
}
