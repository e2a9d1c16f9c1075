"""The members of a bundle: their files, and how they are written, read and used to predict.

File names are made of members' names and numbers, never of a user's column names.
"""

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..base.errors import UserError
from ..base.packed import Features
from ..settings.networks import NetworkConfig
from .batching import DeviceGraphs
from .member import DescriptorMember
from .members import MEMBERS, columns_of, network_member, title_of
from .network import Network
from .network_prediction import Scale, predict_network

_LEVEL = 6
_MOST_BYTES = 2**29


class FittedMember(Protocol):
    """A member of a bundle that predicts."""

    def predict(self, features: Features, threads: int) -> np.ndarray:
        """Predict U repeat units; shape `(U, K)`, in the properties' units.

        NaN in properties that the member has no model of.

        Args:
            features: of the U units.
            threads: number that a network may use; the other members use one each.
        """
        ...


class FittedDescriptorMember:
    """A model for each property, or for each quantity of several sources."""

    def __init__(
        self,
        folder: Path,
        member: str,
        quantities: Sequence[str],
        weighs: Sequence[bool] | None = None,
    ) -> None:
        """Read the models of properties that they weigh anything in.

        Args:
            folder, member: see `load_descriptor_model`.
            quantities: see `columns_of`.
            weighs: for each of the K properties, whether the member has a weight; by default all.
        """
        self._properties = len(quantities)
        self._models = {
            tuple(columns): load_descriptor_model(folder, member, columns[0])
            for columns in columns_of(member, quantities)
            if weighs is None or any(weighs[k] for k in columns)
        }

    def predict(self, features: Features, threads: int) -> np.ndarray:
        """See `FittedMember`."""
        predicted = np.full((len(features.descriptors), self._properties), np.nan)
        for columns, model in self._models.items():
            of_columns = model.predict(features.descriptors)
            predicted[:, columns] = of_columns.reshape(len(predicted), len(columns))
        return predicted


class FittedNetworkMember:
    """Networks for all properties, whose mean predicts."""

    def __init__(
        self, folder: Path, member: str, config: NetworkConfig, count: int | None = None
    ) -> None:
        """Read the networks; see `load_networks`."""
        self._joins = config.joined > 0
        self._networks = load_networks(folder, member, config, count)

    def predict(self, features: Features, threads: int) -> np.ndarray:
        """See `FittedMember`."""
        # On every call: torch's number of threads is the whole process's.
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        device = torch.device("cpu")
        graphs = DeviceGraphs(
            features.graphs, device, features.descriptors if self._joins else None
        )
        rows = np.arange(features.graphs.size)
        return np.mean(
            [
                predict_network(network, scale, graphs, rows, device)
                for network, scale in self._networks
            ],
            axis=0,
        )


def load_member(
    folder: Path,
    member: str,
    quantities: Sequence[str],
    network: NetworkConfig | None,
    networks: int | None = None,
    weighs: Sequence[bool] | None = None,
) -> FittedMember:
    """Read a member of a bundle.

    Args:
        folder: the bundle's.
        member: its name.
        quantities: what each of the K properties is, whatever its source.
        network: the parts of its networks; None for a member without networks.
        networks: how many it must have; None where the bundle does not say.
        weighs: for each of the K properties, whether the member has a weight in its blend; by
            default all. Other models are not kept.

    Raises:
        UserError: when this version knows no such member, or its files cannot be read.
    """
    if member not in MEMBERS:
        raise UserError(
            f"{folder} has a member {member!r}, which this version does not know; update PolyGIN "
            "Studio, or train the model again."
        )
    if issubclass(MEMBERS[member], DescriptorMember):
        return FittedDescriptorMember(folder, member, quantities, weighs)
    if network is None:
        raise UserError(f"{folder} does not say what its networks of {member!r} are made of.")
    return FittedNetworkMember(folder, member, network, networks)


def save_descriptor_model(folder: Path, member: str, column: int, model: DescriptorMember) -> None:
    """Write a member's model of the property in that column, compressed to about a third.

    A model of several properties belongs to the first of them.
    """
    content = gzip.compress(model.to_bytes(), _LEVEL, mtime=0)
    _descriptor_model_file(folder, member, column).write_bytes(content)


def drop_descriptor_models(
    folder: Path, member: str, quantities: Sequence[str], weighs: Sequence[bool]
) -> None:
    """Remove a member's models of properties in which it has no weight.

    Args:
        folder: the bundle's.
        member: its name.
        quantities: what each of the K properties is, whatever its source.
        weighs: for each property, whether the member has a weight in its blend.
    """
    for columns in columns_of(member, quantities):
        if not any(weighs[k] for k in columns):
            _descriptor_model_file(folder, member, columns[0]).unlink(missing_ok=True)


def load_descriptor_model(folder: Path, member: str, column: int) -> DescriptorMember:
    """Read what `save_descriptor_model` wrote, or the same file decompressed.

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
        return _descriptor_member(member).from_bytes(content)
    except Exception as error:  # each library raises its own kinds
        raise UserError(f"{path} holds no such model; copy the model's folder again.") from error


def save_network(folder: Path, member: str, number: int, network: Network, scale: Scale) -> None:
    """Write one network of a member with the scale of its outputs.

    Weights are stored in half precision: half the size, and predictions change by far less than
    their error. Running variances stay as they are, since they may be too large for fp16.
    """
    weights = {name for name, _ in network.named_parameters()}
    tensors = {
        name: (value.half() if name in weights else value).cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    tensors["scale.mean"] = torch.as_tensor(scale.mean)
    tensors["scale.deviation"] = torch.as_tensor(scale.deviation)
    save_file(tensors, folder / f"{member}-{number:03d}.safetensors")


def network_files(folder: Path, member: str) -> list[Path]:
    """The files of a member's networks, in order."""
    return sorted(folder.glob(f"{member}-*.safetensors"))


def load_networks(
    folder: Path, member: str, config: NetworkConfig, count: int | None = None
) -> list[tuple[Network, Scale]]:
    """Read every network of a member, in evaluation mode on the CPU.

    Args:
        folder: the bundle's.
        member: its name.
        config: what the networks are made of.
        count: how many there must be; at least one where it is not given.

    Raises:
        UserError: when one is missing, or a file cannot be read.
    """
    paths = network_files(folder, member)
    numbers = [path.stem.rpartition("-")[2] for path in paths]
    expected = [f"{number:03d}" for number in range(count or len(paths) or 1)]
    if numbers != expected:
        raise UserError(f"{folder} lacks a network of {title_of(member)}: its files are not whole.")
    return [_read_network(path, member, config) for path in paths]


def _read_network(path: Path, member: str, config: NetworkConfig) -> tuple[Network, Scale]:
    try:
        tensors = load_file(path)
        scale = Scale(
            tensors.pop("scale.mean").double().numpy(),
            tensors.pop("scale.deviation").double().numpy(),
        )
        network = network_member(member).build(config, len(scale.mean))
        network.load_state_dict(tensors)
    except (SafetensorError, KeyError, RuntimeError, OSError) as error:
        raise UserError(f"{path} cannot be read: it is damaged, or of another network.") from error
    return network.eval(), scale


def _descriptor_member(member: str) -> type[DescriptorMember]:
    kind = MEMBERS[member]
    assert issubclass(kind, DescriptorMember), f"{member} has networks"
    return kind


def _descriptor_model_file(folder: Path, member: str, column: int) -> Path:
    return folder / f"{member}-{column:03d}.{_descriptor_member(member).suffix}.gz"
