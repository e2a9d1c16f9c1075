"""Each batch split over processes, on one or several machines.

`torchrun … -m engine.training.distributed FOLDER` on each machine, the folder being shared.

Weights are equal everywhere, gradients and the averages of batch normalisation are summed over the
processes, so the loss is that of one process, within rounding.
"""

import json
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from safetensors.numpy import load_file, save_file

from ..base.errors import UserError
from ..base.packed import PackedGraphs
from ..settings.devices import DeviceSettings
from ..settings.members import PolyGINShape
from ..settings.training import LoopSettings
from .checkpoints import Checkpoints
from .loop import DivergedError
from .networks import NetworkFitter, NetworkJob, NetworkTask
from .reporter import Reporter, pass_on

_ARRAYS, _SETTINGS, _TOLD = "arrays.safetensors", "settings.json", "told.jsonl"
_POLL_SECONDS = 0.3
_ENDINGS = {one.__name__: one for one in (DivergedError, MemoryError, UserError)}


def fit_distributed(
    task: NetworkTask,
    jobs: list[NetworkJob],
    devices: list[str],
    threads: int,
    reporter: Reporter,
    keep: Callable[[NetworkJob, np.ndarray], None],
) -> None:
    """Fit networks one after the other, each on all devices of this machine.

    Args:
        task: what they share; a folder `ddp` within its folder's parent holds what is exchanged.
        jobs: which networks.
        devices: one for each process.
        threads: CPU threads of each process.
        reporter: told each epoch; may raise to end it all.
        keep: given the held-out predictions of each network.

    Raises:
        DivergedError: when the loss of a network is no number any more.
        MemoryError: when a process runs out of memory.
        UserError: when a process says what to mend.
        RuntimeError: when a process fails otherwise.
    """
    folder = task.folder.parent / "ddp"
    folder.mkdir(exist_ok=True)
    write_task(folder, task, jobs)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc_per_node", str(len(devices)), "-m", __name__, str(folder)]
    command += ["--threads", str(threads), "--parent", str(os.getpid())]
    with open(folder / "torchrun.log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            epochs = _follow(folder / _TOLD, process, reporter)
        finally:
            _end(process)
    if process.returncode:
        tail = (folder / "torchrun.log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"torchrun ended with exit code {process.returncode}:\n{tail}")
    for job in jobs:
        predicted = np.load(folder / f"predicted-{job.number:03d}.npy")
        if task.checkpoints:
            history = [row for row in epochs if (row["fold"], row["seed"]) == job[1:]]
            Checkpoints(task.checkpoints).finish(job.piece, predicted, history=history)
        keep(job, predicted)


def write_task(folder: Path, task: NetworkTask, jobs: list[NetworkJob]) -> None:
    """Write a task so that processes, also on other machines, can read it."""
    (folder / _TOLD).write_bytes(b"")
    arrays = {**task.graphs._asdict(), "labels": task.labels, "folds": task.folds}
    if task.descriptors is not None:
        arrays["descriptors"] = task.descriptors
    save_file(
        {name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / _ARRAYS
    )
    settings = {
        "shape": task.shape.model_dump(),
        "loop": task.loop.model_dump(),
        "use": task.use.model_dump(),
        "folder": str(task.folder.resolve()),
        "jobs": jobs,
    }
    (folder / _SETTINGS).write_text(json.dumps(settings))


def read_task(folder: Path) -> tuple[NetworkTask, list[NetworkJob]]:
    """Read what `write_task` wrote."""
    arrays = load_file(folder / _ARRAYS)
    settings = json.loads((folder / _SETTINGS).read_text())
    task = NetworkTask(
        PackedGraphs(*(arrays[name] for name in PackedGraphs._fields)),
        arrays["labels"],
        arrays["folds"],
        PolyGINShape(**settings["shape"]),
        LoopSettings(**settings["loop"]),
        DeviceSettings(**settings["use"]),
        Path(settings["folder"]),
        descriptors=arrays.get("descriptors"),
    )
    return task, [NetworkJob(*job) for job in settings["jobs"]]


def main(words: list[str]) -> None:
    """What each process of torchrun does."""
    folder = Path(words[0])
    torch.set_num_threads(int(_option(words, "--threads") or 1))
    parent = _option(words, "--parent")
    if parent and os.name == "posix":
        threading.Thread(target=_end_with, args=(int(parent),), daemon=True).start()
    on_cuda = torch.cuda.is_available()
    dist.init_process_group("nccl" if on_cuda else "gloo")
    first = dist.get_rank() == 0
    try:
        local = dist.get_node_local_rank()
        device = torch.device(f"cuda:{local}" if on_cuda else "cpu")
        if on_cuda:
            torch.cuda.set_device(device)
        task, jobs = read_task(folder)
        fitter = NetworkFitter(task, device)
        for job in jobs:
            predicted = fitter.fit(
                job, _teller(folder, "epoch", first), _teller(folder, "log", first), first
            )
            _demand_equal(predicted, device)
            if first:
                np.save(folder / f"predicted-{job.number:03d}.npy", predicted)
    except tuple(_ENDINGS.values()) as error:
        _teller(folder, "ended", True)([type(error).__name__, str(error)])
        _end_at_once()
    except Exception:
        traceback.print_exc()
        _end_at_once()
    dist.destroy_process_group()


def _end_at_once() -> None:
    """End this process without a word to the others, who may wait for it in a sum for ever."""
    sys.stderr.flush()
    os._exit(1)


def _option(words: list[str], name: str) -> str | None:
    return words[words.index(name) + 1] if name in words else None


def _end_with(parent: int) -> None:
    """End this process, and so torchrun and the others, when the run's worker has ended."""
    while True:
        try:
            os.kill(parent, 0)
        except ProcessLookupError:
            os._exit(1)
        time.sleep(_POLL_SECONDS)


def _demand_equal(predicted: np.ndarray, device: torch.device) -> None:
    """Processes whose weights drifted apart would predict differently: a fault, never a result."""
    highest = torch.as_tensor(predicted, dtype=torch.float32, device=device)
    lowest = highest.clone()
    dist.all_reduce(highest, dist.ReduceOp.MAX)
    dist.all_reduce(lowest, dist.ReduceOp.MIN)
    if not torch.allclose(highest, lowest, rtol=1e-4, atol=1e-5):
        raise RuntimeError("the processes ended with different weights")


def _teller(folder: Path, kind: str, first: bool) -> Callable[[object], None]:
    """Writes what is reported as lines of JSON; of all processes, only the first does."""

    def tell(what: object) -> None:
        if first:
            with open(folder / _TOLD, "a") as file:
                file.write(json.dumps({kind: what}, default=_plain) + "\n")

    return tell


def _plain(value: object) -> object:
    return value.tolist()


def _follow(path: Path, process: subprocess.Popen, reporter: Reporter) -> list[dict]:
    """Pass on what the processes tell until they end; returns the epochs, with their times.

    Raises:
        DivergedError, MemoryError, UserError: when that is what ended a process.
    """
    epochs = []
    with open(path) as file:
        while True:
            ended = process.poll() is not None
            for line in _whole_lines(file):
                told = json.loads(line)
                if "epoch" in told:
                    if "val_mae" in told["epoch"]:
                        epochs.append({"time": time.time(), **told["epoch"]})
                    pass_on(told["epoch"], reporter)
                elif "ended" in told:
                    name, text = told["ended"]
                    raise _ENDINGS[name](text)
                else:
                    reporter.log(told["log"])
            if ended:
                return epochs
            reporter.check()
            time.sleep(_POLL_SECONDS)


def _whole_lines(file) -> list[str]:
    lines = []
    while True:
        position = file.tell()
        line = file.readline()
        if not line.endswith("\n"):
            file.seek(position)
            return lines
        lines.append(line)


def _end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
