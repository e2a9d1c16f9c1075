"""Seconds per epoch of `chemprop train` on the same table, in an environment of its own."""

import csv
import os
import shutil
import subprocess
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
import torch

from bench.speed.data import Subject
from bench.speed.loops import block_rows, cases, make_epoch
from bench.speed.machine import threads
from bench.speed.timing import Show, timed
from engine.base.errors import UserError

MISSING = (
    "Chemprop is not installed; make it an environment of its own, "
    "`python -m venv chemprop-venv && chemprop-venv/bin/pip install chemprop`, "
    "and add `--chemprop chemprop-venv/bin/chemprop`."
)
_EPOCHS, _RUNS = 4, 2
_QUICK_EPOCHS, _QUICK_RUNS = 3, 1
_OUR_BLOCKS = 3
_POLL_SECONDS = 0.02
_WRITING_SECONDS = 0.1
_WATCHED_EACH = 8


def find_chemprop(place: str | None) -> Path | None:
    """Chemprop's command; None where there is none.

    Args:
        place: the command itself, or the Python of its environment; None to look on the path.
    """
    found = shutil.which(place or "chemprop")
    if found is None:
        return None
    path = Path(found)
    if path.name.startswith("python"):
        path = path.with_name("chemprop")
    return path if path.is_file() else None


def measure_chemprop(
    subject: Subject, command: Path, device: torch.device, quick: bool, show: Show
) -> dict:
    """Train Chemprop's default model some epochs, and ours before, between and after.

    An epoch of Chemprop is the time from one checkpoint, which it writes at the end of each, to
    the next; so its start, its reading of the table and its tests are left out.

    Args:
        subject: its SMILES are known; all its labelled rows are trained on.
        command: from `find_chemprop`.
        device: where both train.
        quick: fewer epochs, to see that it works.
        show: told how far it is.

    Raises:
        UserError: when Chemprop fails.
    """
    epochs, runs = (_QUICK_EPOCHS, _QUICK_RUNS) if quick else (_EPOCHS, _RUNS)
    case = cases(device)[0]
    rows = block_rows(subject, case, device, quick)
    ours = make_epoch("ours", subject, case, rows, device)
    ours()

    def time_ours() -> list[float]:
        share = len(rows) / len(subject.labelled)
        return [timed(ours) / share for _ in range(_OUR_BLOCKS)]

    our_seconds, their_seconds = time_ours(), []
    with tempfile.TemporaryDirectory(prefix="polygin-bench-") as name:
        folder = Path(name)
        tables = _write_tables(subject, folder)
        for run in range(runs):
            words = _words(command, tables, subject, epochs, device)
            told = f"Chemprop, run {run + 1}"
            their_seconds += _epoch_seconds(words, folder / f"run{run}", epochs, told, show)
            our_seconds += time_ours()
    seconds = {"ours": median(our_seconds), "chemprop": median(their_seconds)}
    return {
        "version": _version(command),
        "batch": 64,
        "our_case": case.sentence(),
        "epoch_seconds": seconds,
        "measured_seconds": {"ours": our_seconds, "chemprop": their_seconds},
        "speedup": seconds["chemprop"] / seconds["ours"],
    }


def _write_tables(subject: Subject, folder: Path) -> list[Path]:
    """All rows to train on, and a few that label every property, to watch: watching costs time."""
    known = np.isfinite(subject.labels)
    few = [np.flatnonzero(column)[:_WATCHED_EACH] for column in known.T]
    watched = np.unique(np.concatenate(few))
    train, few_rows = folder / "train.csv", folder / "watched.csv"
    _write(subject, subject.labelled, train)
    _write(subject, watched, few_rows)
    return [train, few_rows, few_rows]


def _write(subject: Subject, rows: np.ndarray, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["SMILES", *_targets(subject)])
        for row in rows:
            values = ("" if np.isnan(value) else float(value) for value in subject.labels[row])
            writer.writerow([subject.smiles[row], *values])


def _targets(subject: Subject) -> list[str]:
    return [f"target{number}" for number in range(len(subject.names))]


def _words(
    command: Path, tables: list[Path], subject: Subject, epochs: int, device: torch.device
) -> list[str]:
    accelerator = "gpu" if device.type == "cuda" else "cpu"
    return [
        *(str(command), "train", "-i", *map(str, tables), "-s", "SMILES"),
        *("--target-columns", *_targets(subject), "-t", "regression"),
        *("--epochs", str(epochs), "--warmup-epochs", "1", "--num-workers", "0", "-o", "out"),
        *("--accelerator", accelerator, "--devices", "1"),
    ]


def _epoch_seconds(
    words: list[str], folder: Path, epochs: int, told: str, show: Show
) -> list[float]:
    """Run Chemprop; the seconds of all its epochs but the first."""
    folder.mkdir()
    limited = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads()))
    ends: list[int] = []
    show(told, 0, epochs)
    with (folder / "log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            words, cwd=folder, env={**os.environ, **limited}, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            while process.poll() is None:
                time.sleep(_POLL_SECONDS)
                if _note_checkpoint(folder, ends):
                    show(told, min(len(ends), epochs), epochs)
        finally:
            process.kill()
            process.wait()
        log.seek(0)
        last = (log.read().strip().splitlines() or ["it says nothing"])[-1]
    if process.returncode or len(ends) < 2:
        raise UserError(f"Chemprop failed: {last}")
    return [(end - before) / 1e9 for before, end in pairwise(ends)]


def _note_checkpoint(folder: Path, ends: list[int]) -> bool:
    """Add when the last checkpoint was written, in nanoseconds, if that is news."""
    for path in folder.glob("out/**/last.ckpt"):
        try:
            written = path.stat().st_mtime_ns
        except OSError:  # just being replaced
            continue
        # A checkpoint takes a moment to write, and its time moves on meanwhile.
        if ends and written - ends[-1] < _WRITING_SECONDS * 1e9:
            ends[-1] = written
        else:
            ends.append(written)
            return True
    return False


def _version(command: Path) -> str:
    done = subprocess.run([str(command), "--version"], capture_output=True, text=True, check=False)
    return (done.stdout.strip().splitlines() or ["unknown"])[-1].removeprefix("chemprop ")
