"""Asking for the same again: a run's table and settings, and the command that starts it."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..base.hardware import detect
from ..base.workspace import COMMAND
from ..settings.conditions import CONDITION_PREFIX
from ..settings.devices import DeviceSettings
from ..settings.presets import choose
from ..settings.properties import Property, accepted_units
from ..table import Columns, Table, check_table, read_table
from ..table.columns import free_name
from ..table.fixing import label_cells, unit_words
from ..table.folds import folds_made, make_folds, raw_positions
from ..table.mending import Mending
from ..table.repeat_units import Progress
from . import folder as files
from .learned_rows import read_learned_rows
from .records import Run, RunConfig

FOLDS_COLUMN = "fold"
"""The column of folds that are kept from a run."""

ROW_NUMBERS = "row"
"""The id column of a clone whose origin has none."""


_OF_ONE_TABLE = {
    *("duplicate", "conflict", "stereo_duplicate", "stereo_conflict", "duplicate_id"),
}
"""Kinds of findings that say nothing of a table of several sources."""


class Clone(NamedTuple):
    """What a run was started with.

    Attributes:
        table_name: of the file that the run's table came from.
        table: the rows that the run uses, as Parquet; rows that it excluded are not among them.
        config: the settings, as they fit this table.
        properties: those that the run learned.
        rows: the numbers that the rows have in the run's table.
        mendings: how its tables were read and mended: a record, done already.
    """

    table_name: str
    table: bytes
    config: RunConfig
    properties: list[Property]
    rows: np.ndarray
    mendings: tuple[Mending, ...] = ()

    def checked(self, progress: Progress | None = None) -> Table:
        """The table, read and checked again; a table of one source has its row numbers again."""
        raw = read_table(self.table, self.table_name)
        table = check_table(raw, self.config.columns, self.config.units, progress)
        if len(self.rows) == len(raw.rows) == len(table.rows) and (np.diff(self.rows) > 0).all():
            table = replace(table, rows=self.rows, raw=replace(raw, rows=self.rows))
        return self.with_sources(table)

    def with_sources(self, table: Table) -> Table:
        """The checked table, which knows its history and whose properties know their sources."""
        table = replace(table, mendings=self.mendings)
        if not self.config.sources:
            return table
        # A column's name does not tell its quantity from its source.
        by_name = {property_.name: property_ for property_ in self.properties}
        properties = tuple(by_name.get(each.name, each) for each in table.properties)
        # Sources share polymers and number their rows alike: that is nothing to mend.
        findings = [each for each in table.report.findings if each.kind not in _OF_ONE_TABLE]
        report = table.report.model_copy(update={"findings": findings})
        sources = tuple(self.config.sources)
        return replace(table, properties=properties, sources=sources, report=report)


def clone_of(run: Run) -> Clone:
    """The table and the settings of a run, in any state, also when its file has changed since.

    Raises:
        UserError: when the run's files are gone or damaged.
    """
    config = files.read_stored_config(run)
    kept = read_learned_rows(run, config)
    names = tuple(property_.name for property_ in config.properties)
    smiles = config.columns.text_name
    id_ = config.columns.id or free_name(ROW_NUMBERS, {smiles, *names})
    frame = pd.DataFrame({id_: kept["id"], smiles: kept["smiles"]})
    for name in names:
        frame[name] = _cells(kept, name)
    conditions = {each.label: CONDITION_PREFIX + each.name for each in config.conditions}
    for label, column in conditions.items():
        frame[label] = kept[column]
    folds = config.folds
    if "fold" in kept:
        # Named after their source, so that the settings of both runs read alike.
        fold_column = free_name(folds.rpartition(":")[2], {*frame.columns})
        frame[fold_column] = kept["fold"]
        folds = f"column:{fold_column}"
    # Labels of registered properties lie in the registry's units by now.
    units = {
        property_.name: property_.unit
        for property_ in config.properties
        if property_.unit and not accepted_units(property_.name)
    }
    cloned = RunConfig(
        name=f"{run.name[:73]} (copy)",
        preset=config.preset,
        folds=folds,
        seed=config.seed,
        pretrained=config.pretrained,
        columns=Columns(
            smiles=smiles,
            id=id_,
            properties=names,
            # All of them: a kept linear scale must not be chosen anew.
            scales={property_.name: property_.scale for property_ in config.properties},
            conditions=tuple(conditions),
        ),
        polymer_columns=config.polymer_columns or config.columns.of_polymer,
        units=units,
        use=config.use,
        sources=config.sources,
        excluded=config.excluded,
    )
    buffer = BytesIO()
    frame.to_parquet(buffer, index=False)
    rows, mendings = kept["row"].to_numpy(), tuple(files.read_mendings(run))
    return Clone(config.table, buffer.getvalue(), cloned, config.properties, rows, mendings)


def _cells(kept: pd.DataFrame, name: str) -> pd.Series:
    """The cells of a property in a run's table; as texts where some hold a bound."""
    labels = kept[files.LABEL_PREFIX + name]
    bounds = [kept.get(prefix + name) for prefix in files.BOUND_PREFIXES]
    if bounds[0] is None or bounds[1] is None:
        return labels
    cells = label_cells(*(values.to_numpy() for values in (labels, *bounds)))
    return pd.Series(cells, index=labels.index, dtype=object)


