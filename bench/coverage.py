"""How often intervals hold, from out-of-fold predictions: `python -m bench.coverage OOF.parquet`.

Each fold's intervals and domain are made from the other folds alone. Prints the tables of
`docs/intervals.md` and writes `results/coverage-random.json`.
"""

from pathlib import Path

import numpy as np

from bench.out_of_fold import OutOfFold, measure_file
from bench.reporting import markdown_table
from engine.inference.conformal import calibrate, held_out_half_widths, member_spread
from engine.inference.domain_effect import held_out_sides
from engine.settings.properties import property_for


def measure(out_of_fold: OutOfFold) -> dict[str, dict]:
    """Figures of each property's intervals and domain, on held-out folds."""
    labels, blended, folds = out_of_fold.labels, out_of_fold.blended, out_of_fold.folds
    intervals = calibrate(labels, out_of_fold.predicted, blended, folds, out_of_fold.names)
    spreads = member_spread(out_of_fold.predicted)
    inside = ~held_out_sides(out_of_fold.smiles, labels, folds).outside
    measured = {}
    for k, name in enumerate(out_of_fold.names):
        rows = np.isfinite(labels[:, k])
        residuals = np.abs(labels - blended)[rows, k]
        figures = _figures(residuals, spreads[rows, k], folds[rows], inside[rows, k])
        measured[name] = {**intervals[name].model_dump(), **figures}
    return measured


def _figures(
    residuals: np.ndarray, spread: np.ndarray, folds: np.ndarray, inside: np.ndarray
) -> dict:
    """Coverage by part of the rows of one property, and what one width for all rows would give.

    Args:
        residuals, spread: shape `(n,)`, in the property's unit.
        folds, inside: shape `(n,)`.
    """
    covered = residuals <= held_out_half_widths(residuals, spread, folds)
    one_width = held_out_half_widths(residuals, np.zeros(len(residuals)), folds)
    thirds = np.argsort(np.argsort(spread)) * 3 // len(spread)
    return {
        "coverage_by_fold": [float(covered[folds == fold].mean()) for fold in np.unique(folds)],
        "coverage_by_third_of_spread": [float(covered[thirds == n].mean()) for n in range(3)],
        "coverage_of_one_width_by_third": [
            float((residuals <= one_width)[thirds == n].mean()) for n in range(3)
        ],
        "width_of_one_width": float(2 * one_width.mean()),
        "outside": int((~inside).sum()),
        **_means_by_side("mae", residuals, inside),
        **_means_by_side("coverage", covered, inside),
    }


def _means_by_side(name: str, values: np.ndarray, inside: np.ndarray) -> dict[str, float | None]:
    sides = {"inside": inside, "outside": ~inside}
    return {
        f"{name}_{side}": float(values[rows].mean()) if rows.any() else None
        for side, rows in sides.items()
    }


def markdown(measured: dict[str, dict]) -> str:
    """Both tables of `docs/intervals.md`."""
    coverage, domain = [], []
    for name, figures in measured.items():
        property_ = property_for(name)
        coverage.append(
            [
                property_.label,
                f"{figures['labels']:,}",
                f"{figures['coverage']:.1%}",
                property_.number(figures["width"]),
                property_.number(figures["width_of_one_width"]),
                _percentages(figures["coverage_by_third_of_spread"]),
                _percentages(figures["coverage_of_one_width_by_third"]),
            ]
        )
        domain.append(
            [
                property_.label,
                f"{figures['outside']:,} of {figures['labels']:,}",
                f"{figures['mae_inside']:.3g}",
                f"{figures['mae_outside']:.3g}",
                f"{figures['coverage_inside']:.1%}",
                f"{figures['coverage_outside']:.1%}",
            ]
        )
    coverage_heads = [
        *("property", "labels", "coverage", "mean width", "if all were equally wide"),
        *("coverage by third of spread: low, middle, high", "… if all were equally wide"),
    ]
    domain_heads = [
        *("property", "outside the domain", "MAE inside", "MAE outside"),
        *("coverage inside", "coverage outside"),
    ]
    tables = markdown_table(coverage_heads, coverage), markdown_table(domain_heads, domain)
    return "\n\n".join(tables)


def _percentages(shares: list[float]) -> str:
    return ", ".join(f"{share:.1%}" for share in shares)


def main() -> None:
    """Measure, write, print."""
    results = Path("results/coverage-random.json")
    measure_file("bench.coverage", __doc__, results, measure, markdown)


if __name__ == "__main__":
    main()
