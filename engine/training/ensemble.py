"""Fitting all members of a preset over the folds, and blending them."""

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from ..base.errors import UserError
from ..base.hardware import usable_cores
from ..base.packed import Features
from ..inference.conformal import Interval, calibrate
from ..models.descriptor_models import DESCRIPTOR_MODELS
from ..models.store import save_descriptor_model
from ..settings.devices import DeviceSettings
from ..settings.metrics import figures, label_ranges
from ..settings.presets import Preset, settle
from .blend import blend_weights, fixed_blend, nested_blend
from .checkpoints import Checkpoints
from .loop import DivergedError
from .networks import NetworkTask, network_jobs
from .parallel import fit_networks
from .reporter import Reporter


@dataclass(frozen=True)
class TrainingData:
    """N repeat units with K properties.

    Attributes:
        features: of the N repeat units.
        labels: shape `(N, K)`, float64 in each property's unit, NaN where missing.
        folds: shape `(N,)`, int; the fold that holds each row out. Rows of fold −1 are never held
            out: all learn from them, and none is predicted.
        names: the K properties.
    """

    features: Features
    labels: np.ndarray
    folds: np.ndarray
    names: Sequence[str]

    @property
    def fold_numbers(self) -> list[int]:
        """The folds that are held out, in order."""
        return sorted(int(fold) for fold in np.unique(self.folds) if fold >= 0)


@dataclass(frozen=True)
class Ensemble:
    """What a fit leaves behind besides the members' files.

    Attributes:
        members: the names of the members that were fitted, M of them.
        out_of_fold: shape `(M, N, K)`, each row predicted by models that never saw it.
        blended: shape `(N, K)`, blended with weights fitted on the other folds, or the preset's.
        weights: `{property: {member: weight}}` for predicting new repeat units.
        intervals: the conformal interval of each property that has labels enough.
        figures: `{"blend": …, "members": {member: …}}`, see `engine.settings.metrics.figures`.
        remarks: what a user should know, such as a member that could not be fitted.
    """

    members: tuple[str, ...]
    out_of_fold: np.ndarray
    blended: np.ndarray
    weights: dict[str, dict[str, float]]
    intervals: dict[str, Interval]
    figures: dict
    remarks: list[str]


class _Fit(NamedTuple):
    """What the members of one fit share; see `fit_ensemble`."""

    data: TrainingData
    preset: Preset
    seed: int
    folder: Path
    reporter: Reporter
    use: DeviceSettings
    checkpoints: Path | None


def stages(preset: Preset, folds: int, properties: int) -> dict[str, int]:
    """The stages of a fit over so many folds, with their numbers of steps, in order."""
    fits = (folds + 1) * properties
    epochs = folds * preset.loop.seeds * preset.loop.all_epochs
    return {**dict.fromkeys(preset.on_descriptors, fits), "polygin": epochs}


