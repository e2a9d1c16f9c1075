"""Weights averaged over the last epochs of a training.

Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization (UAI 2018,
arXiv:1803.05407).
"""

import torch
from torch import Tensor, nn


class WeightAverage:
    """The mean of a network's weights, and of its running averages, at the end of some epochs.

    The running means and variances of batch normalisation are averaged too, in place of a further
    pass over the rows (docs/experiments.md, "Weights averaged before the labels are learned by
    heart").
    """

    def __init__(self, epochs: int, share: float) -> None:
        """Average over the last epochs.

        Args:
            epochs: of the training.
            share: of these, 0 to 1; at least one is taken.
        """
        self._first = min(round(epochs * (1 - share)), epochs - 1)
        self._mean: dict[str, Tensor] = {}
        self._count = 0

    def note(self, epoch: int, network: nn.Module) -> None:
        """Take the weights at the end of an epoch, where it is one of the last.

        Args:
            epoch: its number; the first is 1.
            network: its weights are not changed.
        """
        if epoch <= self._first:
            return
        self._count += 1
        for name, value in network.state_dict().items():
            value = value.detach().cpu()
            if value.is_floating_point() and name in self._mean:
                self._mean[name].lerp_(value, 1 / self._count)
            else:
                self._mean[name] = value.clone()

    def load_into(self, network: nn.Module) -> None:
        """Give a network the averaged weights."""
        network.load_state_dict(self._mean)

    def state(self) -> tuple[dict[str, Tensor], int]:
        """The averages, and of how many epochs; `restore` takes both."""
        return self._mean, self._count

    def restore(self, mean: dict[str, Tensor], count: int) -> None:
        """Go on from a `state`."""
        self._mean = {name: torch.as_tensor(value) for name, value in mean.items()}
        self._count = count
