"""Batch normalisation that can leave rows out and can average over several processes."""

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd import Function


class BatchNorm(nn.BatchNorm1d):
    """Ioffe & Szegedy (ICML 2015, arXiv:1502.03167), over rows that may be marked as filling.

    PyTorch's own is used where it can be. It knows no mask, and its version for several processes
    runs on CUDA alone.
    """

    def forward(self, values: Tensor, real: Tensor | None = None) -> Tensor:
        """Normalise.

        Args:
            values: shape `(N, width)`.
            real: shape `(N, 1)`, 1 for rows that count in the averages, 0 for others, whose
                results must not be used.
        """
        if not self.training or (real is None and not _several_processes()):
            return super().forward(values)
        wide = values.float()
        weight = torch.ones_like(wide[:, :1]) if real is None else real
        count = _AddUp.apply(weight.sum())
        mean = _AddUp.apply((wide * weight).sum(0)) / count
        centred = wide - mean
        variance = _AddUp.apply((centred.square() * weight).sum(0)) / count
        self._remember(mean.detach(), variance.detach() * (count / (count - 1).clamp(min=1)))
        scaled = torch.addcmul(self.bias, centred, torch.rsqrt(variance + self.eps) * self.weight)
        return scaled.to(values.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)


class _AddUp(Function):
    """The sum over the processes that train together; the value itself where one trains alone."""

    @staticmethod
    def forward(ctx, values: Tensor) -> Tensor:
        return _add_up(values)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        # Every process's loss depends on the sum, so their gradients add up as well.
        return _add_up(gradient)


def _add_up(values: Tensor) -> Tensor:
    values = values.clone()
    if _several_processes():
        dist.all_reduce(values)
    return values


def _several_processes() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
