"""Damaged workspaces: whatever lies in their files, nothing else is lost, hangs or is touched."""

import hashlib
import io
import json
import os
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np

from bench.hostile import workspace_damage as damage
from bench.hostile.kind import SilentChangeError
from bench.kills.training import UNITS, begin
from engine.base.errors import UserError
from engine.inference import bundle
from engine.inference.bundle import default_bundle, promote, read_info
from engine.inference.error_analysis import with_intervals
from engine.inference.predict import Predictor
from engine.runs import (
    Run,
    archive_run,
    changes_of,
    clone_of,
    delete_run,
    disk_use,
    empty_trash,
    feed,
    find_run,
    folder,
    kept_words,
    list_runs,
    monitoring,
    note_run,
    process,
    rename_run,
    restore,
    resume_run,
    run_json,
    stop_run,
    store,
    trashed,
    worker,
)
from engine.runs.compare import blend_errors, different_settings, not_comparable
from engine.runs.exit_reasons import silent_since
from engine.runs.exports import metrics_csv, write_csv
from engine.runs.shared_labels import same_folds
from engine.training.checkpoints import Checkpoints

FIRST, SECOND, STOPPED, QUEUED, DELETED = "first", "second", "stopped", "queued", "deleted"


class Workspaces:
    """Workspaces with two finished runs, a stopped, a queued and a deleted one, then damaged."""

    name = "workspaces"

    def prepare(self, folder: Path) -> None:
        """Train two runs, and make a workspace of them."""
        # No process is started by anybody here.
        process.spawn = lambda *_: None  # type: ignore[assignment,return-value]
        self._template = folder / "template"
        with redirect_stdout(io.StringIO()):
            _make(self._template, folder / "training")
        bundle.SHIPPED = folder / "shipped"
        shutil.copytree(self._template / "runs" / FIRST / "bundle", bundle.SHIPPED)
        here = sorted(self._template.rglob("*"))
        self._files = [str(each.relative_to(self._template)) for each in here if each.is_file()]
        self._folders = [str(each.relative_to(self._template)) for each in here if each.is_dir()]
        self._digests = {name: _digest(self._template / "runs" / name) for name in _RUNS}
        self._predicted = _predicted(bundle.SHIPPED)

    def make(self, random: random.Random) -> bytes:
        """A description of damage, in JSON."""
        return json.dumps(damage.drawn(random, self._files, self._folders), indent=1).encode()

    def attempt(self, content: bytes, folder: Path) -> str:
        """Damage a workspace, and do in it all that can be done."""
        pieces = _described(content)
        if not pieces:
            return "no damage"
        home, outside = folder / "home", folder / "outside"
        shutil.copytree(self._template, home)
        _make_outside(outside)
        before = _digest(outside)
        here = os.getcwd()
        os.chdir(home)
        try:
            for piece in pieces:
                damage.do(piece, home, outside)
        finally:
            os.chdir(here)
        os.environ["POLYGIN_HOME"] = str(home)
        hit = {
            place.split("/")[1]
            for piece in pieces
            for place in damage.places(piece)
            if place.startswith("runs/")
        }
        everywhere = any("runs" in damage.places(piece) for piece in pieces)
        sound = [] if everywhere else [name for name in _RUNS if name not in hit]
        refused = self._use(home, sound)
        if _digest(outside) != before:
            raise RuntimeError("something outside the workspace was touched")
        return "some of it refused" if refused else "all answered"

    def _use(self, home: Path, sound: list[str]) -> int:
        """Do all that can be done; returns how often that was refused."""
        tried: Counter[bool] = Counter()

        def attempted(act: Callable, *arguments: object) -> None:
            try:
                act(*arguments)
                tried[True] += 1
            except UserError:
                tried[False] += 1

        try:
            runs = list_runs()
        except UserError as error:
            if sound:
                raise RuntimeError(f"no run is listed: {error}") from error
            return 1
        missing = {*sound} - {run.id for run in runs}
        if missing:
            raise RuntimeError(f"runs are not listed: {', '.join(sorted(missing))}")
        attempted(store.unreadable)
        for run in runs:
            for look in _LOOKS:
                attempted(look, run)
        attempted(_compare, runs)
        for name in sound:
            if _digest(home / "runs" / name) != self._digests[name]:
                raise SilentChangeError(f"looking has changed {name}")
        if FIRST in sound and _predicted(home / "runs" / FIRST / "bundle") != self._predicted:
            raise SilentChangeError("a model predicts otherwise")
        for run in runs:
            attempted(_change, run)
        for act in (trashed, default_bundle, lambda: read_info(default_bundle()), empty_trash):
            attempted(act)
        if FIRST in sound:
            attempted(promote, home / "runs" / FIRST / "bundle")
        return tried[False]


_RUNS = (FIRST, SECOND, STOPPED, QUEUED)


