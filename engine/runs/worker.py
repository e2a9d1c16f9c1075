"""The process that carries out one run: `python -m engine.runs.worker RUN_ID`."""

import errno
import json
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from ..base.errors import DiskFullError, UserError
from ..base.hardware import detect, usable_cores
from ..base.limits import limits
from ..base.workspace import replacing, write_atomic
from ..settings.metrics import label_ranges
from ..settings.presets import PRESETS, Preset
from ..settings.properties import Property
from . import folder as files
from . import process, store
from .exit_reasons import leave_last_words, make_room_for_last_words, stop_reason
from .records import ALIVE, Run, RunConfig
from .reporting import RunReporter, StoppedError, mend_metrics

_BEAT_SECONDS = 5.0
_REPORTED = {"table", "rows", "folds", "seed", "labels", "blend", "intervals"}


@dataclass(frozen=True)
class _Job:
    """A run's settings and its table, as they lie in its folder."""

    run: Run
    config: RunConfig
    preset: Preset
    table_name: str
    properties: list[Property]
    frame: pd.DataFrame
    labels: np.ndarray

    @classmethod
    def read(cls, run: Run) -> "_Job":
        described = files.read_config(run)
        properties = [Property(**known) for known in described.pop("properties")]
        table_name = described.pop("table")
        config = RunConfig(**described)
        frame = pd.read_parquet(run.folder / files.TABLE)
        labels = frame[[files.LABEL_PREFIX + known.name for known in properties]].to_numpy()
        preset = PRESETS[config.preset]
        return cls(run, config, preset, table_name, properties, frame, labels)

    @property
    def names(self) -> list[str]:
        return [known.name for known in self.properties]


def main(run_id: str) -> int:
    """Carry out a run, from its checkpoints if it has any; returns the process's exit code."""
    run = store.select(run_id)[0]
    try:
        # Two supervisors, one after the other, may start a worker each.
        with FileLock(run.folder / files.LOCK).acquire(timeout=0):
            return _work(run)
    except Timeout:
        return 0


def _work(run: Run) -> int:
    if not store.update(run.id, only_from=("queued",), **process.identity()):
        return 0  # it has been stopped, or another worker has had it: not this one's to end
    signal.signal(signal.SIGTERM, _stop_now)
    with suppress(OSError):
        make_room_for_last_words(run)
    threading.Thread(target=_beat, args=(run,), daemon=True).start()
    try:
        return _attempt(run)
    except DiskFullError:
        return _disk_full(run)


def _attempt(run: Run) -> int:
    """Carry the run out and write down how it ended; a full disk alone is left to the caller."""
    try:
        with _device(run):
            began = {"started": run.started or time.time(), "since": time.time()}
            if not store.update(run.id, only_from=("queued",), state="running", **began):
                raise StoppedError
            figures, remarks = _carry_out(_Job.read(run))
    except StoppedError:
        _finish(run, "stopped", stop_reason(run))
    except DiskFullError:
        raise
    except UserError as error:
        _finish(run, "failed", str(error))
    except MemoryError:
        reason = (
            "Out of memory: choose a smaller preset or a smaller table, or close other programs"
        )
        _finish(run, "failed", f"{reason}; resumed, it goes on from its last checkpoint.")
    except Exception as error:
        # The log lies on the same disk: where that is full, the words are lost, not the reason.
        with suppress(OSError):
            traceback.print_exc()
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise DiskFullError from error
        reason = f"Unexpected {type(error).__name__}: {error}. The log has the details."
        _finish(run, "failed", reason)
    else:
        _finish(run, "done", " ".join(remarks), figures=figures, progress=1.0)
        # Larger than all else, and of use until the run is known to be done.
        shutil.rmtree(run.folder / files.CHECKPOINTS, ignore_errors=True)
        return 0
    return 1


def _disk_full(run: Run) -> int:
    leave_last_words(run)
    try:
        free = "Free some space, for example by deleting old runs, then resume this one"
        _finish(run, "failed", f"The disk is full. {free}: its checkpoints are kept.")
    except (OSError, DiskFullError):
        pass  # the supervisor says it
    return process.DISK_FULL


def _beat(run: Run) -> None:
    """Give a sign of life as long as this process can."""
    while True:
        with suppress(OSError):
            (run.folder / files.HEARTBEAT).touch()
        time.sleep(_BEAT_SECONDS)


def _stop_now(*_: object) -> None:
    raise StoppedError


def _finish(run: Run, state: str, reason: str, **changes: object) -> None:
    with suppress(OSError):
        print(f"Run {state}. {reason}".strip(), flush=True)
    ended = {"state": state, "reason": reason, "finished": time.time(), "stage": ""}
    store.update(run.id, only_from=ALIVE, **ended, **changes)


@contextmanager
def _device(run: Run) -> Iterator[None]:
    """Hold the workspace's device, unless several runs may work at once."""
    if limits().runs_at_once > 1:
        yield
        return
    lock = process.device_lock()
    while not lock.is_locked:
        try:
            lock.acquire(timeout=1)
        except Timeout:
            if (run.folder / files.STOP).exists():
                raise StoppedError from None
    try:
        yield
    finally:
        lock.release()


