"""Batch normalisation that can leave rows out and can average over several processes."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd import Function

from .device import several_processes


class BatchNorm(nn.BatchNorm1d):
    """Ioffe & Szegedy (ICML 2015, arXiv:1502.03167), over rows of which some may be padding.

    PyTorch's own is used where it can be. It has no mask, and its version for several processes
    runs on CUDA alone.
    """

    # Averages are always tracked.
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def forward(self, values: Tensor, real: Tensor | None = None) -> Tensor:
        """Normalise.

        Args:
            values: shape `(N, width)`.
            real: shape `(N, 1)`, 1 for rows that count in the averages, 0 for padding, whose
                results must not be used.
        """
        if not self.training or (real is None and not several_processes()):
            return super().forward(values)
        if real is not None and not several_processes():
            return _MaskedNorm.apply(values, self.weight, self.bias, real, self)
        wide = values.float()
        weight = torch.ones_like(wide[:, :1]) if real is None else real
        count = _AddUp.apply(weight.sum())
        mean = _AddUp.apply((wide * weight).sum(0)) / count
        centred = wide - mean
        variance = _AddUp.apply((centred.square() * weight).sum(0)) / count
        self._update_averages(mean.detach(), variance.detach() * (count / (count - 1).clamp(min=1)))
        scaled = torch.addcmul(self.bias, centred, torch.rsqrt(variance + self.eps) * self.weight)
        return scaled.to(values.dtype)

    def folded_into(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """A linear layer of this weight followed by the normalisation, as one weight and bias.

        For evaluation. It saves a pass over memory at each layer: about a fifth of a prediction on
        a CPU.
        """
        slope = self.weight * torch.rsqrt(self.running_var + self.eps)
        return weight * slope.unsqueeze(1), self.bias - self.running_mean * slope

    @torch.no_grad()
    def _update_averages(self, mean: Tensor, variance: Tensor) -> None:
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)


def norm_silu(norm: BatchNorm, values: Tensor, real: Tensor | None = None) -> Tensor:
    """Normalise, then SiLU; in fewer passes over memory where a CPU trains alone.

    Args:
        norm: the normalisation.
        values: shape `(N, width)`.
        real: see `BatchNorm`.
    """
    plain = real is None and norm.training and not several_processes()
    if plain and values.device.type == "cpu" and values.dtype == torch.float32:
        return _NormSiLU.apply(values, norm.weight, norm.bias, norm)
    return nn.functional.silu(norm(values, real))


class _NormSiLU(Function):
    """Keeps only its input for the gradient, and works in place on its own results.

    On a CPU such layers are bound by memory, so saving a pass counts for more than saving an
    operation (docs/experiments.md, "Batch normalisation with a gradient of our own, CPU").
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor, weight: Tensor, bias: Tensor, norm: BatchNorm) -> Tensor:
        mean, variance = torch.batch_norm_update_stats(
            values, norm.running_mean, norm.running_var, norm.momentum
        )
        norm.num_batches_tracked.add_(1)
        inverse = torch.rsqrt(variance + norm.eps)
        slope = weight * inverse
        shift = torch.addcmul(bias, mean, slope, value=-1)
        ctx.save_for_backward(values, mean, inverse, slope, shift)
        return nn.functional.silu(torch.addcmul(shift, values, slope), inplace=True)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        values, mean, inverse, slope, shift = ctx.saved_tensors
        normal = torch.addcmul(shift, values, slope)
        gradient = torch.ops.aten.silu_backward(gradient, normal)
        to_bias = gradient.sum(0)
        to_weight = (torch.mul(gradient, values, out=normal).sum(0) - mean * to_bias) * inverse
        along = slope * inverse * to_weight / -len(values)
        constant = -slope * to_bias / len(values) - along * mean
        result = torch.addcmul(constant, values, along, out=normal)
        return result.addcmul_(gradient, slope), to_weight, to_bias, None


class _MaskedNorm(Function):
    """Normalises over the rows that count; nothing may follow from the others.

    Its own gradient halves the operations of a captured step, each of which is a launch.
    """

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, weight: Tensor, bias: Tensor, real: Tensor, norm: BatchNorm
    ) -> Tensor:
        count = real.sum()
        mean = (values * real).sum(0) / count
        centred = (values - mean).mul_(real)  # N × width, float32
        variance = torch.linalg.vector_norm(centred, dim=0).square_() / count
        norm._update_averages(mean, variance * (count / (count - 1).clamp(min=1)))
        inverse = torch.rsqrt(variance + norm.eps)
        slope = weight * inverse
        ctx.save_for_backward(centred, real, count, inverse, slope)
        return torch.addcmul(bias, centred, slope).to(values.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        centred, real, count, inverse, slope = ctx.saved_tensors
        wide = gradient.float()
        to_bias = wide.sum(0)
        to_weight = (wide * centred).sum(0) * inverse
        result = torch.addcmul(wide, real, to_bias / count, value=-1)
        result.addcmul_(centred, inverse * to_weight / count, value=-1).mul_(slope)
        return result.to(gradient.dtype), to_weight, to_bias, None, None


class _AddUp(Function):
    """The sum over the processes that train together; the value itself in a single process."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return _add_up(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        # Every process's loss depends on the sum, so their gradients add up as well.
        return _add_up(gradient)


def _add_up(values: Tensor) -> Tensor:
    values = values.clone()
    if several_processes():
        dist.all_reduce(values)
    return values
