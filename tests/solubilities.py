"""A table made up from a formula, with a temperature and a solvent, and a model of it."""

from pathlib import Path

from engine.runs.making import BundleRequest, Made, make_bundle
from engine.settings.presets import Preset
from engine.table import Table, check_table, guess_columns, read_table
from engine.training.context import TrainContext

UNITS = [f"*{'C' * n}{'O' * o}{'C' * m}*" for n in range(1, 5) for o in (0, 1) for m in range(1, 6)]
SOLVENTS = {"water": 0.0, "toluene": 40.0}
COLUMNS = ("temperature (K)", "solvent")
TREES = Preset(
    name="quick", title="Quick", summary="", members={"lightgbm": {"rounds": 60, "leaves": 8}}
)


def solubilities() -> bytes:
    """Warmer and in toluene more, longer units less."""
    rows = [
        f"{unit},{kelvin},{solvent},{kelvin / 5 + more - 2 * len(unit):g}"
        for number, unit in enumerate(UNITS)
        for kelvin in (280 + number % 3, 320, 360)
        for solvent, more in SOLVENTS.items()
    ]
    return "\n".join(["SMILES,temperature (K),solvent,solubility (g/L)", *rows]).encode()


def marked_table() -> Table:
    """The table, its conditions marked."""
    raw = read_table(solubilities(), "mine.csv")
    return check_table(raw, guess_columns(raw, conditions=COLUMNS))


def make(folder: Path, preset: Preset = TREES) -> Made:
    """A model of the table, in a folder."""
    asked = BundleRequest.of(marked_table(), "solubilities", preset, "random:3")
    return make_bundle(asked, TrainContext(folder))
