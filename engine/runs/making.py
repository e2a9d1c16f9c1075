"""Making a bundle: from checked rows to a model that predicts, in this process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import get_args

import numpy as np
import torch

from ..base.bounds import Bounds
from ..base.hardware import usable_cores
from ..base.packed import Features
from ..base.versions import package_versions
from ..base.vocabulary import COMPOSITION_COLUMNS, Basis
from ..base.wording import listed
from ..chem.composition import is_composition
from ..features.compositions import with_composition_columns
from ..features.compute import canonical_units, compute_features
from ..features.conditions import encoded, with_conditions
from ..inference.bundle import BundleInfo, write_info
from ..inference.conformal import member_spread, of_weight
from ..inference.domain import DomainInfo, write_domain
from ..inference.domain_effect import held_out_sides, measured_effects
from ..inference.predict import Predictor
from ..inference.probes import probe_units, probes_of
from ..inference.source_effects import SourceEffect
from ..models.encoder import encoder_digest, start_from_encoder
from ..models.members import network_configs, network_member, told_more
from ..models.store import network_files
from ..settings.conditions import Condition
from ..settings.metrics import label_ranges
from ..settings.polymer_columns import PolymerColumns
from ..settings.presets import Preset
from ..settings.properties import Property, predicted_columns, scaled_columns
from ..settings.sources import Source
from ..table import Table
from ..table.folds import check_folds, make_folds
from ..training.bases import STAGE as FRACTIONS
from ..training.bases import Bases, chosen_bases, judgements
from ..training.context import TrainContext
from ..training.ensemble import Ensemble, TrainingData, fit_ensemble, fit_share, stages
from ..training.pieces import Share
from ..training.reporter import Reporter
from ..training.source_study import STAGE, study_sources, study_steps


@dataclass(frozen=True)
class BundleRequest:
    """What a bundle is to be made of; N rows with K properties.

    Attributes:
        name: of the model, for people.
        table: the name of the table that the rows come from.
        canonical: N canonical SMILES or texts of compositions, of the units as they were drawn;
            later on, of those that members are to see.
        labels: shape `(N, K)`, in the properties' units, NaN where missing.
        properties: the K properties.
        preset: which members, how large, how long.
        folds: how rows are divided, as `RunConfig` has it.
        seed: of everything random.
        given_folds: shape `(N,)`, int, where a column or a file gives the folds.
        sources: where the labels come from, where the properties name several sources.
        bounds: of labels that are known by a bound alone, in the same units.
        conditions: under which the labels were measured, if members are to see them.
        condition_values: by their names, shape `(N,)`, as `Table.condition_values` has them.
        polymer_columns: those of compositions in the table, if it has such.
    """

    name: str
    table: str
    canonical: Sequence[str]
    labels: np.ndarray
    properties: Sequence[Property]
    preset: Preset
    folds: str = "random:5"
    seed: int = 0
    given_folds: np.ndarray | None = None
    sources: Sequence[Source] = ()
    bounds: Bounds | None = None
    conditions: Sequence[Condition] = ()
    condition_values: Mapping[str, np.ndarray] = field(default_factory=dict)
    polymer_columns: PolymerColumns | None = None

    @classmethod
    def of(
        cls, table: Table, name: str, preset: Preset, folds: str = "random:5"
    ) -> "BundleRequest":
        """All that a checked table holds, to be learned as it is.

        Args:
            table: whose properties all have labels enough.
            name, preset, folds: see the class.
        """
        values = {each: column.to_numpy() for each, column in table.condition_values.items()}
        return cls(
            name=name,
            table=table.name,
            canonical=table.canonical,
            labels=table.labels,
            properties=table.properties,
            preset=preset,
            folds=folds,
            sources=table.sources,
            bounds=table.bounds,
            conditions=table.conditions,
            condition_values={str(each): column for each, column in values.items()},
            polymer_columns=table.report.columns.of_polymer,
        )

    @property
    def answer_names(self) -> list[str]:
        """The names of the properties as the source has them that answers are to be like."""
        return [property_.name for property_ in self.properties if property_.is_answer]

    @property
    def names(self) -> list[str]:
        """The properties' names."""
        return [property_.name for property_ in self.properties]

    @property
    def quantities(self) -> list[str]:
        """What each of the properties is, whatever its source."""
        return [property_.base for property_ in self.properties]

    @property
    def source_names(self) -> list[str]:
        """The name of each property's source; empty for a table on its own."""
        return [property_.source for property_ in self.properties]

    def divided(self) -> np.ndarray:
        """The fold of each row; shape `(N,)`, int.

        Raises:
            UserError: when there are too few repeat units, or clusters of them, for so many folds.
        """
        if self.given_folds is not None:
            return self.given_folds
        by_polymer = self.preset.keeps_polymers_together(len(self.sources))
        return make_folds(self.folds, self.canonical, self.labels, self.seed, by_polymer)