def fit_ensemble(
    data: TrainingData,
    preset: Preset,
    seed: int,
    folder: Path,
    reporter: Reporter,
    use: DeviceSettings | None = None,
    checkpoints: Path | None = None,
) -> Ensemble:
    """Fit every member over the folds and blend them.

    Members on descriptors predict each fold from the others and are then fitted once more to all
    rows, for the bundle. PolyGIN keeps the networks of all folds: their mean is worth more than one
    network fitted to all rows.

    Args:
        data: N rows with K properties.
        preset: which members, how large, how long.
        seed: of everything random.
        folder: where the members' files go.
        reporter: told how far the fitting is.
        use: how to use the devices there are.
        checkpoints: a folder for what is finished; the same again, and the fit goes on from it.

    Raises:
        UserError: when no member could be fitted.
    """
    use, lacking = settle(preset, use or DeviceSettings(), torch.cuda.device_count())
    for line in lacking:
        reporter.log(line)
    fit = _Fit(data, preset, seed, folder, reporter, use, checkpoints)
    predictions: dict[str, np.ndarray] = {}
    remarks = []
    for name, total in stages(preset, len(data.fold_numbers), len(data.names)).items():
        reporter.stage(name, total)
        try:
            predictions[name] = (
                _fit_polygin(fit) if name == "polygin" else _fit_on_descriptors(name, fit)
            )
        except DivergedError as error:
            remarks.append(f"PolyGIN was left out: {error}.")
            reporter.log(remarks[-1])
    if not predictions:
        raise UserError(" ".join(remarks))
    members = tuple(predictions)
    out_of_fold = np.stack(list(predictions.values()))
    if preset.blend:
        blended, weights = fixed_blend(out_of_fold, members, data.names, preset.blend)
    else:
        blended = nested_blend(data.labels, out_of_fold, data.folds)
        weights = blend_weights(data.labels, out_of_fold, members, data.names)
    ranges = label_ranges(data.labels, data.names)
    return Ensemble(
        members=members,
        out_of_fold=out_of_fold,
        blended=blended,
        weights=weights,
        intervals=calibrate(data.labels, out_of_fold, blended, data.folds, data.names),
        figures={
            "blend": figures(data.labels, blended, data.names, ranges),
            "members": {
                member: figures(data.labels, predicted, data.names, ranges)
                for member, predicted in zip(members, out_of_fold, strict=True)
            },
        },
        remarks=remarks,
    )


def _fit_on_descriptors(member: str, fit: _Fit) -> np.ndarray:
    """Out-of-fold predictions `(N, K)` of one member; its final models go to the folder."""
    data = fit.data
    kept = Checkpoints(fit.checkpoints) if fit.checkpoints else None
    predicted = np.full(data.labels.shape, np.nan)
    jobs = {
        f"{member}-{'all' if fold is None else fold}-{k:03d}": (fold, k)
        for k in range(len(data.names))
        for fold in (*data.fold_numbers, None)
    }

    def fit_one(piece: str) -> None:
        fold, k = jobs[piece]
        labelled = np.isfinite(data.labels[:, k])
        rows = labelled if fold is None else labelled & (data.folds != fold)
        model = DESCRIPTOR_MODELS[member].fit(
            data.features.descriptors[rows],
            data.labels[rows, k],
            fit.preset.on_descriptors[member],
            fit.seed,
        )
        result = np.empty(0)
        if fold is None:
            save_descriptor_model(fit.folder, member, k, model)
        else:
            held_out = data.folds == fold
            result = predicted[held_out, k] = model.predict(data.features.descriptors[held_out])
        if kept:
            kept.finish(piece, result)

    for piece, (fold, k) in list(jobs.items()):
        if kept and (state := kept.finished(piece)):
            if fold is not None:
                predicted[data.folds == fold, k] = state.arrays["result"]
            del jobs[piece]
            fit.reporter.skip(1)
    # The libraries let go of the interpreter while they fit, so threads use all cores; each with
    # one thread of its own, so that the same numbers come out however many cores there are.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(usable_cores()) as pool:
        futures = {pool.submit(fit_one, piece) for piece in jobs}
        for _ in _as_they_end(futures, fit.reporter):
            fit.reporter.step()
    return predicted


def _as_they_end(futures: set[Future], reporter: Reporter) -> Iterator[Future]:
    """Yield futures as they end; when the run should end, cancel those that have not begun."""
    try:
        while futures:
            ended, futures = wait(futures, timeout=0.5, return_when=FIRST_COMPLETED)
            reporter.check()
            for future in ended:
                future.result()
                yield future
    finally:
        for future in futures:
            future.cancel()


def _fit_polygin(fit: _Fit) -> np.ndarray:
    """Out-of-fold predictions `(N, K)` of PolyGIN, the mean over seeds; networks to the folder."""
    data, preset = fit.data, fit.preset
    task = NetworkTask(
        data.features.graphs,
        data.labels,
        data.folds,
        preset.shape,
        preset.loop,
        fit.use,
        fit.folder,
        fit.checkpoints,
        data.features.descriptors if preset.shape.descriptors else None,
    )
    return fit_networks(task, network_jobs(data.fold_numbers, preset.loop, fit.seed), fit.reporter)
