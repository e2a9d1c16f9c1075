"""Where the members of a bundle lie in its folder, and how they are written and read.

File names are made of numbers alone, never of a user's column names.
"""

import gzip
import zlib
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from ..base.errors import UserError
from ..settings.members import PolyGINShape
from .build import Network, build_network
from .descriptor_models import DESCRIPTOR_MODELS, DescriptorModel
from .network_prediction import Scale

_LEVEL = 6
_MOST_BYTES = 2**29


def save_descriptor_model(folder: Path, member: str, column: int, model: DescriptorModel) -> None:
    """Write a member's model of the property in that column, compressed to about a third."""
    content = gzip.compress(model.to_bytes(), _LEVEL, mtime=0)
    _descriptor_model_file(folder, member, column).write_bytes(content)


def load_descriptor_model(folder: Path, member: str, column: int) -> DescriptorModel:
    """Read what `save_descriptor_model` wrote, or a file of it that was unpacked.

    Raises:
        UserError: when the file is missing, damaged, or larger than any model.
    """
    path = _descriptor_model_file(folder, member, column)
    try:
        with gzip.open(path) if path.exists() else path.with_suffix("").open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read; copy the model's folder again.") from error
    if len(content) > _MOST_BYTES:
        raise UserError(f"{path} is too large to be a model.")
    try:
        return DESCRIPTOR_MODELS[member].from_bytes(content)
    except Exception as error:  # each library has its own kinds
        raise UserError(f"{path} holds no such model; copy the model's folder again.") from error


def save_network(folder: Path, number: int, network: Network, scale: Scale) -> None:
    """Write one network of the PolyGIN member with the scale of its outputs.

    Weights are kept in half precision: half the size, and a change of predictions far below
    their error. Running variances stay as they are, since they may be larger than fp16 allows.
    """
    weights = {name for name, _ in network.named_parameters()}
    tensors = {
        name: (value.half() if name in weights else value).cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    tensors["scale.mean"] = torch.as_tensor(scale.mean)
    tensors["scale.deviation"] = torch.as_tensor(scale.deviation)
    save_file(tensors, _network_file(folder, number))


def load_networks(folder: Path, shape: PolyGINShape) -> list[tuple[Network, Scale]]:
    """Read every network of the PolyGIN member, in evaluation mode on the CPU."""
    networks = []
    for path in sorted(folder.glob("polygin-*.safetensors")):
        tensors = load_file(path)
        scale = Scale(
            tensors.pop("scale.mean").double().numpy(),
            tensors.pop("scale.deviation").double().numpy(),
        )
        network = build_network(shape, len(scale.mean))
        network.load_state_dict(tensors)
        networks.append((network.eval(), scale))
    return networks


def _descriptor_model_file(folder: Path, member: str, column: int) -> Path:
    return folder / f"{member}-{column:03d}.{DESCRIPTOR_MODELS[member].suffix}.gz"


def _network_file(folder: Path, number: int) -> Path:
    return folder / f"polygin-{number:03d}.safetensors"
