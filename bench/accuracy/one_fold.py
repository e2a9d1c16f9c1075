"""A preset on one frozen fold alone: `python -m bench.accuracy.one_fold PRESET random 0`.

For presets that take this machine many hours on all folds. All other rows are trained on and not
predicted. The blend's weights are equal, since there are no other folds to fit them on. Checkpoints
lie in `--scratch`; the same command goes on from them.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.accuracy.results import save
from bench.out_of_fold import FOLDS, load_competition, long_form
from bench.speed.machine import machine_record
from engine.api.progress import progress_bars
from engine.features.compute import canonical_units, compute_features
from engine.models.members import resolved
from engine.settings.presets import PRESETS, Preset
from engine.table import Table
from engine.training.checkpoints import Checkpoints
from engine.training.context import TrainContext
from engine.training.ensemble import TrainingData, fit_ensemble


def fit(preset: str, folds_name: str, fold: int, scratch: Path, seed: int = 0) -> Path:
    """Fit a preset's members and predict the fold; returns the file of the predictions.

    Args:
        preset: its name.
        folds_name: one of `FOLDS`.
        fold: the number of the fold that is held out.
        scratch: a folder for the checkpoints.
        seed: of everything random.
    """
    chosen, data, table = data_of(preset, folds_name, fold)
    place = scratch / f"{preset}-{folds_name}-{fold}"
    members = place / "members"
    members.mkdir(parents=True, exist_ok=True)
    seconds = place / "seconds"
    if Checkpoints(place / "checkpoints").keep_only_for(preset=chosen.model_dump_json()):
        seconds.unlink(missing_ok=True)
    with _added_to(seconds), progress_bars() as reporter:
        context = TrainContext(members, reporter, checkpoints=place / "checkpoints")
        ensemble = fit_ensemble(data, chosen, seed, context)
    about = {
        "command": f"python -m bench.accuracy.one_fold {preset} {folds_name} {fold}",
        "only_fold": fold,
        "seconds": float(seconds.read_text()),
        "members": ensemble.figures["members"],
        "machine": machine_record(),
    }
    return save(preset, folds_name, about, long_form(table, data.folds, ensemble.blended))


def data_of(preset: str, folds_name: str, fold: int) -> tuple[Preset, TrainingData, Table]:
    """A preset with all its settings, and what it learns from where one fold is held out.

    Args:
        preset: its name.
        folds_name: one of `FOLDS`.
        fold: the number of the fold.

    Returns:
        Both, and the competition table.
    """
    chosen, (table, folds) = resolved(PRESETS[preset]), load_competition(folds_name)
    in_chain = chosen.canonical_units
    units = canonical_units(table.canonical) if in_chain else table.canonical
    features = compute_features(units, canonical_units=in_chain)
    names = [property_.name for property_ in table.properties]
    held_out = np.where(folds == fold, fold, -1)
    return chosen, TrainingData(features, table.labels, held_out, names), table


@contextmanager
def _added_to(file: Path) -> Iterator[None]:
    """Add the seconds that a block takes to those in a file, also when it is interrupted."""
    before, started = float(file.read_text()) if file.exists() else 0.0, time.perf_counter()
    try:
        yield
    finally:
        file.write_text(str(before + time.perf_counter() - started))


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
