"""A trained model as one folder of plain data files, and which one is the default."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..base.errors import UserError
from ..base.manifest import CARD, MANIFEST, MOST_CARD_BYTES, ProvenFiles, write_manifest
from ..base.plain_files import read_file
from ..base.vocabulary import Basis
from ..base.workspace import (
    ASSETS,
    lock,
    subfolder,
    synchronise,
    synchronise_entries,
    write_atomic,
)
from ..models.polygin import PolyGIN
from ..settings.conditions import Condition
from ..settings.networks import NetworkConfig
from ..settings.polymer_columns import PolymerColumns
from ..settings.properties import Property
from ..settings.sources import ALL, Source
from .against_measured import AgainstMeasured
from .conformal import Interval
from .domain import DomainInfo
from .source_effects import SourceEffect

INFO = "bundle.json"
SHIPPED = ASSETS / "model"
DEFAULT_ID, SHIPPED_ID = "default", "shipped"
"""By which commands and pages know the default model, and the one that came with the app."""
_FORMAT = 1
_MOST_PROBES = 20
_MAX_INFO_BYTES = 5 * 2**20
_MOST_NETWORKS = 1000
_MOST_PROPERTIES = 1000
# Weights are written in full, and sum to 1 but for rounding.
_ROUNDING = 1e-6
_LARGEST = 1e300
"""Of any figure; a whole number in JSON may be too large for a float."""


def are_figures(value: Any) -> bool:
    """Whether a value has the form of `Ensemble.figures`."""
    if not isinstance(value, dict) or not isinstance(value.get("members"), dict):
        return False
    return all(map(_is_figure, [value.get("blend"), *value["members"].values()]))


def _is_figure(value: Any) -> bool:
    """Whether a value has the form of `engine.settings.metrics.figures`."""
    if not isinstance(value, dict):
        return False
    numbers = [value.get("wmae"), value.get("wmae_row")]
    for name in ("mae", "rmse", "r2", "n"):
        by_property = value.get(name)
        if not isinstance(by_property, dict) or not by_property.keys() >= {*value["mae"]}:
            return False
        numbers += by_property.values()
    return all(
        each is None or (isinstance(each, int | float) and -_LARGEST < each < _LARGEST)
        for each in numbers
    )


class BundleInfo(BaseModel):
    """What `bundle.json` tells about a model.

    Attributes:
        format: of the bundle.
        name: of the run that made it.
        created: date and time, ISO 8601.
        table: the training table's file name.
        rows: how many repeat units it was trained on.
        preset, folds, seed: how it was trained.
        properties: the K properties it predicts, one for each quantity and source.
        conditions: at which it predicts, beside the repeat unit.
        sources: where its labels came from; empty for a table of one source.
        source_effects: what each source changed for the others; empty for one source.
        labels: how many labels each property had.
        ranges: least and greatest training label of each property.
        medians: the median training label of each property.
        members: names of the members.
        blend: `{property: {member: weight}}`.
        fixed_weights: whether the preset gave these weights, or they were fitted; None in a bundle
            that does not say.
        networks: what the networks of each member that has some are made of.
        network_counts: how many networks each of these members has.
        figures: out-of-fold, see `engine.settings.metrics.figures`.
        learned_compositions: whether compositions of several units were among the training rows;
            otherwise it predicts homopolymers alone.
        averaged_by: what the descriptors of a composition's units are averaged by in models on
            descriptors, for each property; by moles where it is missing.
        polymer_columns: the columns of compositions in the training table; None where there were
            none.
        canonical_units: whether it learned from canonical repeat units, and predicts from them;
            otherwise from those that were drawn.
        pretrained: whether networks of it started from the pretrained encoder.
        encoder: the digest of that encoder; empty where there was none, or bundles did not say it.
        versions: of the packages that fitted it and of the features it learned on.
        intervals: the conformal interval of each property that has labels enough; None in a
            bundle from before there were any.
        domain: the applicability domain, whose fingerprints lie in a file of their own; None too.
        against_measured: by property that is answered as simulated, how far the answers lay from
            measured values; one that is missing was never compared; None in a bundle that does not
            say.
        probes: by repeat unit, the values that the bundle must predict: `{smiles: {property:
            value}}`, in the properties' units; None in a bundle from before there were any.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    format: int = _FORMAT
    name: str
    created: str
    table: str
    rows: int = Field(ge=0)
    preset: str
    folds: str
    seed: int
    properties: list[Property] = Field(min_length=1, max_length=_MOST_PROPERTIES)
    conditions: list[Condition] = []
    sources: list[Source] = []
    source_effects: list[SourceEffect] = []
    labels: dict[str, int]
    ranges: dict[str, tuple[float, float]]
    medians: dict[str, float]
    members: list[str]
    blend: dict[str, dict[str, float]]
    fixed_weights: bool | None = None
    canonical_units: bool = False
    learned_compositions: bool = False
    averaged_by: dict[str, Basis] = {}
    polymer_columns: PolymerColumns | None = None
    pretrained: bool = False
    encoder: str = ""
    networks: dict[str, NetworkConfig] = {}
    network_counts: dict[str, Annotated[int, Field(ge=1, le=_MOST_NETWORKS)]] = {}
    figures: dict
    versions: dict[str, str]
    intervals: dict[str, Interval] | None = None
    domain: DomainInfo | None = None
    against_measured: dict[str, AgainstMeasured] | None = None
    probes: dict[str, dict[str, float]] | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_one_network(cls, values: Any) -> Any:
        """Read a bundle from before a model could have networks of several members."""
        if isinstance(values, dict) and "shape" in values:
            values = dict(values)
            values["networks"] = {PolyGIN.name: values.pop("shape")}
        return values

    @model_validator(mode="after")
    def _fits_together(self) -> "BundleInfo":
        names = set(self.names)
        if len(names) < len(self.properties):
            raise ValueError("two properties have one name")
        if not self.members or len({*self.members}) < len(self.members):
            raise ValueError("there is no member, or one twice")
        for field in (self.labels, self.ranges, self.medians, self.blend):
            if not names <= field.keys():
                raise ValueError("a property lacks its labels, range, median or weights")
        for own in self.blend.values():
            if not own or not own.keys() <= set(self.members):
                raise ValueError("a blend has no weights, or those of no member")
            if min(own.values()) < 0 or abs(sum(own.values()) - 1) > _ROUNDING:
                raise ValueError("the weights of a blend do not sum to 1, or one is negative")
        if any(low > high for low, high in self.ranges.values()):
            raise ValueError("a range ends before it begins")
        if not are_figures(self.figures):
            raise ValueError("the figures of error are incomplete, or no numbers")
        domain = self.domain
        told = {*domain.seen, *domain.effects, *domain.compositions} if domain else set()
        if not told <= names:
            raise ValueError("the domain tells of no property of the model")
        if not self.averaged_by.keys() <= names:
            raise ValueError("descriptors are averaged for no property of the model")
        if not {*(self.against_measured or {})} <= names:
            raise ValueError("measured values are compared with no property of the model")
        datetime.fromisoformat(self.created)
        if self.intervals is not None and not self.intervals.keys() <= names:
            raise ValueError("there is an interval of no property")
        probes = self.probes or {}
        if len(probes) > _MOST_PROBES or any(not names <= row.keys() for row in probes.values()):
            raise ValueError("probes are too many, or lack a property")
        return self

    @property
    def names(self) -> list[str]:
        """The properties' names."""
        return [property_.name for property_ in self.properties]

    @property
    def bases(self) -> list[Basis]:
        """What descriptors of compositions are averaged by for each of the properties."""
        return [self.averaged_by.get(name, "mole") for name in self.names]

    @property
    def answers(self) -> list[Property]:
        """The properties as the source has them that answers are to be like."""
        return [property_ for property_ in self.properties if property_.is_answer]

    @property
    def answer_names(self) -> list[str]:
        """The names of those."""
        return [property_.name for property_ in self.answers]

    def columns_for(self, source: str | None) -> dict[str, str]:
        """The properties that are asked for, by the columns that they are in.

        Args:
            source: the name of the source that they are to be like, `ALL` for each of all sources,
                or None for the answers.

        Raises:
            UserError: when the model has learned from no such source.
        """
        if source == ALL:
            return {name: name for name in self.names}
        return self.answer_columns if source is None else self.columns_like(source)

    def columns_like(self, source: str) -> dict[str, str]:
        """By quantity, the property as one source has it: `{"Tg": "Tg (radonpy)"}`.

        Raises:
            UserError: when the model has learned from no such source.
        """
        own = {each.base: each.name for each in self.properties if each.source == source}
        columns = {name: own[name] for name in self.answer_names if name in own}
        if not columns:
            there = ", ".join(each.name for each in self.sources)
            raise UserError(
                f"The model {self.name!r} has no source {source!r}"
                + (f"; its sources are {there}." if there else ": it learned from one table.")
            )
        return columns

    @property
    def has_intervals(self) -> bool:
        """Whether predictions have intervals, and units may lie outside the domain."""
        return self.intervals is not None and self.domain is not None

    @property
    def answer_columns(self) -> dict[str, str]:
        """By quantity, the property that answers: `{"Tg": "Tg"}`."""
        return {name: name for name in self.answer_names}

    @property
    def submission_columns(self) -> dict[str, str]:
        """By quantity, the property as the first source has it, or else as answers do.

        Whoever submits trained on the table that came with the task, the first one.
        """
        first = self.sources[0].name if self.sources else ""
        of_first = {p.base: p.name for p in self.properties if first and p.source == first}
        return self.answer_columns | of_first


