"""How near an epoch comes to what the memory of a CUDA device allows."""

from dataclasses import fields
from statistics import median

import numpy as np
import torch

from bench.speed.data import BenchData
from bench.speed.timing import Show, timed
from bench.speed.workload import Workload

COPY_BYTES, _QUICK_COPY_BYTES = 2**32, 2**24
_COPIES, _COPY_BLOCKS = 5, 7
_TENSORS_OF_EDGES, _TENSORS_OF_ATOMS = 3, 26
_FORWARD_AND_BACKWARD = 3
_TENSORS_OF_WEIGHTS = 8


def measure_device(
    data: BenchData, loops: list[dict], device: torch.device, quick: bool, show: Show
) -> dict | None:
    """Compare epochs with the time that their memory traffic alone would take.

    Args:
        data: what was learned.
        loops: from `measure_loops`.
        device: where.
        quick: a small copy only, to see that it works.
        show: called as the work proceeds.

    Returns:
        The copy bandwidth in bytes per second, and for each workload the traffic, the floor (the
        least time that the traffic takes), and the floor's share of an epoch; None without CUDA.
    """
    if device.type != "cuda":
        return None
    bandwidth = copy_bandwidth(device, _QUICK_COPY_BYTES if quick else COPY_BYTES, show)
    workloads = []
    for loop in loops:
        traffic = epoch_traffic(data, loop)
        floor, seconds = sum(traffic.values()) / bandwidth, loop["epoch_seconds"]["ours"]
        workloads.append(
            {
                **{field.name: loop[field.name] for field in fields(Workload)},
                "traffic_bytes": traffic,
                "floor_seconds": floor,
                "epoch_seconds": seconds,
                "share": floor / seconds,
            }
        )
    return {"bandwidth": bandwidth, "cases": workloads}


def copy_bandwidth(device: torch.device, size: int, show: Show) -> float:
    """Bytes per second, read and written, of copies within the device's memory.

    Args:
        device: a CUDA device.
        size: bytes of one copy, at most; never more than a quarter of the free memory.
        show: called as the work proceeds.
    """
    torch.cuda.empty_cache()
    size = min(size, torch.cuda.mem_get_info(device)[0] // 4)
    source = torch.zeros(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    seconds = []
    for block in range(_COPY_BLOCKS):
        seconds.append(timed(lambda: [target.copy_(source) for _ in range(_COPIES)]))
        show("Copy bandwidth", block + 1, _COPY_BLOCKS)
    return 2 * size * _COPIES / median(seconds)


def epoch_traffic(data: BenchData, loop: dict) -> dict[str, float]:
    """An estimate of the bytes that an epoch reads and writes when nothing is fused.

    A layer's forward pass reads or writes rows as wide as the network: 3 for each directed edge (a
    neighbour's row read, the message written and read again) and 26 for each atom (adding the
    virtual node's row 2, the sum of messages 1, two products with their norms and activation 18,
    the residual 3, the pooling for the virtual node 2). The backward pass counts as two forward
    passes. AdamW and clipping read or write eight numbers of 4 bytes for each weight and step.
    Embeddings and heads are small by comparison.

    Args:
        data: what was learned.
        loop: one workload's result from `measure_loops`.

    Returns:
        Bytes for `activations` and `weights`.
    """
    rows = data.labelled
    atoms = np.diff(data.graphs.atom_start)[rows].sum()
    edges = 2 * np.diff(data.graphs.bond_start)[rows].sum()
    one_pass = _TENSORS_OF_EDGES * edges + _TENSORS_OF_ATOMS * atoms
    numbers = _FORWARD_AND_BACKWARD * loop["layers"] * loop["width"] * one_pass
    steps = loop["steps_per_epoch"]
    return {
        "activations": float(numbers * (4 if loop["precision"] == "fp32" else 2)),
        "weights": float(_TENSORS_OF_WEIGHTS * 4 * loop["parameters"] * steps),
    }
