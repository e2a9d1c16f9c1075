"""A table of copolymers made up by mixing rules, and a model of it."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from engine.chem.polymers import unit_mass
from engine.runs import folder as files
from engine.runs.making import BundleRequest, Made, make_bundle
from engine.settings.presets import Preset
from engine.table import Table, load_table
from engine.training.context import TrainContext

STYRENE, ACRYLATE, ACETATE = "*CC(*)c1ccccc1", "*CC(*)C(=O)OCCCC", "*CC(*)OC(C)=O"
KELVIN = {STYRENE: 373.0, ACRYLATE: 219.0, ACETATE: 304.0}
DENSITY = {STYRENE: 1.05, ACRYLATE: 1.08, ACETATE: 1.19}
FRACTIONS = (0.25, 0.5, 0.75)
TREES = Preset(
    name="quick",
    title="Quick",
    summary="",
    members={"lightgbm": {"rounds": 60, "leaves": 8}},
    canonical_units=True,
)


def copolymers() -> bytes:
    """Each of three units alone, and random and block copolymers of them at some fractions."""
    rows = [_row({unit: 1.0}, "") for unit in KELVIN]
    rows += [
        _row({first: fraction, second: 1 - fraction}, architecture)
        for first, second in combinations(KELVIN, 2)
        for fraction in FRACTIONS
        for architecture in ("random", "block")
    ]
    rows.append(_row(dict.fromkeys(KELVIN, 1 / 3), "random"))
    return "\n".join(["polymer,Tg,Density", *rows]).encode()


def _row(fractions: dict[str, float], architecture: str) -> str:
    masses = {unit: part * unit_mass(unit) for unit, part in fractions.items()}
    weights = np.array([*masses.values()]) / sum(masses.values())
    kelvin = 1 / (weights / np.array([KELVIN[unit] for unit in fractions])).sum()
    density = 1 / (weights / np.array([DENSITY[unit] for unit in fractions])).sum()
    numbers = [f"{part:.4f}" for part in fractions.values()]
    text = "|".join([*fractions, *numbers, architecture] if len(fractions) > 1 else fractions)
    return f"{text},{kelvin - 273.15 + 5 * (architecture == 'block'):.2f},{density:.4f}"


def table() -> Table:
    """The table."""
    return load_table(copolymers(), "copolymers.csv")


def make(folder: Path) -> Made:
    """A model of the table, in a folder, and beside it the table, as a run has it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    rows = table()
    asked = BundleRequest.of(rows, "copolymers", TREES, "random:3")
    made = make_bundle(asked, TrainContext(folder))
    labels = {
        f"{files.LABEL_PREFIX}{each.name}": rows.labels[:, k]
        for k, each in enumerate(rows.properties)
    }
    frame = pd.DataFrame({"canonical": rows.canonical, **labels})
    frame.to_parquet(folder.parent / files.TABLE, index=False)
    return made
