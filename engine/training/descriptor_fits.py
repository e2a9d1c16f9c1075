"""Fitting a member on descriptors over the folds: one model for each fold and property."""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel
from threadpoolctl import threadpool_limits

from ..base.bounds import Bounds
from ..base.hardware import usable_cores
from ..base.packed import Features
from ..models.members import DescriptorMember, SourcesMember
from ..models.store import save_descriptor_model
from .bases import Bases
from .checkpoints import Checkpoints
from .context import TrainContext
from .pieces import Share, fit_piece
from .reporter import Reporter


class DescriptorTask(NamedTuple):
    """What the models of a member learn from, and which properties each of them predicts."""

    features: Features  # of N rows
    labels: np.ndarray  # N × K, on the scales, NaN where missing
    folds: np.ndarray  # N
    config: BaseModel  # of the member
    columns: list[list[int]]  # the properties of each model
    bounds: Bounds | None = None  # on the scales
    bases: Bases | None = None  # what descriptors are averaged by; by moles where it is None

    @property
    def held_out(self) -> list[int]:
        """The folds that are held out, in order."""
        return sorted(int(fold) for fold in np.unique(self.folds) if fold >= 0)

    def descriptors(self, fold: int | None, columns: list[int]) -> np.ndarray:
        """What the model of some properties sees that does not see this fold; shape `(N, D)`."""
        basis = self.bases.of(fold, columns[0]) if self.bases else "mole"
        return self.features.averaged(basis)


def fit_on_descriptors(
    task: DescriptorTask,
    member: type[DescriptorMember],
    seed: int,
    context: TrainContext,
    only_held_out: str = "",
    share: Share | None = None,
) -> np.ndarray:
    """Predict each row by models that never saw its fold.

    Args:
        task: what there is to fit.
        member: whose models.
        seed: of everything random.
        context: of the fit; its reporter is told a step for each fit.
        only_held_out: by default, models of all rows are fitted too and go to the context's folder;
            if they are not needed, the name of these fits' checkpoints.
        share: fit these alone, whose results lie in checkpoints; all by default.

    Returns:
        Out-of-fold predictions `(N, K)`, on the scales; NaN in properties that no model predicts.
    """
    checkpoints = Checkpoints(context.checkpoints) if context.checkpoints else None
    predicted = np.full(task.labels.shape, np.nan)
    folds: list[int | None] = [*task.held_out]
    jobs = {
        fit_piece(only_held_out or member.name, fold, columns[0]): (fold, columns)
        for columns in task.columns
        for fold in (folds if only_held_out else [*folds, None])
    }
    if share is not None:
        jobs = {piece: jobs[piece] for piece in share.taken(jobs)}

    def fit_one(piece: str) -> None:
        fold, columns = jobs[piece]
        learned = np.full(len(task.labels), True) if fold is None else task.folds != fold
        descriptors = task.descriptors(fold, columns)
        model = _fitted(task, descriptors, member, columns, learned, seed)
        result = np.empty(0)
        if fold is None:
            save_descriptor_model(context.folder, member.name, columns[0], model)
        else:
            held_out = task.folds == fold
            result = model.predict(descriptors[held_out])
            predicted[np.ix_(held_out, np.array(columns))] = _as_columns(result)
        if checkpoints:
            checkpoints.finish(piece, result)

    for piece, (fold, columns) in list(jobs.items()):
        if checkpoints and (state := checkpoints.finished(piece)):
            if fold is not None:
                cells = np.ix_(task.folds == fold, np.array(columns))
                predicted[cells] = _as_columns(state.arrays["result"])
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


def _fitted(
    task: DescriptorTask,
    descriptors: np.ndarray,
    member: type[DescriptorMember],
    columns: list[int],
    learned: np.ndarray,
    seed: int,
) -> DescriptorMember:
    """A model of some properties, from the descriptors `(N, D)` of some rows `(N,)`, bool.

    Bounds are learned as Buckley and James do (Biometrika 66 (1979) 429,
    doi:10.1093/biomet/66.3.429), in one round: a model of the labels predicts the rows that have
    bounds, what lies beyond a bound is moved to it, and a second model learns from both.
    """
    # A member of one property takes labels of shape (N,).
    which = columns if issubclass(member, SourcesMember) else columns[0]
    labelled = np.isfinite(task.labels[:, columns]).any(axis=1)
    rows = learned & labelled
    model = member.fit(descriptors[rows], task.labels[rows][:, which], task.config, seed)
    bounds = task.bounds and task.bounds.of(np.arange(len(labelled)), columns)
    bounded = learned & bounds.known.any(axis=1) if bounds else np.zeros(len(learned), dtype=bool)
    if bounds is None or not bounded.any():
        return model
    labels = task.labels[:, columns].copy()
    own = bounds.of(bounded, range(len(columns)))
    guessed = own.nearest(_as_columns(model.predict(descriptors[bounded])))
    labels[bounded] = np.where(own.known & np.isnan(labels[bounded]), guessed, labels[bounded])
    rows = rows | bounded
    one = labels if issubclass(member, SourcesMember) else labels[:, 0]
    return member.fit(descriptors[rows], one[rows], task.config, seed)


def _as_columns(predicted: np.ndarray) -> np.ndarray:
    """Predictions `(n,)` or `(n, S)` as `(n, S)`."""
    return predicted.reshape(len(predicted), -1)


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