def _carry_out(job: _Job) -> tuple[dict, list[str]]:
    """From the table to the bundle; returns the figures, and what a user should know."""
    # Loaded here, not above: a queued run need not wait for torch, nor hold its memory.
    import torch

    from ..features.compute import compute_features
    from ..table.folds import check_folds
    from ..training.checkpoints import Checkpoints
    from ..training.ensemble import TrainingData, fit_ensemble, stages

    torch.set_num_threads(usable_cores())
    reporter = RunReporter(job.run, job.names)
    reporter.log(f"{job.table_name}: {len(job.frame):,} rows, preset {job.preset.name}")
    checkpoints = Checkpoints(job.run.folder / files.CHECKPOINTS)
    # What a preset means may change with the software, too.
    if checkpoints.keep_only_for(preset=job.preset.model_dump_json()):
        reporter.log("The software has changed since: the run begins anew")
    mend_metrics(job.run, job.names, checkpoints.histories())
    folds = _folds(job)
    remarks = check_folds(folds, job.frame["canonical"].tolist(), job.labels, job.names)
    for remark in remarks:
        reporter.log(remark)
    count = len(job.frame)
    fits = stages(job.preset, len(np.unique(folds)), len(job.names))
    reporter.plan({"features": 2 * count, **fits, "bundle": 1})
    reporter.stage("features", 2 * count)
    features = compute_features(
        job.frame["canonical"].tolist(),
        lambda kind, done, total: reporter.step(done + (count if kind == "descriptors" else 0)),
    )
    data = TrainingData(features, job.labels, folds, job.names)
    bundle = job.run.folder / "bundle"
    bundle.mkdir(exist_ok=True)
    ensemble = fit_ensemble(
        data,
        job.preset,
        job.config.seed,
        bundle,
        reporter,
        job.config.use,
        job.run.folder / files.CHECKPOINTS,
    )
    reporter.stage("bundle", 1)
    ensemble = replace(ensemble, remarks=remarks + ensemble.remarks)
    _write_results(job, folds, ensemble, bundle)
    reporter.step()
    return ensemble.figures, ensemble.remarks


def _folds(job: _Job) -> np.ndarray:
    from ..table.folds import make_folds

    if "fold" in job.frame:
        return job.frame["fold"].to_numpy()
    canonical = job.frame["canonical"].tolist()
    return make_folds(job.config.folds, canonical, job.labels, job.config.seed)


def _write_results(job: _Job, folds: np.ndarray, ensemble, bundle: Path) -> None:
    """Out-of-fold predictions, the report, and last the bundle's description."""
    from ..base.versions import package_versions
    from ..inference.bundle import BundleInfo, write_info
    from ..inference.domain import write_domain

    with replacing(job.run.folder / files.OUT_OF_FOLD) as path:
        _out_of_fold(job, folds, ensemble).to_parquet(path, index=False)
    info = BundleInfo(
        name=job.config.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        table=job.table_name,
        rows=len(job.frame),
        preset=job.preset.name,
        folds=job.config.folds,
        seed=job.config.seed,
        properties=job.properties,
        labels={name: int(np.isfinite(job.labels[:, k]).sum()) for k, name in enumerate(job.names)},
        ranges=label_ranges(job.labels, job.names),
        medians={name: float(np.nanmedian(job.labels[:, k])) for k, name in enumerate(job.names)},
        members=list(ensemble.members),
        blend=ensemble.weights,
        shape=job.preset.shape,
        figures=ensemble.figures,
        versions=package_versions(),
        intervals=ensemble.intervals,
        domain=write_domain(bundle, job.frame["canonical"].tolist(), job.labels, job.names),
    )
    report = {
        "figures": ensemble.figures,
        "preset": job.preset.model_dump(),
        "hardware": detect().model_dump(),
        "seconds": store.select(job.run.id)[0].seconds,
        "remarks": ensemble.remarks,
        **info.model_dump(include=_REPORTED),
        "versions": info.versions,
    }
    write_atomic(job.run.folder / files.REPORT, json.dumps(report, indent=1))
    write_info(bundle, info)


def _out_of_fold(job: _Job, folds: np.ndarray, ensemble) -> pd.DataFrame:
    """One row for each label, see `engine.runs.folder.read_out_of_fold`."""
    parts = []
    for k, known in enumerate(job.properties):
        labelled = np.isfinite(job.labels[:, k])
        part = job.frame.loc[labelled, ["row", "id", "smiles"]].assign(
            fold=folds[labelled], property=known.name, label=job.labels[labelled, k]
        )
        for member, predicted in zip(ensemble.members, ensemble.out_of_fold, strict=True):
            part[member] = predicted[labelled, k]
        parts.append(part.assign(blend=ensemble.blended[labelled, k]))
    return pd.concat(parts, ignore_index=True)


if __name__ == "__main__":
    code = main(sys.argv[1])
    sys.stdout.flush()
    sys.stderr.flush()
    # At once: threads that still fit a booster nobody wants would be waited for.
    os._exit(code)
