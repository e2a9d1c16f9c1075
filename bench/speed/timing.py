"""Timing several sides fairly on a machine that others use too."""

import time
from collections.abc import Callable
from statistics import median

import torch

Show = Callable[[str, int, int], None]
"""Called with what is being measured, how much is done, and how much there is."""


def alternate(
    sides: dict[str, Callable[[], object]], blocks: int, what: str, show: Show
) -> dict[str, list[float]]:
    """Time the sides in turns, so that whatever slows the machine down slows all of them.

    Args:
        sides: each does the same amount of work when called; called once before, untimed.
        blocks: how often each is timed.
        what: for the progress.
        show: told after each call.

    Returns:
        The seconds of each side's blocks, in the order they were taken.
    """
    names = list(sides)
    total, done = len(names) * (blocks + 1), 0
    seconds: dict[str, list[float]] = {name: [] for name in names}
    show(what, 0, total)
    for block in range(-1, blocks):
        turn = block % len(names)
        for name in names[turn:] + names[:turn]:
            spent = timed(sides[name])
            if block >= 0:
                seconds[name].append(spent)
            done += 1
            show(what, done, total)
    return seconds


def timed(work: Callable[[], object]) -> float:
    """The seconds that a call takes, until a CUDA device has finished what it launched."""
    _settle()
    started = time.perf_counter()
    work()
    _settle()
    return time.perf_counter() - started


def ratio(others: list[float], ours: list[float]) -> float:
    """How many times as long the others take: the median over blocks taken side by side."""
    return median(other / our for other, our in zip(others, ours, strict=True))


def _settle() -> None:
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()
