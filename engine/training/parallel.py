"""How several devices, or the cores of a CPU, share the networks of a run."""

from dataclasses import dataclass

import numpy as np
import psutil
import torch

from engine.hardware import usable_cores
from engine.training.devices import DeviceSettings
from engine.training.distributed import fit_distributed
from engine.training.networks import NetworkFitter, NetworkJob, NetworkTask
from engine.training.processes import fit_in_processes
from engine.training.reporter import Reporter

# Starting processes takes some seconds; below so many graph passes in all they do not pay.
_WORTH_PROCESSES = 150_000
_GB_PER_PROCESS = 1.0


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
        jobs: which networks.
        reporter: told each epoch, and a step for each epoch.

    Returns:
        Shape `(N, K)`, in units: the mean over the seeds of the row's fold.
    """
    passes = sum(int((task.folds != job.fold).sum()) for job in jobs) * task.loop.epochs
    chosen = plan(task.use, len(jobs), passes)
    reporter.log(chosen.why)
    predicted = np.zeros(task.labels.shape)
    share = 1 / task.loop.seeds

    def keep(job: NetworkJob, values: np.ndarray) -> None:
        predicted[task.folds == job.fold] += share * values

    if chosen.mode == "folds":
        fit_in_processes(task, jobs, chosen.devices, chosen.threads, reporter, keep)
    elif chosen.mode == "ddp":
        fit_distributed(task, jobs, chosen.devices, chosen.threads, reporter, keep)
    else:
        _fit_here(task, jobs, chosen, reporter, keep)
    return predicted


def _processes(mode: str, count: int, cards: int, cores: int) -> Plan:
    devices = [f"cuda:{number}" if cards else "cpu" for number in range(count)]
    threads = max(cores // count, 1)
    where = f"{count} CUDA devices" if cards else f"{count} processes with {threads} CPU threads"
    return Plan(mode, devices, threads, f"PolyGIN trains on {where} ({mode})")


def _fit_here(task: NetworkTask, jobs: list[NetworkJob], chosen: Plan, reporter, keep) -> None:
    use = task.use.model_copy(update={"parallel": chosen.mode})
    fitter = NetworkFitter(task._replace(use=use), torch.device(chosen.devices[0]))

    def report(measured: dict) -> None:
        reporter.epoch(measured)
        reporter.step()

    for job in jobs:
        keep(job, fitter.fit(job, report, reporter.log))