@dataclass(frozen=True)
class Made:
    """A bundle that was made.

    Attributes:
        info: its description.
        ensemble: its out-of-fold predictions in the properties' units, its figures, and what a user
            should know.
        folds: shape `(N,)`, int.
    """

    info: BundleInfo
    ensemble: Ensemble
    folds: np.ndarray


def make_bundle(request: BundleRequest, context: TrainContext) -> Made:
    """Divide rows into folds, compute their features, fit the ensemble and write the bundle.

    Args:
        request: what it is made of.
        context: the folder where the bundle goes, who is told, how devices are used, and a folder
            for checkpoints, with which the same request goes on where it was cut off.

    Raises:
        UserError: when the rows cannot be learned from, or no member could be fitted.
    """
    reporter, encoder = context.reporter, _checked_encoder(request)
    request, data, steps, remarks = _prepared(request, context)
    ensemble = fit_ensemble(data, request.preset, request.seed, context)
    if steps:
        reporter.stage(STAGE, steps)
    effects = study_sources(data, ensemble, request.preset, request.seed, context)
    reporter.stage("bundle", 1)
    info = _described(request, data, ensemble, effects, context, encoder)
    write_info(context.folder, info)
    reporter.step()
    in_units = replace(
        ensemble,
        out_of_fold=predicted_columns(request.properties, ensemble.out_of_fold),
        blended=predicted_columns(request.properties, ensemble.blended),
        remarks=remarks + ensemble.remarks,
    )
    return Made(info, in_units, data.folds)


def make_share(request: BundleRequest, context: TrainContext, share: Share) -> None:
    """Fit some pieces of a bundle: `make_bundle` finds them in the same folders, and fits the rest.

    Args:
        request, context: as of `make_bundle`.
        share: which pieces.

    Raises:
        UserError: as `make_bundle`.
    """
    _checked_encoder(request)
    request, data, _, _ = _prepared(request, context)
    fit_share(data, request.preset, request.seed, context, share)


def _prepared(
    request: BundleRequest, context: TrainContext
) -> tuple[BundleRequest, TrainingData, int, list[str]]:
    """Make the members' folder, and all that they learn from.

    Returns:
        The request as members see it, their data, how many steps the study of sources has, and what
        a user should know.
    """
    # Whoever calls: sums of floats depend on how many threads add them up.
    torch.set_num_threads(usable_cores())
    reporter, count = context.reporter, len(request.canonical)
    folds = request.divided()
    held_out = len(np.unique(folds[folds >= 0]))
    fits = stages(request.preset, held_out, request.quantities)
    steps = study_steps(request.preset, held_out, request.quantities, request.source_names)
    if steps:
        fits[STAGE] = steps
    kinds = 3 if request.preset.canonical_units else 2
    judged = judgements(held_out, len(request.names)) if learns_compositions(request) else 0
    before = {FRACTIONS: judged} if judged else {}
    reporter.plan({"features": kinds * count, **before, **fits, "bundle": 1})
    reporter.stage("features", kinds * count)
    request = _with_learned_units(request, reporter)
    spec = request.folds if request.given_folds is None else ""
    remarks = check_folds(folds, request.canonical, request.labels, request.names, spec)
    for remark in remarks:
        reporter.log(remark)
    request, features = _with_features(request, (kinds - 2) * count, reporter)
    context.folder.mkdir(exist_ok=True)
    data = _training_data(request, features, folds)
    if judged:
        reporter.stage(FRACTIONS, judged)
        data = replace(data, bases=_bases(request, data, reporter))
    return request, data, steps, remarks


def _checked_encoder(request: BundleRequest) -> str:
    """The digest of the encoder, empty where none is asked for.

    Raises:
        UserError: when the networks cannot start from it, which they would find out after hours.
    """
    for member, config in network_configs(request.preset).items():
        if config.training.pretrained:
            network = network_member(member).build(config.network, len(request.names))
            start_from_encoder(network)
    return encoder_digest() if request.preset.starts_from_encoder else ""


def _with_learned_units(request: BundleRequest, reporter: Reporter) -> BundleRequest:
    """The request with the repeat units that members are to see."""
    if not request.preset.canonical_units:
        return request
    units = canonical_units(request.canonical, lambda kind, done, total: reporter.step(done))
    return replace(request, canonical=units)


