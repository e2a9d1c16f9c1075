"""What each group of descriptors costs, and what LightGBM loses without it.

`python -m bench.descriptor_groups TABLE FILE:COLUMN` prints a Markdown table and writes
`results/descriptor-groups.json`; the second argument names the folds.
"""

import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np

from bench.reporting import markdown_table, write_json
from engine.chem import backbone, descriptors, rdkit_2d
from engine.chem.capped import Capped, rdkit_values
from engine.chem.skeleton import Skeleton, skeleton
from engine.chem.smiles import forget, parse
from engine.features.compute import compute_features
from engine.models.lightgbm import LightGBM
from engine.models.members import configs_of
from engine.settings.presets import PRESETS
from engine.table import Table, load_table
from engine.table.folds import given_folds

RESULT = Path("results/descriptor-groups.json")
MOST_ROWS = 2500
"""The most rows that are drawn for a property, so that the whole takes some minutes."""

SEEDS = 2
"""For properties with at most so many rows; one seed for the others."""

TIMED = 150
SHARED = "shared: reading, capping, distances, charges, ..."
CHANCE = "nothing, with other seeds"

GROUPS = {
    "fragments": ("fr_",),
    "EState": ("MaxAbsE", "MaxES", "MinAbsE", "MinES", "EState_VSA", "VSA_EState"),
    "areas by logP, refractivity and charge": ("SlogP_VSA", "SMR_VSA", "PEOE_VSA"),
    "BCUT2D": ("BCUT2D",),
    "Chi, Kappa, BalabanJ, BertzCT": ("Chi", "Kappa2", "Kappa3", "Phi", "BalabanJ", "BertzCT"),
    "charge extremes": ("MaxPartial", "MinPartial", "MaxAbsPartial", "MinAbsPartial"),
    "fingerprint densities": ("FpDensity",),
    "backbone": backbone.NAMES,
    "elements": ("fraction_",),
    "Morgan counts": ("morgan_",),
    "other RDKit": ("",),
}
"""How the names in each group begin; a name belongs to the first group that fits."""


def group_of(name: str) -> str:
    """The group of a descriptor."""
    return next(group for group, starts in GROUPS.items() if name.startswith(starts))


def milliseconds(smiles: list[str]) -> dict[str, float]:
    """Processor time that each group takes for one unit, beyond what several groups share."""
    forget()
    units: list[tuple[Capped, Skeleton]] = []
    costs = dict.fromkeys(GROUPS, 0.0)
    costs[SHARED] = _time(lambda text: units.append(_unit(text)), smiles)
    capped, mols = [unit for unit, _ in units], [parse(text) for text in smiles]
    for names, make in rdkit_2d.TOGETHER:
        values = partial(rdkit_2d.values, make, len(names))
        costs[group_of(names[0])] += _time(values, capped)
    costs["other RDKit"] += _time(lambda unit: rdkit_values(rdkit_2d.ALONE, unit.mol), capped)
    costs["backbone"] = _time(
        lambda parts: backbone.backbone_descriptors(parts[0], parts[1][1], parts[1][0].distances),
        zip(mols, units, strict=True),
    )
    costs["elements"] = _time(lambda unit: descriptors.shares_of_elements(unit[1]), units)
    costs["Morgan counts"] = _time(descriptors.MORGAN.GetCountFingerprintAsNumPy, mols)
    return costs


def _unit(smiles: str) -> tuple[Capped, Skeleton]:
    """A capped unit with everything that several groups share."""
    mol = parse(smiles)
    atoms = skeleton(mol)
    unit = Capped(mol, atoms)
    for shared in ("distances", "weighted_distances", "charges", "crippen", "areas", "estate"):
        getattr(unit, shared)
    return unit, atoms


def _time(make: Callable, items: Iterable) -> float:
    """Milliseconds of processor time for each item."""
    count, started = 0, time.thread_time()
    for item in items:
        make(item)
        count += 1
    return (time.thread_time() - started) / count * 1e3


def error(
    table: Table, folds: np.ndarray, matrix: np.ndarray, index: int, first_seed: int = 0
) -> float:
    """The out-of-fold mean absolute error of one property, a mean over seeds."""
    labels = table.labels[:, index]
    rows = np.flatnonzero(np.isfinite(labels))
    seeds = SEEDS if len(rows) <= MOST_ROWS else 1
    rows = np.sort(np.random.default_rng(0).permutation(rows)[:MOST_ROWS])
    config = configs_of(PRESETS["cpu"])[LightGBM.name]
    errors = []
    for seed in range(first_seed, first_seed + seeds):
        for fold in np.unique(folds[rows]):
            held_out, others = rows[folds[rows] == fold], rows[folds[rows] != fold]
            member = LightGBM.fit(matrix[others], labels[others], config, seed)
            errors.append(np.abs(member.predict(matrix[held_out]) - labels[held_out]))
    return float(np.concatenate(errors).mean())


def main(table_path: str, folds_spec: str) -> None:
    """Measure, print and write."""
    table = load_table(Path(table_path))
    folds = given_folds(folds_spec, table)
    if folds is None:
        sys.exit("Name the column that holds the folds, such as folds.csv:random.")
    sample = np.random.default_rng(0).choice(len(table.canonical), TIMED, replace=False)
    repeats = [milliseconds([table.canonical[row] for row in sample]) for _ in range(3)]
    matrix = compute_features(table.canonical).descriptors
    groups = np.array([group_of(name) for name in descriptors.names()])
    names = [property_.name for property_ in table.properties]
    whole = [error(table, folds, matrix, index) for index in range(len(names))]
    rows = []
    for group in (*repeats[0], CHANCE):
        cost = min(costs.get(group, 0) for costs in repeats)
        row = {"group": group, "columns": int((groups == group).sum()), "ms": round(cost, 3)}
        if group != SHARED:
            without, first_seed = matrix[:, groups != group], SEEDS * (group == CHANCE)
            for index, name in enumerate(names):
                change = error(table, folds, without, index, first_seed) / whole[index] - 1
                row[name] = round(100 * change, 2)
        rows.append(row)
        print(*map(str, row.values()), sep=", ", file=sys.stderr, flush=True)
    figures = {"mae": dict(zip(names, whole, strict=True)), "percent_without": rows}
    write_json(RESULT, figures)
    heads = ["left out", "columns", "ms", *(f"{name} %" for name in names)]
    cells = [[str(row.get(key, "")) for key in ("group", "columns", "ms", *names)] for row in rows]
    print(markdown_table(heads, cells))


if __name__ == "__main__":
    main(*sys.argv[1:])
