"""How long training takes with all sources beside the competition's table alone.

`python -m bench.sources_time TABLES` trains the preset `best` on both, one after the other in one
process, and writes `results/sources-time.json`; TABLES holds the tables as `bench.shipped_tables`
writes them. The first of the frozen random folds is held out, and then the other four together:
every kind of fit that a run makes, in a quarter of its time.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.out_of_fold import load_competition
from bench.reporting import markdown_table, stamp, write_json
from bench.shipped_tables import SOURCES
from bench.speed.machine import machine_record, machine_sentence
from engine.runs.making import BundleRequest, make_bundle
from engine.settings.presets import PRESETS
from engine.settings.sources import source_named
from engine.table import Table, join_tables, load_table
from engine.table.folds import given_folds
from engine.training.context import TrainContext
from engine.training.reporter import Reporter

RESULTS = Path("results/sources-time.json")
_FOLDS = "random"
_ANSWERS = {"Tg": "measured", "Density": "measured"}


class Stopwatch(Reporter):
    """Takes the seconds of each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage, self._since = "", 0.0

    def stage(self, name: str, total: int) -> None:
        """See `Reporter`."""
        self.stop()
        self._stage, self._since = name, time.perf_counter()
        print(name, flush=True)

    def stop(self) -> None:
        """End the last stage."""
        if self._stage:
            self.seconds[self._stage] = time.perf_counter() - self._since


def main() -> None:
    """Time both and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", default="best")
    arguments = parser.parse_args()
    alone, folds = load_competition(_FOLDS)
    joined = _joined(arguments.folder)
    joined_folds = given_folds(f"{arguments.folder / 'folds.csv'}:{_FOLDS}", joined)
    sides = {
        "train.csv alone": (alone, folds),
        "all sources": (joined, joined_folds),
    }
    result = {
        **stamp(f"python -m bench.sources_time TABLES --preset {arguments.preset}"),
        "machine": machine_record(),
        "sides": {
            name: {
                "rows": len(table.canonical),
                "seconds": seconds_by_stage(table, given, arguments.preset),
            }
            for name, (table, given) in sides.items()
        },
    }
    write_json(RESULTS, result)
    print(report(result))


def _joined(folder: Path) -> Table:
    tables = [load_table(folder / f"{name}.csv") for name in SOURCES]
    return join_tables(tables, [source_named(name) for name in SOURCES], _ANSWERS)


def seconds_by_stage(table: Table, folds: np.ndarray, preset: str) -> dict[str, float]:
    """Train on a table with its first fold against the others; the seconds of each stage."""
    stopwatch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        # A workspace of its own: features of the other side would be found in the store.
        os.environ["POLYGIN_HOME"] = folder
        request = replace(
            BundleRequest.of(table, "timed", PRESETS[preset]),
            given_folds=np.where(folds == folds.min(), 0, 1),
        )
        make_bundle(request, TrainContext(Path(folder) / "bundle", stopwatch))
    stopwatch.stop()
    return stopwatch.seconds


def report(result: Mapping) -> str:
    """The seconds of each stage, their ratios, and the ratio by row."""
    alone, together = result["sides"].values()
    stages = {**alone["seconds"], **together["seconds"]}
    rows = [
        _row(stage, alone["seconds"].get(stage, 0.0), together["seconds"].get(stage, 0.0))
        for stage in stages
    ]
    sums = [sum(side["seconds"].values()) for side in (alone, together)]
    by_row = sums[1] / together["rows"] / (sums[0] / alone["rows"])
    rows.append(_row("in all", *sums))
    rows.append(["rows", f"{alone['rows']:,}", f"{together['rows']:,}", ""])
    rows.append(["times as long by row", "", "", f"{by_row:.2f}"])
    return f"{machine_sentence(result['machine'])}\n\n" + markdown_table(
        ["stage", *(f"{name}, s" for name in result["sides"]), "ratio"], rows
    )


def _row(name: str, alone: float, together: float) -> list[str]:
    ratio = f"{together / alone:.2f}" if alone else ""
    return [name, f"{alone:.0f}", f"{together:.0f}", ratio]


if __name__ == "__main__":
    main()
