"""Prints the tables of `docs/accuracy.md` and writes `results/accuracy.json`."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.accuracy.bootstrap import RESAMPLES, interval, wmae, wmae_row
from bench.accuracy.results import Result, load_all
from bench.out_of_fold import FOLDS
from engine.inference.conformal import calibrate
from engine.models.members import title_of
from engine.settings.properties import property_for

RESULTS = Path("results/accuracy.json")
BEST = "best"
FORMS = {"wmae": wmae, "wmae_row": wmae_row}


def measure(result: Result, labels: np.ndarray) -> dict:
    """Both forms of wMAE with their 95 % intervals, MAE, and how often the 90 % intervals hold.

    Args:
        result: of a system.
        labels: of the whole table, shape `(N, K)`; they make the weights of the properties.
    """
    found = result.out_of_fold
    measured = {
        "system": result.system,
        "folds": result.folds,
        "command": result.about["command"],
        "seconds": result.about["seconds"],
        "cores": _cores(result.about),
        "only_fold": result.only_fold,
        "mae": dict(zip(found.names, map(float, np.nanmean(found.errors, axis=0)), strict=True)),
    }
    for name, make in FORMS.items():
        figure = make(labels)
        measured[name] = float(figure(found.errors))
        measured[f"{name}_interval"] = interval(found.errors, figure)
    if len(found.members) > 1 and len(np.unique(found.folds)) > 1:
        made = calibrate(found.labels, found.predicted, found.blended, found.folds, found.names)
        measured["coverage"] = {name: one.coverage for name, one in made.items()}
        measured["width"] = {name: one.width for name, one in made.items()}
    return measured


def compare(
    others: dict[str, np.ndarray], ours: np.ndarray, labels: np.ndarray
) -> dict[str, dict[str, float]]:
    """Figures of systems, and how much more they err than ours on the same rows.

    Args:
        others: absolute errors of each, shape `(n, K)`, NaN where there is no label.
        ours: the same of the system that they are compared with.
        labels: of the whole table, shape `(N, K)`.
    """
    compared: dict[str, dict] = {name: {} for name in others}
    for form, make in FORMS.items():
        figure = make(labels)
        for name, errors in others.items():
            compared[name][form] = float(figure(errors))
            compared[name][f"{form}_more"] = float(figure(errors) - figure(ours))
            compared[name][f"{form}_more_interval"] = interval(np.stack([errors, ours]), figure)
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
    alone = any(one["only_fold"] is not None for one in measured)
    for one in sorted(measured, key=lambda one: one["wmae"]):
        coverage = one.get("coverage", {})
        cells = [
            one["system"],
            _spread(one, "wmae"),
            _spread(one, "wmae_row"),
            *(f"{one['mae'][name]:.4g}" for name in names),
            ", ".join(f"{coverage[name]:.1%}" for name in names) if coverage else "",
            _fit(one, alone),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cores(about: dict) -> int | None:
    """How many cores a system was fitted on, where that is known."""
    if "machine" in about:
        return about["machine"]["threads"]
    return about.get("report", {}).get("hardware", {}).get("cores")


def _fit(one: dict, alone: bool) -> str:
    """How long it was fitted; beside systems of one fold it is said of how many, too."""
    cores = " on one core" if one["cores"] == 1 else ""
    folds = " for all folds" if alone and one["only_fold"] is None else ""
    return _duration(one["seconds"]) + cores + folds


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"


def _spread(one: dict, name: str) -> str:
    low, high = one[f"{name}_interval"]
    return f"{one[name]:.4f} ({low:.4f}–{high:.4f})"


def differences(measured: dict[str, dict], title: str) -> str:
    """How much more others err, with the 95 % interval of the difference, as Markdown."""
    lines = [f"| {title} | wMAE | wMAE more (95 %) | by row more (95 %) |", "|---|---|---|---|"]
    for name, one in measured.items():
        cells = [name, f"{one['wmae']:.4f}"]
        for form in FORMS:
            low, high = one[f"{form}_more_interval"]
            cells.append(f"{one[f'{form}_more']:+.4f} ({low:+.4f} to {high:+.4f})")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def compare_all(here: list[Result], labels: np.ndarray, title: str) -> tuple[dict, str]:
    """Systems that predicted the same rows: their figures, and the tables as Markdown."""
    measured = [measure(one, labels) for one in here]
    written: dict = {"systems": measured}
    shown = [f"\n## {title}\n\n{table(measured)}"]
    best = next((one.out_of_fold for one in here if one.system == BEST), None)
    if best is not None:
        if all(one.only_fold is None for one in here):
            members = zip(best.members, best.predicted, strict=True)
            errors = {
                title_of(name): np.abs(best.labels - predicted) for name, predicted in members
            }
            written["members"] = compare(errors, best.errors, labels)
            shown.append(differences(written["members"], "member of `best`, against its blend"))
        others = {one.system: one.out_of_fold.errors for one in here if one.system != BEST}
        written["others"] = compare(others, best.errors, labels)
        shown.append(differences(written["others"], "system, against `best`"))
    return written, "\n\n".join(shown)


def on_one_fold(results: list[Result], fold: int) -> list[Result]:
    """All systems on the rows of one fold, those that predicted no other among them."""
    alone = next(one.out_of_fold for one in results if one.only_fold == fold)
    rows = alone.folds == fold
    return [
        replace(one, out_of_fold=one.out_of_fold.of(rows))
        for one in results
        if one.only_fold in (None, fold)
    ]


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
        whole = [one for one in here if one.only_fold is None]
        groups = {folds: (whole, f"Folds `{folds}`")} if whole else {}
        for fold in sorted({one.only_fold for one in here} - {None}):
            title = f"Fold {fold} of `{folds}` alone"
            groups[f"{folds}, fold {fold}"] = (on_one_fold(here, fold), title)
        for name, (group, title) in groups.items():
            labels = whole[0].out_of_fold.labels
            written[name], shown = compare_all(group, labels, title)
            show(shown)
    RESULTS.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