def write_info(folder: Path, info: BundleInfo) -> None:
    """Complete a bundle, with its manifest.

    The description is written last, so that a folder with this file has all others.
    """
    content = info.model_dump_json(indent=1).encode()
    write_manifest(folder, {INFO: content})
    write_atomic(folder / INFO, content)


def bundle_files(folder: Path) -> ProvenFiles:
    """The files of a bundle, as its manifest tells them.

    Raises:
        UserError: when the folder holds no bundle, or has no manifest.
    """
    if not (folder / INFO).is_file():
        raise UserError(f"{folder} holds no model: it has no {INFO}.")
    return ProvenFiles.of(folder)


def read_info(folder: Path) -> BundleInfo:
    """What a bundle says of itself; loads no model.

    Raises:
        UserError: when the folder holds no bundle that this version can read.
    """
    return info_of(bundle_files(folder))


def info_of(files: ProvenFiles) -> BundleInfo:
    """As `read_info`, from files that are known already."""
    path = files.folder / INFO
    try:
        info = BundleInfo.model_validate_json(files.read(INFO, _MAX_INFO_BYTES))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise UserError(f"{path} is damaged: {where or 'the file'}: {fault['msg']}.") from error
    if info.format != _FORMAT:
        raise UserError(
            f"{path} has format {info.format}, this version reads format {_FORMAT}; "
            "train the model anew, or update PolyGIN Studio."
        )
    return info


