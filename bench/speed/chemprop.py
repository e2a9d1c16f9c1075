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

from bench.speed.data import BenchData
from bench.speed.loops import block_rows, make_epoch
from bench.speed.timing import Show, timed
from bench.speed.workload import workloads
from engine.base.errors import UserError
from engine.base.hardware import usable_cores

MISSING = (
    "Chemprop is not installed; make it an environment of its own, "
    "`python -m venv chemprop-venv && chemprop-venv/bin/pip install chemprop`, "
    "and add `--chemprop chemprop-venv/bin/chemprop`."
)
_EPOCHS, _RUNS = 4, 2
_QUICK_EPOCHS, _QUICK_RUNS = 3, 1
_OUR_BLOCKS = 3
_POLL_SECONDS = 0.02
_WRITING_NANOSECONDS = 100_000_000
_VALIDATION_LABELS = 8


def find_chemprop(place: str | None) -> Path | None:
    """Chemprop's command; None when it is not installed.

    Args:
        place: the command itself, or the Python of its environment; None to look on the path.
    """
    executable = shutil.which(place or "chemprop")
    if executable is None:
        return None
    path = Path(executable)
    if path.name.startswith("python"):
        path = path.with_name("chemprop")
    return path if path.is_file() else None


def measure_chemprop(
    data: BenchData,
    smiles: list[str],
    command: Path,
    device: torch.device,
    quick: bool,
    show: Show,
) -> dict:
    """Train Chemprop's default model for some epochs, and ours before, between and after.

    Chemprop writes a checkpoint at the end of each epoch, and an epoch is timed from one to the
    next; so its start, its reading of the table and its tests are left out.

    Args:
        data: N repeat units; the labelled ones are trained on.
        smiles: of the N units.
        command: from `find_chemprop`.
        device: where both train.
        quick: fewer epochs, to see that it works.
        show: called as the work proceeds.

    Raises:
        UserError: when Chemprop fails.
    """
    epochs, runs = (_QUICK_EPOCHS, _QUICK_RUNS) if quick else (_EPOCHS, _RUNS)
    workload = workloads(device)[0]
    rows = block_rows(data, workload, device, quick)
    train_block = make_epoch("ours", data, workload, rows, device)
    train_block()

    def time_ours() -> list[float]:
        share = len(rows) / len(data.labelled)
        return [timed(train_block) / share for _ in range(_OUR_BLOCKS)]

    our_seconds, their_seconds = time_ours(), []
    with tempfile.TemporaryDirectory(prefix="polygin-bench-") as name:
        folder = Path(name)
        tables = _write_tables(data, smiles, folder)
        words = [str(command), *_arguments(tables, len(data.names), epochs, device)]
        for run in range(runs):
            title = f"Chemprop, run {run + 1}"
            their_seconds += _epoch_seconds(words, folder / f"run{run}", epochs, title, show)
            our_seconds += time_ours()
    seconds = {"ours": median(our_seconds), "chemprop": median(their_seconds)}
    return {
        "version": _version(command),
        "batch": 64,
        "our_case": workload.sentence(),
        "epoch_seconds": seconds,
        "measured_seconds": {"ours": our_seconds, "chemprop": their_seconds},
        "speedup": seconds["chemprop"] / seconds["ours"],
    }


def chemprop_environment() -> dict[str, str]:
    """The variables that give Chemprop as many threads as this engine has."""
    limits = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(usable_cores()))
    return {**os.environ, **limits}


def _write_tables(data: BenchData, smiles: list[str], folder: Path) -> list[Path]:
    """Tables to train on, to validate on and to test on.

    All labelled rows are trained on. Only a few rows are validated on, enough to label every
    property, since validation takes time as well.
    """
    present = np.isfinite(data.labels)
    few = np.unique(
        np.concatenate([np.flatnonzero(column)[:_VALIDATION_LABELS] for column in present.T])
    )
    train, validation = folder / "train.csv", folder / "validation.csv"
    for path, rows in ((train, data.labelled), (validation, few)):
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["SMILES", *_targets(len(data.names))])
            for row in rows:
                values = ("" if np.isnan(value) else float(value) for value in data.labels[row])
                writer.writerow([smiles[row], *values])
    return [train, validation, validation]


def _targets(properties: int) -> list[str]:
    return [f"target{number}" for number in range(properties)]


def _arguments(tables: list[Path], properties: int, epochs: int, device: torch.device) -> list[str]:
    accelerator = "gpu" if device.type == "cuda" else "cpu"
    return [
        *("train", "-i", *map(str, tables), "-s", "SMILES"),
        *("--target-columns", *_targets(properties), "-t", "regression"),
        *("--epochs", str(epochs), "--warmup-epochs", "1", "--num-workers", "0", "-o", "out"),
        *("--accelerator", accelerator, "--devices", "1"),
    ]


def _epoch_seconds(
    command: list[str], folder: Path, epochs: int, title: str, show: Show
) -> list[float]:
    """Run Chemprop; the seconds of all its epochs but the first."""
    folder.mkdir()
    ends: list[int] = []
    show(title, 0, epochs)
    with (folder / "log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=chemprop_environment(), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            running = True
            while running:
                time.sleep(_POLL_SECONDS)
                # Asked before looking, so that the last checkpoint is not missed.
                running = process.poll() is None
                if _note_checkpoint(folder, ends):
                    show(title, min(len(ends), epochs), epochs)
        finally:
            process.kill()
            process.wait()
        log.seek(0)
        last_line = (log.read().strip().splitlines() or ["it says nothing"])[-1]
    if process.returncode or len(ends) < 2:
        raise UserError(f"Chemprop failed: {last_line}")
    return [(end - before) / 1e9 for before, end in pairwise(ends)]


def _note_checkpoint(folder: Path, ends: list[int]) -> bool:
    """Add the time of the last checkpoint, in nanoseconds, if it is a new one.

    A checkpoint takes a moment to write, and its time moves on meanwhile: times within a tenth of
    a second of each other belong to one checkpoint.
    """
    for path in folder.glob("out/**/last.ckpt"):
        try:
            written = path.stat().st_mtime_ns
        except OSError:  # it is being replaced
            continue
        if ends and written - ends[-1] < _WRITING_NANOSECONDS:
            ends[-1] = written
        else:
            ends.append(written)
            return True
    return False


def _version(command: Path) -> str:
    done = subprocess.run([str(command), "--version"], capture_output=True, text=True, check=False)
    return (done.stdout.strip().splitlines() or ["unknown"])[-1].removeprefix("chemprop ")
