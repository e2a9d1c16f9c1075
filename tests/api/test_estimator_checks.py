"""scikit-learn's checks of estimators: those that make sense for SMILES, and why others do not."""

import warnings
from functools import partial

import numpy as np
import pytest
from sklearn.utils import estimator_checks

from engine.api import PolymerRegressor
from engine.settings.presets import Preset

QUICK = Preset(
    name="quick", title="Quick", summary="", members={"lightgbm": {"rounds": 3, "leaves": 4}}
)

OTHERS = {
    "SMILES are no matrix of numbers: no dtype, order of memory, sparsity, sign or finiteness": (
        "check_complex_data",
        "check_dtype_object",
        "check_estimator_sparse_array",
        "check_estimator_sparse_matrix",
        "check_estimator_sparse_tag",
        "check_estimators_dtypes",
        "check_estimators_nan_inf",
        "check_f_contiguous_array_estimator",
        "check_positive_only_tag_during_fit",
        "check_readonly_memmap_input",
        "check_regressor_data_not_an_array",
    ),
    "There is one column of SMILES, and no number of features": (
        "check_estimators_partial_fit_n_features",
        "check_fit1d",
        "check_fit2d_1feature",
        "check_fit2d_predict1d",
        "check_n_features_in",
        "check_n_features_in_after_fitting",
    ),
    "It says in words of its own that labels are missing, or fewer than ten": (
        "check_estimators_empty_data_messages",
        "check_fit2d_1sample",
        "check_requires_y_none",
    ),
    "Labels that are NaN are missing labels, which it allows": ("check_supervised_y_no_nan",),
    "A column of labels is one property, whose predictions are a column too": (
        "check_supervised_y_2d",
    ),
    "It demands a fit to noise, or compares with data that are no polymers": (
        "check_pipeline_consistency",
        "check_regressors_train",
    ),
    "It has no number of iterations": ("check_non_transformer_estimators_n_iter",),
}
"""Why the other checks of regressors are not carried out."""


class OnNumbers(PolymerRegressor):
    """Learns from repeat units that rows of numbers are written as: what the checks give."""

    def fit(self, X, y):
        return super().fit(_as_smiles(X), y)

    def predict(self, X):
        return super().predict(_as_smiles(X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.one_d_array = tags.input_tags.string = False
        return tags


def _as_smiles(X: object) -> list[str]:
    numbers = (1000 * np.abs(np.asarray(X, dtype=float)).sum(axis=1)).astype(int).tolist()
    return [f"*{'C' * (1 + n % 12)}{'OSN'[n // 12 % 3]}{'C' * (n // 36 % 8)}*" for n in numbers]


def _checks(kind: type[PolymerRegressor]) -> list[partial]:
    estimator = kind(preset=QUICK, folds="random:2", verbose=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it cannot check
        generated = estimator_checks.estimator_checks_generator(estimator)
        return [partial(check, one) for one, check in generated]


def _name(check: partial) -> str:
    return check.func.func.__name__ if isinstance(check.func, partial) else check.func.__name__


SKIPPED = {name for names in OTHERS.values() for name in names}
ON_NUMBERS = _checks(OnNumbers)


@pytest.mark.parametrize("check", _checks(PolymerRegressor), ids=_name)
def test_the_estimator_itself(check: partial) -> None:
    check()


@pytest.mark.parametrize(
    "check", [check for check in ON_NUMBERS if _name(check) not in SKIPPED], ids=_name
)
def test_rows_of_numbers_as_repeat_units(check: partial) -> None:
    check()


def test_every_check_that_is_left_out_exists() -> None:
    assert {_name(check) for check in ON_NUMBERS} >= SKIPPED
