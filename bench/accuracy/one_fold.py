"""A preset on one frozen fold alone: `python -m bench.accuracy.one_fold PRESET random 0`.

For presets that take this machine many hours on all folds. All other rows are learnt from and not
predicted; weights that a run fits on other folds are equal here. What is finished lies in
`--scratch`, and the same command goes on from there.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.accuracy.results import save
from bench.out_of_fold import FOLDS, competition, long_form
from bench.speed.machine import machine_record
from engine.api.progress import progress_bars
from engine.features.compute import compute_features
from engine.models.members import resolved
from engine.settings.presets import PRESETS
from engine.training.checkpoints import Checkpoints
from engine.training.context import TrainContext
from engine.training.ensemble import TrainingData, fit_ensemble


def fit(preset: str, folds_name: str, fold: int, scratch: Path, seed: int = 0) -> Path:
    """Fit a preset's members, predict the fold; returns the file of the predictions.

    Args:
        preset: its name.
        folds_name: which of `FOLDS`.
        fold: the number of the one that is held out.
        scratch: a folder for what is finished.
        seed: of everything random.
    """
    table, folds = competition(folds_name)
    names = [known.name for known in table.properties]
    data = TrainingData(
        compute_features(table.canonical), table.labels, np.where(folds == fold, fold, -1), names
    )
    place = scratch / f"{preset}-{folds_name}-{fold}"
    members = place / "members"
    members.mkdir(parents=True, exist_ok=True)
    spent, chosen = place / "seconds", resolved(PRESETS[preset])
    if Checkpoints(place / "checkpoints").keep_only_for(preset=chosen.model_dump_json()):
        spent.unlink(missing_ok=True)
    with _added_to(spent), progress_bars() as reporter:
        context = TrainContext(members, reporter, checkpoints=place / "checkpoints")
        made = fit_ensemble(data, chosen, seed, context)
    about = {
        "command": f"python -m bench.accuracy.one_fold {preset} {folds_name} {fold}",
        "only_fold": fold,
        "seconds": float(spent.read_text()),
        "members": made.figures["members"],
        "machine": machine_record(),
    }
    return save(preset, folds_name, about, long_form(table, folds, made.blended))


@contextmanager
def _added_to(spent: Path) -> Iterator[None]:
    """Add the seconds of what happens to those in a file, also when it is interrupted."""
    before, began = float(spent.read_text()) if spent.exists() else 0.0, time.perf_counter()
    try:
        yield
    finally:
        spent.write_text(str(before + time.perf_counter() - began))


def main() -> None:
    """Fit one preset on one fold."""
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy.one_fold", description=__doc__)
    parser.add_argument("preset", choices=PRESETS)
    parser.add_argument("folds", choices=FOLDS)
    parser.add_argument("fold", type=int)
    parser.add_argument("--scratch", type=Path, default=Path("one-fold"))
    given = parser.parse_args()
    print(fit(given.preset, given.folds, given.fold, given.scratch))


if __name__ == "__main__":
    main()
