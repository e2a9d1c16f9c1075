"""CatBoost: ordered gradient boosting of symmetric trees (Prokhorenkova et al., NeurIPS 2018)."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from .boosting import BINS, BoostedTrees, BoostingConfig
from .symmetric_forest import SymmetricForest


class CatBoost(BoostedTrees):
    """One boosted ensemble for each property; see `BoostedTrees`."""

    name = "catboost"
    title = "CatBoost"
    colour = "#0ea5e9"
    library_suffix = "cbm"

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
        return cls._of(model.fit(descriptors, labels))

    @classmethod
    def from_library(cls, content: bytes) -> "CatBoost":
        """See `BoostedTrees`."""
        import catboost

        return cls._of(catboost.CatBoostRegressor().load_model(blob=content))

    @classmethod
    def _of(cls, model: Any) -> "CatBoost":
        # CatBoost writes to files only.
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.json"
            model.save_model(str(path), format="json")
            said = json.loads(path.read_bytes())
        return cls(SymmetricForest(_arrays(said)))


def _arrays(said: dict) -> dict[str, np.ndarray]:
    """The arrays of a forest from CatBoost's own words.

    Raises:
        ValueError: when its sum is scaled, which no model of this project is.
    """
    scale, biases = said["scale_and_bias"]
    if scale != 1:
        raise ValueError(f"The sum of the trees is multiplied by {scale}.")
    trees = [(tree["splits"] or [], tree["leaf_values"]) for tree in said["oblivious_trees"]]
    # The bias is added at last, like a tree of one leaf.
    trees.append(([], biases))
    splits = [split for of_tree, _ in trees for split in of_tree]
    missing = {
        feature["flat_feature_index"]: feature["nan_value_treatment"]
        for feature in said["features_info"]["float_features"]
    }
    asked = [split["float_feature_index"] for split in splits]
    return {
        "split": np.array(asked, dtype=np.int32),
        "threshold": np.array([split["border"] for split in splits], dtype=np.float32),
        # A row goes right above the border; NaN is above none but where training says so.
        "missing_left": np.array([missing[each] != "AsTrue" for each in asked], dtype=np.uint8),
        "levels": np.array([len(of_tree) for of_tree, _ in trees], dtype=np.int32),
        "leaf": np.concatenate([np.array(leaves, dtype=np.float64) for _, leaves in trees]),
    }
