"""How near an epoch comes to what the memory of a CUDA device allows."""

from statistics import median

import numpy as np
import torch

from bench.speed.data import Subject
from bench.speed.timing import Show, timed
from bench.speed.workload import Case

_COPY_BYTES, _QUICK_COPY_BYTES = 2**32, 2**24
_COPIES, _COPY_BLOCKS = 5, 7
_TENSORS_OF_EDGES, _TENSORS_OF_ATOMS = 3, 26
_FORWARD_AND_BACKWARD = 3
_TENSORS_OF_WEIGHTS = 8


def measure_device(
    subject: Subject, loops: list[dict], device: torch.device, quick: bool, show: Show
) -> dict | None:
    """Compare epochs with the time that their memory traffic alone would take.

    Args:
        subject: what was learned.
        loops: from `measure_loops`.
        device: where.
        quick: a small copy only, to see that it works.
        show: told how far it is.

    Returns:
        The copy bandwidth in bytes per second and for each case the traffic, the floor and the
        epoch's share of it; None without CUDA.
    """
    if device.type != "cuda":
        return None
    bandwidth = copy_bandwidth(device, _QUICK_COPY_BYTES if quick else _COPY_BYTES, show)
    found = []
    for loop in loops:
        traffic = epoch_traffic(subject, loop)
        floor, seconds = sum(traffic.values()) / bandwidth, loop["epoch_seconds"]["ours"]
        case = {name: loop[name] for name in Case.__annotations__}
        found.append(
            {
                **case,
                "traffic_bytes": traffic,
                "floor_seconds": floor,
                "epoch_seconds": seconds,
                "share": floor / seconds,
            }
        )
    return {"bandwidth": bandwidth, "cases": found}


def copy_bandwidth(device: torch.device, size: int, show: Show) -> float:
    """Bytes per second, read and written, of copies within the device's memory.

    Args:
        device: a CUDA device.
        size: bytes of one copy; less where the device has less than four times that free.
        show: told how far it is.
    """
    torch.cuda.empty_cache()
    size = min(size, torch.cuda.mem_get_info(device)[0] // 4)
    source = torch.zeros(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    spent = []
    for block in range(_COPY_BLOCKS):
        spent.append(timed(lambda: [target.copy_(source) for _ in range(_COPIES)]))
        show("Copy bandwidth", block + 1, _COPY_BLOCKS)
    return 2 * size * _COPIES / median(spent)


def epoch_traffic(subject: Subject, loop: dict) -> dict[str, float]:
    """An estimate of the bytes that an epoch reads and writes when nothing is fused.

    A layer's forward pass reads or writes, in rows as wide as the network:
    three for each directed edge (a neighbour's row read, the message written and read again) and
    26 for each atom (adding the virtual node's row 2, the sum of messages 1, two products and
    their norms and activation 18, the residual 3, the pooling for the virtual node 2). The
    backward pass is taken as twice the forward pass. AdamW and clipping read or write eight
    numbers of 4 bytes for each weight and step. Embeddings and heads are small beside these.

    Args:
        subject: what was learned.
        loop: one case from `measure_loops`.

    Returns:
        Bytes for `activations` and `weights`.
    """
    rows = subject.labelled
    atoms = np.diff(subject.graphs.atom_start)[rows].sum()
    edges = 2 * np.diff(subject.graphs.bond_start)[rows].sum()
    one_pass = _TENSORS_OF_EDGES * edges + _TENSORS_OF_ATOMS * atoms
    numbers = _FORWARD_AND_BACKWARD * loop["layers"] * loop["width"] * one_pass
    steps = loop["steps_per_epoch"]
    return {
        "activations": float(numbers * (4 if loop["precision"] == "fp32" else 2)),
        "weights": float(_TENSORS_OF_WEIGHTS * 4 * loop["parameters"] * steps),
    }
