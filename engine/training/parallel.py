"""How several devices, or the cores of a CPU, share the networks of a member."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil
import torch

from ..base.errors import UserError
from ..base.hardware import usable_cores
from ..base.plain_files import read_file
from ..base.workspace import write_atomic
from ..models.members import title_of
from ..settings.devices import DeviceSettings, Parallel
from .checkpoints import Checkpoints
from .context import TrainContext
from .distributed import fit_distributed
from .networks import NetworkFitter, NetworkJob, NetworkTask
from .pieces import Share, pretraining_piece
from .processes import fit_in_processes

# Starting processes takes some seconds, which pays only from so many graph passes on.
_WORTH_PROCESSES = 150_000
_GB_PER_PROCESS = 1.0
_MOST_BYTES = 2**20


@dataclass(frozen=True)
class Plan:
    """Who fits the networks.

    Attributes:
        mode: `none`, `dp`, `ddp` or `folds`.
        devices: PyTorch's names of the devices; for `folds` and `ddp` one for each process.
        threads: CPU threads of each process.
        where: the devices, in words.
        remark: why the plan is not what the user chose, if it is not.
    """

    mode: Parallel
    devices: list[str]
    threads: int
    where: str
    remark: str = ""


def plan(use: DeviceSettings, jobs: int, graph_passes: int) -> Plan:
    """Divide the work over the devices or cores of this machine.

    Args:
        use: what the user asked for.
        jobs: number of networks to fit.
        graph_passes: training graphs times epochs, over all networks.
    """
    cards, cores = torch.cuda.device_count(), usable_cores()
    alone = Plan("none", ["cuda:0" if cards else "cpu"], cores, "cuda:0" if cards else "cpu")
    if use.parallel == "none":
        return alone
    if use.parallel == "dp":
        if cards >= 2:
            names = [f"cuda:{number}" for number in range(cards)]
            return Plan("dp", names, cores, f"{cards} CUDA devices (dp)")
        remark = f"dp needs two CUDA devices and there are {cards}"
        return Plan("none", alone.devices, cores, alone.where, remark)
    if use.parallel == "ddp":
        return _processes("ddp", max(cards, 2 if not cards else 1), cards, cores)
    if cards:
        count = min(cards, jobs)
    else:
        memory = psutil.virtual_memory().available / 2**30
        count = max(min(cores, jobs, int(memory / _GB_PER_PROCESS)), 1)
        if use.parallel == "auto" and graph_passes < _WORTH_PROCESSES:
            count = 1
    return alone if count == 1 else _processes("folds", count, cards, cores)


def fit_networks(
    task: NetworkTask, jobs: list[NetworkJob], context: TrainContext, share: Share | None = None
) -> np.ndarray:
    """Fit the networks of a member, and predict each row with those that never saw it.

    Args:
        task: what they share.
        jobs: which networks, of one member; those that are finished are not trained again.
        context: of the fit; its reporter is told each epoch, and a step for each epoch.
        share: fit these alone, as many at once and with as many threads as if it were all; their
            results lie in checkpoints. All by default.

    Raises:
        DivergedError: when the loss of one becomes NaN or infinite.

    Returns:
        Shape `(N, K)`, on the scales: the mean over the seeds of the fold of each row, NaN in rows
        that no network predicts.
    """
    training, member = task.config.training, jobs[0].member
    own = jobs if share is None else share.taken(jobs)
    waiting, results = _waiting_jobs(task, own, context)
    passes = sum(int((task.folds != job.fold).sum()) for job in jobs) * training.all_epochs
    chosen = _planned(member, context) or plan(context.use, len(jobs), passes)
    if share is None or not share.of:
        # Of several tasks, none writes what others write too.
        _save_plan(chosen, member, context)
    where = f"{title_of(member)} trains on {chosen.where}"
    context.reporter.log(f"{chosen.remark}: {where}" if chosen.remark else where)
    if chosen.mode == "folds":
        devices = chosen.devices[: len(waiting)]
        fit_in_processes(task, waiting, devices, chosen.threads, context, results.__setitem__)
    elif chosen.mode == "ddp" and waiting:
        fit_distributed(task, waiting, chosen.devices, chosen.threads, context, results.__setitem__)
    else:
        _fit_here(task, waiting, chosen, context, results.__setitem__)
    predicted = np.full(task.labels.shape, np.nan)
    if share is not None:
        return predicted
    predicted[np.isin(task.folds, [job.fold for job in jobs])] = 0
    # In the order of the jobs, whichever ended first: sums of floats depend on it.
    for job in jobs:
        predicted[task.folds == job.fold] += results[job] / training.seeds
    return predicted


def _fit_here(
    task: NetworkTask,
    jobs: list[NetworkJob],
    chosen: Plan,
    context: TrainContext,
    on_fitted: Callable[[NetworkJob, np.ndarray], None],
) -> None:
    """Fit networks in this process, one after the other."""
    torch.set_num_threads(chosen.threads)
    fitter = NetworkFitter(task, context.on(chosen.devices[0]).with_parallel(chosen.mode))
    for job in jobs:
        on_fitted(job, fitter.fit(job))


def _waiting_jobs(
    task: NetworkTask, jobs: list[NetworkJob], context: TrainContext
) -> tuple[list[NetworkJob], dict[NetworkJob, np.ndarray]]:
    """The jobs that are not finished, and the results of those that are."""
    if context.checkpoints is None:
        return jobs, {}
    checkpoints = Checkpoints(context.checkpoints)
    finished = {job: checkpoints.finished(job.piece) for job in jobs}
    results = {job: state.arrays["result"] for job, state in finished.items() if state}
    waiting = [job for job in jobs if job not in results]
    done = task.config.training.all_epochs * len(results)
    done += sum(_epochs_done(job, task, checkpoints) for job in waiting)
    context.reporter.skip(done)
    return waiting, results


def _epochs_done(job: NetworkJob, task: NetworkTask, checkpoints: Checkpoints) -> int:
    """The epochs that an unfinished network has done, by its checkpoints."""
    training = task.config.training
    pretraining = training.all_epochs - training.epochs
    if state := checkpoints.latest(job.piece):
        return pretraining + len(state.values["history"])
    state = checkpoints.latest(pretraining_piece(job.piece)) if pretraining else None
    return state.values["pretraining_epoch"] if state else 0


def _save_plan(chosen: Plan, member: str, context: TrainContext) -> None:
    """Store the plan: a resumed fit uses as many threads, since sums of floats depend on it."""
    if context.checkpoints:
        write_atomic(_plan_file(context.checkpoints, member), json.dumps(asdict(chosen)))


def _planned(member: str, context: TrainContext) -> Plan | None:
    """The plan that the fit began with, if this machine still has its devices."""
    if context.checkpoints is None:
        return None
    try:
        path = _plan_file(context.checkpoints, member)
        planned = Plan(**json.loads(read_file(path, "", _MOST_BYTES)))
    except (UserError, ValueError, TypeError, RecursionError):
        return None
    cards = {f"cuda:{number}" for number in range(torch.cuda.device_count())}
    return planned if set(planned.devices) <= (cards or {"cpu"}) else None


def _plan_file(checkpoints: Path, member: str) -> Path:
    return checkpoints / f"{member}-plan.json"


def _processes(mode: Parallel, count: int, cards: int, cores: int) -> Plan:
    devices = [f"cuda:{number}" if cards else "cpu" for number in range(count)]
    threads = max(cores // count, 1)
    where = f"{count} CUDA devices" if cards else f"{count} processes with {threads} CPU threads"
    return Plan(mode, devices, threads, f"{where} ({mode})")
