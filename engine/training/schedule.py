"""How the learning rate goes over the steps of a training."""

import math

from engine.training.presets import LoopSettings

_START = 25.0
_END = 1e4


def rate_factor(settings: LoopSettings, step: int, steps: int) -> float:
    """The share of the greatest learning rate at a step, from 0 to 1.

    Args:
        settings: says which schedule.
        step: from 0.
        steps: of the whole training.
    """
    if settings.schedule == "onecycle":
        return one_cycle_cosine(step, steps, settings.warm_share)
    return one_cycle(step, steps, settings.warm_share)


def one_cycle(step: int, steps: int, warm_share: float) -> float:
    """A factor of the learning rate that rises linearly, then falls to zero along a cosine."""
    warm = max(int(steps * warm_share), 1)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * min((step - warm) / max(steps - warm, 1), 1.0)))


def one_cycle_cosine(step: int, steps: int, rising: float) -> float:
    """OneCycle (Smith & Topin, arXiv:1708.07120), rising and falling along cosines.

    The same numbers as PyTorch's `OneCycleLR` with its defaults; momentum stays as it is.
    """
    first, last = 1 / _START, 1 / _START / _END
    top = rising * steps - 1
    if step <= top:
        return _between(first, 1.0, step / top if top > 0 else 1.0)
    return _between(1.0, last, min((step - top) / max(steps - 1 - top, 1e-9), 1.0))


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))
