"""Fitting all members of a preset over the folds, and blending them."""

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import torch
from pydantic import BaseModel
from threadpoolctl import threadpool_limits

from ..base.errors import UserError
from ..base.hardware import usable_cores
from ..base.packed import Features
from ..inference.conformal import Interval, calibrate
from ..models.member import NetworkMemberConfig
from ..models.members import MEMBERS, DescriptorMember, configs_of, title_of
from ..models.store import save_descriptor_model
from ..settings.metrics import figures, label_ranges
from ..settings.presets import Preset
from .blend import blend_weights, fixed_blend, nested_blend
from .checkpoints import Checkpoints
from .context import TrainContext
from .loop import DivergedError
from .networks import NetworkTask, network_jobs
from .parallel import fit_networks
from .pieces import fit_piece
from .reporter import Reporter


@dataclass(frozen=True)
class TrainingData:
    """N repeat units with K properties.

    Attributes:
        features: of the N repeat units.
        labels: shape `(N, K)`, float64 in each property's unit, NaN where missing.
        folds: shape `(N,)`, int; the fold that holds each row out. Rows of fold −1 are never held
            out: all models learn from them, and none predicts them.
        names: the K properties.
        answers: those that the weighted errors are about; all by default.
    """

    features: Features
    labels: np.ndarray
    folds: np.ndarray
    names: Sequence[str]
    answers: Sequence[str] | None = None

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
        intervals: the conformal interval of each property that has enough labels.
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


def stages(preset: Preset, folds: int, properties: int) -> dict[str, int]:
    """The stages of a fit over so many folds, with their numbers of steps, in order."""
    return {
        name: folds * config.training.seeds * config.training.all_epochs
        if isinstance(config, NetworkMemberConfig)
        else (folds + 1) * properties
        for name, config in configs_of(preset).items()
    }


def fit_ensemble(data: TrainingData, preset: Preset, seed: int, context: TrainContext) -> Ensemble:
    """Fit every member over the folds and blend them.

    Members on descriptors predict each fold from the others and are then fitted once more to all
    rows, for the bundle. Network members keep the networks of all folds: their mean is more
    accurate than one network fitted to all rows.

    Args:
        data: N rows with K properties.
        preset: the members and their settings.
        seed: of everything random.
        context: the members' folder, the reporter and the devices.

    Raises:
        UserError: when no member could be fitted.
    """
    use, lines = preset.devices_for(context.use, torch.cuda.device_count())
    context = replace(context, use=use)
    for line in lines:
        context.reporter.log(line)
    configs = configs_of(preset)
    predictions: dict[str, np.ndarray] = {}
    remarks = []
    for name, total in stages(preset, len(data.fold_numbers), len(data.names)).items():
        context.reporter.stage(name, total)
        try:
            predictions[name] = _fit_member(name, configs[name], data, seed, context)
        except DivergedError as error:
            remarks.append(f"{title_of(name)} was left out: {error}.")
            context.reporter.log(remarks[-1])
    if not predictions:
        raise UserError(" ".join(remarks) or f"The preset {preset.name!r} has no members.")
    return _blended(data, preset, predictions, remarks)


def _fit_member(
    name: str, config: BaseModel, data: TrainingData, seed: int, context: TrainContext
) -> np.ndarray:
    """Out-of-fold predictions `(N, K)` of one member; its final models go to the folder."""
    member = MEMBERS[name]
    if issubclass(member, DescriptorMember):
        return _fit_on_descriptors(member, config, data, seed, context)
    assert isinstance(config, NetworkMemberConfig)
    descriptors = data.features.descriptors if config.network.descriptors else None
    task = NetworkTask(data.features.graphs, data.labels, data.folds, config, descriptors)
    return fit_networks(task, network_jobs(name, data.fold_numbers, config, seed), context)


def _fit_on_descriptors(
    member: type[DescriptorMember],
    config: BaseModel,
    data: TrainingData,
    seed: int,
    context: TrainContext,
) -> np.ndarray:
    """As `_fit_member`, for a member with a model for each fold and property."""
    checkpoints = Checkpoints(context.checkpoints) if context.checkpoints else None
    predicted = np.full(data.labels.shape, np.nan)
    jobs = {
        fit_piece(member.name, fold, k): (fold, k)
        for k in range(len(data.names))
        for fold in (*data.fold_numbers, None)
    }

    def fit_one(piece: str) -> None:
        fold, k = jobs[piece]
        labelled = np.isfinite(data.labels[:, k])
        rows = labelled if fold is None else labelled & (data.folds != fold)
        model = member.fit(data.features.descriptors[rows], data.labels[rows, k], config, seed)
        result = np.empty(0)
        if fold is None:
            save_descriptor_model(context.folder, member.name, k, model)
        else:
            held_out = data.folds == fold
            result = predicted[held_out, k] = model.predict(data.features.descriptors[held_out])
        if checkpoints:
            checkpoints.finish(piece, result)

    for piece, (fold, k) in list(jobs.items()):
        if checkpoints and (state := checkpoints.finished(piece)):
            if fold is not None:
                predicted[data.folds == fold, k] = state.arrays["result"]
            del jobs[piece]
            context.reporter.skip(1)
    with suppress(ImportError):
        import scipy.linalg  # noqa: F401  only once loaded can its threads be limited
    # The libraries release the interpreter's lock while they fit, so threads use all cores. Each
    # fit runs on one thread, so that the numbers do not depend on how many cores there are
    # (docs/experiments.md, "LightGBM with 2 threads against 1").
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(usable_cores()) as pool:
        futures = {pool.submit(fit_one, piece) for piece in jobs}
        for _ in _as_completed(futures, context.reporter):
            context.reporter.step()
    return predicted


def _as_completed(futures: set[Future], reporter: Reporter) -> Iterator[Future]:
    """Yield futures as they end; if the fit is to end, cancel those that have not begun."""
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


def _blended(
    data: TrainingData, preset: Preset, predictions: dict[str, np.ndarray], remarks: list[str]
) -> Ensemble:
    """Blend the members' out-of-fold predictions, and measure their errors."""
    members = tuple(predictions)
    out_of_fold = np.stack(list(predictions.values()))  # M × N × K
    if preset.blend is not None:
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
            "blend": figures(data.labels, blended, data.names, ranges, data.answers),
            "members": {
                member: figures(data.labels, predicted, data.names, ranges, data.answers)
                for member, predicted in predictions.items()
            },
        },
        remarks=remarks,
    )
