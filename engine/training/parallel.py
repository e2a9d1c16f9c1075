"""How several devices, or the cores of a CPU, share the networks of a run."""

import json
from dataclasses import asdict, dataclass

import numpy as np
import psutil
import torch

from ..base.hardware import usable_cores
from ..base.workspace import write_atomic
from ..settings.devices import DeviceSettings
from .checkpoints import Checkpoints
from .distributed import fit_distributed
from .network_checkpoints import pretraining_piece
from .networks import NetworkFitter, NetworkJob, NetworkTask
from .processes import fit_in_processes
from .reporter import Reporter, pass_on

# Starting processes takes some seconds; below so many graph passes in all they do not pay.
_WORTH_PROCESSES = 150_000
_GB_PER_PROCESS = 1.0
_PLAN = "plan.json"


@dataclass(frozen=True)
class Plan:
    """Who fits the networks.

    Attributes:
        mode: `none`, `dp`, `ddp` or `folds`.
        devices: PyTorch's names of the devices; for `folds` and `ddp` one for each process.
        threads: CPU threads of each process.
        why: a sentence for the log.
    """

    mode: str
    devices: list[str]
    threads: int
    why: str


def plan(use: DeviceSettings, jobs: int, graph_passes: int) -> Plan:
    """Divide the work over what this machine has.

    Args:
        use: what the user asked for.
        jobs: how many networks there are to fit.
        graph_passes: training graphs times epochs, over all networks.
    """
    cards, cores = torch.cuda.device_count(), usable_cores()
    one = ["cuda:0" if cards else "cpu"]
    if use.parallel == "none":
        return Plan("none", one, cores, f"PolyGIN trains on {one[0]}")
    if use.parallel == "dp":
        if cards >= 2:
            names = [f"cuda:{number}" for number in range(cards)]
            return Plan("dp", names, cores, f"PolyGIN trains on {cards} CUDA devices (dp)")
        why = f"dp needs two CUDA devices and there are {cards}: PolyGIN trains on {one[0]}"
        return Plan("none", one, cores, why)
    if use.parallel == "ddp":
        return _processes("ddp", max(cards, 2 if not cards else 1), cards, cores)
    if cards:
        count = min(cards, jobs)
    else:
        memory = psutil.virtual_memory().available / 2**30
        count = max(min(cores, jobs, int(memory / _GB_PER_PROCESS)), 1)
        if use.parallel == "auto" and graph_passes < _WORTH_PROCESSES:
            count = 1
    if count == 1:
        return Plan("none", one, cores, f"PolyGIN trains on {one[0]}")
    return _processes("folds", count, cards, cores)


def fit_networks(task: NetworkTask, jobs: list[NetworkJob], reporter: Reporter) -> np.ndarray:
    """Fit networks and predict each row by those that never saw it.

    Args:
        task: what they share; the networks are written to its folder.
        jobs: which networks; those that the task's checkpoints hold are not trained again.
        reporter: told each epoch, and a step for each epoch.

    Raises:
        DivergedError: when the loss of one is no number any more.

    Returns:
        Shape `(N, K)`, in units: the mean over the seeds of the row's fold, NaN in rows that no
        network was to predict.
    """
    todo, results = _open_jobs(task, jobs, reporter)
    passes = sum(int((task.folds != job.fold).sum()) for job in jobs) * task.loop.all_epochs
    chosen = _kept_plan(task) or plan(task.use, len(jobs), passes)
    _keep_plan(task, chosen)
    reporter.log(chosen.why)

    def keep(job: NetworkJob, values: np.ndarray) -> None:
        results[job] = values

    if chosen.mode == "folds":
        devices = chosen.devices[: len(todo)]
        fit_in_processes(task, todo, devices, chosen.threads, reporter, keep)
    elif chosen.mode == "ddp" and todo:
        fit_distributed(task, todo, chosen.devices, chosen.threads, reporter, keep)
    else:
        _fit_here(task, todo, chosen, reporter, keep)
    predicted = np.full(task.labels.shape, np.nan)
    predicted[np.isin(task.folds, [job.fold for job in jobs])] = 0
    # In the order of the jobs, whichever ended first: sums of floats depend on it.
    for job in jobs:
        predicted[task.folds == job.fold] += results[job] / task.loop.seeds
    return predicted


def _open_jobs(
    task: NetworkTask, jobs: list[NetworkJob], reporter: Reporter
) -> tuple[list[NetworkJob], dict[NetworkJob, np.ndarray]]:
    """The jobs that are not finished, and the results of those that are."""
    if task.checkpoints is None:
        return jobs, {}
    checkpoints = Checkpoints(task.checkpoints)
    found = {job: checkpoints.finished(job.piece) for job in jobs}
    results = {job: state.arrays["result"] for job, state in found.items() if state}
    todo = [job for job in jobs if job not in results]
    begun = [checkpoints.latest(job.piece) for job in todo]
    before = task.loop.all_epochs - task.loop.epochs
    learned = sum(before + len(state.values["history"]) for state in begun if state)
    for job, state in zip(todo, begun, strict=True):
        kept = None if state or not before else checkpoints.latest(pretraining_piece(job.piece))
        learned += kept.values["pretraining_epoch"] if kept else 0
    reporter.skip(task.loop.all_epochs * len(results) + learned)
    return todo, results


# A fit that goes on uses as many threads as before: sums of floats depend on that too.


def _keep_plan(task: NetworkTask, chosen: Plan) -> None:
    if task.checkpoints:
        write_atomic(task.checkpoints / _PLAN, json.dumps(asdict(chosen)))


def _kept_plan(task: NetworkTask) -> Plan | None:
    """The plan that the fit began with, if this machine still has its devices."""
    try:
        kept = Plan(**json.loads((task.checkpoints / _PLAN).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    cards = {f"cuda:{number}" for number in range(torch.cuda.device_count())}
    there = cards or {"cpu"}
    return kept if set(kept.devices) <= there else None


def _processes(mode: str, count: int, cards: int, cores: int) -> Plan:
    devices = [f"cuda:{number}" if cards else "cpu" for number in range(count)]
    threads = max(cores // count, 1)
    where = f"{count} CUDA devices" if cards else f"{count} processes with {threads} CPU threads"
    return Plan(mode, devices, threads, f"PolyGIN trains on {where} ({mode})")


def _fit_here(task: NetworkTask, jobs: list[NetworkJob], chosen: Plan, reporter, keep) -> None:
    use = task.use.model_copy(update={"parallel": chosen.mode})
    fitter = NetworkFitter(task._replace(use=use), torch.device(chosen.devices[0]))

    for job in jobs:
        keep(job, fitter.fit(job, lambda measured: pass_on(measured, reporter), reporter.log))
