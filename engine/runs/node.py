"""The process that carries out a run on a node: `python -m engine.runs.node RUN_ID WORKSPACE`.

Slurm starts it, and again where its job is queued again: it goes on from the run's checkpoints.
With `prepare` it only gets ready what several tasks share, and with `task` it is one of them: it
fits some pieces, which the run's worker then finds among the checkpoints.
"""

import os
import signal
import sys
import threading
import time

import psutil

from ..base.errors import UserError
from ..base.plain_files import demand_place
from ..base.workspace import NODE, subfolder
from ..training.pieces import Share
from . import folder as files
from . import worker
from .own_files import demand_own_files
from .places import OnNode, demand_ours
from .records import Run, is_run_id
from .reporting import StoppedError
from .run_json import read_record
from .sampling import Sampler


def main(run_id: str, workspace: str, what: str = "all") -> int:
    """Carry out a run in this job, or its part; returns the exit code."""
    os.environ["POLYGIN_HOME"] = workspace
    job = os.environ["SLURM_JOB_ID"]
    node = os.environ.get("SLURMD_NODENAME") or os.uname().nodename
    os.environ[NODE] = node
    # Sent before the time limit, to the process that queues the job again.
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    try:
        if not is_run_id(run_id):
            raise UserError(f"{run_id!r} is no id of a run.")
        run, _ = read_record(subfolder("runs") / run_id)
        demand_own_files(run)
        if what != "all":
            worker.carry_out_share(run, _share(what))
            return 0
        demand_ours(run, job)
        _log_to(run)
    except (UserError, StoppedError) as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    times = int(os.environ.get("SLURM_RESTART_COUNT") or 0)
    again = f", which was queued again {times} times" if times else ""
    print(f"Slurm's job {job}{again}, on the node {node}", flush=True)
    threading.Thread(target=_sample, args=(run,), daemon=True).start()
    return worker.carry_out(OnNode(run, job, node))


def _share(what: str) -> Share:
    """The pieces that are this task's."""
    if what == "prepare":
        return Share()
    number, of = (os.environ[f"SLURM_ARRAY_TASK_{name}"] for name in ("ID", "COUNT"))
    return Share(int(number), int(of))


def _log_to(run: Run) -> None:
    """Let all that this process says go to the run's log."""
    path = run.folder / files.LOG
    demand_place(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)


def _sample(run: Run) -> None:
    """Measure what the run takes of this node, for as long as this process lives."""
    sampler, own = Sampler(), psutil.Process()
    while True:
        sampler.sample([(run, own)])
        time.sleep(1.0)


if __name__ == "__main__":
    worker.leave(main(*sys.argv[1:]))
