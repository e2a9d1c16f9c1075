"""A small table of two sources, for tests of what is done with several."""

import pandas as pd

from engine.runs.making import BundleRequest
from engine.settings.presets import Preset
from engine.settings.sources import Source
from engine.table import Table, join_tables, load_table

UNITS = [f"*{'C' * n}O{'C' * m}*" for n in range(1, 7) for m in range(1, 4)]
QUICK = Preset(
    name="quick", title="Quick", summary="", members={"lightgbm": {"rounds": 20, "leaves": 4}}
)
SOURCES = [
    Source(name="lab", kind="measured", reference="notebook 7", terms="ours"),
    Source(name="md", kind="simulated"),
]
OFFSET = 500
"""How far md's Tg lie above those of lab, in °C."""


def csv(offset: float, column: str = "Tg") -> bytes:
    """A table of all units, whose values are as long as their SMILES, and an offset."""
    rows = pd.DataFrame({"SMILES": UNITS, column: [len(unit) + offset for unit in UNITS]})
    return rows.to_csv(index=False).encode()


def joined() -> Table:
    """Tg of the same polymers, measured and simulated."""
    tables = [load_table(csv(0), "lab.csv"), load_table(csv(OFFSET), "md.csv")]
    return join_tables(tables, SOURCES)


def request(table: Table, folds: str) -> BundleRequest:
    """What a bundle of a joined table is to be made of."""
    return BundleRequest.of(table, "both", QUICK, folds)
