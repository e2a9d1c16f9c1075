"""LightGBM: gradient boosting grown leaf by leaf (Ke et al., NeurIPS 2017)."""

from typing import Any

import numpy as np

from .boosting import BINS, BoostedTrees, BoostingConfig
from .forest import Forest, Tree
from .split_tests import at_most

_MISSING_KIND, _MISSING_IS_NAN, _DEFAULT_LEFT = 2, 2, 2
"""Of LightGBM's `decision_type`: the place of two bits, their value for "NaN is missing", and the
bit that sends what is missing to the left."""


class LightGBM(BoostedTrees):
    """One boosted ensemble for each property; see `BoostedTrees`."""

    name = "lightgbm"
    title = "LightGBM"
    colour = "#f59e0b"
    library_suffix = "txt"

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
        return cls._of(lightgbm.train(parameters, table, num_boost_round=config.rounds))

    @classmethod
    def from_library(cls, content: bytes) -> "LightGBM":
        """See `BoostedTrees`."""
        import lightgbm

        return cls._of(lightgbm.Booster(model_str=content.decode()))

    @classmethod
    def _of(cls, model: Any) -> "LightGBM":
        # The text has all digits of each number, and is read in a tenth of the time of the dump.
        blocks = model.model_to_string().split("\nTree=")[1:]
        return cls(Forest.of([_tree(block) for block in blocks]))


def _tree(block: str) -> Tree:
    """One tree from its lines `name=values`, which an empty line ends."""
    lines = block.partition("\n\n")[0].splitlines()[1:]
    fields = dict(line.split("=", 1) for line in lines if "=" in line)

    def numbers(name: str, kind: type) -> np.ndarray:
        return np.array(fields[name].split(), dtype=kind)

    leaf = numbers("leaf_value", np.float64)
    if len(leaf) == 1:
        return Tree.constant(leaf)
    threshold, kinds = numbers("threshold", np.float64), numbers("decision_type", np.int32)
    # Where no descriptor was missing in training, NaN counts as 0.
    known = (kinds >> _MISSING_KIND & 3) == _MISSING_IS_NAN
    missing_left = np.where(known, (kinds & _DEFAULT_LEFT) > 0, threshold >= 0)
    children = [numbers(name, np.int32) for name in ("left_child", "right_child")]
    return Tree(
        numbers("split_feature", np.int32),
        at_most(threshold),
        missing_left.astype(np.uint8),
        np.stack(children, axis=1),
        leaf,
    )
