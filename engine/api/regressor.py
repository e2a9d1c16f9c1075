"""Training in scikit-learn's words."""

import tempfile
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from shutil import Error, copytree
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from ..base.errors import UserError
from ..base.hardware import detect
from ..models.members import configs_of
from ..runs import MAX_SEED
from ..settings.devices import DeviceSettings
from ..settings.presets import Preset, choose
from ..table import Table
from ..table.folds import check_splitter
from ..training.context import TrainContext
from ..training.reporter import Reporter
from .inputs import given_folds, label_matrix, read_rows
from .model import Model


class PolymerRegressor(RegressorMixin, BaseEstimator):
    """An ensemble that learns polymer properties from SMILES of repeat units.

    Attributes:
        model_: the trained `Model`; its `predict` gives a DataFrame with units.
        out_of_fold_: shape `(N, K)`, each training row predicted by models that never saw it.
        figures_: errors of these predictions, see `engine.settings.metrics.figures`.

    >>> from polygin import PolymerRegressor
    >>> smiles = ["*" + "C" * n + "O*" for n in range(1, 13)]
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
        pretrained: bool = True,
    ) -> None:
        """Choose how to train.

        Args:
            preset: a preset's name, `auto`, or a `Preset` of your own.
            folds: `random:5` or `similarity:5` (any number of folds), of copolymers also `pair:5`
                or `unit:5`, or a fold for each row, of shape `(N,)`.
            seed: of everything random.
            use: how to use the devices there are; by default as the preset and the machine suggest.
            verbose: whether to show progress on standard error.
            pretrained: whether networks start from the pretrained encoder, where the preset has it
                so; else from random weights.
        """
        self.preset = preset
        self.folds = folds
        self.seed = seed
        self.use = use
        self.verbose = verbose
        self.pretrained = pretrained

    def fit(self, X: Sequence[str] | pd.DataFrame | Table, y: Any = None) -> Self:
        """Train on repeat units with labels, in this process.

        Args:
            X: N SMILES, compositions as `Model.predict` takes them, or a table from `read_table`,
                which brings its labels.
            y: shape `(N,)` or `(N, K)`, NaN where a label is missing. The columns of a DataFrame
                or the name of a Series name the properties, in the units in which the registry
                has them; others are named `y`, or `y0`, `y1`, …, and have no unit.

        Raises:
            UserError: when a row cannot be read, or there is too little to learn from.
        """
        # Loaded here, since it waits for torch.
        from ..runs.making import BundleRequest, make_bundle

        rows = read_rows(X, y)
        preset, use = self._checked_settings()
        given = None if isinstance(self.folds, str) else given_folds(self.folds, len(rows.units))
        if isinstance(self.folds, str):
            check_splitter(self.folds, rows.units)
        request = BundleRequest(
            name="PolymerRegressor",
            table=X.name if isinstance(X, Table) else "Python",
            canonical=rows.units,
            labels=rows.labels,
            properties=rows.properties,
            preset=preset,
            folds=self.folds if isinstance(self.folds, str) else "given",
            seed=self.seed,
            given_folds=given,
            sources=X.sources if isinstance(X, Table) else (),
            bounds=rows.bounds,
            conditions=rows.conditions,
            condition_values=rows.condition_values,
            polymer_columns=rows.polymer_columns,
        )
        folder = tempfile.TemporaryDirectory(prefix="polygin-model-")
        with _reporter(self.verbose) as reporter:
            made = make_bundle(request, TrainContext(Path(folder.name), reporter, use))
        # All at once, and last: a fit that fails leaves an earlier one as it was.
        self.model_ = _OwnModel(folder)
        self.out_of_fold_, self.figures_ = made.ensemble.blended, made.ensemble.figures
        self._flat = not isinstance(X, Table) and np.ndim(y) == 1
        return self

    def _checked_settings(self) -> tuple[Preset, DeviceSettings]:
        """The preset and the use of devices.

        Raises:
            UserError: when a setting is not what it may be.
        """
        preset, use = self.preset, DeviceSettings() if self.use is None else self.use
        if isinstance(preset, str):
            preset = choose(preset, detect())
        if not isinstance(preset, Preset):
            raise UserError(f"preset is {preset!r}: give the name of one, or a Preset.")
        if not self.pretrained:
            preset = preset.without_encoder()
        configs_of(preset)
        if not isinstance(use, DeviceSettings):
            raise UserError(f"use is {use!r}: give DeviceSettings, or None.")
        is_whole = isinstance(self.seed, int | np.integer) and not isinstance(self.seed, bool)
        if not is_whole or not 0 <= self.seed < MAX_SEED:
            raise UserError(f"seed is {self.seed!r}: give a whole number from 0 to {MAX_SEED - 1}.")
        return preset, use

    def predict(
        self, X: Sequence[str] | pd.DataFrame | Table, conditions: Mapping[str, Any] | None = None
    ) -> np.ndarray:
        """Predict repeat units.

        Args:
            X: N SMILES or compositions, or a table, which brings its conditions.
            conditions: as `Model.predict` takes them.

        Returns:
            Shape `(N,)` where `y` had one dimension, else `(N, K)`; in the units of `y`. After a
            fit to several sources, a column for each property as the model answers.

        Raises:
            UserError: when a repeat unit cannot be read; it names the row.
        """
        check_is_fitted(self)
        values = self.model_.predict(X, conditions=conditions).to_numpy()
        return values[:, 0] if self._flat else values

    def score(self, X: Sequence[str], y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination R²; the mean over the properties, no unit.

        Args:
            X: N SMILES.
            y: shape `(N,)` or `(N, K)`; labels that are NaN count for nothing.
            sample_weight: shape `(N,)`.
        """
        labels, predicted = label_matrix(y), label_matrix(self.predict(X))
        if labels.shape != predicted.shape:
            raise UserError(f"y has the shape {labels.shape}, and predictions {predicted.shape}.")
        weights = (
            np.ones((len(labels), 1)) if sample_weight is None else label_matrix(sample_weight)
        )
        if weights.shape != (len(labels), 1):
            raise UserError(f"sample_weight has to be one number for each of {len(labels)} rows.")
        scores = []
        for column in range(labels.shape[1]):
            rows = np.isfinite(labels[:, column])
            if rows.any():
                pair = labels[rows, column], predicted[rows, column]
                scores.append(r2_score(*pair, sample_weight=weights[rows, 0]))
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
        try:
            copytree(self.model_.folder, target)
        except (OSError, Error) as error:
            raise UserError(f"The model cannot be written to {target}: {error}.") from error
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


class _OwnModel(Model):
    """A model in a temporary folder, which is there for as long as the model."""

    def __init__(self, folder: tempfile.TemporaryDirectory) -> None:
        self._temporary = folder
        super().__init__(folder.name)

    def __getstate__(self) -> dict:
        """The content of its files: another process has no such folder."""
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def __setstate__(self, files: dict) -> None:
        folder = tempfile.TemporaryDirectory(prefix="polygin-model-")
        for name, content in files.items():
            (Path(folder.name) / name).write_bytes(content)
        self.__init__(folder)  # type: ignore[misc]  # read as any other


def _reporter(verbose: bool) -> Any:
    """A context that gives the fit's reporter."""
    if not verbose:
        from contextlib import nullcontext

        return nullcontext(Reporter())
    from .progress import progress_bars

    return progress_bars()
