"""Fitting all members of a preset over the folds, and blending them."""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.hardware import usable_cores
from engine.metrics import figures, label_ranges
from engine.models.settings import TreeSettings
from engine.models.store import save_booster
from engine.models.trees import LIBRARIES
from engine.training.blend import blend_weights, nested_blend
from engine.training.data import TrainingData
from engine.training.devices import DeviceSettings
from engine.training.networks import NetworkTask, network_jobs
from engine.training.parallel import fit_networks
from engine.training.presets import Preset
from engine.training.reporter import Reporter


@dataclass(frozen=True)
class Ensemble:
    """What a fit leaves behind besides the members' files.

    Attributes:
        members: the members' names, M of them.
        out_of_fold: shape `(M, N, K)`, each row predicted by models that never saw it.
        blended: shape `(N, K)`, blended with weights fitted on the other folds.
        weights: `{property: {member: weight}}` for predicting new repeat units.
        figures: `{"blend": …, "members": {member: …}}`, see `engine.metrics.figures`.
    """

    members: tuple[str, ...]
    out_of_fold: np.ndarray
    blended: np.ndarray
    weights: dict[str, dict[str, float]]
    figures: dict


def stages(preset: Preset, folds: int, properties: int) -> dict[str, int]:
    """The stages of a fit over so many folds, with their numbers of steps, in order."""
    fits = (folds + 1) * properties
    epochs = folds * preset.loop.seeds * preset.loop.epochs
    return {**dict.fromkeys(preset.trees, fits), "polygin": epochs}


def fit_ensemble(
    data: TrainingData,
    preset: Preset,
    seed: int,
    folder: Path,
    reporter: Reporter,
    use: DeviceSettings | None = None,
) -> Ensemble:
    """Fit every member over the folds and blend them.

    Tree members predict each fold from the others and are then fitted once more to all rows, for
    the bundle. PolyGIN keeps the networks of all folds: their mean is worth more than one network
    fitted to all rows.

    Args:
        data: N rows with K properties.
        preset: which members, how large, how long.
        seed: of everything random.
        folder: where the members' files go.
        reporter: told how far the fitting is.
        use: how to use the devices there are.
    """
    use = use or DeviceSettings()
    predictions = []
    for name, total in stages(preset, len(data.fold_numbers), len(data.names)).items():
        reporter.stage(name, total)
        if name == "polygin":
            predictions.append(_fit_polygin(data, preset, seed, folder, reporter, use))
        else:
            predictions.append(_fit_trees(name, data, preset.trees[name], seed, folder, reporter))
    out_of_fold = np.stack(predictions)
    blended = nested_blend(data.labels, out_of_fold, data.folds)
    ranges = label_ranges(data.labels, data.names)
    return Ensemble(
        members=preset.members,
        out_of_fold=out_of_fold,
        blended=blended,
        weights=blend_weights(data.labels, out_of_fold, preset.members, data.names),
        figures={
            "blend": figures(data.labels, blended, data.names, ranges),
            "members": {
                member: figures(data.labels, predicted, data.names, ranges)
                for member, predicted in zip(preset.members, out_of_fold, strict=True)
            },
        },
    )


def _fit_trees(
    library: str,
    data: TrainingData,
    settings: TreeSettings,
    seed: int,
    folder: Path,
    reporter: Reporter,
) -> np.ndarray:
    """Out-of-fold predictions `(N, K)` of one tree member; its final boosters go to `folder`."""
    predicted = np.full(data.labels.shape, np.nan)
    jobs = [(fold, k) for k in range(len(data.names)) for fold in (*data.fold_numbers, None)]

    def fit(job: tuple[int | None, int]) -> None:
        fold, k = job
        labelled = np.isfinite(data.labels[:, k])
        rows = labelled if fold is None else labelled & (data.folds != fold)
        booster = LIBRARIES[library].fit(
            data.features.descriptors[rows], data.labels[rows, k], settings, seed
        )
        if fold is None:
            save_booster(folder, library, k, booster)
        else:
            held_out = data.folds == fold
            predicted[held_out, k] = booster.predict(data.features.descriptors[held_out])

    # The libraries let go of the interpreter while they fit, so threads use all cores.
    with ThreadPoolExecutor(usable_cores()) as pool:
        futures = {pool.submit(fit, job) for job in jobs}
        for _ in _as_they_end(futures, reporter):
            reporter.step()
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


def _fit_polygin(
    data: TrainingData,
    preset: Preset,
    seed: int,
    folder: Path,
    reporter: Reporter,
    use: DeviceSettings,
) -> np.ndarray:
    """Out-of-fold predictions `(N, K)` of PolyGIN, the mean over seeds; networks go to `folder`."""
    task = NetworkTask(
        data.features.graphs, data.labels, data.folds, preset.shape, preset.loop, use, folder
    )
    return fit_networks(task, network_jobs(data.fold_numbers, preset.loop, seed), reporter)
