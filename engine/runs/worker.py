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
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from filelock import Timeout

from ..base.errors import DiskFullError, LockedError, UserError
from ..base.hardware import detect
from ..base.workspace import replacing, synchronise, write_atomic
from ..settings.conditions import CONDITION_PREFIX
from ..training.pieces import Share
from . import folder as files
from . import process, store
from .exit_reasons import leave_last_words, make_room_for_last_words, stop_reason
from .learned_rows import read_learned_rows
from .places import Here, Place
from .records import ALIVE, Run, StoredConfig
from .reporting import RunReporter, StoppedError, TaskReporter, mend_metrics

if TYPE_CHECKING:
    from .making import BundleRequest, Made

_BEAT_SECONDS = 5.0
_REPORTED = {"table", "rows", "folds", "seed", "labels", "blend", "intervals"}


class _Job(NamedTuple):
    """A run's settings and its table, as they lie in its folder."""

    run: Run
    config: StoredConfig
    frame: pd.DataFrame

    @classmethod
    def read(cls, run: Run) -> "_Job":
        config = files.read_stored_config(run)
        return cls(run, config, read_learned_rows(run, config))

    def request(self) -> "BundleRequest":
        from .making import BundleRequest

        config, frame = self.config, self.frame
        labels = [files.LABEL_PREFIX + property_.name for property_ in config.properties]
        return BundleRequest(
            name=config.name,
            table=config.table,
            canonical=frame["canonical"].tolist(),
            labels=frame[labels].to_numpy(),
            properties=config.properties,
            preset=config.training_preset,
            folds=config.folds,
            seed=config.seed,
            given_folds=frame["fold"].to_numpy() if "fold" in frame else None,
            sources=config.sources,
            bounds=files.bounds_of(frame, [property_.name for property_ in config.properties]),
            conditions=config.conditions,
            condition_values={
                each.name: frame[CONDITION_PREFIX + each.name].to_numpy()
                for each in config.conditions
            },
            polymer_columns=config.polymer_columns or config.columns.of_polymer,
        )


def main(run_id: str) -> int:
    """Carry out a run on this machine; returns the process's exit code."""
    return carry_out(Here(store.select(run_id)[0]))


def carry_out(place: Place) -> int:
    """Carry out a run, from its checkpoints if it has any; returns the process's exit code."""
    try:
        return _alone(place)
    except DiskFullError:
        return _disk_full(place)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return _disk_full(place)


