"""A training run is killed, recovered as a user would, and compared with an undisturbed one."""

import hashlib
import json
import random
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

from bench.kills.preset import PRESET
from bench.kills.scene import EVERYBODY, POWER_CUT, LostError, Moment, Scene, wait_until
from engine.base.workspace import ASSETS
from engine.inference.predict import Predictor
from engine.runs import (
    RESUMABLE,
    Run,
    RunConfig,
    changes_of,
    find_run,
    list_runs,
    process,
    read_log,
    read_metrics,
    resume_run,
    start_run,
    stop_run,
    store,
)
from engine.settings.devices import DeviceSettings
from engine.settings.presets import PRESETS
from engine.table import Table, load_table

ROWS = 36
UNITS = ["*CC(*)c1ccccc1", "*CC*", "*CC(*)C(=O)OC", "*c1ccc(*)cc1"]
WAYS_TO_TRAIN = ("none", "folds", "ddp")
_PATIENCE = 300.0
_RESUMES = 4


class Reference(NamedTuple):
    """What an undisturbed run ended with.

    Attributes:
        out_of_fold, predictions: digests of its out-of-fold file and its bundle's predictions.
        epochs: how many rows its metrics have.
        figures: as its row of the run table has them.
        seconds: from its start to its end.
        steps: by kind of process, how many file operations each has carried out.
    """

    out_of_fold: str
    predictions: str
    epochs: int
    figures: dict
    seconds: float
    steps: dict[str, list[int]]


class Training(NamedTuple):
    """How a training run is disturbed.

    Attributes:
        parallel: how its networks are divided.
        who: is killed; a kind of process, or `EVERYBODY`.
        how: see `scene.WAYS`.
        moment: when.
        paused: whether it is asked to stop at that moment, and somebody killed after that.
    """

    parallel: str
    who: str
    how: str
    moment: Moment
    paused: bool

    def carry_out(self, scene: Scene, reference: Reference, chance: random.Random) -> dict:
        """Train, kill, recover, compare.

        Returns:
            In which state and stage the kill met the run, and how often it was resumed.

        Raises:
            LostError: when something is lost.
        """
        scene.order(self.moment)
        run = begin(self.parallel)
        table = (run.folder / "table.parquet").read_bytes()
        _wait_for_moment(scene, run, self.moment, reference.seconds)
        if self.paused:
            stop_run(store.select(run.id)[0], wait=False)
            time.sleep(chance.uniform(0.0, 1.0))
        met = _met(run)
        scene.strike(victims(scene, self.who, chance), self.how, chance)
        run, resumed = recovered(run.id)
        demand_whole(run, reference)
        _demand((run.folder / "table.parquet").read_bytes() == table, "its table has changed")
        _demand([each.id for each in list_runs()] == [run.id], "the list of runs is another")
        return {"met": met, "resumed": resumed}


def begin(parallel: str, name: str = "killed") -> Run:
    """Start a run as all trials train it."""
    use = DeviceSettings(parallel=parallel)
    return start_run(
        small_table(), RunConfig(name=name, preset=PRESET.name, folds="random:2", use=use)
    )


def small_table() -> Table:
    """Some polymers of the textbook table."""
    PRESETS[PRESET.name] = PRESET
    return load_table(ASSETS / "textbook.csv").of_rows(np.arange(ROWS))


def measured(scene: Scene, parallel: str, who: str) -> Reference:
    """Train undisturbed, and count the file operations of a kind of process."""
    scene.order(Moment(who, 0, 0.0))
    began = time.monotonic()
    run, _ = recovered(begin(parallel, "undisturbed").id)
    seconds = time.monotonic() - began
    return Reference(
        digest(run.folder / "oof.parquet"),
        predictions(run.bundle),
        len(read_metrics(run)),
        run.figures or {},
        seconds,
        {who: scene.counted()},
    )


def victims(scene: Scene, who: str, chance: random.Random) -> list[psutil.Process]:
    """The processes to kill; none where there is no such process now."""
    if who == EVERYBODY:
        return scene.processes()
    word = {
        "worker": "engine.runs.worker",
        "supervisor": "engine.runs.supervisor",
        "child": "multiprocessing.spawn",
    }[who]
    found = scene.processes(word)
    return [chance.choice(found)] if found else []