def with_kept_folds(table: Table, config: RunConfig) -> tuple[Table, RunConfig]:
    """The table with the folds that a splitter makes of it as a column, and settings that use it.

    So a run without some of its labels has the folds of one with them, and can be compared.

    Args:
        table: a run's, as it was.
        config: the settings of a run of it.
    """
    if folds_made(config.folds) is None:
        return table, config
    by_polymer = choose(config.preset, detect()).keeps_polymers_together(len(table.sources))
    folds = make_folds(config.folds, table.canonical, table.labels, config.seed, by_polymer)
    column = free_name(FOLDS_COLUMN, {*table.raw.column_names})
    frame = table.raw.frame.copy()
    frame[column] = None
    frame.iloc[raw_positions(table), frame.columns.get_loc(column)] = folds.astype(str)
    kept = replace(table, raw=replace(table.raw, frame=frame))
    return kept, config.model_copy(update={"folds": f"column:{column}"})


def command_for(
    config: RunConfig,
    table_name: str,
    mending: Mending | None = None,
    sources: Sequence[str] = (),
    source: str = "",
) -> str:
    """The command that starts such a run, without the words that say a default.

    Args:
        config: the run's settings.
        table_name: the table's path.
        mending: what the user said of the table.
        sources: the words on further tables and their sources, quoted.
        source: the table's own, where there are several: what is said of units is about it.
    """
    mending = mending or Mending()
    words = [f"{COMMAND} train", shlex.quote(table_name), *sources, *_words(config)]
    if not config.pretrained:
        words.append("--no-pretrained")
    if mending.only_in_a_file:
        words.append(f"--mend {shlex.quote(mending_file(table_name))}")
        # What the first table's file says is not about the others.
        shared = {"long", "fragments", "monomers", "bounds", "replicates"} if sources else set()
    else:
        words += _column_words(config, f"{source}:" if source else "")
        shared = {*_OPTIONS}
    for name, option in _OPTIONS.items():
        value = getattr(mending, name)
        if name not in shared or value == Mending.model_fields[name].default:
            continue
        given = [",".join(value)] if name == "chain_ends" else value
        given = [given] if isinstance(given, str) else given
        words += [f"{option} {shlex.quote(each)}" for each in given]
    return " ".join([*words, f"--name {shlex.quote(config.name)}", *_device_words(config.use)])


def mending_file(table_name: str) -> str:
    """The name under which the mends of a table are kept beside it."""
    return f"{Path(table_name).stem}-mended.yaml"


_OPTIONS = {
    "separator": "--separator",
    "encoding": "--encoding",
    "decimal": "--decimal",
    "sheets": "--sheet",
    "long": "--long",
    "chain_ends": "--chain-ends",
    "fragments": "--fragments",
    "monomers": "--monomers",
    "bounds": "--bounds",
    "replicates": "--replicates",
}
"""The option that says a field of a mending, besides those of columns and units."""


def _column_words(config: RunConfig, owner: str) -> list[str]:
    """The words on units and columns; `owner` is the source that units are said of."""
    units = [f"{owner}{name}={unit}" for name, unit in config.units.items()]
    words = [f"--unit {shlex.quote(unit)}" for unit in units]
    if config.columns:
        words += unit_words(config.columns) or [
            f"--smiles-column {shlex.quote(config.columns.smiles)}"
        ]
        words.append(f"--id-column {shlex.quote(config.columns.id or '')}")
        words += [f"--property {shlex.quote(name)}" for name in config.columns.properties]
        scales = [f"{name}={scale}" for name, scale in config.columns.scales.items()]
        words += [f"--scale {shlex.quote(scale)}" for scale in scales]
        conditions = config.columns.conditions
        words += [f"--condition-column {shlex.quote(name)}" for name in conditions]
    return words


def clone_command_for(config: RunConfig, run_id: str, sources: Sequence[str] = ()) -> str:
    """Write the command of a run on the table of another one, whose id is given.

    Args:
        config: the run's settings.
        run_id: of the other one.
        sources: the words on what is left out of its sources, quoted.
    """
    words = [f"{COMMAND} clone", run_id, *sources, *_words(config)]
    words.append("--pretrained" if config.pretrained else "--no-pretrained")
    return " ".join([*words, f"--name {shlex.quote(config.name)}", *_device_words(config.use)])


def switch_of(name: str) -> str:
    """The option that turns a yes-or-no setting of `DeviceSettings` away from its default."""
    words = name.replace("_", "-")
    return f"--no-{words}" if DeviceSettings.model_fields[name].default else f"--{words}"


def _words(config: RunConfig) -> list[str]:
    return [
        f"--preset {config.preset}",
        f"--folds {shlex.quote(config.folds)}",
        f"--seed {config.seed}",
    ]


def _device_words(use: DeviceSettings) -> list[str]:
    given = use.model_dump(exclude_defaults=True)
    return [
        switch_of(name) if isinstance(value, bool) else f"--{name} {value}"
        for name, value in given.items()
    ]
