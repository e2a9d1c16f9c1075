"""LightGBM, XGBoost and CatBoost on descriptors: one boosted ensemble for each property.

The libraries are loaded when they are first used: a page that predicts with one of them need not
wait for the others. Each fit runs on one thread; several fits run side by side.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ..settings.members import TreeSettings

# Descriptors are counts and smooth quantities: 63 bins lose nothing and halve the time of 255.
_BINS = 63


class LightGBM:
    """Gradient boosting grown leaf by leaf (Ke et al., NeurIPS 2017)."""

    suffix = "txt"

    def __init__(self, model: object) -> None:
        self._model = model

    @classmethod
    def fit(
        cls, descriptors: np.ndarray, labels: np.ndarray, settings: TreeSettings, seed: int
    ) -> "LightGBM":
        """See `DescriptorModel`."""
        import lightgbm

        parameters = {
            "objective": "regression_l1" if settings.loss == "absolute" else "regression",
            "learning_rate": settings.learning_rate,
            "num_leaves": settings.leaves,
            "min_data_in_leaf": min(5, max(len(labels) // 20, 1)),
            "bagging_fraction": settings.rows,
            "bagging_freq": 1,
            "feature_fraction": settings.columns,
            "max_bin": _BINS,
            "seed": seed,
            "num_threads": 1,
            "deterministic": True,
            "force_col_wise": True,
            "verbose": -1,
        }
        table = lightgbm.Dataset(descriptors, labels)
        return cls(lightgbm.train(parameters, table, num_boost_round=settings.rounds))

    @classmethod
    def from_bytes(cls, content: bytes) -> "LightGBM":
        """See `DescriptorModel`."""
        import lightgbm

        return cls(lightgbm.Booster(model_str=content.decode()))

    def to_bytes(self) -> bytes:
        """See `DescriptorModel`."""
        return self._model.model_to_string().encode()

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """See `DescriptorModel`."""
        return np.asarray(self._model.predict(descriptors, num_threads=1))


class XGBoost:
    """Regularised gradient boosting (Chen & Guestrin, KDD 2016)."""

    suffix = "ubj"

    def __init__(self, model: object) -> None:
        self._model = model

    @classmethod
    def fit(
        cls, descriptors: np.ndarray, labels: np.ndarray, settings: TreeSettings, seed: int
    ) -> "XGBoost":
        """See `DescriptorModel`."""
        import xgboost

        parameters = {
            "objective": f"reg:{settings.loss}error",
            "learning_rate": settings.learning_rate,
            "max_depth": settings.depth,
            "min_child_weight": 2,
            "subsample": settings.rows,
            "colsample_bytree": settings.columns,
            "tree_method": "hist",
            "max_bin": _BINS,
            "nthread": 1,
            "seed": seed,
        }
        table = xgboost.DMatrix(descriptors, labels, nthread=1)
        return cls(xgboost.train(parameters, table, num_boost_round=settings.rounds))

    @classmethod
    def from_bytes(cls, content: bytes) -> "XGBoost":
        """See `DescriptorModel`."""
        import xgboost

        model = xgboost.Booster(model_file=bytearray(content))
        model.set_param({"nthread": 1})
        return cls(model)

    def to_bytes(self) -> bytes:
        """See `DescriptorModel`."""
        return bytes(self._model.save_raw("ubj"))

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """See `DescriptorModel`."""
        return self._model.inplace_predict(descriptors).astype(np.float64)


class CatBoost:
    """Ordered gradient boosting of symmetric trees (Prokhorenkova et al., NeurIPS 2018)."""

    suffix = "cbm"

    def __init__(self, model: object) -> None:
        self._model = model

    @classmethod
    def fit(
        cls, descriptors: np.ndarray, labels: np.ndarray, settings: TreeSettings, seed: int
    ) -> "CatBoost":
        """See `DescriptorModel`."""
        import catboost

        model = catboost.CatBoostRegressor(
            loss_function="MAE" if settings.loss == "absolute" else "RMSE",
            iterations=settings.rounds,
            learning_rate=settings.learning_rate,
            depth=settings.depth,
            rsm=settings.columns,
            border_count=_BINS,
            random_seed=seed,
            thread_count=1,
            verbose=False,
            allow_const_label=True,
            allow_writing_files=False,
        )
        return cls(model.fit(descriptors, labels))

    @classmethod
    def from_bytes(cls, content: bytes) -> "CatBoost":
        """See `DescriptorModel`."""
        import catboost

        return cls(catboost.CatBoostRegressor().load_model(blob=content))

    def to_bytes(self) -> bytes:
        """See `DescriptorModel`."""
        # CatBoost writes into files only.
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.cbm"
            self._model.save_model(str(path))
            return path.read_bytes()

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """See `DescriptorModel`."""
        return np.asarray(self._model.predict(descriptors, thread_count=1))
