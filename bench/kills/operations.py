"""Commands that are killed while they change a workspace, repeated, and compared."""

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import psutil

from bench.kills.scene import (
    EVERYBODY,
    FREEZE,
    POWER_CUT,
    ROOT,
    LostError,
    Moment,
    Scene,
    wait_until,
)
from bench.kills.training import Reference, demand_whole, digest, predictions, recovered
from engine.inference.bundle import default_bundle
from engine.runs import find_run, list_runs, trashed

FIRST, SECOND, STOPPED, DELETED = "first", "second", "stopped", "deleted"
"""The runs of the workspace that commands change; two are done, and a third one was deleted."""
_PATIENCE = 300.0


class Operation(NamedTuple):
    """A command.

    Attributes:
        title: for the table of results.
        words: after `python -m engine`; `{out}` is a folder for what it writes.
        trains: whether a run works in the background afterwards, until it is done.
        prepare: what is done to the workspace before.
    """

    title: str
    words: tuple[str, ...]
    trains: bool = False
    prepare: Callable[[Scene], None] = lambda scene: None


def _forget_table(scene: Scene) -> None:
    for path in scene.home.glob("polygin.db*"):
        path.unlink()


def _many_units(scene: Scene) -> None:
    units = [f"*{'C' * (1 + number % 40)}{'O' * (number // 40 % 2)}*" for number in range(600)]
    table = scene.out / "many.csv"
    table.write_text("SMILES\n" + "".join(f"{unit}\n" for unit in units), encoding="utf-8")


def _test_table(scene: Scene) -> None:
    (scene.out / "test.csv").write_text("id,SMILES\n7,*CC*\n9,*CC(*)C\n3,*CCO*\n")
    (scene.out / "sample.csv").write_text("id,Tg\n9,0\n3,0\n7,0\n")


OPERATIONS = (
    Operation("delete", ("delete", "--yes", SECOND)),
    Operation("restore", ("restore", DELETED)),
    Operation("empty the trash", ("empty-trash",)),
    Operation("clone", ("clone", FIRST, "--name", "cloned", "--detach"), trains=True),
    Operation("resume", ("resume", STOPPED, "--detach"), trains=True),
    Operation("promote to default", ("promote", SECOND)),
    Operation("back to the shipped model", ("promote", "shipped")),
    Operation("export curves", ("export", FIRST, "--csv", "{out}/curves.csv")),
    Operation("export to TensorBoard", ("export", FIRST, "--tensorboard", "{out}/events")),
    Operation("report", ("report", FIRST, "-o", "{out}/report.html")),
    Operation(
        "screening",
        ("predict", FIRST, "{out}/many.csv", "-o", "{out}/predicted.csv"),
        prepare=_many_units,
    ),
    Operation(
        "submission",
        (
            *("predict", FIRST, "{out}/test.csv", "-o", "{out}/submission.csv"),
            *("--sample-submission", "{out}/sample.csv"),
        ),
        prepare=_test_table,
    ),
    Operation("the run table made anew", ("runs",), prepare=_forget_table),
)
BY_TITLE = {operation.title: operation for operation in OPERATIONS}


class Undisturbed(NamedTuple):
    """How a command ends that nothing happens to.

    Attributes:
        after: what `snapshot` says then.
        steps: how many file operations it carries out.
        seconds: how long it takes.
    """

    after: dict
    steps: int
    seconds: float


class Disturbed(NamedTuple):
    """How a command is disturbed.

    Attributes:
        title: of the operation.
        who: is killed: the command, or `EVERYBODY` with it.
        how: see `scene.WAYS`.
        moment: when.
    """

    title: str
    who: str
    how: str
    moment: Moment

    def carry_out(
        self,
        scene: Scene,
        template: Path,
        reference: Reference,
        undisturbed: Undisturbed,
        chance: random.Random,
    ) -> dict:
        """Start the command, kill it, look that nothing is lost, repeat it, compare.

        Raises:
            LostError: when something is lost.
        """
        operation = set_up(scene, self.title, template)
        before = snapshot(scene)
        bundles = _bundles(scene)
        scene.order(self.moment)
        command = start(scene, operation)
        deadline = time.monotonic() + (self.moment.seconds or 3 * undisturbed.seconds + 10)
        while time.monotonic() < deadline and command.poll() is None and not scene.stopped():
            time.sleep(0.005)
        ended = command.poll() is not None
        if not ended:
            victims = [psutil.Process(command.pid)]
            scene.strike(scene.processes() if self.who == EVERYBODY else victims, self.how, chance)
        _wait(command)
        _demand_kept(scene, self.title, before, undisturbed.after, bundles)
        if not self._is_done(scene, operation) and not (self.how == FREEZE or ended):
            _wait(start(scene, operation))
        if operation.trains:
            _see_through(scene, reference)
        after = snapshot(scene)
        if after != undisturbed.after:
            raise LostError(f"repeated, it ends otherwise: {_difference(undisturbed.after, after)}")
        return {"met": "over" if ended else "at work", "resumed": 0}

    def _is_done(self, scene: Scene, operation: Operation) -> bool:
        """Whether a run that the command starts is there already."""
        if self.title == "clone":
            return any(run.name == "cloned" for run in list_runs())
        if self.title == "resume":
            return find_run(STOPPED).state not in ("stopped", "interrupted", "failed")
        if self.title == "delete":
            return SECOND not in {run.name for run in list_runs()}
        if self.title == "restore":
            return DELETED in {run.name for run in list_runs()}
        return False


