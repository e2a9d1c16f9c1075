"""LightGBM: gradient boosting grown leaf by leaf (Ke et al., NeurIPS 2017)."""

from typing import Any

import numpy as np

from .boosting import BINS, BoostingConfig
from .member import DescriptorMember


class LightGBM(DescriptorMember):
    """One boosted ensemble for each property.

    The library is loaded when it is first used: a page that predicts with another member need not
    wait for it. Each fit runs on one thread; several fits run side by side.
    """

    name = "lightgbm"
    title = "LightGBM"
    colour = "#f59e0b"
    Config = BoostingConfig
    suffix = "txt"

    def __init__(self, model: Any) -> None:
        self._model = model

    @classmethod
    def fit(
        cls, descriptors: np.ndarray, labels: np.ndarray, config: BoostingConfig, seed: int
    ) -> "LightGBM":
        """See `DescriptorMember`."""
        import lightgbm

        parameters = {
            "objective": "regression_l1" if config.loss == "absolute" else "regression",
            "learning_rate": config.learning_rate,
            "num_leaves": config.leaves,
            "min_data_in_leaf": min(5, max(len(labels) // 20, 1)),
            "bagging_fraction": config.rows,
            "bagging_freq": 1,
            "feature_fraction": config.columns,
            "max_bin": BINS,
            "seed": seed,
            "num_threads": 1,
            "deterministic": True,
            "force_col_wise": True,
            "verbose": -1,
        }
        table = lightgbm.Dataset(descriptors, labels)
        return cls(lightgbm.train(parameters, table, num_boost_round=config.rounds))

    @classmethod
    def from_bytes(cls, content: bytes) -> "LightGBM":
        """See `DescriptorMember`."""
        import lightgbm

        return cls(lightgbm.Booster(model_str=content.decode()))

    def to_bytes(self) -> bytes:
        """See `DescriptorMember`."""
        return self._model.model_to_string().encode()

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """See `DescriptorMember`."""
        return np.asarray(self._model.predict(descriptors, num_threads=1))
