"""How well the probabilities of meeting a specification hold, from out-of-fold predictions.

Each fold's probabilities are made from the other folds' residuals alone: that a label lies above
each decile of the other folds' labels. Prints the tables of `docs/intervals.md` and writes
`results/probabilities-random.json`.
"""

from itertools import combinations, product
from pathlib import Path

import numpy as np

from bench.out_of_fold import OutOfFold, measure_file
from bench.reporting import markdown_table
from engine.inference.conformal import fit_interval, member_spread
from engine.inference.probability import probability_between
from engine.settings.properties import property_for

DECILES = np.arange(1, 10) / 10
BINS = 10
FEWEST_ROWS = 100


def held_out(out_of_fold: OutOfFold, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Of one property, the probability that each label lies above each decile, and whether it does.

    Returns:
        Shapes `(N, 9)`, float and bool; NaN and False where there is no label.
    """
    labels, blended, folds = out_of_fold.labels[:, k], out_of_fold.blended[:, k], out_of_fold.folds
    spread = member_spread(out_of_fold.predicted)[:, k]
    known = np.isfinite(labels)
    likely = np.full((len(labels), len(DECILES)), np.nan)
    above = np.zeros(likely.shape, dtype=bool)
    for fold in np.unique(folds):
        here, others = known & (folds == fold), known & (folds != fold)
        interval = fit_interval(np.abs(labels - blended)[others], spread[others])
        assert interval is not None
        half_widths = interval.half_width(spread[here])
        for column, end in enumerate(np.quantile(labels[others], DECILES)):
            likely[here, column] = probability_between(
                interval, blended[here], half_widths, low=end
            )
            above[here, column] = labels[here] > end
    return likely, above


def calibration(likely: np.ndarray, happened: np.ndarray) -> dict:
    """How often what has a probability happens.

    Args:
        likely, happened: shape `(n,)`.

    Returns:
        Brier's score (Mon. Weather Rev. 78 (1950) 1) of the probabilities and of always saying the
        mean, the mean distance of the shares from the probabilities, and both by tenth.
    """
    tenth = np.minimum((likely * BINS).astype(int), BINS - 1)
    bins = [
        {
            "cases": int((tenth == n).sum()),
            "probability": float(likely[tenth == n].mean()),
            "share": float(happened[tenth == n].mean()),
        }
        for n in range(BINS)
        if (tenth == n).any()
    ]
    off = sum(each["cases"] * abs(each["probability"] - each["share"]) for each in bins)
    return {
        "cases": len(likely),
        "brier": float(np.mean((likely - happened) ** 2)),
        "brier_of_mean": float(np.mean((happened.mean() - happened) ** 2)),
        "off": off / len(likely),
        "bins": bins,
    }


def measure(out_of_fold: OutOfFold) -> dict[str, dict]:
    """The calibration of each property, and of pairs of properties that rows have labels of."""
    parts = [held_out(out_of_fold, k) for k in range(len(out_of_fold.names))]
    measured = {}
    for name, (likely, above) in zip(out_of_fold.names, parts, strict=True):
        known = np.isfinite(likely)
        measured[name] = calibration(likely[known], above[known])
    for one, other in combinations(range(len(parts)), 2):
        rows = np.isfinite(parts[one][0][:, 0]) & np.isfinite(parts[other][0][:, 0])
        if rows.sum() < FEWEST_ROWS:
            continue
        both = [
            (
                parts[one][0][rows, a] * parts[other][0][rows, b],
                parts[one][1][rows, a] & parts[other][1][rows, b],
            )
            for a, b in product(range(len(DECILES)), repeat=2)
        ]
        likely, happened = (np.concatenate(each) for each in zip(*both, strict=True))
        name = f"{out_of_fold.names[one]} and {out_of_fold.names[other]}"
        measured[name] = {"rows": int(rows.sum()), **calibration(likely, happened)}
    return measured


def markdown(measured: dict[str, dict]) -> str:
    """The table of `docs/intervals.md`."""
    rows = [
        [
            name if " and " in name else property_for(name).label,
            f"{figures['cases']:,}",
            f"{figures['brier']:.3f}",
            f"{figures['brier_of_mean']:.3f}",
            f"{100 * figures['off']:.1f}",
            *(_share(figures["bins"], place) for place in (0.05, 0.25, 0.5, 0.75, 0.95)),
        ]
        for name, figures in measured.items()
    ]
    heads = [
        *("property above a decile", "cases", "Brier score", "of the mean share"),
        *("mean distance, points", "said 0–10 %", "20–30 %", "50–60 %", "70–80 %", "90–100 %"),
    ]
    return markdown_table(heads, rows)


def _share(bins: list[dict], place: float) -> str:
    """How often it happened where the probability lay in the tenth of `place`."""
    for each in bins:
        if int(each["probability"] * BINS) == int(place * BINS):
            return f"{each['share']:.0%}"
    return "–"


def main() -> None:
    """Measure, write, print."""
    results = Path("results/probabilities-random.json")
    measure_file("bench.probabilities", __doc__, results, measure, markdown)


if __name__ == "__main__":
    main()
