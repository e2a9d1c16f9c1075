"""Chemprop on the same folds: `python -m bench.accuracy.chemprop --chemprop PATH random`.

In an environment of its own (`python -m venv chemprop-venv && chemprop-venv/bin/pip install
chemprop`). One network for all properties and each fold, its default settings or, with `--tuned`,
the absolute error as its loss, with properties weighted as the competition's error weighs them.
Wider and deeper networks with descriptors were tried and err more (docs/experiments.md). It keeps
the epoch that is best on a tenth of the training rows, so it never looks at the fold it is scored
on. Folds that are finished are not trained again; `--only-fold 0` predicts one alone.
"""

import argparse
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.accuracy.results import save
from bench.out_of_fold import FOLDS, competition, long_form
from bench.speed.chemprop import MISSING, chemprop_environment, find_chemprop
from bench.speed.machine import machine_record
from engine.base.errors import UserError
from engine.table import Table

WATCHED = 0.1
"""Of the training rows, the share that chooses the epoch."""


@dataclass(frozen=True)
class Job:
    """One fold: where its files are, and how Chemprop is called."""

    command: Path
    folder: Path
    words: list[str]
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
        done, spent = self.folder / "predicted.csv", self.folder / "seconds"
        if not spent.exists():
            frame.to_csv(self.folder / "table.csv", index=False)
            frame.loc[frame["split"] == "test", ["smiles"]].to_csv(
                self.folder / "test.csv", index=False
            )
            began = time.perf_counter()
            self._call("train", "-i", "table.csv", *self._training_words(names))
            self._call(
                *("predict", "-i", "test.csv", "-s", "smiles", "--model-paths", "out"),
                *("-o", done.name, "--num-workers", "0"),
            )
            spent.write_text(str(time.perf_counter() - began))
        return pd.read_csv(done)[names].to_numpy(), float(spent.read_text())

    def _training_words(self, names: list[str]) -> list[str]:
        return [
            *("-s", "smiles", "--target-columns", *names, "-t", "regression"),
            *("--splits-column", "split", "--epochs", str(self.epochs), "-o", "out"),
            *("--num-workers", "0", "--pytorch-seed", "0", *self.words),
        ]

    def _call(self, *words: str) -> None:
        with (self.folder / "log").open("a", encoding="utf-8") as log:
            ended = subprocess.run(
                [str(self.command.resolve()), *words],
                cwd=self.folder,
                env=chemprop_environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if ended.returncode:
            raise UserError(f"Chemprop failed, see {self.folder / 'log'}.")


def split(table: Table, held_out: np.ndarray, seed: int) -> pd.DataFrame:
    """One fold's table for Chemprop; a tenth of its training rows are set aside to watch."""
    names = [one.name for one in table.properties]
    frame = pd.DataFrame(table.labels, columns=names)
    frame.insert(0, "smiles", table.canonical)
    watched = np.random.default_rng(seed).random(len(frame)) < WATCHED
    frame["split"] = np.where(held_out, "test", np.where(watched, "val", "train"))
    return frame


def tuned(labels: np.ndarray) -> list[str]:
    """Chemprop's words for a loss like the competition's error, from labels of shape `(N, K)`."""
    weights = np.isfinite(labels).sum(axis=0) ** -0.5
    return [
        *("--loss-function", "mae"),
        *("--task-weights", *(f"{weight:.3f}" for weight in weights / weights.mean())),
    ]


def main() -> None:
    """Train all folds, keep the predictions."""
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy.chemprop", description=__doc__)
    parser.add_argument("folds", choices=FOLDS)
    parser.add_argument("--chemprop", metavar="PATH", help="its command or its Python")
    parser.add_argument("--tuned", action="store_true")
    parser.add_argument("--epochs", type=int, default=50, help="50, as Chemprop itself has it")
    parser.add_argument("--only-fold", type=int)
    parser.add_argument("--scratch", type=Path, default=Path("chemprop-folds"))
    given = parser.parse_args()
    command = find_chemprop(given.chemprop)
    if command is None:
        raise UserError(MISSING)
    system = "Chemprop tuned by hand" if given.tuned else "Chemprop default"
    table, folds = competition(given.folds)
    names = [one.name for one in table.properties]
    words = tuned(table.labels) if given.tuned else []
    predicted, seconds = np.full(table.labels.shape, np.nan), 0.0
    wanted = np.unique(folds) if given.only_fold is None else [given.only_fold]
    for fold in wanted:
        place = given.scratch / f"{system.split()[1]}-{given.folds}-{fold}"
        job = Job(command, place, words, given.epochs)
        predicted[folds == fold], spent = job.fit(split(table, folds == fold, int(fold)), names)
        seconds += spent
        print(f"{system}, {given.folds} fold {fold}: {spent:.0f} s", flush=True)
    options = " --tuned" if given.tuned else ""
    options += "" if given.only_fold is None else f" --only-fold {given.only_fold}"
    about = {
        "only_fold": given.only_fold,
        "command": f"python -m bench.accuracy.chemprop {given.folds}{options}",
        "seconds": seconds,
        "epochs": given.epochs,
        "settings": words or "Chemprop's own",
        "machine": machine_record(),
    }
    found = long_form(table, folds, predicted)
    print(save(system, given.folds, about, found))


if __name__ == "__main__":
    main()