def undisturbed(scene: Scene, title: str, template: Path, reference: Reference) -> Undisturbed:
    """Carry a command out, and count its file operations."""
    operation = set_up(scene, title, template)
    scene.order(Moment("command", 0, 0.0))
    began = time.monotonic()
    code = _wait(start(scene, operation))
    if code:
        raise LostError(f"{title}, undisturbed: {said(scene)}")
    seconds = time.monotonic() - began
    counts = scene.counted()
    if operation.trains:
        _see_through(scene, reference)
    return Undisturbed(snapshot(scene), max(counts, default=1), seconds)


def set_up(scene: Scene, title: str, template: Path) -> Operation:
    """A workspace with some runs, as the command finds it."""
    shutil.copytree(template, scene.home, dirs_exist_ok=True, copy_function=shutil.copy2)
    operation = BY_TITLE[title]
    operation.prepare(scene)
    scene.keep()
    return operation


def start(scene: Scene, operation: Operation) -> subprocess.Popen:
    """Start the command."""
    words = [word.format(out=scene.out) for word in operation.words]
    with (scene.place.parent / "said").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "bench.kills.command", *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def said(scene: Scene) -> str:
    """What commands have said so far."""
    return (scene.place.parent / "said").read_text(errors="replace")


def _wait(command: subprocess.Popen) -> int:
    try:
        return command.wait(_PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise LostError("the command hangs") from error


def snapshot(scene: Scene) -> dict:
    """What a user sees of a workspace, without times."""
    return {
        "runs": sorted(f"{run.name}: {run.state}" for run in list_runs()),
        "trash": sorted(each.run.name for each in trashed()),
        "default": _default(),
        "out": {path.name: digest(path) for path in sorted(scene.out.glob("*.csv"))},
        "written": sorted(path.name for path in scene.out.iterdir()),
    }


def _default() -> str:
    bundle = default_bundle()
    return _predictions(str(bundle), tuple(digest(path) for path in sorted(bundle.iterdir())))


@lru_cache(maxsize=4)
def _predictions(bundle: str, _digests: tuple[str, ...]) -> str:
    return predictions(Path(bundle))


def _bundles(scene: Scene) -> dict[str, dict[str, str]]:
    """The digests of all files of the bundles of the runs that are done."""
    return {
        run.name: {path.name: digest(path) for path in sorted(run.bundle.iterdir())}
        for run in list_runs()
        if run.state == "done" and run.name in (FIRST, SECOND)
    }


def _demand_kept(scene: Scene, title: str, before: dict, after: dict, bundles: dict) -> None:
    """Look that each thing is as it was, or as the command makes it.

    Raises:
        LostError: when a thing is neither.
    """
    now = snapshot(scene)
    here = {words.partition(":")[0] for words in now["runs"]}
    if title != "empty the trash":
        lost = {FIRST, SECOND, STOPPED, DELETED} - here - {*now["trash"]}
        if lost:
            raise LostError(f"runs are lost: {', '.join(sorted(lost))}")
    if both := here & {*now["trash"]}:
        raise LostError(f"runs are there twice: {', '.join(sorted(both))}")
    if now["default"] not in (before["default"], after["default"]):
        raise LostError("the default model is neither the former nor the new one")
    for name, content in now["out"].items():
        if content not in (before["out"].get(name), after["out"].get(name)):
            raise LostError(f"{name} is half written")
    for name, files in _bundles(scene).items():
        if files != bundles[name]:
            raise LostError(f"the model of {name} has changed")


def _see_through(scene: Scene, reference: Reference) -> None:
    for run in list_runs():
        if run.name not in (FIRST, SECOND, DELETED, STOPPED):
            demand_whole(recovered(run.id)[0], reference)
    if find_run(STOPPED).alive:
        demand_whole(recovered(find_run(STOPPED).id)[0], reference)
    wait_until(lambda: not any(run.alive for run in list_runs()), _PATIENCE, "hangs")


def _difference(expected: dict, found: dict) -> str:
    return "; ".join(
        f"{name}: {found[name]} instead of {expected[name]}"
        for name in expected
        if found[name] != expected[name]
    )


def drawn(chance: random.Random, undisturbed: dict[str, Undisturbed], cuts: bool) -> Disturbed:
    """A disturbance, wholly determined by `chance`."""
    title = chance.choice(sorted(undisturbed))
    ways = ["SIGKILL", "SIGKILL", "SIGTERM", "SIGSTOP, then SIGCONT", "SIGSTOP, then SIGKILL"]
    how = chance.choice(ways + [POWER_CUT] * (3 if cuts else 0))
    if chance.random() < 0.8:
        moment = Moment("command", chance.randint(1, undisturbed[title].steps), 0.0)
    else:
        moment = Moment("", None, chance.uniform(0.05, undisturbed[title].seconds))
    return Disturbed(title, chance.choice(["command", EVERYBODY]), how, moment)
