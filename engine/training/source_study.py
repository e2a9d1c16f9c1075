"""What each source of a quantity changes for the others: it is left out in turn."""

from collections.abc import Sequence

import numpy as np

from ..inference.source_effects import SourceEffect, groups_without, source_effect
from ..models.coregionalised_process import CoregionalisedProcess
from ..models.gaussian_process import GaussianProcess
from ..models.members import columns_of, configs_of
from ..settings.presets import Preset
from .context import TrainContext
from .descriptor_fits import DescriptorTask, fit_on_descriptors
from .ensemble import Ensemble, TrainingData

STAGE = "sources"
"""The name of the stage."""


def study_steps(
    preset: Preset, folds: int, quantities: Sequence[str], sources: Sequence[str]
) -> int:
    """How many fits the study takes; 0 where there is nothing to fit.

    Args:
        preset: without both Gaussian processes, there is no study.
        folds: how many are held out.
        quantities: what each of the K properties is, whatever its source.
        sources: the name of each one's source.
    """
    if not {GaussianProcess.name, CoregionalisedProcess.name} <= preset.members.keys():
        return 0
    groups = columns_of(CoregionalisedProcess.name, quantities)
    return folds * sum(
        len(groups_without(source, sources, groups)) for source in dict.fromkeys(sources)
    )


def study_sources(
    data: TrainingData, ensemble: Ensemble, preset: Preset, seed: int, context: TrainContext
) -> list[SourceEffect]:
    """What each source changed in the errors of each property of the others.

    The coregionalised process predicts the same held-out labels with and without it. It is cheap
    enough to be fitted again, which the whole ensemble is not.

    Args:
        data: that the ensemble learned from.
        ensemble: with the out-of-fold predictions of both Gaussian processes.
        preset: the members and their settings.
        seed: of everything random.
        context: of the fit; its reporter is told a step for each fit.
    """
    by_member = dict(zip(ensemble.members, ensemble.out_of_fold, strict=True))
    groups = columns_of(CoregionalisedProcess.name, data.of_quantities)
    if data.sources is None or not groups:
        return []
    if not {GaussianProcess.name, CoregionalisedProcess.name} <= by_member.keys():
        return []
    together, config = by_member[CoregionalisedProcess.name], configs_of(preset)
    effects = []
    for number, source in enumerate(dict.fromkeys(data.sources)):
        # Where one other source is left, its own process is the one without.
        without = by_member[GaussianProcess.name].copy()
        left = groups_without(source, data.sources, groups)
        if left:
            task = DescriptorTask(
                data.features,
                data.labels,
                data.folds,
                config[CoregionalisedProcess.name],
                left,
                bases=data.bases,
            )
            fitted = fit_on_descriptors(
                task, CoregionalisedProcess, seed, context, f"without{number}"
            )
            without = np.where(np.isfinite(fitted), fitted, without)
        for group in groups:
            if source not in {data.sources[k] for k in group}:
                continue
            for k in (k for k in group if data.sources[k] != source):
                effect = source_effect(
                    data.names[k], source, data.labels[:, k], without[:, k], together[:, k]
                )
                effects += [effect] if effect else []
    return effects
