"""What networks minimise: the weighted absolute error over the labels that there are."""

import numpy as np
import torch
from torch import Tensor


def label_weights(labels: np.ndarray) -> Tensor:
    """The weight of each property: the competition's √(1/n), the largest n weighing 1.

    Without it a property of few labels would drown beside one of many.

    Args:
        labels: shape `(N, K)`, NaN where missing.

    Returns:
        Shape `(K,)`, float32.
    """
    counts = np.maximum(np.isfinite(labels).sum(axis=0), 1)
    return torch.as_tensor(np.sqrt(counts.max() / counts), dtype=torch.float32)


def weighted_error(predicted: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """The sum of weighted absolute errors over the labels that there are.

    Args:
        predicted: shape `(G, K)`, standardised.
        labels: shape `(G, K)`, standardised, NaN where missing.
        weights: shape `(K,)`.
    """
    errors = torch.where(torch.isfinite(labels), (predicted - labels.nan_to_num()).abs(), 0.0)
    return (errors * weights).sum()
