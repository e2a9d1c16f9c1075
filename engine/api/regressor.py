"""Training in scikit-learn's words."""

import tempfile
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from shutil import copytree
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from ..base.errors import UserError
from ..base.hardware import detect
from ..chem.smiles import BadSmilesError, canonical
from ..runs.start import MIN_LABELS
from ..settings.devices import DeviceSettings
from ..settings.presets import Preset, choose
from ..settings.properties import Property, property_for
from ..table import Table
from ..training.context import TrainContext
from ..training.reporter import Reporter
from .model import Model


class PolymerRegressor(RegressorMixin, BaseEstimator):
    """An ensemble that learns polymer properties from SMILES of repeat units.

    Attributes:
        model_: the trained `Model`; its `predict` gives a DataFrame with units.
        out_of_fold_: shape `(N, K)`, each training row predicted by models that never saw it.
        figures_: errors of these predictions, see `engine.settings.metrics.figures`.

    >>> from polygin import PolymerRegressor
    >>> smiles = ["*" + "C" * n + "*" for n in range(1, 13)]
    >>> y = [float(n) for n in range(1, 13)]
    >>> regressor = PolymerRegressor(preset="smoke", folds="random:2", verbose=False)
    >>> regressor.fit(smiles, y).predict(smiles).shape
    (12,)
    """

    def __init__(
        self,
        preset: str | Preset = "cpu",
        folds: str | Sequence[int] = "random:5",
        seed: int = 0,
        use: DeviceSettings | None = None,
        verbose: bool = True,
    ) -> None:
        """Choose how to train.

        Args:
            preset: a preset's name, `auto`, or a `Preset` of your own.
            folds: `random:5` or `similarity:5` (any number of folds), or a fold for each row, of
                shape `(N,)`.
            seed: of everything random.
            use: how to use the devices there are; by default as the preset and the machine suggest.
            verbose: whether to show progress on standard error.
        """
        self.preset = preset
        self.folds = folds
        self.seed = seed
        self.use = use
        self.verbose = verbose

    def fit(self, X: Sequence[str] | Table, y: Any = None) -> Self:
        """Train on repeat units with labels, in this process.

        Args:
            X: N SMILES, or a table from `read_table`, which brings its labels.
            y: shape `(N,)` or `(N, K)`, NaN where a label is missing. The columns of a DataFrame
                or the name of a Series name the properties, in the units in which the registry
                has them; others are named `y`, or `y0`, `y1`, …, and have no unit.

        Raises:
            UserError: when a row cannot be read, or there is too little to learn from.
        """
        # Loaded here, since it waits for torch.
        from ..runs.making import BundleRequest, make_bundle

        units, labels, properties = _rows(X, y)
        given = None if isinstance(self.folds, str) else _given_folds(self.folds, len(units))
        preset = self.preset
        if isinstance(preset, str):
            preset = choose(preset, detect(), int(np.isfinite(labels).sum()))
        request = BundleRequest(
            name="PolymerRegressor",
            table=X.name if isinstance(X, Table) else "Python",
            canonical=units,
            labels=labels,
            properties=properties,
            preset=preset,
            folds=self.folds if isinstance(self.folds, str) else "given",
            seed=self.seed,
            given_folds=given,
        )
        self._folder = tempfile.TemporaryDirectory(prefix="polygin-model-")
        with _reporter(self.verbose) as reporter:
            context = TrainContext(Path(self._folder.name), reporter, self.use or DeviceSettings())
            made = make_bundle(request, context)
        self.model_ = Model(self._folder.name)
        self.out_of_fold_, self.figures_ = made.ensemble.blended, made.ensemble.figures
        self._flat = not isinstance(X, Table) and np.ndim(y) == 1
        return self

    def predict(self, X: Sequence[str]) -> np.ndarray:
        """Predict repeat units.

        Args:
            X: N SMILES.

        Returns:
            Shape `(N,)` where `y` had one dimension, else `(N, K)`; in the units of `y`.

        Raises:
            UserError: when a repeat unit cannot be read; it names the row.
        """
        check_is_fitted(self)
        values = self.model_.predict(_smiles(X)).to_numpy()
        return values[:, 0] if self._flat else values

    def score(self, X: Sequence[str], y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination R²; the mean over the properties, no unit.

        Args:
            X: N SMILES.
            y: shape `(N,)` or `(N, K)`; labels that are NaN count for nothing.
            sample_weight: shape `(N,)`.
        """
        labels, predicted = _two_dimensional(y), _two_dimensional(self.predict(X))
        weights = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight)
        scores = []
        for column in range(labels.shape[1]):
            rows = np.isfinite(labels[:, column])
            if rows.any():
                pair = labels[rows, column], predicted[rows, column]
                scores.append(r2_score(*pair, sample_weight=weights[rows]))
        return float(np.mean(scores)) if scores else float("nan")

    def save(self, folder: str | PathLike[str]) -> Path:
        """Write the trained model to a new folder, which `load` reads.

        Raises:
            UserError: when the folder is there already.
        """
        check_is_fitted(self)
        target = Path(folder)
        if target.exists():
            raise UserError(f"{target} is there already: give a folder that is not.")
        copytree(self._folder.name, target)
        return target

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.target_tags.multi_output = True
        tags.non_deterministic = False
        return tags

    def __getstate__(self) -> dict:
        """The settings, and the model as the content of its files."""
        state = dict(super().__getstate__())
        folder, _ = state.pop("_folder", None), state.pop("model_", None)
        if folder is not None:
            files = Path(folder.name).iterdir()
            state["_files"] = {path.name: path.read_bytes() for path in files}
        return state

    def __setstate__(self, state: dict) -> None:
        state = dict(state)
        files = state.pop("_files", None)
        super().__setstate__(state)
        if files is not None:
            self._folder = tempfile.TemporaryDirectory(prefix="polygin-model-")
            for name, content in files.items():
                (Path(self._folder.name) / name).write_bytes(content)
            self.model_ = Model(self._folder.name)


def _rows(X: Any, y: Any) -> tuple[list[str], np.ndarray, list[Property]]:
    """Canonical SMILES, labels `(N, K)` and the K properties.

    Raises:
        UserError: when a row cannot be read, or a column has too few labels to be learned.
    """
    if isinstance(X, Table):
        if y is not None:
            raise UserError("A table brings its own labels: leave y out.")
        units, labels, properties = list(X.canonical), X.labels, list(X.properties)
    else:
        if y is None:
            raise UserError("y is missing: a PolymerRegressor learns from labels.")
        labels, names = _two_dimensional(y), _names(y)
        units = [_canonical(row, text) for row, text in enumerate(_smiles(X))]
        properties = [property_for(name) for name in names]
    if len(units) != len(labels):
        raise UserError(f"There are {len(units)} repeat units and {len(labels)} rows of labels.")
    for column, property_ in enumerate(properties):
        count = int(np.isfinite(labels[:, column]).sum())
        if count < MIN_LABELS:
            raise UserError(
                f"{property_.name} has {count} labels, and at least {MIN_LABELS} are needed: "
                "leave the column out, or add rows."
            )
    return units, labels, properties


def _smiles(X: Any) -> pd.Series | list[str]:
    """N SMILES of a list, an array `(N,)` or `(N, 1)`, a series, or a frame of one column."""
    if isinstance(X, pd.Series):
        return X
    if isinstance(X, str) or X is None:
        raise UserError("Repeat units are given as a list of SMILES.")
    values = np.asarray(X, dtype=object)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise UserError(
            f"Repeat units are given as a list of SMILES, not as an array of shape {values.shape}."
        )
    return values.tolist()


def _canonical(row: int, text: Any) -> str:
    if not isinstance(text, str):
        raise UserError(f"Row {row}: {text!r} is no SMILES, which would be a text.")
    try:
        return canonical(text)
    except BadSmilesError as error:
        raise UserError(f"Row {row}: {text!r} cannot be read: {error}.") from error


def _two_dimensional(y: Any) -> np.ndarray:
    """Labels or predictions as float64 of shape `(N, K)`."""
    try:
        values = np.asarray(y, dtype=float)
    except (TypeError, ValueError) as error:
        raise UserError(f"y has a value that is no number: {error}.") from error
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2:
        raise UserError(f"y has the shape {values.shape}; it may have one or two dimensions.")
    if np.isinf(values).any():
        row, column = np.argwhere(np.isinf(values))[0]
        raise UserError(f"Row {row}, column {column} of y is infinite: give NaN for no label.")
    return values


def _names(y: Any) -> list[str]:
    """What the properties are called."""
    if isinstance(y, pd.DataFrame):
        return [str(name) for name in y.columns]
    if isinstance(y, pd.Series) and y.name is not None:
        return [str(y.name)]
    count = _two_dimensional(y).shape[1]
    return ["y"] if count == 1 else [f"y{column}" for column in range(count)]


def _given_folds(folds: Sequence[int], rows: int) -> np.ndarray:
    values = np.asarray(folds)
    if values.shape != (rows,) or not np.issubdtype(values.dtype, np.integer):
        raise UserError(f"Folds are given as a whole number for each of the {rows} rows.")
    return values


def _reporter(verbose: bool) -> Any:
    """A context that gives the fit's reporter."""
    if not verbose:
        from contextlib import nullcontext

        return nullcontext(Reporter())
    from .progress import progress_bars

    return progress_bars()
