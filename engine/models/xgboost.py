"""XGBoost: regularised gradient boosting (Chen & Guestrin, KDD 2016)."""

from typing import Any

import numpy as np

from .boosting import BINS, BoostingConfig
from .member import DescriptorMember


class XGBoost(DescriptorMember):
    """One boosted ensemble for each property.

    The library is loaded when it is first used: a page that predicts with another member need not
    wait for it. Each fit runs on one thread; several fits run side by side.
    """

    name = "xgboost"
    title = "XGBoost"
    colour = "#e2557b"
    Config = BoostingConfig
    suffix = "ubj"

    def __init__(self, model: Any) -> None:
        self._model = model

    @classmethod
    def fit(
        cls, descriptors: np.ndarray, labels: np.ndarray, config: BoostingConfig, seed: int
    ) -> "XGBoost":
        """See `DescriptorMember`."""
        import xgboost

        parameters = {
            "objective": f"reg:{config.loss}error",
            "learning_rate": config.learning_rate,
            "max_depth": config.depth,
            "min_child_weight": 2,
            "subsample": config.rows,
            "colsample_bytree": config.columns,
            "tree_method": "hist",
            "max_bin": BINS,
            "nthread": 1,
            "seed": seed,
        }
        table = xgboost.DMatrix(descriptors, labels, nthread=1)
        return cls(xgboost.train(parameters, table, num_boost_round=config.rounds))

    @classmethod
    def from_bytes(cls, content: bytes) -> "XGBoost":
        """See `DescriptorMember`."""
        import xgboost

        model = xgboost.Booster(model_file=bytearray(content))
        model.set_param({"nthread": 1})
        return cls(model)

    def to_bytes(self) -> bytes:
        """See `DescriptorMember`."""
        return bytes(self._model.save_raw("ubj"))

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """See `DescriptorMember`."""
        return self._model.inplace_predict(descriptors).astype(np.float64)
