"""Error on copolymers that were not learned: `python -m bench.compositions TABLE --preset cpu`.

Trains on the table's compositions over five folds, in three ways: new pairs of known units, a unit
never seen (the one in the second column), and new pairs without the architecture, whose gain is
told with its 95 % interval (percentile bootstrap over pairs). Beside the preset's members and blend
stands LightGBM with default settings on weighted descriptors and the architecture. Interrupted, it
goes on where it was, in the same folder. Writes `results/compositions.json` as each part is done.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import bootstrap

from bench.reporting import markdown_table, read_json, settings_of, stamp, write_json
from bench.speed.machine import machine_record
from engine.chem.architectures import ARCHITECTURES
from engine.chem.composition import read, units_in
from engine.features.compositions import composed_features
from engine.features.compute import compute_features
from engine.runs.making import BundleRequest, make_bundle
from engine.settings.presets import PRESETS, Preset
from engine.table import Table, check_table, guess_columns, read_table
from engine.training.context import TrainContext
from engine.training.reporter import Reporter

RESULTS = Path("results/compositions.json")
PAIR, UNIT, WITHOUT = "new pairs", "a unit never seen", "new pairs, without the architecture"
FOLDS, SEED, RESAMPLES = 5, 0, 2000
_TARGETS = {PAIR: (0.060, 0.050), UNIT: (0.200, 0.145)}
"""RMSE of EA and IP in eV that the issue of compositions asks for."""


def main() -> None:
    """Measure what is missing, print and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.compositions", description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--preset", choices=list(PRESETS), default="cpu")
    parser.add_argument("--parts", nargs="+", choices=[PAIR, UNIT, WITHOUT], default=None)
    parser.add_argument("--folder", type=Path, default=Path("workspace/bench-compositions"))
    parser.add_argument("--report", action="store_true", help="print the tables of the results")
    asked = parser.parse_args()
    if not asked.report:
        for part in asked.parts or [UNIT, PAIR, WITHOUT]:
            _measure(part, asked)
    print(report(read_json(RESULTS)))


def _measure(part: str, asked: argparse.Namespace) -> None:
    """Train and predict one part, and write its figures."""
    preset = PRESETS[asked.preset]
    table, folds = _divided(asked.table, part)
    folder = asked.folder / f"{settings_of(preset)}-{part.replace(' ', '-').replace(',', '')}"
    predicted = _predicted(table, folds, preset, folder)
    if part != WITHOUT:
        predicted["LightGBM, untuned"] = _plain(table, folds)
    found = read_json(RESULTS)
    own = found.setdefault(preset.name, {})
    command = f"python -m bench.compositions {asked.table} --preset {preset.name}"
    own[part] = {
        **stamp(command),
        "settings": settings_of(preset),
        "rows": len(table.canonical),
        "machine": machine_record(),
        "figures": {name: _figures(table, each) for name, each in predicted.items()},
    }
    if part == WITHOUT:
        with_it = _predicted(
            *_divided(asked.table, PAIR), preset, folder.with_name(_of_pairs(folder))
        )
        own[part]["gain"] = _gains(table, with_it["blend"], predicted["blend"])
    write_json(RESULTS, found)


def _of_pairs(folder: Path) -> str:
    return f"{folder.name.partition('-')[0]}-{PAIR.replace(' ', '-')}"


def _divided(path: Path, part: str) -> tuple[Table, np.ndarray]:
    """The checked table and the fold of each row: groups drawn at random, of equal number."""
    raw = read_table(path)
    columns = guess_columns(raw)
    if part == WITHOUT:
        columns = columns.model_copy(update={"architecture": None})
    table = check_table(raw, columns)
    groups = [
        _group(text, part, seconds)
        for text, seconds in zip(table.canonical, raw.frame[columns.units[0]], strict=True)
    ]
    numbers = np.unique(groups, return_inverse=True)[1]
    return table, (np.random.default_rng(SEED).permutation(numbers.max() + 1) % FOLDS)[numbers]


def _group(text: str, part: str, second: str) -> str:
    return second if part == UNIT else "|".join(units_in(text))


