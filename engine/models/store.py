"""The members of a bundle: their files, and how they are written, read and used to predict.

File names are made of members' names and numbers, never of a user's column names. All files are
safetensors or arrays in it, and each is proven before it predicts.
"""

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from ..base.errors import UserError
from ..base.manifest import ProvenFiles
from ..base.packed import Features
from ..base.vocabulary import Basis
from ..base.workers import one_thread
from ..base.workspace import replacing, write_atomic
from ..settings.networks import NetworkConfig
from .batching import DeviceGraphs
from .member import DescriptorMember
from .members import MEMBERS, columns_of, network_member
from .network import Network
from .network_prediction import Scale, filled_up, mean_of_networks
from .network_weights import read_weights, stored_weights
from .room import Room, unpacked

_LEVEL = 6
_MOST_WEIGHTS_UNSEEN = 2**26
"""Of a network that is built before it is known whether its file holds as many: 256 MB."""

_FEW_ROWS = 8
"""Of these, networks side by side take longer than one after the other (docs/experiments.md,
"Threads of the networks")."""


class FittedMember(Protocol):
    """A member of a bundle that predicts."""

    def predict(
        self, features: Features, threads: int, asked: Sequence[bool] | None = None
    ) -> np.ndarray:
        """Predict U repeat units; shape `(U, K)`, in the properties' units.

        NaN in properties that the member has no model of.

        Args:
            features: of the U units.
            threads: how many networks may predict at once; the other members use one thread.
            asked: for each of the K properties, whether it is asked for; by default all. Others may
                be NaN too.
        """
        ...


class FittedDescriptorMember:
    """A model for each property, or for each quantity of several sources."""

    def __init__(
        self,
        files: ProvenFiles,
        member: str,
        quantities: Sequence[str],
        room: Room,
        weighs: Sequence[bool] | None = None,
        bases: Sequence[Basis] | None = None,
    ) -> None:
        """Read the models of properties that they weigh anything in.

        Args:
            files, member: see `load_descriptor_model`.
            quantities: see `columns_of`.
            room: of the bundle.
            weighs: for each of the K properties, whether the member has a weight; by default all.
            bases: what the descriptors of compositions are averaged by for each of them; by moles
                by default.
        """
        self._folder, self._properties = files.folder, len(quantities)
        self._bases = bases or ["mole"] * self._properties
        self._models = {}
        for columns in columns_of(member, quantities):
            if weighs is None or any(weighs[k] for k in columns):
                model = load_descriptor_model(files, member, columns[0], room)
                self._models[tuple(columns)] = model

    def predict(
        self, features: Features, threads: int, asked: Sequence[bool] | None = None
    ) -> np.ndarray:
        """See `FittedMember`."""
        count, width = features.descriptors.shape
        predicted = np.full((count, self._properties), np.nan)
        for columns, model in self._models.items():
            if asked is not None and not any(asked[k] for k in columns):
                continue
            if not model.takes(width, len(columns)):
                raise UserError(
                    f"A model in {self._folder} is made for other properties, or for other "
                    f"descriptors than the {width} of a repeat unit; copy the folder again."
                )
            with one_thread():
                of_columns = model.predict(features.averaged(self._bases[columns[0]]))
            predicted[:, columns] = of_columns.reshape(len(predicted), len(columns))
        return predicted


class FittedNetworkMember:
    """Networks for all properties, whose mean predicts."""

    def __init__(
        self,
        files: ProvenFiles,
        member: str,
        config: NetworkConfig,
        count: int,
        properties: int,
        room: Room,
    ) -> None:
        """Read the networks; see `load_networks`."""
        self._joins = config.joined > 0
        self._networks = load_networks(files, member, config, count, properties, room)

    def predict(
        self, features: Features, threads: int, asked: Sequence[bool] | None = None
    ) -> np.ndarray:
        """See `FittedMember`."""
        graphs, count = filled_up(features.graphs), features.graphs.size
        descriptors = None
        if self._joins:
            descriptors = np.pad(features.descriptors, ((0, graphs.size - count), (0, 0)))
        on_device = DeviceGraphs(graphs, torch.device("cpu"), descriptors)
        rows = np.arange(graphs.size)
        at_once = threads if count > _FEW_ROWS else 1
        return mean_of_networks(self._networks, on_device, rows, at_once)[:count]


def load_member(
    files: ProvenFiles,
    member: str,
    quantities: Sequence[str],
    network: NetworkConfig | None,
    networks: int = 0,
    weighs: Sequence[bool] | None = None,
    room: Room | None = None,
    bases: Sequence[Basis] | None = None,
) -> FittedMember:
    """Read a member of a bundle.

    Args:
        files: the bundle's.
        member: its name.
        quantities: what each of the K properties is, whatever its source.
        network: the parts of its networks; None for a member without networks.
        networks: how many it has.
        weighs: for each of the K properties, whether the member has a weight in its blend; by
            default all. Other models are not kept.
        room: what all members of the bundle may still take together; by default this one alone.
        bases: what descriptors of compositions are averaged by for each of the K properties.

    Raises:
        UserError: when this version knows no such member, or its files cannot be read or are
            larger than those of any model.
    """
    room = room or Room(len(quantities))
    if member not in MEMBERS:
        raise UserError(
            f"{files.folder} has a member {member!r}, which this version does not know; update "
            "PolyGIN Studio, or train the model again."
        )
    if issubclass(MEMBERS[member], DescriptorMember):
        return FittedDescriptorMember(files, member, quantities, room, weighs, bases)
    if network is None or not networks:
        raise UserError(f"{files.folder} does not say what its networks of {member!r} are.")
    return FittedNetworkMember(files, member, network, networks, len(quantities), room)