def default_bundle() -> Path:
    """The promoted model's folder, or the shipped one's where none was promoted."""
    places = (_promoted(), _replaced())
    return next((place for place in places if (place / INFO).is_file()), SHIPPED)


def promote(folder: Path) -> None:
    """Make a copy of a bundle the default model, until another is promoted or `reset_default`.

    Whenever it is cut off, the former or the new one is whole and the default.

    Raises:
        UserError: when the folder holds no bundle, a file of it is missing or changed, or it cannot
            be copied.
    """
    files = bundle_files(folder)
    info_of(files)
    target, replaced = _promoted(), _replaced()
    fresh = target.with_name("default.new")
    try:
        with _promotion_lock():
            # It may be there still, where a promotion was cut off.
            shutil.rmtree(fresh, ignore_errors=True)
            try:
                _copy(files, fresh)
                synchronise(fresh)
                if target.exists():
                    shutil.rmtree(replaced, ignore_errors=True)
                    target.rename(replaced)
                fresh.rename(target)
                synchronise_entries(target.parent)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
            shutil.rmtree(replaced, ignore_errors=True)
    except OSError as error:
        raise UserError(
            f"The model in {folder} cannot be made the default, which stays as it was: "
            f"{error.strerror or error}."
        ) from error


def copy_bundle(folder: Path, target: Path) -> None:
    """Copy a bundle into a new folder, proving each file.

    Raises:
        UserError: when there is no bundle, a file of it is missing or changed, the target is there
            already, or it cannot be written.
    """
    files = bundle_files(folder)
    info_of(files)
    if target.exists():
        raise UserError(f"{target} is there already; name a new folder.")
    try:
        _copy(files, target)
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror or error}.") from error


def _copy(files: ProvenFiles, target: Path) -> None:
    """Copy what a manifest tells of, proving each file, and the model's card if there is one."""
    target.mkdir(parents=True)
    for name in files.names:
        (target / name).write_bytes(files.read(name))
    (target / MANIFEST).write_bytes(read_file(files.folder / MANIFEST, "", _MAX_INFO_BYTES))
    if (files.folder / CARD).is_file():
        (target / CARD).write_bytes(read_file(files.folder / CARD, "Remove it.", MOST_CARD_BYTES))


def reset_default() -> None:
    """Make the shipped model the default again."""
    with _promotion_lock():
        shutil.rmtree(_replaced(), ignore_errors=True)
        shutil.rmtree(_promoted(), ignore_errors=True)


def _promoted() -> Path:
    return subfolder("models") / "default"


def _replaced() -> Path:
    """Where the former default lies while another takes its place."""
    return _promoted().with_name("default.old")


def _promotion_lock() -> FileLock:
    return lock(subfolder("models") / "default.lock")