def _predicted(
    table: Table, folds: np.ndarray, preset: Preset, folder: Path
) -> dict[str, np.ndarray]:
    """Out-of-fold predictions of the blend and of the members, made once; N × K each."""
    kept = folder / "out-of-fold.npz"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        request = replace(BundleRequest.of(table, table.name, preset), given_folds=folds)
        context = TrainContext(folder / "bundle", _Told(), checkpoints=folder / "checkpoints")
        made = make_bundle(request, context)
        members = zip(made.info.members, made.ensemble.out_of_fold, strict=True)
        np.savez(kept, blend=made.ensemble.blended, **dict(members))
    return {name: array for name, array in np.load(kept).items()}


class _Told(Reporter):
    """Says which stage has begun."""

    def stage(self, name: str, steps: int) -> None:
        print(f"{name}: {steps} steps", flush=True)


def _plain(table: Table, folds: np.ndarray) -> np.ndarray:
    """LightGBM with default settings on weighted descriptors and the architecture."""
    from lightgbm import LGBMRegressor

    means = composed_features(table.canonical, compute_features).descriptors
    words = [read(text).architecture for text in table.canonical]
    matrix = np.column_stack([means, [[word == each for each in ARCHITECTURES] for word in words]])
    predicted = np.full(table.labels.shape, np.nan)
    for fold in np.unique(folds):
        for k in range(table.labels.shape[1]):
            learned = (folds != fold) & np.isfinite(table.labels[:, k])
            model = LGBMRegressor(n_jobs=1, verbose=-1, random_state=SEED)
            model.fit(matrix[learned], table.labels[learned, k])
            predicted[folds == fold, k] = model.predict(matrix[folds == fold])
    return predicted


def _figures(table: Table, predicted: np.ndarray) -> dict[str, dict[str, float]]:
    """By property, RMSE and MAE in its unit, and R²."""
    figures = {}
    for k, property_ in enumerate(table.properties):
        labels, errors = table.labels[:, k], predicted[:, k] - table.labels[:, k]
        figures[property_.name] = {
            "rmse": float(np.sqrt(np.nanmean(errors**2))),
            "mae": float(np.nanmean(np.abs(errors))),
            "r2": float(1 - np.nanmean(errors**2) / np.nanvar(labels)),
        }
    return figures


def _gains(table: Table, told: np.ndarray, untold: np.ndarray) -> dict[str, dict[str, float]]:
    """By how much the RMSE falls where the architecture is told, with its interval over pairs."""
    pairs = np.unique(["|".join(units_in(text)) for text in table.canonical], return_inverse=True)[
        1
    ]
    counts = np.bincount(pairs)
    gains = {}
    for k, property_ in enumerate(table.properties):
        sums = np.array(
            [
                np.bincount(pairs, weights=(each[:, k] - table.labels[:, k]) ** 2)
                for each in (told, untold)
            ]
        )

        def gain(rows: np.ndarray, axis: int = -1, sums: np.ndarray = sums) -> np.ndarray:
            total = counts[rows].sum(axis=axis)
            one, other = (np.sqrt(each[rows].sum(axis=axis) / total) for each in sums)
            return other - one

        every = np.arange(len(counts))
        found = bootstrap(
            (every,), gain, n_resamples=RESAMPLES, method="percentile", vectorized=True, rng=SEED
        ).confidence_interval
        gains[property_.name] = {
            "gain": float(gain(every)),
            "low": float(found.low),
            "high": float(found.high),
        }
    return gains


def report(found: dict) -> str:
    """The tables of `docs/accuracy.md`."""
    lines = []
    for preset, parts in found.items():
        for part, result in parts.items():
            rows = _rows(part, result["figures"])
            names = list(next(iter(result["figures"].values())))
            heads = [f"{part} ({preset})", *(f"{name}: RMSE (R²)" for name in names)]
            lines.append(markdown_table(heads, rows))
            for name, gain in result.get("gain", {}).items():
                lines.append(
                    f"{name}: the architecture lowers the RMSE by {gain['gain']:.4f} "
                    f"({gain['low']:.4f} to {gain['high']:.4f})"
                )
    return "\n\n".join(lines)


def _rows(part: str, figures: dict) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [
        (name, *(f"{each['rmse']:.4f} ({each['r2']:.3f})" for each in own.values()))
        for name, own in figures.items()
    ]
    if part in _TARGETS:
        rows.append(("asked for at most", *(f"{target:.3f}" for target in _TARGETS[part])))
    return rows


if __name__ == "__main__":
    main()
