"""Prints the tables of `docs/accuracy.md` and writes `results/accuracy.json`."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.accuracy.bootstrap import RESAMPLES, Figure, interval, wmae, wmae_row
from bench.accuracy.results import FOLDS, Result, load_all
from engine.properties import property_for
from engine.training.conformal import calibrate

RESULTS = Path("results/accuracy.json")
BEST = "best"


def measure(result: Result) -> dict:
    """Both forms of wMAE with their 95 % intervals, MAE, and how often the 90 % intervals hold."""
    found = result.out_of_fold
    errors = np.abs(found.labels - found.blended)
    measured = {
        "system": result.system,
        "folds": result.folds,
        "command": result.about["command"],
        "seconds": result.about["seconds"],
        **_with_interval("wmae", errors, wmae(found.labels)),
        **_with_interval("wmae_row", errors, wmae_row(found.labels)),
        "mae": dict(zip(found.names, map(float, np.nanmean(errors, axis=0)), strict=True)),
    }
    if len(found.members) > 1:
        made = calibrate(found.labels, found.predicted, found.blended, found.folds, found.names)
        measured["coverage"] = {name: one.coverage for name, one in made.items()}
        measured["width"] = {name: one.width for name, one in made.items()}
        measured["members"] = _members(result)
    return measured


def _with_interval(name: str, errors: np.ndarray, figure: Figure) -> dict:
    return {name: float(figure(errors)), f"{name}_interval": interval(errors, figure)}


def _members(result: Result) -> dict[str, dict]:
    """Each member's figures, and what it errs more than the blend, on the same rows."""
    found = result.out_of_fold
    blend = np.abs(found.labels - found.blended)
    members = {}
    for member, predicted in zip(found.members, found.predicted, strict=True):
        errors = np.abs(found.labels - predicted)
        members[member] = compare(errors, blend, found.labels)
    return members


def compare(errors: np.ndarray, others: np.ndarray, labels: np.ndarray) -> dict:
    """Figures of one system, and of its errors less those of another on the same rows.

    Args:
        errors, others: absolute errors of both, shape `(N, K)`, NaN where there is no label.
        labels: shape `(N, K)`.
    """
    compared = {}
    for name, make in (("wmae", wmae), ("wmae_row", wmae_row)):
        figure = make(labels)
        compared[name] = float(figure(errors))
        compared[f"{name}_more"] = float(figure(errors) - figure(others))
        compared[f"{name}_more_interval"] = interval(np.stack([errors, others]), figure)
    return compared


def table(measured: list[dict]) -> str:
    """The systems on one set of folds, the best first, as Markdown."""
    names = list(measured[0]["mae"])
    heads = [
        *("system", "wMAE (95 %)", "by row (95 %)"),
        *(property_for(name).label for name in names),
        *("coverage of the 90 % intervals", "fit"),
    ]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for one in sorted(measured, key=lambda one: one["wmae"]):
        coverage = one.get("coverage", {})
        cells = [
            one["system"],
            _spread(one, "wmae"),
            _spread(one, "wmae_row"),
            *(f"{one['mae'][name]:.4g}" for name in names),
            ", ".join(f"{coverage[name]:.1%}" for name in names) if coverage else "",
            f"{one['seconds'] / 60:.0f} min" if one["seconds"] >= 60 else f"{one['seconds']:.0f} s",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _spread(one: dict, name: str) -> str:
    low, high = one[f"{name}_interval"]
    return f"{one[name]:.4f} ({low:.4f}–{high:.4f})"


def differences(measured: dict[str, dict], title: str) -> str:
    """How much more others err, with the 95 % interval of the difference, as Markdown."""
    lines = [f"| {title} | wMAE | wMAE more (95 %) | by row more (95 %) |", "|---|---|---|---|"]
    for name, one in measured.items():
        cells = [name, f"{one['wmae']:.4f}"]
        for form in ("wmae", "wmae_row"):
            low, high = one[f"{form}_more_interval"]
            cells.append(f"{one[f'{form}_more']:+.4f} ({low:+.4f} to {high:+.4f})")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def against(results: list[Result], best: Result) -> dict[str, dict]:
    """Every other system on the same folds, compared with `best`."""
    found = best.out_of_fold
    ours = np.abs(found.labels - found.blended)
    return {
        one.system: compare(np.abs(found.labels - one.out_of_fold.blended), ours, found.labels)
        for one in results
        if one.system != best.system
    }


def main(show: Callable[[str], None] = print) -> None:
    """Measure, write, print."""
    results = load_all()
    written: dict = {
        "command": "python -m bench.accuracy",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "resamples": RESAMPLES,
    }
    for folds in FOLDS:
        here = [one for one in results if one.folds == folds]
        if not here:
            continue
        measured = [measure(one) for one in here]
        written[folds] = {"systems": measured}
        show(f"\n## Folds `{folds}`\n\n{table(measured)}")
        best = next((one for one in here if one.system == BEST), None)
        if best is None:
            continue
        members = next(one for one in measured if one["system"] == BEST)["members"]
        written[folds]["others"] = against(here, best)
        show(f"\n{differences(members, 'member of `best`, against its blend')}")
        show(f"\n{differences(written[folds]['others'], 'system, against `best`')}")
    RESULTS.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
