"""XGBoost: regularised gradient boosting (Chen & Guestrin, KDD 2016)."""

import json
from typing import Any

import numpy as np

from .boosting import BINS, BoostedTrees, BoostingConfig
from .forest import Forest, Tree


class XGBoost(BoostedTrees):
    """One boosted ensemble for each property; see `BoostedTrees`."""

    name = "xgboost"
    title = "XGBoost"
    colour = "#e2557b"
    library_suffix = "ubj"

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
        return cls._of(xgboost.train(parameters, table, num_boost_round=config.rounds))

    @classmethod
    def from_library(cls, content: bytes) -> "XGBoost":
        """See `BoostedTrees`."""
        import xgboost

        return cls._of(xgboost.Booster(model_file=bytearray(content)))

    @classmethod
    def _of(cls, model: Any) -> "XGBoost":
        learner = json.loads(bytes(model.save_raw("json")))["learner"]
        base = json.loads(learner["learner_model_param"]["base_score"])
        trees = learner["gradient_booster"]["model"]["trees"]
        # Sums begin with the base score.
        first = Tree.constant(np.array(base, dtype=np.float32).reshape(1))
        return cls(Forest.of([first, *map(_tree, trees)]))


def _tree(said: dict) -> Tree:
    """One tree, of whose nodes some are splits and some are leaves."""
    children = np.stack([said["left_children"], said["right_children"]], axis=1).astype(np.int32)
    values = np.array(said["split_conditions"], dtype=np.float32)
    splits = children[:, 0] >= 0
    numbers = np.where(splits, np.cumsum(splits) - 1, -1 * np.cumsum(~splits)).astype(np.int32)
    return Tree(
        np.array(said["split_indices"], dtype=np.int32)[splits],
        # A row goes left below the condition, not at it.
        np.nextafter(values[splits], np.float32(-np.inf)),
        np.array(said["default_left"], dtype=np.uint8)[splits],
        numbers[children[splits]],
        values[~splits],
    )
