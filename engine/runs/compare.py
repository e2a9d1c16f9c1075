"""How runs differ: in what they learned from, in what they were asked to do, in what came out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet

from ..base.errors import UserError
from ..base.plain_files import demand_file
from ..base.wording import counted, listed
from ..table.columns import Columns
from . import folder as files
from .clone import ROW_NUMBERS
from .records import Run
from .shared_labels import same_folds

_KEPT = 64
"""Runs whose digests are remembered: to make those of a million rows takes seconds."""

_SCALES = "columns.scales."
_OF_POLYMERS = {
    f"columns.{name}"
    for name in Columns.model_fields
    if name not in ("id", "properties", "scales", "conditions")
}
_ODD = np.uint64(0x9E3779B97F4A7C15)
"""So that the hash of a unit and that of its label count differently in their sum, modulo 2⁶⁴."""


class Contents(NamedTuple):
    """Digests of what a run's table holds, which do not depend on the order of its rows.

    Attributes:
        units: of the different canonical repeat units.
        labels: of the labels with their repeat units, for each property that is learned.
        folds: of the division into folds, whatever their numbers; None where a splitter makes it.
    """

    units: str
    labels: dict[str, str]
    folds: str | None


def contents_of(run: Run, excluded: Sequence[Mapping] = ()) -> Contents | None:
    """The contents of a run's table; None when its file is gone or cannot be read.

    Args:
        run: the run.
        excluded: labels that count as if the table still had them, as its `config.yaml` has them.
    """
    path = run.folder / files.TABLE
    try:
        back = tuple((each["smiles"], each["property"], each["label"]) for each in excluded)
        # Before it is opened: a pipe would be waited for.
        demand_file(path, files.MENDS[files.TABLE])
        state = path.stat()
        return _contents(path, state.st_mtime_ns, state.st_size, back)
    except (UserError, OSError, pyarrow.ArrowException, KeyError, TypeError, ValueError):
        return None


# The time and size of the file are arguments only to tell it from one that replaced it.
@lru_cache(_KEPT)
def _contents(
    path: Path, changed: int, size: int, back: tuple[tuple[str, str, float], ...]
) -> Contents:
    file = pyarrow.parquet.ParquetFile(path)
    properties = [name for name in file.schema_arrow.names if name.startswith(files.LABEL_PREFIX)]
    more = {"canonical", "fold", *_bound_columns(properties)}
    names = [*properties, *(more & {*file.schema_arrow.names})]
    # Some rows at a time: their texts take much more memory than their hashes.
    hashes = pd.concat(
        [batch.to_pandas().apply(_hashes) for batch in file.iter_batches(columns=names)]
    )
    units = hashes["canonical"].to_numpy()
    returned = pd.DataFrame(back, columns=["canonical", "property", "label"])
    returned["label"] = _hashes(returned["label"].astype(float))
    returned["canonical"] = _hashes(returned["canonical"].astype(object))
    labels = {}
    for column in properties:
        name = column.removeprefix(files.LABEL_PREFIX)
        more = returned[returned["property"] == name]
        labels[name] = _digest_of_labels(hashes, column, more)
    folds = None
    if "fold" in hashes:
        each = hashes["fold"].to_numpy()
        folds = " ".join(sorted(_digest(units[each == fold]) for fold in np.unique(each)))
    everything = np.unique(np.concatenate([units, returned["canonical"].to_numpy()]))
    return Contents(_digest(everything), labels, folds)


def _digest_of_labels(hashes: pd.DataFrame, name: str, more: pd.DataFrame) -> str:
    """The digest of a column's labels and bounds, with the repeat units that have them.

    Args:
        hashes: of the rows of a table.
        name: of the column of labels.
        more: hashes of other labels that count too, and of their repeat units.
    """
    columns = [each for each in (name, *_bound_columns([name])) if each in hashes]
    rows = hashes[["canonical", *columns]]
    if len(more):
        without_bounds = dict.fromkeys(columns, np.full(len(more), _MISSING))
        others = {**without_bounds, "canonical": more["canonical"], name: more["label"]}
        rows = pd.concat([rows, pd.DataFrame(others)])
    rows = rows[(rows[columns] != _MISSING).any(axis=1)]
    return _digest(rows["canonical"].to_numpy() * _ODD + _with_bounds(rows, name))


def _bound_columns(properties: Iterable[str]) -> list[str]:
    """The columns that hold the bounds of some columns of labels, if there are any."""
    names = [name.removeprefix(files.LABEL_PREFIX) for name in properties]
    return [prefix + name for name in names for prefix in files.BOUND_PREFIXES]


def _with_bounds(hashes: pd.DataFrame, name: str) -> np.ndarray:
    """The hashes of a property's labels, and of their bounds where there are some."""
    total = hashes[name].to_numpy()
    for place, column in enumerate(_bound_columns([name])):
        if column in hashes:
            total = total + hashes[column].to_numpy() * np.uint64(2 * place + 3)
    return total


def _hashes(column: pd.Series) -> np.ndarray:
    """Shape `(N,)`, uint64."""
    if not pd.api.types.is_float_dtype(column.dtype):
        return pd.util.hash_array(column.to_numpy(object))
    values = column.to_numpy()
    # One NaN and one zero: floats have several of each with the same meaning.
    return pd.util.hash_array(np.where(np.isnan(values), np.nan, values + 0.0))


_MISSING = _hashes(pd.Series([np.nan]))[0]
"""The hash of a cell without a number."""


def _digest(hashes: np.ndarray) -> str:
    return sha256(np.sort(hashes).tobytes()).hexdigest()


