"""Interleaved timing: comparing sides fairly on a machine that others use too."""

import time
from collections.abc import Callable, Mapping
from statistics import median

import torch

Show = Callable[[str, int, int], None]
"""Called with what is being measured, how much is done, and how much there is in all."""


def time_interleaved(
    sides: Mapping[str, Callable[[], object]], blocks: int, title: str, show: Show
) -> dict[str, list[float]]:
    """Time the sides in turns, so that whatever slows the machine down slows all of them.

    Args:
        sides: each does the same amount of work when called; called once before, untimed.
        blocks: how often each is timed.
        title: what is measured, for `show`.
        show: called after each block.

    Returns:
        The seconds of each side's blocks, in the order in which they were timed.
    """
    names = list(sides)
    total, done = len(names) * (blocks + 1), 0
    seconds: dict[str, list[float]] = {name: [] for name in names}
    show(title, 0, total)
    for block in range(-1, blocks):
        turn = block % len(names)
        for name in names[turn:] + names[:turn]:
            elapsed = timed(sides[name])
            if block >= 0:
                seconds[name].append(elapsed)
            done += 1
            show(title, done, total)
    return seconds


def timed(work: Callable[[], object]) -> float:
    """The seconds that a call takes, until a CUDA device has finished what it launched."""
    _wait_for_device()
    started = time.perf_counter()
    work()
    _wait_for_device()
    return time.perf_counter() - started


def ratio(others: list[float], ours: list[float]) -> float:
    """How many times as long the others take: the median over blocks timed in the same turn."""
    return median(other / our for other, our in zip(others, ours, strict=True))


def _wait_for_device() -> None:
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()
