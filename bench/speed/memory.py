"""Peak memory of training, each side in a process of its own so that the peak is its own."""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from bench.speed.data import Subject, typical_rows
from bench.speed.loops import block_rows, cases, make_epoch
from bench.speed.machine import threads
from bench.speed.timing import Show
from bench.speed.workload import AT_ONCE, SIDES, Case
from engine.base.packed import PackedGraphs

_MB = 2**20


def measure_memory(subject: Subject, device: torch.device, quick: bool, show: Show) -> list[dict]:
    """Train one epoch of each side in each case and read the peak.

    Args:
        subject: what is learned.
        device: where.
        quick: a handful of steps only, to see that it works.
        show: told how far it is.

    Returns:
        For each case and side, in MB (2²⁰ bytes): the most memory the process ever held, what it
        held before it had any data, and on CUDA what was allocated and reserved at most.
    """
    sides = [side for side in SIDES if side not in AT_ONCE]
    jobs = [(case, side) for case in cases(device) for side in sides]
    results = [{**asdict(case), "device": device.type, "sides": {}} for case in cases(device)]
    with tempfile.TemporaryDirectory(prefix="polygin-bench-") as folder:
        data = Path(folder) / "subject.npz"
        np.savez(data, labels=subject.labels, **subject.graphs._asdict())
        show("Peak memory", 0, len(jobs))
        for done, (case, side) in enumerate(jobs):
            job = {"case": asdict(case), "side": side, "device": device.type, "quick": quick}
            results[done // len(sides)]["sides"][side] = _in_a_process(data, job)
            show("Peak memory", done + 1, len(jobs))
    return results


def train_and_measure(data: Path, job: dict) -> dict[str, float]:
    """What the process of one side does; see `measure_memory`."""
    torch.set_num_threads(threads())
    device, case, side = torch.device(job["device"]), Case(**job["case"]), job["side"]
    if side != "ours":
        from bench.speed import pyg_network  # noqa: F401
    before = _resident_mb("VmRSS")
    arrays = dict(np.load(data))
    labels = arrays.pop("labels")
    names = tuple(map(str, range(labels.shape[1])))
    subject = Subject("", PackedGraphs(**arrays), labels, names)
    if job["quick"]:
        rows = block_rows(subject, case, device, quick=True)
    else:
        labelled = len(subject.labelled)
        batch = min(case.batch, labelled)
        rows = typical_rows(subject, labelled // batch * batch)
    make_epoch(side, subject, case, rows, device)()
    found = {"peak_mb": _resident_mb("VmHWM"), "before_mb": before}
    if device.type == "cuda":
        found["vram_allocated_mb"] = torch.cuda.max_memory_allocated() / _MB
        found["vram_reserved_mb"] = torch.cuda.max_memory_reserved() / _MB
    return found


def _in_a_process(data: Path, job: dict) -> dict[str, float]:
    words = [sys.executable, "-m", "bench.speed.memory", str(data), json.dumps(job)]
    project = Path(__file__).resolve().parents[2]
    done = subprocess.run(words, cwd=project, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _resident_mb(field: str) -> float:
    """`VmRSS`, the resident memory now, or `VmHWM`, its peak.

    The peak of `getrusage` would not do: a process inherits it from the one that started it.
    """
    status = Path("/proc/self/status")
    if not status.is_file():
        return float("nan")
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines[field].split()[0]) / 1024


if __name__ == "__main__":
    print(json.dumps(train_and_measure(Path(sys.argv[1]), json.loads(sys.argv[2]))))
