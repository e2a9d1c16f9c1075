"""Peak memory of training, each side in a process of its own so that the peak is its own."""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import psutil
import torch

from bench.speed.data import BenchData, typical_rows
from bench.speed.loops import block_rows, make_epoch
from bench.speed.timing import Show
from bench.speed.workload import PARALLEL, SIDES, Workload, workloads
from engine.base.hardware import peak_memory, usable_cores
from engine.base.packed import PackedGraphs

_MB = 2**20


def measure_memory(data: BenchData, device: torch.device, quick: bool, show: Show) -> list[dict]:
    """Train one epoch of each side for each workload and read the peak.

    Args:
        data: what is learned.
        device: where.
        quick: only a few steps, to see that it works.
        show: called as the work proceeds.

    Returns:
        For each workload and side, in MB (2²⁰ bytes): the peak of the process's memory, what it
        held before it loaded any data, and on CUDA the peaks of allocated and reserved memory.
    """
    sides = [side for side in SIDES if side not in PARALLEL]
    results = []
    done, total = 0, len(workloads(device)) * len(sides)
    with tempfile.TemporaryDirectory(prefix="polygin-bench-") as folder:
        file = Path(folder) / "data.npz"
        np.savez(file, labels=data.labels, **data.graphs.arrays())
        show("Peak memory", done, total)
        for workload in workloads(device):
            peaks = {}
            for side in sides:
                job = {"workload": asdict(workload), "side": side, "device": device.type}
                peaks[side] = _in_a_process(file, {**job, "quick": quick})
                done += 1
                show("Peak memory", done, total)
            results.append({**asdict(workload), "device": device.type, "sides": peaks})
    return results


def train_and_measure(file: Path, job: dict) -> dict[str, float]:
    """What the process of one side does; see `measure_memory`.

    Args:
        file: the labels and the packed graphs.
        job: `workload`, `side`, `device` and `quick`.
    """
    torch.set_num_threads(usable_cores())
    device, workload = torch.device(job["device"]), Workload(**job["workload"])
    if job["side"] != "ours":
        from bench.speed import pyg_network  # noqa: F401
    before = psutil.Process().memory_info().rss / _MB
    arrays = dict(np.load(file))
    labels = arrays.pop("labels")
    names = tuple(map(str, range(labels.shape[1])))
    data = BenchData("", PackedGraphs(**arrays), labels, names)
    if job["quick"]:
        rows = block_rows(data, workload, device, quick=True)
    else:
        labelled = len(data.labelled)
        batch = min(workload.batch, labelled)
        rows = typical_rows(data, labelled // batch * batch)
    make_epoch(job["side"], data, workload, rows, device)()
    peaks = {"peak_mb": peak_memory() / _MB or float("nan"), "before_mb": before}
    if device.type == "cuda":
        peaks["vram_allocated_mb"] = torch.cuda.max_memory_allocated() / _MB
        peaks["vram_reserved_mb"] = torch.cuda.max_memory_reserved() / _MB
    return peaks


def _in_a_process(file: Path, job: dict) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.speed.memory", str(file), json.dumps(job)]
    project = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=project, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    print(json.dumps(train_and_measure(Path(sys.argv[1]), json.loads(sys.argv[2]))))
