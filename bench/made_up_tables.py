"""What log10 scales and conditions are worth, on two tables that are made up.

`python -m bench.made_up_tables` trains each table twice on the same folds, with and without what
it is about, and writes `results/made-up-tables.json`. The repeat units are those of the textbook
table; **the values are made up**, from formulas that stand below plus normal noise, since no
measured table of this kind may be kept here.
"""

import argparse
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from bench.reporting import markdown_table, stamp, write_json
from engine.base.workspace import ASSETS
from engine.chem.smiles import parse
from engine.inference.bundle import BundleInfo
from engine.inference.predict import Predictor
from engine.inference.scoring import conditions_of
from engine.runs.making import BundleRequest, make_bundle
from engine.settings.presets import PRESETS
from engine.settings.properties import Scale
from engine.table import Table, check_table, guess_columns, read_table
from engine.training.context import TrainContext

RESULTS = Path("results/made-up-tables.json")
_SOLVENTS = {"O": 0.9, "CCO": 0.6, "CC(=O)C": 0.45, "c1ccccc1C": 0.1, "CCCCCC": 0.0}
"""The SMILES of solvents, and how polar the formula takes them to be."""
_KELVIN = (280, 300, 320, 340, 360)
_OF_UNIT = 6
"""Rows of each repeat unit, each with another temperature and solvent."""


def main() -> None:
    """Train both tables twice and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="cpu")
    preset = parser.parse_args().preset
    scales: dict[str, Scale] = {"log10": "log10", "linear": "linear"}
    permeability = {name: _permeabilities(scale) for name, scale in scales.items()}
    solubility = {
        "with conditions": _solubilities(("temperature (K)", "solvent_smiles")),
        "without": _solubilities(()),
    }
    result = {
        **stamp(f"python -m bench.made_up_tables --preset {preset}"),
        "permeability": {name: _learned(each, preset) for name, each in permeability.items()},
        "solubility": {name: _learned(each, preset) for name, each in solubility.items()},
    }
    write_json(RESULTS, result)
    print(report(result))


def _units() -> pd.DataFrame:
    """The textbook's repeat units, with what the formulas know of them."""
    smiles = pd.read_csv(ASSETS / "textbook.csv")["SMILES"].drop_duplicates()
    mols = [parse(text) for text in smiles]
    atoms = [[atom.GetSymbol() for atom in mol.GetAtoms() if atom.GetAtomicNum()] for mol in mols]
    return pd.DataFrame(
        {
            "SMILES": smiles.to_numpy(),
            "size": [len(each) for each in atoms],
            "polar": [sum(a in ("O", "N") for a in each) / len(each) for each in atoms],
            "silicon": ["Si" in each for each in atoms],
            "aromatic": [sum(a.GetIsAromatic() for a in mol.GetAtoms()) for mol in mols],
        }
    )


def _permeabilities(scale: Scale) -> Table:
    """log10 P = 5 + 2.5 (silicon) − 8 (share of O and N) − 0.25 (aromatic atoms) ± 0.3."""
    units, random = _units(), np.random.default_rng(0)
    power = 5 + 2.5 * units["silicon"] - 8 * units["polar"] - 0.25 * units["aromatic"]
    power += random.normal(0, 0.3, len(units))
    frame = pd.DataFrame({"SMILES": units["SMILES"], "permeability (barrer)": 10.0**power})
    raw = read_table(frame.to_csv(index=False).encode(), "permeabilities.csv")
    return check_table(raw, guess_columns(raw, scales={"permeability": scale}))


def _solubilities(conditions: tuple[str, ...]) -> Table:
    """S = 60 + 0.3 (T − 320 K) (1 + 2 polar) − 60 |polar of unit − polar of solvent| ± 2, in g/L.

    Each unit at six of 25 pairs of temperature and solvent, drawn at random.
    """
    units, random, rows = _units(), np.random.default_rng(1), []
    pairs = [(kelvin, solvent) for kelvin in _KELVIN for solvent in _SOLVENTS]
    for unit in units.itertuples():
        for place in random.choice(len(pairs), _OF_UNIT, replace=False):
            kelvin, solvent = pairs[place]
            value = 60 + 0.3 * (kelvin - 320) * (1 + 2 * unit.polar)
            value -= 60 * abs(unit.polar - _SOLVENTS[solvent])
            rows.append((unit.SMILES, kelvin, solvent, value + random.normal(0, 2)))
    heads = ["SMILES", "temperature (K)", "solvent_smiles", "solubility (g/L)"]
    text = pd.DataFrame(rows, columns=heads).to_csv(index=False)
    raw = read_table(text.encode(), "solubilities.csv")
    return check_table(raw, guess_columns(raw, conditions=conditions))


def _learned(table: Table, preset: str) -> dict:
    """The out-of-fold figures of a model of the table, in the scale's own terms and in decades."""
    print(
        f"{table.name}, {table.properties[0].scale}, {len(table.conditions)} conditions", flush=True
    )
    with tempfile.TemporaryDirectory() as folder:
        os.environ["POLYGIN_HOME"] = folder
        place = Path(folder) / "bundle"
        made = make_bundle(BundleRequest.of(table, "made up", PRESETS[preset]), TrainContext(place))
        low = _lowest_end(Predictor(place), table, made.info)
    name = table.properties[0].name
    blend, interval = made.info.figures["blend"], (made.info.intervals or {})[name]
    positive = made.ensemble.blended[:, 0] > 0
    return {
        "rows": len(table.canonical),
        "low": float(table.labels.min()),
        "high": float(table.labels.max()),
        "r2": blend["r2"][name],
        "mae": blend["mae"][name],
        "r2_by_member": {
            member: own["r2"][name] for member, own in made.info.figures["members"].items()
        },
        "coverage": interval.coverage,
        "r2_log10": _r2_log10(table.labels[:, 0], made.ensemble.blended[:, 0]),
        "predictions_not_positive": int((~positive).sum()),
        "lowest_interval_end": low,
    }


def _lowest_end(predictor: Predictor, table: Table, info: BundleInfo) -> float:
    """The lowest end of an interval of any row of the table, in the property's unit."""
    given = conditions_of(table, info.conditions) if info.conditions else None
    predicted = predictor.predict(table.smiles, given=given)
    return float(predictor.uncertainty(predicted).low.to_numpy().min())


def _r2_log10(labels: np.ndarray, predicted: np.ndarray) -> float | None:
    """R² in log10; a prediction that is not positive counts as the lowest label."""
    if labels.min() <= 0:
        return None
    truth, guess = np.log10(labels), np.log10(np.maximum(predicted, labels.min()))
    return float(1 - ((truth - guess) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())


def report(result: Mapping) -> str:
    """Both tables, each with and without."""
    rows = [
        [
            table,
            name,
            f"{own['r2']:.3f}",
            f"{own['mae']:.3g}",
            "" if own["r2_log10"] is None else f"{own['r2_log10']:.3f}",
            f"{own['coverage']:.1%}",
            f"{own['lowest_interval_end']:.3g}",
        ]
        for table in ("permeability", "solubility")
        for name, own in result[table].items()
    ]
    heads = ["table", "", "R²", "MAE", "R² in log10", "within 90 %", "lowest interval end"]
    sides = result["solubility"]
    ratio = sides["with conditions"]["mae"] / sides["without"]["mae"]
    return (
        markdown_table(heads, rows)
        + f"\n\nSolubility: error with conditions {ratio:.2f} × that without."
    )


if __name__ == "__main__":
    main()
