"""The blueprints' claims beside what is measured here: `python -m bench.accuracy.claims`.

Errors are those of the out-of-fold predictions in `results/accuracy/`; memory is measured by a
short trial of each preset. Prints the tables of `docs/presets.md`, writes `results/claims.json`.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.accuracy.bootstrap import wmae
from bench.accuracy.results import Result, load_all
from bench.out_of_fold import competition
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
        wmae, parameters, memory: as they stand there; empty where it says nothing.
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


def measured(result: Result) -> dict:
    """A system's wMAE, and its errors relative to the ranges of the whole table's labels."""
    found = result.out_of_fold
    spans = np.nanmax(found.labels, axis=0) - np.nanmin(found.labels, axis=0)
    relative = np.nanmean(found.errors, axis=0) / spans
    return {
        "only_fold": result.only_fold,
        "wmae": float(wmae(found.labels)(found.errors)),
        "errors": dict(zip(found.names, map(float, relative), strict=True)),
        "seconds": result.about["seconds"],
        "command": result.about["command"],
    }


def peaks(table: Table, folds: np.ndarray) -> dict[str, float]:
    """Most memory that training on a table holds here, in MB (2²⁰ bytes), by preset."""
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


def claims_table(written: dict[str, dict]) -> str:
    """Claimed beside measured, as Markdown."""
    lines = [
        "| preset | parameters: claimed | here, five properties | wMAE: claimed | here | on | "
        "memory: claimed | here, on the CPU |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, claim in CLAIMS.items():
        one = written[name]
        here = one.get("measured")
        only = here and here["only_fold"]
        cells = [
            f"`{name}`",
            claim.parameters,
            f"{one['parameters']:,}",
            claim.wmae,
            f"{here['wmae']:.4f}" if here else "not measured yet",
            "" if here is None else "all folds" if only is None else f"fold {only}",
            claim.memory,
            f"{one['peak_mb'] / 1024:.1f} GB",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def errors_table(written: dict[str, dict]) -> str:
    """Errors by property where they are claimed, as Markdown."""
    lines = []
    for name, claim in CLAIMS.items():
        here = written[name].get("measured")
        if not claim.errors or not here:
            continue
        names = list(claim.errors)
        lines += [f"| `{name}` | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
        for title, errors in (("claimed", claim.errors), ("here", here["errors"])):
            lines.append(f"| {title} | {' | '.join(f'{errors[one]:.3f}' for one in names)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, write, print."""
    table, folds = competition(_FOLDS)
    systems = {one.system: one for one in load_all(table) if one.folds == _FOLDS}
    properties = len(table.properties)
    written = {
        name: {
            "parameters": _parameters(name, properties),
            "peak_mb": peak,
        }
        | ({"measured": measured(systems[name])} if name in systems else {})
        for name, peak in peaks(table, folds).items()
    }
    about = {
        "command": "python -m bench.accuracy.claims",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine_record(),
    }
    RESULTS.write_text(json.dumps(about | {"presets": written}, indent=1) + "\n", encoding="utf-8")
    print(claims_table(written), errors_table(written), sep="\n\n")


if __name__ == "__main__":
    main()
