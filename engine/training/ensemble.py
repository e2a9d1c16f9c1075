"""Fitting all members of a preset over the folds, and blending them."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import torch
from pydantic import BaseModel

from ..base.bounds import Bounds
from ..base.errors import UserError
from ..base.packed import Features
from ..base.wording import listed
from ..inference.conformal import Interval, calibrate, of_weight
from ..models.member import NetworkMemberConfig
from ..models.members import (
    MEMBERS,
    DescriptorMember,
    columns_of,
    configs_of,
    is_network,
    learns_all_sources,
    title_of,
)
from ..models.store import drop_descriptor_models
from ..settings.metrics import figures, label_ranges
from ..settings.presets import Preset
from .bases import Bases
from .blend import blend_weights, fixed_blend, nested_blend
from .context import TrainContext
from .descriptor_fits import DescriptorTask, fit_on_descriptors
from .loop import DivergedError
from .networks import NetworkTask, network_jobs
from .parallel import fit_networks
from .pieces import Share

LEAST_WEIGHT = 0.06
"""Of tables of several sources, whose properties are many: a model of less weight is not kept, as
it takes more time and room than it is worth."""


@dataclass(frozen=True)
class TrainingData:
    """N repeat units with K properties.

    Attributes:
        features: of the N repeat units.
        labels: shape `(N, K)`, float64 in each property's unit, NaN where missing.
        folds: shape `(N,)`, int; the fold that holds each row out. Rows of fold −1 are never held
            out: all models learn from them, and none predicts them.
        names: the K properties.
        quantities: what each of them is, whatever its source; each a quantity of its own by
            default.
        sources: the name of each one's source; by default all have the same.
        answers: those that the weighted errors are about; all by default.
        bounds: of labels that are known by a bound alone, in the same units; members learn from
            them, and no figure of error counts them.
        bases: what descriptors of compositions are averaged by; None without compositions.
    """

    features: Features
    labels: np.ndarray
    folds: np.ndarray
    names: Sequence[str]
    quantities: Sequence[str] | None = None
    sources: Sequence[str] | None = None
    answers: Sequence[str] | None = None
    bounds: Bounds | None = None
    bases: Bases | None = None

    @property
    def of_quantities(self) -> Sequence[str]:
        """What each of the K properties is, whatever its source."""
        return self.names if self.quantities is None else self.quantities

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


def stages(preset: Preset, folds: int, quantities: Sequence[str]) -> dict[str, int]:
    """The stages of a fit, with their numbers of steps, in order.

    Args:
        preset: its members; one that has nothing to learn has no stage.
        folds: how many are held out.
        quantities: what each of the K properties is, whatever its source.
    """
    steps = {
        name: folds * config.training.seeds * config.training.all_epochs
        if isinstance(config, NetworkMemberConfig)
        else (folds + 1) * len(columns_of(name, quantities))
        for name, config in configs_of(preset).items()
    }
    return {name: total for name, total in steps.items() if total}


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
        UserError: when no member could be fitted, or a property has none that learns it.
    """
    use, lines = preset.devices_for(context.use, torch.cuda.device_count())
    context = replace(context, use=use)
    for line in lines:
        context.reporter.log(line)
    configs = configs_of(preset)
    _demand_all_are_learned(configs, data)
    predictions: dict[str, np.ndarray] = {}
    remarks = []
    for name, total in stages(preset, len(data.fold_numbers), data.of_quantities).items():
        context.reporter.stage(name, total)
        try:
            predictions[name] = _fit_member(name, configs[name], data, seed, context)
        except DivergedError as error:
            remarks.append(f"{title_of(name)} was left out: {error}.")
            context.reporter.log(remarks[-1])
    if not predictions:
        raise UserError(" ".join(remarks) or f"The preset {preset.name!r} has no members.")
    _demand_all_are_learned(predictions, data)
    ensemble = _blended(data, preset, predictions, remarks)
    for name in ensemble.members:
        if not is_network(name):
            weighs = [name in own for own in ensemble.weights.values()]
            drop_descriptor_models(context.folder, name, data.of_quantities, weighs)
    return ensemble


