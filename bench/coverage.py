"""How often intervals hold, from out-of-fold predictions: `python -m bench.coverage OOF.parquet`.

Every fold's intervals and domain are made from the other folds alone. Prints the table of
`docs/intervals.md` and writes `results/coverage-random.json`.
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.out_of_fold import TABLE, OutOfFold, read
from engine.inference.conformal import calibrate, held_out_half_widths, member_spread
from engine.inference.domain import Domain
from engine.settings.properties import property_for
from engine.table import load_table


def inside_domain(found: OutOfFold) -> np.ndarray:
    """Whether each row lies in the domain of the other folds; shape `(N, K)`, bool."""
    inside = np.zeros(found.labels.shape, dtype=bool)
    for fold in np.unique(found.folds):
        held_out = np.flatnonzero(found.folds == fold)
        others = np.flatnonzero(found.folds != fold)
        domain = Domain.of([found.smiles[row] for row in others], found.labels[others])
        distances = domain.distances([found.smiles[row] for row in held_out])
        inside[held_out] = distances <= domain.thresholds()
    return inside


def measure(found: OutOfFold) -> dict[str, dict]:
    """Coverage, width and what the domain tells of each property, on held-out folds."""
    intervals = calibrate(found.labels, found.predicted, found.blended, found.folds, found.names)
    spreads, inside = member_spread(found.predicted), inside_domain(found)
    measured = {}
    for k, name in enumerate(found.names):
        known = np.isfinite(found.labels[:, k])
        residuals = np.abs(found.labels - found.blended)[known, k]
        spread, folds, near = spreads[known, k], found.folds[known], inside[known, k]
        half = held_out_half_widths(residuals, spread, folds)
        same = held_out_half_widths(residuals, np.zeros(len(residuals)), folds)
        covered = residuals <= half
        thirds = np.argsort(np.argsort(spread)) * 3 // len(spread)
        measured[name] = {
            **intervals[name].model_dump(),
            "coverage_by_fold": [float(covered[folds == fold].mean()) for fold in np.unique(folds)],
            "coverage_by_third_of_spread": [float(covered[thirds == n].mean()) for n in range(3)],
            "coverage_of_one_width_by_third": [
                float((residuals <= same)[thirds == n].mean()) for n in range(3)
            ],
            "width_of_one_width": float(2 * same.mean()),
            "outside": int((~near).sum()),
            **_sides("mae", residuals, near),
            **_sides("coverage", covered, near),
        }
    return measured


def _sides(word: str, values: np.ndarray, near: np.ndarray) -> dict[str, float | None]:
    sides = {"inside": near, "outside": ~near}
    return {
        f"{word}_{side}": float(values[rows].mean()) if rows.any() else None
        for side, rows in sides.items()
    }


def markdown(measured: dict[str, dict]) -> str:
    """Both tables of `docs/intervals.md`."""
    lines = [
        "| property | labels | coverage | mean width | if all were equally wide | "
        "coverage by third of spread: low, middle, high | … if all were equally wide |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, one in measured.items():
        known = property_for(name)
        thirds = ", ".join(f"{share:.1%}" for share in one["coverage_by_third_of_spread"])
        plain = ", ".join(f"{share:.1%}" for share in one["coverage_of_one_width_by_third"])
        lines.append(
            f"| {known.label} | {one['labels']:,} | {one['coverage']:.1%} | "
            f"{known.number(one['width'])} | {known.number(one['width_of_one_width'])} | "
            f"{thirds} | {plain} |"
        )
    lines += [
        "",
        "| property | outside the domain | MAE inside | MAE outside | coverage inside | "
        "coverage outside |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in measured.items():
        known = property_for(name)
        lines.append(
            f"| {known.label} | {one['outside']:,} of {one['labels']:,} | "
            f"{one['mae_inside']:.3g} | {one['mae_outside']:.3g} | "
            f"{one['coverage_inside']:.1%} | {one['coverage_outside']:.1%} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.coverage", description=__doc__)
    parser.add_argument("oof", type=Path, metavar="OOF.parquet")
    parser.add_argument("--table", type=Path, default=TABLE, help="the training table")
    parser.add_argument("--json", type=Path, default=Path("results/coverage-random.json"))
    arguments = parser.parse_args()
    measured = measure(read(arguments.oof, load_table(arguments.table)))
    result = {
        "command": f"python -m bench.coverage {arguments.oof} --table {arguments.table}",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "properties": measured,
    }
    arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(markdown(measured))


if __name__ == "__main__":
    main()
