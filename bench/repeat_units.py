"""Repeat units as drawn against canonical ones: the same folds, preset and seed, side by side.

`python -m bench.repeat_units TABLE… --preset cpu` trains each table twice and writes the errors of
every member and of the blend, out of fold, to `results/repeat-units.json` as they come. All
drawings of a polymer share a fold. Below 1, the canonical unit errs less.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import bootstrap

from bench.accuracy.bootstrap import RESAMPLES
from bench.out_of_fold import predict_folds
from bench.reporting import markdown_table, read_json, stamp, write_json
from bench.speed.machine import machine_record
from engine.features.compute import canonical_units
from engine.runs.making import BundleRequest
from engine.settings.presets import PRESETS, Preset
from engine.table import load_table
from engine.table.folds import make_folds

RESULTS = Path("results/repeat-units.json")
FORMS = ("as drawn", "canonical")


def main() -> None:
    """Train each table with both forms."""
    parser = argparse.ArgumentParser(prog="python -m bench.repeat_units", description=__doc__)
    parser.add_argument("tables", nargs="+", type=Path)
    parser.add_argument("--preset", default="cpu", choices=[*PRESETS])
    parser.add_argument("--folds", default="random:5")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    for path in asked.tables:
        found = compare(path, asked.preset, asked.folds, asked.seed)
        how = f"--preset {asked.preset} --folds {asked.folds} --seed {asked.seed}"
        kept = read_json(RESULTS)
        record = {**stamp(f"python -m bench.repeat_units {path} {how}"), **found}
        write_json(RESULTS, {**kept, f"{path.name} {how}": {**record, "machine": machine_record()}})
        print(f"{path.name} {how}\n\n{report(found)}\n", flush=True)


def report(found: dict) -> str:
    """The errors of each property, with both forms."""
    rows = []
    for name, own in found["properties"].items():
        low, high = own["interval_95"]
        errors = (f"{own['mae'][form]['blend']:.4g}" for form in FORMS)
        rows.append(
            [name, f"{own['labels']:,}", *errors, f"{own['ratio']:.3f} ({low:.3f}–{high:.3f})"]
        )
    return markdown_table(["property", "labels", *FORMS, "ratio (95 %)"], rows)


def compare(path: Path, preset: str, spec: str, seed: int) -> dict:
    """The errors of one table with each form of its repeat units."""
    table = load_table(path.read_bytes(), path.name)
    request = BundleRequest.of(table, path.stem, PRESETS[preset], spec)
    folds = make_folds(spec, table.canonical, table.labels, seed, by_polymer=True)
    request = replace(request, given_folds=folds, seed=seed)
    errors = {
        form: _errors(replace(request, preset=_taking(PRESETS[preset], form))) for form in FORMS
    }
    units = canonical_units(table.canonical)
    changed = [unit != drawn for unit, drawn in zip(units, table.canonical, strict=True)]
    return {
        "units_redrawn": float(np.mean(changed)),
        "properties": {
            name: _compared(
                {form: {each: own[each][:, k] for each in own} for form, own in errors.items()}
            )
            for k, name in enumerate(request.names)
        },
    }


def _taking(preset: Preset, form: str) -> Preset:
    return preset.without_encoder().model_copy(update={"canonical_units": form == "canonical"})


def _errors(request: BundleRequest) -> dict[str, np.ndarray]:
    """By member, and of the blend, absolute errors out of fold, shape `(N, K)`, in units."""
    return {name: np.abs(each - request.labels) for name, each in predict_folds(request).items()}


def _compared(errors: dict[str, dict[str, np.ndarray]]) -> dict:
    """The mean errors of a property with each form, and the ratio of the blends' errors."""
    drawn, canonical = (errors[form]["blend"] for form in FORMS)
    labelled = np.isfinite(drawn)
    drawn, canonical = drawn[labelled], canonical[labelled]
    limits = bootstrap(
        (canonical, drawn),
        lambda one, other, axis: one.mean(axis) / other.mean(axis),
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=50,
        method="percentile",
        rng=0,
    ).confidence_interval
    return {
        "labels": len(drawn),
        "mae": {
            form: {member: float(np.nanmean(each)) for member, each in own.items()}
            for form, own in errors.items()
        },
        "ratio": float(canonical.mean() / drawn.mean()),
        "interval_95": [float(limits.low), float(limits.high)],
    }


if __name__ == "__main__":
    main()
