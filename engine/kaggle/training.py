"""Training on Kaggle: the strongest preset that fits, on the cards that work, within the time."""

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..base.errors import UserError
from ..base.hardware import detect, usable_cores
from ..base.wording import counted
from ..models.members import network_configs
from ..runs import (
    RESUMABLE,
    Run,
    RunConfig,
    end_probe,
    find_run,
    problem_of,
    process,
    read_config,
    read_log,
    read_probe,
    read_progress,
    request_for,
    resume_run,
    start_probe,
    start_run,
    stop_run,
)
from ..settings.devices import DeviceSettings
from ..settings.estimate import rough_minutes
from ..settings.presets import PRESETS, Preset
from ..table import Table
from ..table.mended import mended_table
from ..table.mending import Mending
from .inputs import Settings
from .submitting import seconds_to_submit

NAME = "kaggle"
"""Of the run."""

Say = Callable[[str], object]
"""Told of each line."""

_FOLDS = "random:5"
_MARGIN = 1.5
"""By which a run may take longer than estimated."""
_BOOSTING_SHARE = 3.0
"""How much longer the boosting of `best` takes than that by which `rough_minutes` was measured."""
_PROBE_SECONDS = 240.0
_RESERVE_SECONDS = 120.0
"""Kept for stopping a run, for loading its model and for what follows."""
_TOLD_SECONDS = 60.0
_SUPERVISOR_SECONDS = 60.0
_TRY = """
import torch
for number in range(torch.cuda.device_count()):
    try:
        ones = torch.ones(8, 8, device=f"cuda:{number}")
        if float((ones @ ones).sum()) == 512:
            print("works", number)
    except RuntimeError as error:
        print("fails", number, str(error).splitlines()[0])
"""


def train(settings: Settings, path: Path, say: Say) -> Run | None:
    """Train a model on the competition's table, within the notebook's time.

    Several cards, one, and the CPU are tried in turn until a run ends well; a run that failed goes
    on from its checkpoints.

    Args:
        settings: of the notebook.
        path: the training table.
        say: told how far it is.

    Returns:
        The finished run; None where there is none in time.

    Raises:
        UserError: when the table cannot be learned from.
    """
    table = mended_table(path, Mending())
    until = settings.until - _RESERVE_SECONDS - 2 * seconds_to_submit()
    run: Run | None = None
    for cards in choices_of_cards(working_cards(say)):
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, cards))
        say(f"On {counted(len(cards), 'card')}:" if cards else "On the CPU:")
        preset = preset_that_fits(table, settings.preset, until, say)
        if preset is None:
            say("No preset ends in the time that is left.")
            continue
        run = _begun(run, table, preset, settings.seed)
        run = _watched(run, until, say)
        if run.state == "done":
            return run
        say(f"The run is {run.state}: {run.reason}")
        if run.state == "stopped":
            return None
        for line in read_log(run).splitlines()[-5:]:
            say(f"  {line}")
    return None


def choices_of_cards(working: Sequence[int]) -> list[tuple[int, ...]]:
    """Which cards are tried, one choice after the other: all, the first, none."""
    choices = [tuple(working), tuple(working[:1]), ()]
    return list(dict.fromkeys(choices))


def working_cards(say: Say) -> list[int]:
    """The numbers of the CUDA devices that compute with the torch that is here."""
    gpus = detect().gpus
    if not gpus:
        return []
    try:
        # In a process of its own: what it loads stays on no card.
        tried = subprocess.run(
            [sys.executable, "-c", _TRY], capture_output=True, text=True, timeout=180
        )
    except subprocess.TimeoutExpired:
        say("The cards do not answer, and are not used.")
        return []
    lines = [line.split(maxsplit=2) for line in tried.stdout.splitlines()]
    for line in lines:
        if line[0] == "fails":
            say(f"Card {line[1]} is not used: {line[2]}")
    if tried.returncode:
        say(f"The cards are not used: {(tried.stderr.splitlines() or ['torch failed'])[-1]}")
    return [int(line[1]) for line in lines if line[0] == "works"]


def preset_that_fits(table: Table, asked: str, until: float, say: Say) -> Preset | None:
    """The first of the presets, the one that errs least first, that ends in time.

    Args:
        table: to be learned from.
        asked: a preset's name, tried before the others, or `auto`.
        until: when it has to have ended, in seconds since 1970.
        say: told of each estimate.
    """
    order = ["best", "gpu" if detect().gpus else "cpu", "smoke"]
    if asked != "auto":
        order = [asked, *(name for name in order if name != asked)]
    for name in order:
        if until < time.time():
            return None
        minutes, words = _estimated(table, PRESETS[name], until)
        left = (until - time.time()) / 60
        fits = minutes * _MARGIN <= left
        verdict = "taken" if fits else "not taken"
        say(f"{name}: {words}; {counted(max(int(left), 0), 'minute')} are left: {verdict}.")
        if fits:
            return PRESETS[name]
    return None


def _estimated(table: Table, preset: Preset, until: float) -> tuple[float, str]:
    """Minutes that a run takes here, and a sentence; infinite where it cannot work here."""
    networks = network_configs(preset)
    others = {name: each for name, each in preset.members.items() if name not in networks}
    rows, folds = len(table.rows), int(_FOLDS.partition(":")[2])
    without = preset.model_copy(update={"members": others})
    minutes = _BOOSTING_SHARE * rough_minutes(without, rows, folds, usable_cores())
    try:
        request = request_for(table, preset.name, _FOLDS, DeviceSettings())
    except UserError as error:
        return float("inf"), str(error)
    if read_probe(request) is None:
        started = start_probe(request)
        try:
            started.wait(max(min(_PROBE_SECONDS, until - time.time()), 1))
        except subprocess.TimeoutExpired:
            end_probe(started)
    found = read_probe(request)
    if found is None:
        return float("inf"), problem_of(request) or "a trial of it did not end"
    if not found.fits:
        return float("inf"), f"it needs more than the memory here ({found.memory_words()})"
    minutes += found.minutes
    return minutes, f"about {counted(math.ceil(minutes), 'minute')} on {found.device}"


def _begun(run: Run | None, table: Table, preset: Preset, seed: int) -> Run:
    """A run of a preset: the one that failed, if it was of this preset, else a new one."""
    # A supervisor passes its environment on, and with it the choice of cards: the last one's has to
    # have ended, as it does when nothing is left to do.
    patience = time.monotonic() + _SUPERVISOR_SECONDS
    while process.supervisor_at_work() and time.monotonic() < patience:
        time.sleep(0.2)
    if run is not None and run.state in RESUMABLE and read_config(run).get("preset") == preset.name:
        return resume_run(run)
    config = RunConfig(name=NAME, preset=preset.name, folds=_FOLDS, seed=seed)
    return start_run(table, config)


def _watched(run: Run, until: float, say: Say) -> Run:
    """The run when it has ended; it is stopped when the time is up."""
    told = 0.0
    while (run := find_run(run.id)).alive:
        now = time.time()
        if now >= until:
            say("The time is up: the run is stopped.")
            return stop_run(run)
        if now - told >= _TOLD_SECONDS:
            say(_how_far(run, until - now))
            told = now
        time.sleep(0.5)
    return run


def _how_far(run: Run, left: float) -> str:
    """One line about a run at work."""
    progress = read_progress(run)
    stage = next((each for each in progress.stages if each.done < each.total), None)
    at = f"{stage.title} {stage.done:,} of {stage.total:,}" if stage else run.state
    clock = time.strftime("%H:%M:%S")
    return f"{clock}  {100 * progress.overall:3.0f} %  {at}; {left / 60:.0f} minutes left"
