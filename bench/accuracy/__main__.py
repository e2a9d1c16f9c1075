"""Prints the tables of `docs/accuracy.md` and writes `results/accuracy.json`."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.accuracy.bootstrap import RESAMPLES, interval, wmae, wmae_row
from bench.accuracy.results import Result, load_all
from bench.out_of_fold import FOLDS
from bench.reporting import markdown_table, stamp, write_json
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
        labels: of the whole table, shape `(N, K)`; they give the weights of the properties.
    """
    out_of_fold, names = result.out_of_fold, result.out_of_fold.names
    mae = np.nanmean(out_of_fold.errors, axis=0)
    measured = {
        "system": result.system,
        "folds": result.folds,
        "command": result.about["command"],
        "seconds": result.about["seconds"],
        "cores": _cores(result.about),
        "only_fold": result.only_fold,
        "mae": dict(zip(names, map(float, mae), strict=True)),
    }
    for form, make in FORMS.items():
        figure = make(labels)
        measured[form] = float(figure(out_of_fold.errors))
        measured[f"{form}_interval"] = interval(out_of_fold.errors, figure)
    if len(out_of_fold.members) > 1 and len(np.unique(out_of_fold.folds)) > 1:
        intervals = calibrate(
            out_of_fold.labels,
            out_of_fold.predicted,
            out_of_fold.blended,
            out_of_fold.folds,
            names,
        )
        measured["coverage"] = {name: made.coverage for name, made in intervals.items()}
        measured["width"] = {name: made.width for name, made in intervals.items()}
    return measured


def compare(others: dict[str, np.ndarray], ours: np.ndarray, labels: np.ndarray) -> dict[str, dict]:
    """Figures of systems, and how much more they err than ours on the same rows.

    Args:
        others: absolute errors of each, shape `(n, K)`, NaN where there is no label.
        ours: absolute errors of the system that they are compared with.
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


def systems_table(measured: list[dict]) -> str:
    """The systems on one set of folds, the best first, as Markdown."""
    names = list(measured[0]["mae"])
    heads = [
        *("system", "wMAE (95 %)", "by row (95 %)"),
        *(property_for(name).label for name in names),
        *("coverage of the 90 % intervals", "fit"),
    ]
    some_of_one_fold = any(system["only_fold"] is not None for system in measured)
    rows = []
    for system in sorted(measured, key=lambda system: system["wmae"]):
        coverage = system.get("coverage", {})
        rows.append(
            [
                *(system["system"], _with_interval(system, "wmae")),
                _with_interval(system, "wmae_row"),
                *(f"{system['mae'][name]:.4g}" for name in names),
                ", ".join(f"{coverage[name]:.1%}" for name in names) if coverage else "",
                _fit(system, some_of_one_fold),
            ]
        )
    return markdown_table(heads, rows)


def _cores(about: dict) -> int | None:
    """How many cores a system was fitted on, where that is known."""
    if "machine" in about:
        return about["machine"]["threads"]
    return about.get("report", {}).get("hardware", {}).get("cores")


def _fit(system: dict, some_of_one_fold: bool) -> str:
    """How long the fit took; says that it was of all folds where some were of one fold alone."""
    cores = " on one core" if system["cores"] == 1 else ""
    folds = " for all folds" if some_of_one_fold and system["only_fold"] is None else ""
    return _duration(system["seconds"]) + cores + folds


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"


def _with_interval(system: dict, form: str) -> str:
    low, high = system[f"{form}_interval"]
    return f"{system[form]:.4f} ({low:.4f}–{high:.4f})"


def differences_table(compared: dict[str, dict], title: str) -> str:
    """How much more others err, with the 95 % interval of the difference, as Markdown."""
    rows = []
    for name, figures in compared.items():
        cells = [name, f"{figures['wmae']:.4f}"]
        for form in FORMS:
            low, high = figures[f"{form}_more_interval"]
            cells.append(f"{figures[f'{form}_more']:+.4f} ({low:+.4f} to {high:+.4f})")
        rows.append(cells)
    return markdown_table([title, "wMAE", "wMAE more (95 %)", "by row more (95 %)"], rows)


def compare_all(results: list[Result], labels: np.ndarray, title: str) -> tuple[dict, str]:
    """Systems that predicted the same rows: their figures, and the tables as Markdown."""
    measured = [measure(result, labels) for result in results]
    written: dict = {"systems": measured}
    shown = [f"\n## {title}\n\n{systems_table(measured)}"]
    best = next((result.out_of_fold for result in results if result.system == BEST), None)
    if best is not None:
        if all(result.only_fold is None for result in results):
            errors = {
                title_of(name): np.abs(best.labels - predicted)
                for name, predicted in zip(best.members, best.predicted, strict=True)
            }
            written["members"] = compare(errors, best.errors, labels)
            heading = "member of `best`, against its blend"
            shown.append(differences_table(written["members"], heading))
        others = {
            result.system: result.out_of_fold.errors for result in results if result.system != BEST
        }
        written["others"] = compare(others, best.errors, labels)
        shown.append(differences_table(written["others"], "system, against `best`"))
    return written, "\n\n".join(shown)


def on_one_fold(results: list[Result], fold: int) -> list[Result]:
    """All systems on the rows of one fold, including those that predicted no other."""
    alone = next(result.out_of_fold for result in results if result.only_fold == fold)
    rows = alone.folds == fold
    return [
        replace(result, out_of_fold=result.out_of_fold.take(rows))
        for result in results
        if result.only_fold in (None, fold)
    ]


def main(show: Callable[[str], None] = print) -> None:
    """Measure, write, print."""
    all_results = load_all()
    written: dict = {**stamp("python -m bench.accuracy"), "resamples": RESAMPLES}
    for folds in FOLDS:
        results = [result for result in all_results if result.folds == folds]
        whole = [result for result in results if result.only_fold is None]
        groups = {folds: (whole, f"Folds `{folds}`")} if whole else {}
        only = {result.only_fold for result in results if result.only_fold is not None}
        for fold in sorted(only):
            title = f"Fold {fold} of `{folds}` alone"
            groups[f"{folds}, fold {fold}"] = (on_one_fold(results, fold), title)
        for name, (group, title) in groups.items():
            labels = whole[0].out_of_fold.labels
            written[name], shown = compare_all(group, labels, title)
            show(shown)
    write_json(RESULTS, written)


if __name__ == "__main__":
    main()
