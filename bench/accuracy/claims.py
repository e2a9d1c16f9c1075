"""The blueprints' claims beside what is measured here: `python -m bench.accuracy.claims`.

Errors are those of the out-of-fold predictions in `results/accuracy/`; memory is measured by a
short trial of each preset. Prints the tables of `docs/presets.md`, writes `results/claims.json`.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.accuracy.bootstrap import wmae
from bench.accuracy.results import Result, load_all
from bench.out_of_fold import load_competition
from bench.reporting import markdown_table, stamp, write_json
from bench.speed.machine import machine_record
from engine.base.packed import take
from engine.features.compute import compute_features
from engine.models.members import network_configs, network_member
from engine.models.network import count_parameters
from engine.settings.devices import DeviceSettings
from engine.settings.presets import PRESETS
from engine.table import Table
from engine.training.probe import probe

RESULTS = Path("results/claims.json")
_FOLDS = "random"
_SAMPLE = 400


@dataclass(frozen=True)
class Claim:
    """What a blueprint says of a preset, in its own words.

    Attributes:
        wmae, parameters, memory: as it states them; empty where it says nothing.
        errors: by property, relative to its range.
    """

    wmae: str
    parameters: str = ""
    memory: str = ""
    errors: dict[str, float] = field(default_factory=dict)


CLAIMS = {
    "baseline-gcn": Claim("0.305"),
    "standard": Claim("0.142", parameters="2.1 million"),
    "laptop-6gb": Claim("0.128 ± 0.004", memory="under 5 GB"),
    "t4x2": Claim(
        "0.138",
        parameters="3.8 million",
        errors={"Tg": 0.139, "FFV": 0.144, "Tc": 0.132, "Density": 0.135, "Rg": 0.142},
    ),
}


def measure(result: Result) -> dict:
    """A system's wMAE, and its errors relative to the ranges of the whole table's labels."""
    out_of_fold = result.out_of_fold
    spans = np.nanmax(out_of_fold.labels, axis=0) - np.nanmin(out_of_fold.labels, axis=0)
    relative = np.nanmean(out_of_fold.errors, axis=0) / spans
    return {
        "only_fold": result.only_fold,
        "wmae": float(wmae(out_of_fold.labels)(out_of_fold.errors)),
        "errors": dict(zip(out_of_fold.names, map(float, relative), strict=True)),
        "seconds": result.about["seconds"],
        "command": result.about["command"],
    }


def peaks(table: Table, folds: np.ndarray) -> dict[str, float]:
    """The peak memory of training on a table here, in MB (2²⁰ bytes), by preset."""
    rows = np.random.default_rng(0).choice(len(folds), _SAMPLE, replace=False)
    graphs = take(compute_features(table.canonical).graphs, np.sort(rows))
    labels = np.random.default_rng(0).normal(size=(_SAMPLE, len(table.properties)))
    count = len(np.unique(folds))
    return {
        name: probe(graphs, labels, PRESETS[name], DeviceSettings(), len(folds), count).peak_mb
        for name in CLAIMS
    }


def _parameters(preset: str, properties: int) -> int:
    """Of one network of each of a preset's members that have some."""
    return sum(
        count_parameters(network_member(member).build(config.network, properties))
        for member, config in network_configs(PRESETS[preset]).items()
    )


def claims_table(presets: dict[str, dict]) -> str:
    """Claimed beside measured, as Markdown."""
    heads = [
        *("preset", "parameters: claimed", "here, five properties", "wMAE: claimed", "here", "on"),
        *("memory: claimed", "here, on the CPU"),
    ]
    rows = []
    for name, claim in CLAIMS.items():
        preset = presets[name]
        measured = preset.get("measured")
        score, folds = "not measured yet", ""
        if measured:
            score, fold = f"{measured['wmae']:.4f}", measured["only_fold"]
            folds = "all folds" if fold is None else f"fold {fold}"
        rows.append(
            [
                *(f"`{name}`", claim.parameters, f"{preset['parameters']:,}"),
                *(claim.wmae, score, folds),
                *(claim.memory, f"{preset['peak_mb'] / 1024:.1f} GB"),
            ]
        )
    return markdown_table(heads, rows)


def errors_tables(presets: dict[str, dict]) -> str:
    """Errors by property where they are claimed, as Markdown."""
    tables = []
    for name, claim in CLAIMS.items():
        measured = presets[name].get("measured")
        if claim.errors and measured:
            rows = [
                [title, *(f"{errors[key]:.3f}" for key in claim.errors)]
                for title, errors in (("claimed", claim.errors), ("here", measured["errors"]))
            ]
            tables.append(markdown_table([f"`{name}`", *claim.errors], rows))
    return "\n\n".join(tables)


def main() -> None:
    """Measure, write, print."""
    table, folds = load_competition(_FOLDS)
    systems = {result.system: result for result in load_all(table) if result.folds == _FOLDS}
    properties = len(table.properties)
    presets: dict[str, dict] = {}
    for name, peak in peaks(table, folds).items():
        presets[name] = {"parameters": _parameters(name, properties), "peak_mb": peak}
        if name in systems:
            presets[name]["measured"] = measure(systems[name])
    about = {**stamp("python -m bench.accuracy.claims"), "machine": machine_record()}
    write_json(RESULTS, {**about, "presets": presets})
    print(claims_table(presets), errors_tables(presets), sep="\n\n")


if __name__ == "__main__":
    main()