def fit_share(
    data: TrainingData, preset: Preset, seed: int, context: TrainContext, share: Share
) -> None:
    """Fit some pieces of an ensemble: `fit_ensemble` finds them in the same checkpoints.

    Args:
        data, preset, seed, context: as of `fit_ensemble`.
        share: which pieces.
    """
    use, _ = preset.devices_for(context.use, torch.cuda.device_count())
    context, configs = replace(context, use=use), configs_of(preset)
    for name in stages(preset, len(data.fold_numbers), data.of_quantities):
        # Whoever fits the rest meets it again, and leaves the member out.
        with suppress(DivergedError):
            _fit_member(name, configs[name], data, seed, context, share)


def _demand_all_are_learned(members: Collection[str], data: TrainingData) -> None:
    """Refuse a property that no member learns, as some learn only what has several sources."""
    learned = {k for name in members for own in columns_of(name, data.of_quantities) for k in own}
    if members and len(learned) < len(data.names):
        without = [name for k, name in enumerate(data.names) if k not in learned]
        titles = listed([title_of(name) for name in members])
        raise UserError(
            f"{listed(without)} would be learned by no member: {titles} learns what has several "
            "sources. Choose a preset with another member."
        )


def _fit_member(
    name: str,
    config: BaseModel,
    data: TrainingData,
    seed: int,
    context: TrainContext,
    share: Share | None = None,
) -> np.ndarray:
    """Out-of-fold predictions `(N, K)` of one member; its final models go to the folder."""
    member = MEMBERS[name]
    if issubclass(member, DescriptorMember):
        columns = columns_of(name, data.of_quantities)
        fits = DescriptorTask(
            data.features, data.labels, data.folds, config, columns, data.bounds, data.bases
        )
        return fit_on_descriptors(fits, member, seed, context, share=share)
    assert isinstance(config, NetworkMemberConfig)
    descriptors = data.features.descriptors if config.network.joined else None
    sources = None if data.sources is None else tuple(data.sources)
    task = NetworkTask(
        data.features.graphs, data.labels, data.folds, config, descriptors, sources, data.bounds
    )
    jobs = network_jobs(name, data.fold_numbers, config, seed)
    return fit_networks(task, jobs, context, share)


def _blended(
    data: TrainingData, preset: Preset, predictions: dict[str, np.ndarray], remarks: list[str]
) -> Ensemble:
    """Blend the members' out-of-fold predictions, and measure their errors."""
    members = tuple(predictions)
    out_of_fold = np.stack(list(predictions.values()))  # M × N × K
    if preset.blend is not None:
        blended, weights = fixed_blend(out_of_fold, members, data.names, preset.blend)
    else:
        of_all = _learned_from_all(data, members)
        least = LEAST_WEIGHT if of_all.any() else 0.0
        blended = nested_blend(data.labels, out_of_fold, data.folds, of_all, least)
        weights = blend_weights(data.labels, out_of_fold, members, data.names, of_all, least)
    ranges = label_ranges(data.labels, data.names)
    return Ensemble(
        members=members,
        out_of_fold=out_of_fold,
        blended=blended,
        weights=weights,
        intervals=calibrate(
            data.labels, of_weight(out_of_fold, members, weights), blended, data.folds, data.names
        ),
        figures={
            "blend": figures(data.labels, blended, data.names, ranges, data.answers),
            "members": {
                member: _figures_of_member(data, predicted, ranges)
                for member, predicted in predictions.items()
            },
        },
        remarks=remarks,
    )


def _figures_of_member(
    data: TrainingData, predicted: np.ndarray, ranges: dict[str, tuple[float, float]]
) -> dict:
    """The figures of a member; no weighted ones where it does not predict all that they weigh."""
    found = figures(data.labels, predicted, data.names, ranges, data.answers)
    answers = [k for k, name in enumerate(data.names) if name in (data.answers or data.names)]
    if np.isnan(predicted[:, answers]).all(axis=0).any():
        found |= {"wmae": None, "wmae_row": None}
    return found


def _learned_from_all(data: TrainingData, members: Sequence[str]) -> np.ndarray:
    """Whether a member learned a property from several sources; shape `(M, K)`, bool."""
    quantities = list(data.of_quantities)
    several = np.array([quantities.count(quantity) > 1 for quantity in quantities])
    return np.outer([learns_all_sources(member) for member in members], several)
