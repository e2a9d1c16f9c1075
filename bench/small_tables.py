"""Tables of some hundred labels: `python -m bench.small_tables TABLE… [--chemprop PATH]`.

Each table is predicted fold by fold, `KFold(5, shuffle=True, random_state=0)` over its rows, by a
preset with the encoder and without, by LightGBM as most notebooks use it, and by Chemprop with its
default settings where it is given. The figures are the mean and the standard deviation of five
RMSEs, beside what papers report of five folds of the same tables; their folds are not ours. Results
are added to `results/small-tables.json` as they come; what it holds of the same settings is not
measured again.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.model_selection import KFold

from bench.accuracy.chemprop import Job, split
from bench.accuracy.plain_lightgbm import features, predict_held_out
from bench.out_of_fold import predict_folds
from bench.reporting import markdown_table, read_json, settings_of, stamp, write_json
from bench.speed.chemprop import MISSING, find_chemprop
from bench.speed.machine import machine_record
from engine.base.errors import UserError
from engine.models.members import title_of
from engine.runs.making import BundleRequest
from engine.settings.presets import PRESETS, Preset
from engine.table import Table, load_table

RESULTS = Path("results/small-tables.json")
PUBLISHED = {
    "Eea": {"MMPolymer": 0.286, "MIPS": 0.267},
    "EPS": {"MMPolymer": 0.511, "MIPS": 0.484},
    "Egb": {"MMPolymer": 0.496, "MIPS": 0.460},
}
"""RMSE in the property's unit: MMPolymer (Wang et al., CIKM 2024, arXiv:2406.04727); MIPS (a
multimodal infinite polymer sequence, Wang et al., ACM Multimedia 2025)."""
_TITLES = {
    "LightGBM": "LightGBM, its defaults, RDKit descriptors and Morgan counts",
    "Chemprop": "Chemprop 2.3.1, its defaults",
}


def main() -> None:
    """Measure what is missing, and print all."""
    parser = argparse.ArgumentParser(prog="python -m bench.small_tables", description=__doc__)
    parser.add_argument("tables", nargs="+", type=Path)
    parser.add_argument("--preset", default="best", choices=[*PRESETS])
    parser.add_argument("--chemprop", metavar="PATH", help="its command or its Python")
    asked = parser.parse_args()
    for path in asked.tables:
        table = load_table(path.read_bytes(), path.name)
        folds = np.empty(len(table.canonical), dtype=np.int64)
        parts = KFold(5, shuffle=True, random_state=0).split(folds)
        for fold, (_, held_out) in enumerate(parts):
            folds[held_out] = fold
        for system, (settings, predict) in _systems(asked).items():
            found = read_json(RESULTS)
            own = found.setdefault(path.stem, {})
            if own.get(system, {}).get("settings") == settings:
                continue
            predicted = predict(table, folds)
            figures = {name: _rmse(table, folds, each) for name, each in predicted.items()}
            command = f"python -m bench.small_tables {path} --preset {asked.preset}"
            command += f" --chemprop {asked.chemprop}" * (system == "Chemprop")
            about = {**stamp(command), "machine": machine_record(), "settings": settings}
            own[system] = {**about, "rmse": figures}
            write_json(RESULTS, found)
    print(report(read_json(RESULTS)))


_Predict = Callable[[Table, np.ndarray], dict[str, np.ndarray]]


def _systems(asked: argparse.Namespace) -> dict[str, tuple[str, _Predict]]:
    """By name, a system's settings, and what predicts each fold of a table.

    It gives N × K for the system and for each of its members.
    """
    preset = PRESETS[asked.preset]
    systems: dict[str, tuple[str, _Predict]] = {
        name: (settings_of(each), partial(_of_preset, each))
        for name, each in (
            (preset.name, preset),
            (f"{preset.name} --no-pretrained", preset.without_encoder()),
        )
    }
    systems["LightGBM"] = "defaults", _of_lightgbm
    if asked.chemprop:
        command = find_chemprop(asked.chemprop)
        if command is None:
            raise UserError(MISSING)
        systems["Chemprop"] = "defaults", partial(_of_chemprop, command)
    return systems


def _of_preset(preset: Preset, table: Table, folds: np.ndarray) -> dict[str, np.ndarray]:
    request = replace(BundleRequest.of(table, table.name, preset), given_folds=folds)
    return predict_folds(request)


def _of_lightgbm(table: Table, folds: np.ndarray) -> dict[str, np.ndarray]:
    matrix = np.array([features(smiles) for smiles in table.canonical])
    return {"blend": predict_held_out(table, folds, matrix)}


def _of_chemprop(command: Path, table: Table, folds: np.ndarray) -> dict[str, np.ndarray]:
    predicted = np.full(table.labels.shape, np.nan)
    names = [property_.name for property_ in table.properties]
    with tempfile.TemporaryDirectory() as folder:
        for fold in np.unique(folds):
            job = Job(command, Path(folder) / str(fold), [], epochs=50)
            frame = split(table, folds == fold, int(fold))
            predicted[folds == fold], _ = job.fit(frame, names)
    return {"blend": predicted}


def _rmse(table: Table, folds: np.ndarray, predicted: np.ndarray) -> dict[str, list[float]]:
    """By property, the RMSE of each fold, in its unit."""
    squares = (predicted - table.labels) ** 2
    return {
        property_.name: [
            float(np.sqrt(np.nanmean(squares[folds == fold, k]))) for fold in np.unique(folds)
        ]
        for k, property_ in enumerate(table.properties)
    }


def report(found: dict) -> str:
    """The mean RMSE of each system on each table, then of the presets' members, as Markdown."""
    names = [(table, name) for table in found for name in _first(_first(found[table])["rmse"])]
    heads = [table for table, _ in names]
    systems = list(dict.fromkeys(system for own in found.values() for system in own))
    # Presets before their peers.
    systems.sort(key=lambda system: system in _TITLES)

    def cells(system: str, member: str) -> list[str]:
        own = (found[table].get(system, {}).get("rmse", {}).get(member) for table, _ in names)
        errors = [by_name and by_name[name] for by_name, (_, name) in zip(own, names, strict=True)]
        return [f"{np.mean(each):.3f} ± {np.std(each):.3f}" if each else "" for each in errors]

    rows = [[_TITLES.get(system, f"`{system}`"), *cells(system, "blend")] for system in systems]
    for system in ("MIPS", "MMPolymer"):
        published = (PUBLISHED.get(table, {}).get(system) for table, _ in names)
        rows.append([f"{system}, as published", *(f"{e:.3f}" if e else "" for e in published)])
    members: dict[str, list[str]] = {}
    for system in systems:
        of_tables = (own.get(system, {}).get("rmse", {}) for own in found.values())
        for member in dict.fromkeys(each for errors in of_tables for each in errors):
            shown = cells(system, member)
            # Those that a preset has in both ways are told once.
            if member != "blend" and shown not in members.values():
                members[f"{title_of(member)} of `{system}`"] = shown
    tables = [
        markdown_table([head, *heads], each)
        for head, each in (("system", rows), ("member", [[m, *own] for m, own in members.items()]))
    ]
    return "\n\n".join(tables)


def _first(mapping: dict) -> dict:
    return next(iter(mapping.values()))


if __name__ == "__main__":
    main()