def leave(code: int) -> None:
    """End this process at once: Python would wait for threads that fit what nobody needs."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _alone(place: Place) -> int:
    try:
        with place.alone():
            return _work(place)
    except Timeout:
        return 0


def _work(place: Place) -> int:
    if not place.take():
        return 0  # it was stopped, or another worker has taken it
    signal.signal(signal.SIGTERM, place.told_to_end)
    with suppress(OSError):
        make_room_for_last_words(place.run)
    threading.Thread(target=_beat, args=(place.run,), daemon=True).start()
    try:
        return _attempt(place)
    except DiskFullError:
        return _disk_full(place)


def _attempt(place: Place) -> int:
    """Carry the run out and write down how it ended; a full disk alone is left to the caller."""
    run = place.run
    try:
        with place.device():
            began = {"started": run.started or time.time(), "since": time.time()}
            if not place.change(only_from=("queued",), state="running", **began):
                raise StoppedError
            figures, remarks = _carry_out(_Job.read(run), place)
    except StoppedError:
        _finish(place, "stopped", stop_reason(run))
    except DiskFullError:
        raise
    except UserError as error:
        _finish(place, "failed", str(error))
    except MemoryError:
        reason = (
            "Out of memory: choose a smaller preset or a smaller table, or close other programs"
        )
        _finish(place, "failed", f"{reason}; resumed, it goes on from its last checkpoint.")
    except Exception as error:
        # The log lies on the same disk: if that is full, the trace is lost, but not the reason.
        with suppress(OSError):
            traceback.print_exc()
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise DiskFullError from error
        reason = f"Unexpected {type(error).__name__}: {error}. The log has the details."
        _finish(place, "failed", reason)
    else:
        _settle(run)
        # Nothing is left that could be stopped, only to be written down and cleared up.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _finish(place, "done", " ".join(remarks), figures=figures, progress=1.0)
        # The largest files, needed until the run is recorded as done.
        shutil.rmtree(run.folder / files.CHECKPOINTS, ignore_errors=True)
        return 0
    return 1


def _settle(run: Run) -> None:
    """Make the files of a run that is about to be done whole on the disk, and the only ones."""
    # What was being written when a worker was killed.
    for left in (*run.folder.glob(".*"), *run.bundle.glob(".*")):
        with suppress(OSError):
            left.unlink()
    with suppress(OSError):
        synchronise(run.folder)


def _disk_full(place: Place) -> int:
    leave_last_words(place.run)
    try:
        free = "Free some space, for example by deleting old runs, then resume this one"
        _finish(place, "failed", f"The disk is full. {free}: its checkpoints are kept.")
    except (OSError, DiskFullError):
        pass  # the supervisor says it
    return process.DISK_FULL


def _beat(run: Run) -> None:
    """Touch the heartbeat file for as long as this process lives."""
    while True:
        with suppress(OSError):
            (run.folder / files.HEARTBEAT).touch()
        time.sleep(_BEAT_SECONDS)


def _finish(place: Place, state: str, reason: str, **changes: object) -> None:
    with suppress(OSError):
        print(f"Run {state}. {reason}".strip(), flush=True)
    ended = {"state": state, "reason": reason, "finished": time.time(), "stage": ""}
    while True:
        try:
            place.change(only_from=ALIVE, **ended, **changes)
            return
        except LockedError as error:
            # The work is done: it is worth waiting for whoever holds the run table.
            with suppress(OSError):
                print(error, flush=True)


def _carry_out(job: _Job, place: Place) -> tuple[dict, list[str]]:
    """From the table to the bundle; returns the figures, and what a user should know."""
    # Loaded here, not above: a queued run need not wait for torch, nor hold its memory.
    from ..training.context import TrainContext
    from .making import make_bundle

    run, request = job.run, job.request()
    reporter = RunReporter(run, request.names, place.change)
    reporter.log(f"{request.table}: {len(job.frame):,} rows, preset {request.preset.name}")
    begins_anew, histories = _keep_what_fits(job, request)
    if begins_anew:
        reporter.log("The software or its encoder has changed since: the run begins anew")
    mend_metrics(run, request.names, histories)
    context = TrainContext(run.bundle, reporter, job.config.use, run.folder / files.CHECKPOINTS)
    made = make_bundle(request, context)
    with replacing(run.folder / files.OUT_OF_FOLD) as path:
        _out_of_fold(job.frame, request, made).to_parquet(path, index=False)
    report = {
        "figures": made.ensemble.figures,
        "preset": request.preset.model_dump(),
        "hardware": detect().model_dump(),
        "seconds": place.read().seconds,
        "remarks": made.ensemble.remarks,
        **made.info.model_dump(include=_REPORTED),
        "versions": made.info.versions,
    }
    write_atomic(run.folder / files.REPORT, json.dumps(report, indent=1))
    return made.ensemble.figures, made.ensemble.remarks


def carry_out_share(run: Run, share: Share) -> None:
    """Fit some pieces of a run; its worker finds them, and fits the rest.

    Raises:
        StoppedError: when the run is to stop.
        UserError: when the rows cannot be learned from.
    """
    from ..training.context import TrainContext
    from .making import make_share

    job = _Job.read(run)
    request, checkpoints = job.request(), run.folder / files.CHECKPOINTS
    if not share.of:
        _keep_what_fits(job, request)
    # A sign of life, whichever of the tasks gives it.
    threading.Thread(target=_beat, args=(run,), daemon=True).start()
    context = TrainContext(run.bundle, TaskReporter(run), job.config.use, checkpoints)
    make_share(request, context, share)


def _keep_what_fits(job: _Job, request: "BundleRequest") -> tuple[bool, list[list[dict]]]:
    """Delete the checkpoints that other software has made.

    Returns:
        Whether there were any, and the histories of the networks that are left.
    """
    from ..models.encoder import encoder_digest
    from ..training.checkpoints import Checkpoints

    checkpoints = Checkpoints(job.run.folder / files.CHECKPOINTS)
    depends_on = {"preset": request.preset.model_dump_json()}
    if request.preset.starts_from_encoder:
        depends_on["encoder"] = encoder_digest()
    return checkpoints.keep_only_for(**depends_on), checkpoints.histories()


def _out_of_fold(frame: pd.DataFrame, request: "BundleRequest", made: "Made") -> pd.DataFrame:
    """One row for each label, see `engine.runs.folder.read_out_of_fold`."""
    labels, ensemble, parts = request.labels, made.ensemble, []
    conditions = [CONDITION_PREFIX + each.name for each in request.conditions]
    for k, name in enumerate(request.names):
        labelled = np.isfinite(labels[:, k])
        part = frame.loc[labelled, ["row", "id", "smiles", *conditions]].assign(
            fold=made.folds[labelled], property=name, label=labels[labelled, k]
        )
        for member, predicted in zip(ensemble.members, ensemble.out_of_fold, strict=True):
            part[member] = predicted[labelled, k]
        parts.append(part.assign(blend=ensemble.blended[labelled, k]))
    return pd.concat(parts, ignore_index=True)


if __name__ == "__main__":
    leave(main(sys.argv[1]))