def save_descriptor_model(folder: Path, member: str, column: int, model: DescriptorMember) -> None:
    """Write a member's model of the property in that column, compressed to about a third.

    A model of several properties belongs to the first of them.
    """
    content = gzip.compress(model.to_bytes(), _LEVEL, mtime=0)
    # Whole on the disk before a checkpoint says that the fit is finished.
    write_atomic(folder / descriptor_model_file(member, column), content)


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
            (folder / descriptor_model_file(member, columns[0])).unlink(missing_ok=True)


def load_descriptor_model(
    files: ProvenFiles, member: str, column: int, room: Room
) -> DescriptorMember:
    """Read what `save_descriptor_model` wrote.

    Args:
        files: the bundle's.
        member: its name.
        column: of the property, or of the first of several.
        room: of the bundle.

    Raises:
        UserError: when the file is missing, damaged, or larger than any model.
    """
    name = descriptor_model_file(member, column)
    path = files.folder / name
    content = unpacked(files.read(name), path, room.of_one_model)
    room.take(len(content))
    try:
        return _descriptor_member(member).from_bytes(content)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise UserError(
            f"{path} holds no such model ({error}); copy the model's folder again."
        ) from error


def save_network(folder: Path, member: str, number: int, network: Network, scale: Scale) -> None:
    """Write one network of a member with the scale of its outputs."""
    write_network(folder / _network_file(member, number), network, scale)


def write_network(path: Path, network: Network, scale: Scale) -> None:
    """Write a network with the scale of its outputs."""
    tensors = stored_weights(network)
    tensors["scale.mean"] = torch.as_tensor(scale.mean)
    tensors["scale.deviation"] = torch.as_tensor(scale.deviation)
    # Whole on the disk before a checkpoint says that the network is finished.
    with replacing(path) as temporary:
        save_file(tensors, temporary)


def network_files(folder: Path, member: str) -> list[Path]:
    """The files of a member's networks, in order."""
    return sorted(folder.glob(f"{member}-*.safetensors"))


def load_networks(
    files: ProvenFiles,
    member: str,
    config: NetworkConfig,
    count: int,
    properties: int,
    room: Room | None = None,
) -> list[tuple[Network, Scale]]:
    """Read every network of a member, in evaluation mode on the CPU.

    Args:
        files: the bundle's.
        member: its name.
        config: what the networks are made of.
        count: how many there are.
        properties: K, the number of their outputs.
        room: see `load_member`.

    Raises:
        UserError: when one is missing, or a file cannot be read.
    """
    room = room or Room(properties)
    names = [_network_file(member, number) for number in range(count)]
    return [read_network(files, name, member, config, properties, room) for name in names]


def read_network(
    files: ProvenFiles,
    name: str,
    member: str,
    config: NetworkConfig,
    properties: int,
    room: Room,
) -> tuple[Network, Scale]:
    """Read a network and the scale of its outputs, in evaluation mode on the CPU.

    Args:
        files: of the bundle.
        name: of the network's file.
        member: whose network it is.
        config, properties, room: see `load_networks`.

    Raises:
        UserError: when it is missing, or cannot be read.
    """
    content = files.read(name, room.left)
    room.take(len(content))
    try:
        return _network_of(content, member, config, properties)
    except (SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise UserError(
            f"{files.folder / name} cannot be read: it is damaged, or of another network."
        ) from error


def _network_of(
    content: bytes, member: str, config: NetworkConfig, properties: int
) -> tuple[Network, Scale]:
    """A network of a file's content.

    Raises:
        ValueError: when its scale or a weight is no number.
        RuntimeError: when its weights are those of another network.
    """
    tensors = read_weights(content)
    scale = Scale(
        tensors.pop("scale.mean").double().numpy(), tensors.pop("scale.deviation").double().numpy()
    )
    if scale.mean.shape != (properties,) or scale.deviation.shape != (properties,):
        raise ValueError("the scale is of other properties")
    if not (scale.deviation > 0).all():
        raise ValueError("a scale is not positive")
    if _may_be_large(config, properties):
        # First without memory, which takes a second: torch loads its compiler for that.
        with torch.device("meta"):
            network_member(member).build(config, properties).load_state_dict(tensors, assign=True)
    network = network_member(member).build(config, properties)
    network.load_state_dict(tensors)
    if network.join is not None and not network.join.is_sound:
        raise ValueError("a descriptor that does not exist is joined")
    return network.eval(), scale


def _may_be_large(config: NetworkConfig, properties: int) -> bool:
    """Whether the network of a description may have more weights than memory should hold unseen.

    No matrix of a network is larger than the square of the largest width, or that for each property
    and pooling; a layer has at most a dozen of them.
    """
    widest = max(config.width, config.atom_width, config.bond_width, config.joined)
    matrices = 12 * config.layers + (len(config.pooling) + 2) * properties
    return widest**2 * matrices > _MOST_WEIGHTS_UNSEEN


def _descriptor_member(member: str) -> type[DescriptorMember]:
    kind = MEMBERS[member]
    assert issubclass(kind, DescriptorMember), f"{member} has networks"
    return kind


def descriptor_model_file(member: str, column: int) -> str:
    """The name of the file of a member's model of a property."""
    return f"{member}-{column:03d}.safetensors.gz"


def _network_file(member: str, number: int) -> str:
    return f"{member}-{number:03d}.safetensors"
