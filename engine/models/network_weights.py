"""A network's weights as files hold them, and proven to be numbers when they are read."""

import numpy as np
import torch
from safetensors.torch import load
from torch import Tensor, nn

_KINDS = {torch.float16, torch.float32, torch.float64, torch.int64}
_GREATEST = np.finfo(np.float32).max


def stored_weights(network: nn.Module) -> dict[str, Tensor]:
    """The state of a network, its weights in half precision.

    That is half the size, and changes predictions by far less than their error. Running variances
    stay as they are, since they may be too large for fp16.
    """
    weights = {name for name, _ in network.named_parameters()}
    return {
        name: (value.half() if name in weights else value).cpu().contiguous()
        for name, value in network.state_dict().items()
    }


def read_weights(content: bytes) -> dict[str, Tensor]:
    """The tensors of a safetensors file, in the precision that it has.

    Args:
        content: of the file.

    Raises:
        SafetensorError: when it is no such file.
        ValueError: when a tensor is of a kind that no network has, a variance is negative, or a
            value is no number in single precision, in which networks compute.
    """
    try:
        tensors = load(content)
    except KeyError as error:
        raise ValueError(f"a tensor is of the kind {error}") from error
    strange = {value.dtype for value in tensors.values()} - _KINDS
    if strange:
        raise ValueError(f"a tensor is of the kind {strange.pop()}")
    # By NumPy: torch shares each of these hundreds of small tensors out among its threads.
    if not all((np.abs(value.numpy()) <= _GREATEST).all() for value in tensors.values()):
        raise ValueError("a weight is no number")
    if any((each < 0).any() for name, each in tensors.items() if name.endswith("running_var")):
        raise ValueError("a variance is negative")
    return tensors