def _with_features(
    request: BundleRequest, done_before: int, reporter: Reporter
) -> tuple[BundleRequest, Features]:
    """The features of the rows, with their conditions, and a preset whose networks take these."""
    count = len(request.canonical)
    before = {"descriptors": done_before + count}
    features = compute_features(
        request.canonical,
        lambda kind, done, total: reporter.step(before.get(kind, done_before) + done),
        request.preset.canonical_units,
    )
    told = 0
    if learns_compositions(request):
        features = with_composition_columns(features, request.canonical)
        told += len(COMPOSITION_COLUMNS)
    if request.conditions:
        numbers = encoded(request.conditions, request.condition_values)
        features = with_conditions(features, np.arange(count), numbers)
        told += numbers.shape[1]
    preset = told_more(request.preset, told) if told else request.preset
    return replace(request, preset=preset), features


def learns_compositions(request: BundleRequest) -> bool:
    """Whether any row holds several repeat units."""
    return any(map(is_composition, request.canonical))


def _training_data(request: BundleRequest, features: Features, folds: np.ndarray) -> TrainingData:
    """What members learn from, on the properties' scales.

    Whoever takes it knows nothing of scales: what it calls a unit is a decade of some properties.
    """
    bounds = request.bounds
    return TrainingData(
        features,
        scaled_columns(request.properties, request.labels),
        folds,
        request.names,
        request.quantities,
        request.source_names,
        request.answer_names,
        bounds and bounds.changed(lambda each: scaled_columns(request.properties, each)),
    )


def _bases(request: BundleRequest, data: TrainingData, reporter: Reporter) -> Bases:
    """What the descriptors of compositions are averaged by; the log is told."""
    bases = chosen_bases(data.features, data.labels, data.folds, request.seed, reporter.step)
    for basis in get_args(Basis):
        names = [name for name, own in zip(data.names, bases.of_all, strict=True) if own == basis]
        if names:
            reporter.log(
                f"Descriptors of the units of a composition are averaged by {basis} fraction for "
                f"{listed(names)}: nested folds chose it."
            )
    return bases


def _described(
    request: BundleRequest,
    data: TrainingData,
    ensemble: Ensemble,
    effects: Sequence[SourceEffect],
    context: TrainContext,
    encoder: str,
) -> BundleInfo:
    """The description of a bundle whose members are written; its domain is written here."""
    labels, names = request.labels, request.names
    configs = {
        member: config
        for member, config in network_configs(request.preset).items()
        if member in ensemble.members
    }
    pretrained = any(config.training.pretrained for config in configs.values())
    info = BundleInfo(
        name=request.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        table=request.table,
        rows=len(request.canonical),
        preset=request.preset.name,
        folds=request.folds,
        seed=request.seed,
        properties=list(request.properties),
        conditions=list(request.conditions),
        sources=list(request.sources),
        source_effects=list(effects),
        labels={name: int(np.isfinite(labels[:, k]).sum()) for k, name in enumerate(names)},
        ranges=label_ranges(labels, names),
        medians={name: float(np.nanmedian(labels[:, k])) for k, name in enumerate(names)},
        members=list(ensemble.members),
        blend=ensemble.weights,
        fixed_weights=request.preset.blend is not None,
        canonical_units=request.preset.canonical_units,
        learned_compositions=learns_compositions(request),
        averaged_by=dict(zip(names, data.bases.of_all, strict=True)) if data.bases else {},
        polymer_columns=request.polymer_columns,
        pretrained=pretrained,
        encoder=encoder if pretrained else "",
        networks={member: config.network for member, config in configs.items()},
        network_counts={member: len(network_files(context.folder, member)) for member in configs},
        figures=ensemble.figures,
        versions=package_versions(),
        intervals=ensemble.intervals,
        domain=_domain(request, data, ensemble, context),
    )
    units = probe_units(info.learned_compositions)
    probed = Predictor(context.folder, info).at_usual_conditions(units)
    return info.model_copy(update={"probes": probes_of(units, probed.blend)})


def _domain(
    request: BundleRequest, data: TrainingData, ensemble: Ensemble, context: TrainContext
) -> DomainInfo:
    """The applicability domain, written into the bundle, and what it does to the error."""
    domain = write_domain(context.folder, request.canonical, request.labels, request.names)
    effects = measured_effects(
        held_out_sides(request.canonical, request.labels, data.folds),
        np.abs(data.labels - ensemble.blended),
        member_spread(of_weight(ensemble.out_of_fold, ensemble.members, ensemble.weights)),
        data.folds,
        request.names,
    )
    return domain.model_copy(update={"effects": effects})
