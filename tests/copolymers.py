"""A table of copolymers by Fox's equation, and a run that learned it in seconds."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from engine.runs import Run, RunConfig, start, start_run
from engine.settings.presets import Preset
from engine.table import Table, load_table

STYRENE, METHACRYLATE, CHLORIDE = "*CC(*)c1ccccc1", "*CC(*)(C)C(=O)OC", "*CC(*)Cl"
TG = {
    STYRENE: 100.0,
    METHACRYLATE: 105.0,
    CHLORIDE: 81.0,
    "*CC(*)OC(C)=O": 32.0,
    "*CC(*)C(=O)OCCCC": -54.0,
    "*CC=CC*": -100.0,
}
"""Glass transition temperatures of homopolymers in °C, by repeat unit."""
FRACTIONS = (0.2, 0.4, 0.6, 0.8)
WRONG = 32
"""Row of the file whose label is wrong, 150 °C too high; the header is row 1."""
TWO = f"{METHACRYLATE}|{STYRENE}|0.75|0.25"
"""A composition that the table does not hold, of units that it does."""
QUICK = Preset(
    # The name of one that there is, or the run could not be cloned.
    name="smoke",
    title="Smoke",
    summary="",
    members={
        "lightgbm": {"rounds": 60, "leaves": 8},
        "xgboost": {"rounds": 60},
        "gaussian_process": {},
    },
)


def fox() -> pd.DataFrame:
    """60 copolymers of six units, six homopolymers, and one wrong label."""
    random = np.random.default_rng(0)
    rows = []
    for (one, first), (other, second) in combinations(TG.items(), 2):
        for part in FRACTIONS:
            kelvin = 1 / (part / (first + 273.15) + (1 - part) / (second + 273.15))
            rows.append((one, other, part, round(kelvin - 273.15 + random.normal(0, 1), 1)))
    rows += [(unit, "", 1.0, value) for unit, value in TG.items()]
    frame = pd.DataFrame(rows, columns=["smiles_A", "smiles_B", "frac_A", "Tg"])
    frame.loc[WRONG - 2, "Tg"] += 150
    frame.insert(0, "batch", [f"b{n:02}" for n in range(1, len(frame) + 1)])
    return frame


def fox_table() -> Table:
    """The table, checked."""
    return load_table(fox().to_csv(index=False).encode(), "fox.csv")


def start_quickly(table: Table, name: str, folds: str = "random:3") -> Run:
    """A run of a table that trains for seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(start, "choose", lambda *_: QUICK)
        return start_run(table, RunConfig(name=name, preset="smoke", folds=folds))
