"""Chemprop on the same folds: `python -m bench.accuracy.chemprop --chemprop PATH random`.

Chemprop has an environment of its own (`python -m venv chemprop-venv && chemprop-venv/bin/pip
install chemprop`). Each fold has one network for all properties, with default settings or, with
`--tuned`, with the absolute error as its loss and properties weighted as the competition's error
weighs them. Wider and deeper networks with descriptors were tried and err more
(docs/experiments.md). Chemprop keeps the epoch that is best on a tenth of the training rows, so it
never looks at the fold it is scored on. Finished folds are not trained again; `--only-fold 0`
predicts one fold alone.
"""

import argparse
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.accuracy.results import save
from bench.out_of_fold import FOLDS, load_competition, long_form
from bench.speed.chemprop import MISSING, chemprop_environment, find_chemprop
from bench.speed.machine import machine_record
from engine.base.errors import UserError
from engine.table import Table

VALIDATION_SHARE = 0.1
"""The share of the training rows that chooses the epoch."""


@dataclass(frozen=True)
class Job:
    """One fold.

    Attributes:
        command: Chemprop's.
        folder: for the fold's files.
        settings: arguments of `chemprop train` that differ from its defaults.
        epochs: how many to train.
    """

    command: Path
    folder: Path
    settings: list[str]
    epochs: int

    def fit(self, frame: pd.DataFrame, names: list[str]) -> tuple[np.ndarray, float]:
        """Train and predict.

        Args:
            frame: `smiles`, the properties, and `split`: train, val or test.
            names: the K properties.

        Returns:
            Predictions of the test rows, shape `(n, K)`, and the seconds of both steps.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        predicted, seconds = self.folder / "predicted.csv", self.folder / "seconds"
        if not seconds.exists():
            frame.to_csv(self.folder / "table.csv", index=False)
            frame.loc[frame["split"] == "test", ["smiles"]].to_csv(
                self.folder / "test.csv", index=False
            )
            started = time.perf_counter()
            self._call("train", "-i", "table.csv", *self._training_arguments(names))
            self._call(
                *("predict", "-i", "test.csv", "-s", "smiles", "--model-paths", "out"),
                *("-o", predicted.name, "--num-workers", "0"),
            )
            seconds.write_text(str(time.perf_counter() - started))
        return pd.read_csv(predicted)[names].to_numpy(), float(seconds.read_text())

    def _training_arguments(self, names: list[str]) -> list[str]:
        return [
            *("-s", "smiles", "--target-columns", *names, "-t", "regression"),
            *("--splits-column", "split", "--epochs", str(self.epochs), "-o", "out"),
            *("--num-workers", "0", "--pytorch-seed", "0", *self.settings),
        ]

    def _call(self, *arguments: str) -> None:
        with (self.folder / "log").open("a", encoding="utf-8") as log:
            done = subprocess.run(
                [str(self.command.resolve()), *arguments],
                cwd=self.folder,
                env=chemprop_environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            raise UserError(f"Chemprop failed, see {self.folder / 'log'}.")


def split(table: Table, held_out: np.ndarray, seed: int) -> pd.DataFrame:
    """One fold's table for Chemprop; a tenth of its training rows are for validation."""
    names = [property_.name for property_ in table.properties]
    frame = pd.DataFrame(table.labels, columns=names)
    frame.insert(0, "smiles", table.canonical)
    validation = np.random.default_rng(seed).random(len(frame)) < VALIDATION_SHARE
    frame["split"] = np.where(held_out, "test", np.where(validation, "val", "train"))
    return frame


def tuned_settings(labels: np.ndarray) -> list[str]:
    """Arguments for a loss like the competition's error, from labels of shape `(N, K)`."""
    weights = np.isfinite(labels).sum(axis=0) ** -0.5
    return [
        *("--loss-function", "mae"),
        *("--task-weights", *(f"{weight:.3f}" for weight in weights / weights.mean())),
    ]


def main() -> None:
    """Train the folds and save the predictions."""
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy.chemprop", description=__doc__)
    parser.add_argument("folds", choices=FOLDS)
    parser.add_argument("--chemprop", metavar="PATH", help="its command or its Python")
    parser.add_argument("--tuned", action="store_true")
    parser.add_argument("--epochs", type=int, default=50, help="50, as is Chemprop's default")
    parser.add_argument("--only-fold", type=int)
    parser.add_argument("--scratch", type=Path, default=Path("chemprop-folds"))
    given = parser.parse_args()
    command = find_chemprop(given.chemprop)
    if command is None:
        raise UserError(MISSING)
    system = "Chemprop tuned by hand" if given.tuned else "Chemprop default"
    table, folds = load_competition(given.folds)
    names = [property_.name for property_ in table.properties]
    settings = tuned_settings(table.labels) if given.tuned else []
    predicted, total = np.full(table.labels.shape, np.nan), 0.0
    for fold in np.unique(folds) if given.only_fold is None else [given.only_fold]:
        place = given.scratch / f"{system.split()[1]}-{given.folds}-{fold}"
        job = Job(command, place, settings, given.epochs)
        predicted[folds == fold], seconds = job.fit(split(table, folds == fold, int(fold)), names)
        total += seconds
        print(f"{system}, {given.folds} fold {fold}: {seconds:.0f} s", flush=True)
    options = " --tuned" if given.tuned else ""
    options += "" if given.only_fold is None else f" --only-fold {given.only_fold}"
    about = {
        "only_fold": given.only_fold,
        "command": f"python -m bench.accuracy.chemprop {given.folds}{options}",
        "seconds": total,
        "epochs": given.epochs,
        "settings": settings or "Chemprop's own",
        "machine": machine_record(),
    }
    print(save(system, given.folds, about, long_form(table, folds, predicted)))


if __name__ == "__main__":
    main()
