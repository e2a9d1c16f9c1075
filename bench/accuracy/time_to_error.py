"""How soon a preset errs no more than Chemprop: `python -m bench.accuracy.time_to_error`.

On the first frozen `random` fold, one after another on the same machine: Chemprop with its default
settings, Chemprop tuned by hand (`bench.accuracy.chemprop`), and presets in a process of their own
with an empty workspace. A preset's seconds run from the start of that process and hold reading the
table and making the features; after each member, the error is that of the members so far with equal
weights. What `results/time-to-error.json` holds of the same settings is not measured again.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.accuracy.bootstrap import wmae
from bench.accuracy.chemprop import Job, split, tuned_settings
from bench.accuracy.one_fold import data_of
from bench.out_of_fold import load_competition
from bench.reporting import markdown_table, read_json, settings_of, stamp, write_json
from bench.speed.chemprop import MISSING, find_chemprop
from bench.speed.data import temporary_workspace
from bench.speed.machine import machine_record
from engine.base.errors import UserError
from engine.models.members import title_of
from engine.settings.presets import PRESETS
from engine.table import Table
from engine.training.context import TrainContext
from engine.training.ensemble import fit_ensemble
from engine.training.reporter import Reporter

RESULTS = Path("results/time-to-error.json")
FOLDS_NAME, FOLD = "random", 0
_CHEMPROP_EPOCHS = 50
_TITLES = {
    "Chemprop default": "Chemprop with its defaults",
    "Chemprop tuned by hand": "Chemprop tuned by hand",
}


@dataclass
class Moments(Reporter):
    """When each member began; `begins` has the members' names and the seconds since 1970."""

    begins: dict[str, float] = field(default_factory=dict)

    def stage(self, name: str, total: int) -> None:
        """See `Reporter`."""
        self.begins[name] = time.time()


def main() -> None:
    """Measure what is missing, and print all."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.accuracy.time_to_error", description=__doc__
    )
    parser.add_argument("--chemprop", metavar="PATH", help="its command or its Python")
    parser.add_argument("--presets", nargs="*", default=["smoke", "cpu"], choices=[*PRESETS])
    asked = parser.parse_args()
    table, folds = load_competition(FOLDS_NAME)
    of_chemprop = {"Chemprop default": [], "Chemprop tuned by hand": tuned_settings(table.labels)}
    for system in [*asked.presets, *of_chemprop]:
        found = read_json(RESULTS)
        settings = f"{_CHEMPROP_EPOCHS} epochs"
        if system not in of_chemprop:
            settings = settings_of(PRESETS[system])
        if found.get(system, {}).get("settings") == settings:
            continue
        if system in of_chemprop:
            command = find_chemprop(asked.chemprop)
            if command is None:
                raise UserError(MISSING)
            points = [_time_chemprop(table, folds == FOLD, command, of_chemprop[system])]
        else:
            points = time_preset(system)
        about = stamp(" ".join(["python -m bench.accuracy.time_to_error", *sys.argv[1:]]))
        about |= {"settings": settings}
        found[system] = {**about, "machine": machine_record(), "points": points}
        write_json(RESULTS, found)
    print(report(read_json(RESULTS)))


def _time_chemprop(
    table: Table, held_out: np.ndarray, command: Path, settings: list[str]
) -> dict[str, float | str]:
    names = [property_.name for property_ in table.properties]
    with tempfile.TemporaryDirectory() as folder:
        job = Job(command, Path(folder) / "fold", settings, _CHEMPROP_EPOCHS)
        predicted, seconds = job.fit(split(table, held_out, FOLD), names)
    return {
        "after": f"{_CHEMPROP_EPOCHS} epochs",
        "seconds": seconds,
        "wmae": float(wmae(table.labels)(np.abs(predicted - table.labels[held_out]))),
    }


def time_preset(name: str) -> list[dict[str, float | str]]:
    """The seconds and the wMAE of a preset after each of its members."""
    started = time.time()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        ends, members = pool.submit(_fit, name).result()
    table, folds = load_competition(FOLDS_NAME)
    figure, labels = wmae(table.labels), table.labels[folds == FOLD]
    so_far = [np.mean(members[: count + 1], axis=0) for count in range(len(members))]
    return [
        {"after": member, "seconds": end - started, "wmae": float(figure(np.abs(each - labels)))}
        for (member, end), each in zip(ends.items(), so_far, strict=True)
    ]


def _fit(name: str) -> tuple[dict[str, float], np.ndarray]:
    """When each member was done, and their predictions of the fold, shape `(M, n, K)`."""
    with temporary_workspace() as folder:
        preset, data, _ = data_of(name, FOLDS_NAME, FOLD)
        moments = Moments()
        members = folder / "members"
        members.mkdir()
        ensemble = fit_ensemble(data, preset, 0, TrainContext(members, moments))
    begins = [*moments.begins.values(), time.time()]
    ends = dict(zip(moments.begins, begins[1:], strict=True))
    held_out = data.folds == FOLD
    return {each: ends[each] for each in ensemble.members}, ensemble.out_of_fold[:, held_out]


def report(found: dict) -> str:
    """Each system's seconds and errors, and the share of Chemprop's time, as Markdown.

    A share is given where the error is no greater than Chemprop's.
    """
    peers = {name: own["points"][0] for name, own in found.items() if name in _TITLES}
    heads = ["system", "after", "seconds", "wMAE"]
    heads += [f"share of the time of {_TITLES[peer]}" for peer in peers]
    rows = []
    for system, own in found.items():
        for point in own["points"]:
            shares = (
                f"{point['seconds'] / peer['seconds']:.3f}"
                if point["wmae"] <= peer["wmae"] and system not in peers
                else ""
                for peer in peers.values()
            )
            after = point["after"] if system in peers else title_of(point["after"])
            figures = [f"{point['seconds']:.0f}", f"{point['wmae']:.4f}"]
            rows.append([_TITLES.get(system, f"`{system}`"), after, *figures, *shares])
    return markdown_table(heads, rows)


if __name__ == "__main__":
    main()