def same_polymers(configs: Sequence[dict], runs: Sequence[Run]) -> bool:
    """Whether runs learned the same polymers, whatever the columns that these were read from.

    Args:
        configs: one for each run, as `engine.runs.read_config` gives them.
        runs: the runs.

    Returns:
        False where a run's table is gone.
    """
    found = [
        contents_of(run, config.get("excluded") or [])
        for run, config in zip(runs, configs, strict=True)
    ]
    return all(found) and _all_equal(each.units for each in found if each)


def different_settings(
    configs: Sequence[dict], same_polymers: bool = False
) -> dict[str, list[str]]:
    """The settings that are not the same in all runs.

    Args:
        configs: one for each run, as `engine.runs.read_config` gives them.
        same_polymers: whether all learned the same ones: then it is no difference from which
            columns they were read. A clone has a column of whole compositions.

    Returns:
        `{setting: its value in each run}`; a setting inside another is called `outer.inner`, and
        one that a run does not have is an empty text. Names of runs are not settings.
    """
    # A preset's settings say nothing that its name does not, unless presets of one name differ.
    if len({config.get("preset") for config in configs}) > 1:
        configs = [{**config, "resolved_preset": None} for config in configs]
    configs = [
        {
            **config,
            "excluded": exclusion_words(config),
            "pretrained": files.starts_from_encoder(config),
        }
        for config in configs
    ]
    flat = [_flat(config) for config in configs]
    for one in flat:
        # Without an id column rows are named by their numbers, as they are in a clone.
        if one.get("columns.id") == "":
            one["columns.id"] = ROW_NUMBERS
    learned = {_learned(config) for config in configs}
    same = len(learned) == 1 and None not in learned
    names = dict.fromkeys(
        name
        for one in flat
        for name in one
        if not _is_said_elsewhere(name, same) and not (same_polymers and _says_polymers(name))
    )
    # A linear scale need not be said.
    values = {
        name: [one.get(name, "linear" if name.startswith(_SCALES) else "") for one in flat]
        for name in names
    }
    return {name: each for name, each in values.items() if len({*each}) > 1}


def _learned(config: dict) -> tuple[tuple[str, str], ...] | None:
    """The properties that a run learned, with their units; None where they are not said."""
    properties = config.get("properties")
    if not properties:
        return None
    return tuple((each["name"], each.get("unit", "")) for each in properties)


def _is_said_elsewhere(setting: str, same_properties: bool) -> bool:
    """Whether a setting is no difference, or another setting says the same of a run.

    One property in one unit may be read from columns of other names, as in a clone.
    """
    if same_properties and (setting == "columns.properties" or setting.startswith("units.")):
        return True
    return setting == "name" or setting.endswith(".training.pretrained")


def _says_polymers(setting: str) -> bool:
    """Whether a setting says how a row's polymer is read."""
    return setting in _OF_POLYMERS or setting.partition(".")[0] == "polymer_columns"


def exclusion_words(config: dict) -> str:
    """How many labels a run excludes, and which are the first; empty when there is none."""
    excluded = config.get("excluded") or []
    if not excluded:
        return ""
    which = listed([f"{each['property']} of {each['id']}" for each in excluded])
    return f"{counted(len(excluded), 'label')}: {which}"


def not_comparable(configs: Sequence[dict], runs: Sequence[Run]) -> list[str]:
    """Why the errors of runs cannot be set side by side; empty when they can.

    Tables and folds are compared by what they hold: a clone has those of its origin under other
    names. Names count where a run's files are gone. Labels that a run excludes count as if it had
    them: `shared_errors` compares the errors on the others.

    Args:
        configs: one for each run, as `engine.runs.read_config` gives them.
        runs: the runs, those that are done with their figures.
    """
    excluded = [config.get("excluded") or [] for config in configs]
    contents = [
        found for run, out in zip(runs, excluded, strict=False) if (found := contents_of(run, out))
    ]
    known = len(contents) == len(configs)
    same_table = _same_table(contents) if known else _all_equal(c.get("table") for c in configs)
    reasons = [] if same_table else ["their tables differ"]
    alike = same_folds(runs) if known and same_table else None
    if alike is None:
        folds = [config.get("folds") for config in configs]
        if known and same_table:
            folds = [held.folds or asked for held, asked in zip(contents, folds, strict=True)]
        alike = _all_equal(folds)
    if not alike:
        reasons.append("their folds differ")
    counts = [
        Counter(run.figures["blend"]["n"]) + Counter(each["property"] for each in out)
        for run, out in zip(runs, excluded, strict=False)
        if run.figures
    ]
    if not reasons and not _all_equal(counts):
        reasons.append("they were scored on different labels")
    return reasons


def blend_errors(runs: Sequence[Run]) -> dict[str, list[float | None]]:
    """The blend's out-of-fold mean absolute error, `{property: one for each run}`, in its unit.

    Args:
        runs: which ones; None stands for one without that property, or without figures.
    """
    errors = [run.figures["blend"]["mae"] if run.figures else {} for run in runs]
    names = dict.fromkeys(name for one in errors for name in one)
    return {name: [one.get(name) for one in errors] for name in names}


def _same_table(contents: Sequence[Contents]) -> bool:
    """Whether all hold the same repeat units, with the same labels of the properties they share."""
    names = {name for one in contents for name in one.labels}
    return _all_equal(one.units for one in contents) and all(
        _all_equal(one.labels[name] for one in contents if name in one.labels) for name in names
    )


def _all_equal(values: Iterable) -> bool:
    first, *others = [*values] or [None]
    return all(one == first for one in others)


def _flat(config: dict, before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in config.items():
        if isinstance(value, dict) and value:
            found.update(_flat(value, f"{before}{name}."))
        else:
            found[f"{before}{name}"] = _words(value)
    return found


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_words(one) for one in value)
    if isinstance(value, dict):
        return str(value.get("name", ""))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