def _wait_for_moment(scene: Scene, run: Run, moment: Moment, longest: float) -> None:
    deadline = time.monotonic() + (moment.seconds if moment.step is None else 3 * longest + 10)
    while time.monotonic() < deadline and not scene.stopped():
        if not store.select(run.id)[0].alive:
            return
        time.sleep(0.02)


def _met(run: Run) -> str:
    """The state of a run, and its stage while it works; its bundle's last files are a stage too."""
    now = store.select(run.id)[0]
    if now.stage and list(run.bundle.glob("bundle.json*")):
        return f"{now.state}: finishing"
    return f"{now.state}: {now.stage}" if now.stage and now.alive else now.state


def recovered(run_id: str) -> tuple[Run, int]:
    """A run that is resumed until it is done, as a user would, and how often that took.

    Raises:
        LostError: when it never is.
    """
    resumed, deadline = 0, time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        run = find_run(run_id)
        if run.state == "done":
            return run, resumed
        if run.state in RESUMABLE:
            if resumed == _RESUMES:
                raise LostError(f"cannot be resumed: {run.reason}\n{read_log(run)}")
            resume_run(run)
            resumed += 1
        time.sleep(0.05)
    raise LostError(f"hangs: {run.state}, {run.stage}\n{read_log(run)}")


def demand_whole(run: Run, reference: Reference) -> None:
    """Compare a run with an undisturbed one.

    Raises:
        LostError: when it has lost something, or ended with other numbers.
    """
    _demand(digest(run.folder / "oof.parquet") == reference.out_of_fold, "other out-of-fold file")
    _demand(predictions(run.bundle) == reference.predictions, "other predictions")
    _demand(run.figures == reference.figures, "other figures")
    rows = read_metrics(run)
    _demand(len(rows) == reference.epochs, f"{len(rows)} epochs instead of {reference.epochs}")
    twice = rows.duplicated(["member", "fold", "seed", "epoch"]).any()
    _demand(not twice, "an epoch is there twice")
    _demand(changes_of(run.id)[-1].state == "done", "its history does not end with done")
    json.loads((run.folder / "report.json").read_bytes())
    json.loads((run.folder / "run.json").read_bytes())
    # A worker that was killed after its last word leaves them to the next supervisor.
    wait_until(lambda: _tidied(run), 60, "checkpoints are left")
    left = [str(path) for path in run.folder.rglob(".*")]
    _demand(not left, f"half-written files are left: {left}")


def _tidied(run: Run) -> bool:
    """Whether a supervisor has cleared up; asked for again while the last one is leaving."""
    process.ensure_supervisor()
    return not (run.folder / "checkpoints").exists()


def digest(path: Path) -> str:
    """Of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def predictions(bundle: Path) -> str:
    """A digest of what a bundle predicts, to the last bit."""
    blend = Predictor(bundle).predict(UNITS).blend
    return hashlib.sha256(np.ascontiguousarray(blend.to_numpy()).tobytes()).hexdigest()


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise LostError(otherwise)


def drawn(chance: random.Random, references: dict[str, Reference], cuts: bool) -> Training:
    """A disturbance, wholly determined by `chance`.

    Args:
        chance: the random numbers.
        references: by `Training.parallel`.
        cuts: whether power cuts can be imitated.
    """
    parallel = chance.choices(WAYS_TO_TRAIN, (7, 2, 1))[0]
    reference = references[parallel]
    crowd = [] if parallel == "none" else ["child"] * 2
    who = chance.choice(["worker", "worker", "supervisor", EVERYBODY, EVERYBODY, *crowd])
    ways = ["SIGKILL", "SIGKILL", "SIGTERM", "SIGSTOP, then SIGCONT", "SIGSTOP, then SIGKILL"]
    if who == EVERYBODY and cuts:
        ways += [POWER_CUT] * 5
    at_step = [kind for kind, counts in reference.steps.items() if counts]
    if at_step and chance.random() < 0.7:
        kind = chance.choice(at_step)
        step = chance.randint(1, max(reference.steps[kind]))
        moment = Moment(kind, step, 0.0)
    else:
        moment = Moment("", None, chance.uniform(0.0, reference.seconds))
    return Training(parallel, who, chance.choice(ways), moment, chance.random() < 0.1)
