"""Folds: a splitter, a column of the table, or a column of a file divides the rows."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..base.wording import counted
from .checking import Table
from .composition_folds import (
    KINDS,
    composition_groups,
    holds_compositions,
    known_units_remark,
    ways_to_divide,
    with_free_rows,
)
from .duplicates import drawn_alike, flat_smiles
from .reading import RawTable, read_table

MOST_FOLDS = 20
MOST_COMPARED = 30_000
"""Most repeat units that similarity folds compare pair by pair: a byte a pair makes 0.9 GB."""

_MOST_STRATA = 200
"""Most sets of properties for each of which folds are balanced."""

_WHOLE = 0.95
"""Share of clustered rows that lie with most of their cluster, from which folds keep clusters."""

_SPLITTER = re.compile(r"(random|similarity|pair|unit):(\d+)")


def given_folds(spec: str, table: Table) -> np.ndarray | None:
    """The fold of each row where a column gives it; None where a splitter will make it.

    Args:
        spec: `random:5`, `similarity:5`, `pair:5`, `unit:5`, `column:NAME` or `FILE:COLUMN`.
        table: the checked table.

    Returns:
        Shape `(N,)`, int, or None.

    Raises:
        UserError: when the text has none of these forms, or does not fit the table.
    """
    if not _SPLITTER.fullmatch(spec):
        if len({id(part.raw.reading) for part in table.parts}) == 1 and spec.startswith("column:"):
            # Sources of one table: a column of it tells the fold of all their rows.
            return _folds_of_parts(spec, table)
        if table.parts:
            return _extended(_folds_of_column(spec, table.parts[0]), table)
        if table.sources and not spec.startswith("column:"):
            ways = ways_to_divide(table.canonical)
            raise UserError(
                f"{spec!r} gives folds by id, and the ids of several tables are no longer told "
                f"apart in a clone: keep the run's folds, or choose {ways}."
            )
        return _folds_of_column(spec, table)
    check_splitter(spec, table.canonical)
    return None


def _extended(given: np.ndarray, table: Table) -> np.ndarray:
    """Folds of a joined table's first part, extended to the others.

    A polymer goes where the first part has it, however it is drawn, stereochemistry aside. Where
    the given folds keep clusters of like units whole, so do those of the other polymers: each goes
    with the most similar unit of the first part, or with its own cluster.

    Args:
        given: of the first part's rows.
        table: the joined table.
    """
    from ..chem.fingerprints import nearest_similar, similarity_clusters

    units = drawn_alike(table.canonical)
    first = units[: len(given)]
    folds: dict[str, int] = {}
    for unit, fold in zip(first.tolist(), given.tolist(), strict=True):
        folds.setdefault(unit, fold)
    others = list(dict.fromkeys(unit for unit in units[len(given) :] if unit not in folds))
    groups: Sequence[str] | np.ndarray = others
    if 0 < len(others) <= MOST_COMPARED and _keep_clusters(given, first):
        like = nearest_similar(others, list(folds))
        folds |= {unit: folds[near] for unit, near in zip(others, like, strict=True) if near}
        others = [unit for unit in others if unit not in folds]
        groups = similarity_clusters(others) if others else []
    if others:
        count = int(given.max()) + 1
        labelled = pd.DataFrame(np.isfinite(table.labels)).groupby(units, sort=False).any()
        labels = np.where(labelled.loc[others].to_numpy(), 1.0, np.nan)
        # Too few of them to divide: some folds hold none of these.
        enough = len(set(groups)) >= count
        numbers = np.unique(np.array(groups), return_inverse=True)[1]
        new = split_folds(labels, groups, count, 0) if enough else numbers % count
        folds |= dict(zip(others, new.tolist(), strict=True))
    return np.concatenate([given, [folds[unit] for unit in units[len(given) :]]]).astype(int)


def _keep_clusters(folds: np.ndarray, units: np.ndarray) -> bool:
    """Whether nearly all repeat units lie in the fold of most units of their cluster."""
    from ..chem.fingerprints import similarity_clusters

    if len(set(units)) > MOST_COMPARED:
        return False
    clusters = pd.Series(similarity_clusters(units.tolist()))
    sizes = clusters.map(clusters.value_counts())
    several = (sizes > 1).to_numpy()
    if not several.any():
        return False
    table = pd.crosstab(clusters[several], folds[several])
    return bool(table.max(axis=1).sum() >= _WHOLE * several.sum())


def folds_made(spec: str) -> int | None:
    """How many folds a splitter makes; None where a column gives them.

    Args:
        spec: `random:5`, `similarity:5`, `pair:5`, `unit:5`, `column:NAME` or `FILE:COLUMN`.
    """
    splitter = _SPLITTER.fullmatch(spec)
    return int(splitter[2]) if splitter else None


def check_splitter(spec: str, canonical: Sequence[str]) -> None:
    """Refuse a splitter that there is not, or that cannot divide so many rows.

    Args:
        spec: `random:K` or `similarity:K`; of a table with copolymers also `pair:K` or `unit:K`.
        canonical: N canonical SMILES, or texts of compositions.

    Raises:
        UserError: when the text has another form, or K does not fit the rows.
    """
    splitter = _SPLITTER.fullmatch(spec)
    if not splitter:
        ways = ways_to_divide(canonical)
        raise UserError(f"Folds {spec!r}: give {ways}, or a fold for each row.")
    most = min(MOST_FOLDS, len(canonical))
    if not 2 <= int(splitter[2]) <= most:
        raise UserError(f"Folds {spec!r}: choose between 2 and {most} folds.")
    units = len(set(canonical))
    if splitter[1] in KINDS:
        composition_groups(splitter[1], canonical, int(splitter[2]))
    if splitter[1] == "similarity" and units > MOST_COMPARED:
        raise UserError(
            f"Similarity folds compare every pair of repeat units, and {units:,} different "
            f"ones are more than the {MOST_COMPARED:,} that can be compared: choose random folds, "
            "or a column that gives them."
        )


def fold_count(spec: str, table: Table) -> int:
    """The number of folds; see `given_folds`."""
    folds = given_folds(spec, table)
    return int(spec.rpartition(":")[2]) if folds is None else int(folds.max()) + 1


def make_folds(
    spec: str,
    canonical: Sequence[str],
    labels: np.ndarray,
    seed: int,
    by_polymer: bool = False,
) -> np.ndarray:
    """Divide rows by a splitter.

    Repeat units that differ only in stereochemistry stay in one fold, and with `similarity` whole
    clusters of like ones. Rows of a composition are together as those of a unit are; `similarity`
    compares compositions by the set of their units; for `pair` and `unit` see
    `engine.table.composition_folds`.

    Args:
        spec: `random:K`, `similarity:K`, `pair:K` or `unit:K`.
        canonical: N canonical SMILES, or texts of compositions.
        labels: shape `(N, K)`, NaN where missing.
        seed: of the shuffling.
        by_polymer: whether all drawings of a polymer stay in one fold; several tables draw one
            polymer in several ways. `pair` and `unit` always do so.

    Returns:
        Shape `(N,)`, int.

    Raises:
        UserError: when there are too few repeat units, or clusters of them, for so many folds.
    """
    kind, count = spec.split(":")
    if kind in KINDS:
        together = composition_groups(kind, canonical, int(count))
        bound = ~together.free
        folds = split_folds(labels[bound], together.of_row[bound], int(count), seed)
        return with_free_rows(folds, together, int(count))
    units = [flat_smiles(smiles) for smiles in canonical]
    if by_polymer:
        units = drawn_alike(canonical).tolist()
    groups: Sequence[str] | np.ndarray = units
    if kind == "similarity":
        from ..chem.fingerprints import similarity_clusters

        groups = similarity_clusters(units)
    return split_folds(labels, groups, int(count), seed)


def check_folds(
    folds: np.ndarray,
    canonical: Sequence[str],
    labels: np.ndarray,
    names: Sequence[str],
    spec: str = "",
) -> list[str]:
    """Check that every property can be learned with any one of the folds held out.

    Args:
        folds: shape `(N,)`, int.
        canonical: N canonical SMILES.
        labels: shape `(N, K)`, NaN where missing.
        names: the K properties.
        spec: of the splitter that made the folds, where one did.

    Returns:
        Remarks on the folds, for the user.

    Raises:
        UserError: when a fold holds so many of a property's labels that too few are left outside.
    """
    units = np.unique([flat_smiles(smiles) for smiles in canonical], return_inverse=True)[1]
    for k, name in enumerate(names):
        for fold in np.unique(folds[folds >= 0]):
            rows = np.isfinite(labels[:, k]) & (folds != fold)
            if len(np.unique(units[rows])) < 2:
                raise UserError(
                    f"Nearly all labels of {name!r} lie in one fold: without it, fewer than two "
                    "different repeat units are left to learn from. Choose other folds, or leave "
                    "the property out."
                )
    of_units = np.unique(np.column_stack([units, folds]), axis=0)[:, 0]
    divided = int((np.bincount(of_units) > 1).sum())
    if spec.startswith("unit:") and (remark := known_units_remark(folds, canonical)):
        return [remark]
    if not divided:
        return []
    what = "composition" if holds_compositions(canonical) else "repeat unit"
    return [
        f"{counted(divided, what)} of the table {'is' if divided == 1 else 'are'} in more "
        "than one fold, so the errors are partly of units that the models have seen."
    ]


def _folds_of_column(spec: str, table: Table) -> np.ndarray:
    if spec.startswith("column:"):
        source, colon, column = spec.partition(":")
    else:
        source, colon, column = spec.rpartition(":")
    if not colon:
        raise UserError(
            f"Folds {spec!r} are not understood; write {ways_to_divide(table.canonical, '')}, "
            "column:NAME for a column of the table, or FILE:COLUMN for a column of another table "
            "with an id column."
        )
    if source == "column":
        name = "the table"
        values = _column(table.raw, column, name)[raw_positions(table)]
    else:
        name, raw = Path(source).name, read_table(Path(source))
        by_id = dict(zip(_column(raw, "id", name), _column(raw, column, name), strict=True))
        values = np.array([by_id.get(text) for text in table.ids], dtype=object)
    missing = [table.ids[i] for i in range(len(values)) if pd.isna(values[i])]
    if missing:
        some = ", ".join(missing[:5])
        raise UserError(
            f"{name} gives no fold in column {column!r} for {len(missing):,} rows of the table, "
            f"such as id {some}; add them, or choose random:5."
        )
    different, folds = np.unique(_numbers_or_texts(values), return_inverse=True)
    if not 2 <= len(different) <= MOST_FOLDS:
        raise UserError(
            f"Column {column!r} of {name} holds {len(different):,} different folds; "
            f"between 2 and {MOST_FOLDS} are needed."
        )
    return folds


def _folds_of_parts(spec: str, table: Table) -> np.ndarray:
    """The same of a joined table whose parts are those of one table."""
    frame = pd.concat([part.raw.frame.iloc[raw_positions(part)] for part in table.parts])
    numbers = np.arange(len(frame))
    raw = replace(table.parts[0].raw, frame=frame.reset_index(drop=True), rows=numbers)
    return _folds_of_column(spec, replace(table, raw=raw, rows=numbers, parts=()))


def _numbers_or_texts(values: np.ndarray) -> np.ndarray:
    """Names of folds, as numbers where all are numbers, so that 10 is sorted after 9."""
    texts = values.astype(str)
    try:
        numbers = texts.astype(float)
    except ValueError:
        return texts
    return numbers if np.isfinite(numbers).all() else texts


def _column(raw: RawTable, column: str, name: str) -> np.ndarray:
    if column not in raw.frame:
        raise UserError(
            f"{name} has no column {column!r}; its columns are {', '.join(raw.column_names)}."
        )
    return raw.frame[column].to_numpy(dtype=object)


def raw_positions(table: Table) -> np.ndarray:
    """Where each checked row stands in the table as it was read."""
    return np.searchsorted(table.raw.rows, table.rows)


def _merged(strata: np.ndarray, count: int) -> np.ndarray:
    """The stratum of each row, rare ones as one where there are more than can be balanced.

    The splitter counts the rows of each group and stratum: of a table where every row has other
    properties, that would be more numbers than fit into memory.

    Args:
        strata: shape `(N,)`, int.
        count: the number of folds.
    """
    sizes = np.bincount(strata)
    if len(sizes) <= _MOST_STRATA:
        return strata
    common = np.argsort(-sizes, kind="stable")[:_MOST_STRATA]
    places = np.full(len(sizes), _MOST_STRATA)
    places[common[sizes[common] >= count]] = np.arange((sizes[common] >= count).sum())
    return np.unique(places[strata], return_inverse=True)[1]


def split_folds(
    labels: np.ndarray, groups: Sequence | np.ndarray, count: int, seed: int
) -> np.ndarray:
    """Divide rows into folds that keep groups whole and are balanced for each set of properties.

    Args:
        labels: shape `(N, K)`, NaN where missing.
        groups: the group of each of the N rows, such as its SMILES without stereo marks or its
            cluster.
        count: the number of folds.
        seed: of the shuffling.

    Returns:
        Shape `(N,)`, int, 0 to `count` − 1.

    Raises:
        UserError: when there are fewer groups than folds.
    """
    # Imported here: pages import this module and need not wait for scikit-learn.
    from sklearn.model_selection import StratifiedGroupKFold

    group_count = len(set(groups))
    if group_count < count:
        raise UserError(
            f"{count} folds cannot be made of {group_count:,} groups: repeat units that belong "
            "together are never divided. Choose fewer folds, random ones, or a column that gives "
            "them."
        )
    # Rows with labels of the same properties are one stratum: balanced strata balance labels.
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    folds = np.zeros(len(labels), dtype=int)
    strata = _merged(np.unique(np.isfinite(labels), axis=0, return_inverse=True)[1], count)
    # Where no stratum has a row for each fold, there is nothing to balance.
    if np.bincount(strata).max() < count:
        strata = np.zeros_like(strata)
    with warnings.catch_warnings():
        # Rare strata have fewer rows than there are folds; the others are balanced all the same.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        for fold, (_, held_out) in enumerate(splitter.split(np.zeros(len(labels)), strata, groups)):
            folds[held_out] = fold
    return folds
