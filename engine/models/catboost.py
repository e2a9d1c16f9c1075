"""CatBoost: ordered gradient boosting of symmetric trees (Prokhorenkova et al., NeurIPS 2018)."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from .boosting import BINS, BoostingConfig
from .member import DescriptorMember


class CatBoost(DescriptorMember):
    """One boosted ensemble for each property.

    The library is loaded when it is first used: a page that predicts with another member need not
    wait for it. Each fit runs on one thread; several fits run side by side.
    """

    name = "catboost"
    title = "CatBoost"
    colour = "#0ea5e9"
    Config = BoostingConfig
    suffix = "cbm"

    def __init__(self, model: Any) -> None:
        self._model = model

    @classmethod
    def fit(
        cls, descriptors: np.ndarray, labels: np.ndarray, config: BoostingConfig, seed: int
    ) -> "CatBoost":
        """See `DescriptorMember`."""
        import catboost

        model = catboost.CatBoostRegressor(
            loss_function="MAE" if config.loss == "absolute" else "RMSE",
            iterations=config.rounds,
            learning_rate=config.learning_rate,
            depth=config.depth,
            rsm=config.columns,
            border_count=BINS,
            random_seed=seed,
            thread_count=1,
            verbose=False,
            allow_const_label=True,
            allow_writing_files=False,
        )
        return cls(model.fit(descriptors, labels))

    @classmethod
    def from_bytes(cls, content: bytes) -> "CatBoost":
        """See `DescriptorMember`."""
        import catboost

        return cls(catboost.CatBoostRegressor().load_model(blob=content))

    def to_bytes(self) -> bytes:
        """See `DescriptorMember`."""
        # CatBoost writes to files only.
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.cbm"
            self._model.save_model(str(path))
            return path.read_bytes()

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """See `DescriptorMember`."""
        return np.asarray(self._model.predict(descriptors, thread_count=1))
