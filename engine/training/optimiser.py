"""AdamW over one flat tensor, and the schedules of its learning rate."""

import math

import torch
from torch import Tensor, nn

from ..settings.devices import DeviceSettings
from ..settings.training import TrainingConfig

# Each weight begins at a multiple of 16 numbers (64 bytes), which suits matrix products.
_ALIGNMENT = 16


class FlatAdamW:
    """AdamW (Loshchilov & Hutter, ICLR 2019, arXiv:1711.05101) with clipping by the global norm.

    The network's weights and gradients become views of two flat tensors, so that clipping,
    stepping, and adding up over processes are single operations (docs/experiments.md, "Weights and
    gradients as one flat tensor"). Nothing here waits for the device.

    Attributes:
        norm_sum: the norms of the gradients before clipping, added up since it was last zeroed.
    """

    def __init__(
        self,
        network: nn.Module,
        learning_rate: float,
        weight_decay: float,
        clip: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        """Take over the weights of a network that is already on its device.

        Args:
            network: its parameters are learned, except those that need no gradient.
            learning_rate: of the first step; `set_learning_rate` changes it.
            weight_decay: as AdamW has it.
            clip: greatest norm of the gradient of all weights together.
            betas, eps: as AdamW has them.
        """
        self._clip = clip
        weights = [weight for weight in network.parameters() if weight.requires_grad]
        lengths = [-(-weight.numel() // _ALIGNMENT) * _ALIGNMENT for weight in weights]
        flat = torch.zeros(sum(lengths), device=weights[0].device)
        self.gradient = torch.zeros_like(flat)
        parts = zip(weights, flat.split(lengths), self.gradient.split(lengths), strict=True)
        for weight, values, gradient in parts:
            view = values[: weight.numel()].view_as(weight)
            view.copy_(weight.detach())
            weight.data = view
            weight.grad = gradient[: weight.numel()].view_as(weight)
        self.flat = nn.Parameter(flat)
        self.flat.grad = self.gradient
        self.norm_sum = torch.zeros((), device=flat.device)
        on_cuda = flat.is_cuda
        rate: float | Tensor = torch.tensor(learning_rate, device=flat.device)
        self.adamw = torch.optim.AdamW(
            [self.flat],
            lr=rate if on_cuda else learning_rate,
            weight_decay=weight_decay,
            betas=betas,
            eps=eps,
            fused=True,
            capturable=on_cuda,
        )

    def set_learning_rate(self, rate: float) -> None:
        """The learning rate of the steps to come."""
        group = self.adamw.param_groups[0]
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate

    def zero(self) -> None:
        """Forget the gradient."""
        self.gradient.zero_()

    def step(self, scaler: torch.amp.GradScaler) -> None:
        """Clip the gradient and update the weights."""
        scaler.unscale_(self.adamw)
        norm = torch.linalg.vector_norm(self.gradient)
        # Not of a step that fp16 overflowed in, which the scaler skips.
        self.norm_sum += torch.where(torch.isfinite(norm), norm, 0.0)
        self.gradient.mul_((self._clip / (norm + 1e-6)).clamp(max=1.0))
        scaler.step(self.adamw)
        scaler.update()

    def state(self) -> dict[str, Tensor]:
        """The moments and the number of steps; `restore` takes them."""
        return dict(self.adamw.state[self.flat])

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from a `state`."""
        self.adamw.state[self.flat] = _on_device(state, self.flat.device)


class StepInBackward:
    """AdamW that updates each weight, and frees its gradient, within the backward pass.

    Saves the memory of all gradients but one. Each weight's gradient is clipped by itself, since
    the global norm is not known in time.
    """

    gradient: Tensor
    norm_sum = None

    def __init__(
        self,
        network: nn.Module,
        learning_rate: float,
        weight_decay: float,
        clip: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        """See `FlatAdamW`."""
        self._clip = clip
        self._optimisers: dict[Tensor, torch.optim.AdamW] = {
            weight: torch.optim.AdamW(
                [weight], lr=learning_rate, weight_decay=weight_decay, betas=betas, eps=eps
            )
            for weight in network.parameters()
        }
        for weight in self._optimisers:
            weight.register_post_accumulate_grad_hook(self._move)

    def set_learning_rate(self, rate: float) -> None:
        """The learning rate of the steps to come."""
        for optimiser in self._optimisers.values():
            optimiser.param_groups[0]["lr"] = rate

    def zero(self) -> None:
        """Nothing is left to forget."""

    def step(self, scaler: torch.amp.GradScaler) -> None:
        """All weights are updated already."""

    def state(self) -> dict[str, Tensor]:
        """See `FlatAdamW`."""
        return {
            f"{number}.{name}": value
            for number, (weight, optimiser) in enumerate(self._optimisers.items())
            for name, value in optimiser.state[weight].items()
        }

    def restore(self, state: dict[str, Tensor]) -> None:
        """See `FlatAdamW`."""
        for number, (weight, optimiser) in enumerate(self._optimisers.items()):
            first = f"{number}."
            own = {
                name.removeprefix(first): v for name, v in state.items() if name.startswith(first)
            }
            moved = _on_device(own, weight.device)
            # Not capturable: the number of steps stays on the host.
            optimiser.state[weight] = {**moved, "step": own["step"]} if own else {}

    def _move(self, weight: Tensor) -> None:
        nn.utils.clip_grad_norm_([weight], self._clip)
        self._optimisers[weight].step()
        weight.grad = None


def _on_device(state: dict[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    return {name: value.to(device) for name, value in state.items()}


def make_optimiser(
    network: nn.Module, config: TrainingConfig, use: DeviceSettings
) -> FlatAdamW | StepInBackward:
    """The optimiser that the settings ask for."""
    kind = StepInBackward if use.step_in_backward else FlatAdamW
    return kind(
        network,
        config.learning_rate,
        config.weight_decay,
        config.clip,
        config.betas,
        config.eps,
    )


_START = 25.0
_END = 1e4


def rate_factor(config: TrainingConfig, step: int, steps: int) -> float:
    """The share of the greatest learning rate at a step, from 0 to 1.

    Args:
        config: says which schedule.
        step: from 0.
        steps: of the whole training.
    """
    if config.schedule == "onecycle":
        return one_cycle(step, steps, config.warm_share)
    if config.schedule == "flat":
        return min((step + 1) / max(int(steps * config.warm_share), 1), 1.0)
    return warmup_cosine(step, steps, config.warm_share)


def warmup_cosine(step: int, steps: int, warm_share: float) -> float:
    """A factor of the learning rate that rises linearly, then falls to zero along a cosine."""
    warm = max(int(steps * warm_share), 1)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * min((step - warm) / max(steps - warm, 1), 1.0)))


def one_cycle(step: int, steps: int, rising: float) -> float:
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