def _make(home: Path, place: Path) -> None:
    """A workspace with runs of all kinds, whose ids are fixed."""
    os.environ["POLYGIN_HOME"] = str(place)
    done, stopped = begin("none", "done"), begin("none", "stopped")
    worker.main(done.id)
    stopping = threading.Thread(target=_stop_when_begun, args=(stopped,))
    stopping.start()
    worker.main(stopped.id)
    stopping.join()
    waiting = begin("none", QUEUED)
    for run, name in [
        (done, FIRST),
        (done, SECOND),
        (done, DELETED),
        (stopped, STOPPED),
        (waiting, QUEUED),
    ]:
        os.environ["POLYGIN_HOME"] = str(place)
        copy = find_run(run.id).model_copy(update={"id": name, "name": f"My {name} run"})
        folder_of_run = run.folder
        os.environ["POLYGIN_HOME"] = str(home)
        shutil.copytree(folder_of_run, copy.folder)
        (copy.folder / run_json.RECORD).unlink()
        store.insert(copy)
        rename_run(copy, copy.name)
    promote(find_run(SECOND).bundle)
    delete_run(find_run(DELETED))
    (home / "limits.yaml").write_text("queue_length: 50\nfree_disk_gb: 0\n", encoding="utf-8")


def _stop_when_begun(run: Run) -> None:
    while len(list((run.folder / folder.CHECKPOINTS).glob("*.done*"))) < 14:
        time.sleep(0.01)
    (run.folder / folder.STOP).touch()


def _make_outside(outside: Path) -> None:
    (outside / "folder").mkdir(parents=True)
    (outside / "file.txt").write_text("all my work")
    (outside / "folder" / "inner.txt").write_text("all my other work")


def _digest(place: Path) -> str:
    """Of the names, contents and kinds of all files of a folder."""
    summed = hashlib.sha256()
    for path in sorted(place.rglob("*")):
        summed.update(str(path.relative_to(place)).encode())
        if path.is_file() and path.suffix != ".lock":
            summed.update(path.read_bytes())
    return summed.hexdigest()


def _predicted(place: Path) -> bytes:
    blend = Predictor(place).predict(UNITS).blend.to_numpy()
    return np.ascontiguousarray(blend).tobytes()


def _described(content: bytes) -> list[dict]:
    """The pieces of damage that a text describes; none where it is no such text."""
    try:
        said = json.loads(content)
    except ValueError:
        return []
    pieces = said if isinstance(said, list) else []
    return [
        piece
        for piece in pieces
        if isinstance(piece, dict)
        and isinstance(piece.get("do"), str)
        and all(isinstance(place, str) for place in damage.places(piece))
    ]


def _grid(run: Run) -> None:
    metrics = feed.read_metrics(run)
    monitoring.member_grid(run, folder.read_config(run), metrics)
    monitoring.validation_wmae(metrics, monitoring.label_weights(run))
    monitoring.mean_curves(metrics)


def _errors(run: Run) -> None:
    if run.state == "done":
        with_intervals(folder.read_out_of_fold(run), read_info(run.bundle))


def _predict(run: Run) -> None:
    if run.state == "done":
        Predictor(run.bundle).predict(UNITS)


def _report(run: Run) -> None:
    if run.state == "done":
        folder.read_report(run)


def _export(run: Run) -> None:
    metrics_csv(run)
    if run.id == QUEUED:
        return
    write_csv(run, run.folder.parents[2] / "curves.csv")


_LOOKS: tuple[Callable[[Run], object], ...] = (
    folder.read_stored_config,
    folder.read_progress,
    folder.read_log,
    feed.follow_metrics,
    feed.follow_hardware,
    _report,
    folder.read_mendings,
    lambda run: changes_of(run.id),
    lambda run: folder.preset_of(folder.read_config(run)),
    kept_words,
    silent_since,
    disk_use,
    _grid,
    _errors,
    _predict,
    _export,
    lambda run: clone_of(run).checked(),
)


def _compare(runs: list[Run]) -> None:
    done = [run for run in runs if run.figures]
    if done:
        blend_errors(done)
        same_folds(done)
    configs = []
    for run in runs:
        try:
            configs.append(folder.read_config(run))
        except UserError:
            configs.append({})
    different_settings(configs)
    not_comparable(configs, runs)


def _change(run: Run) -> None:
    """All that changes a run, in turn; what is refused ends it."""
    note_run(run, "seen")
    if run.state == "queued":
        run = stop_run(run, wait=False)
    if run.state in ("stopped", "interrupted", "failed"):
        resume_run(run)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            worker._Job.read(run).request()
        Checkpoints(run.folder / folder.CHECKPOINTS).histories()
        stop_run(run, wait=False)
    archive_run(find_run(run.id))
    delete_run(find_run(run.id))
    restore(run.id)
    delete_run(find_run(run.id))
