"""The pretrained encoder: weights that networks may start from.

It learned to say the descriptors of many repeat units from their graphs, as CheMeleon did for
molecules (Burns et al., arXiv:2506.15792), and no property of any.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError
from safetensors.torch import save
from torch import Tensor

from ..base.errors import UserError
from ..base.manifest import ProvenFiles, write_manifest
from ..base.versions import FEATURES
from ..base.workspace import ASSETS, write_atomic
from ..settings.networks import NetworkConfig
from .network import Network
from .network_weights import read_weights, stored_weights

SHIPPED = ASSETS / "encoder"
WEIGHTS, INFO = "encoder.safetensors", "encoder.json"
_MOST_BYTES = 2**24
_WITHOUT = "Or train without it: `--no-pretrained`."
_OWN = ("heads.", "join.")
"""What of a network is not the encoder's."""
_PARTS_OF_BODY = (
    *("kind", "norm", "virtual_node", "residual", "layer_relu", "attention", "atom_fields"),
)
"""Settings that change what the weights mean, some of them without changing a shape."""


class EncoderInfo(BaseModel):
    """What an encoder is, and on what it was trained.

    Attributes:
        network: what it is made of.
        graphs: the version of the graphs that it reads.
        known, made_up: how many repeat units of tables, and made up from their parts, it learned.
        epochs, seed: how it was trained.
        explained: by group of the descriptor vector, the median share of a descriptor's variance
            that it explains in units that it did not learn (R²).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    network: NetworkConfig
    graphs: int
    known: int
    made_up: int
    epochs: int
    seed: int
    explained: dict[str, float]


def write_encoder(folder: Path, info: EncoderInfo, network: Network) -> None:
    """Write an encoder and its manifest; weights in half precision, as bundles have them."""
    tensors = {
        name: value for name, value in stored_weights(network).items() if not name.startswith(_OWN)
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / WEIGHTS, save(tensors))
    write_atomic(folder / INFO, info.model_dump_json(indent=1))
    write_manifest(folder, {})


def read_encoder(folder: Path = SHIPPED) -> tuple[EncoderInfo, dict[str, Tensor]]:
    """An encoder's description, and its weights in full precision.

    Raises:
        UserError: when it is missing, damaged, or reads other graphs than this version makes.
    """
    try:
        files = ProvenFiles.of(folder)
        info = EncoderInfo.model_validate_json(files.read(INFO, _MOST_BYTES))
        tensors = read_weights(files.read(WEIGHTS, _MOST_BYTES))
    except UserError as error:
        raise UserError(f"The pretrained encoder: {error} {_WITHOUT}") from error
    except (SafetensorError, ValueError) as error:
        raise UserError(f"The encoder in {folder} is damaged; copy it again. {_WITHOUT}") from error
    if info.graphs != FEATURES["chain_graphs"]:
        raise UserError(
            f"The encoder in {folder} reads graphs of another version of PolyGIN Studio: pretrain "
            f"it anew. {_WITHOUT}"
        )
    return info, {
        name: value.float() if value.is_floating_point() else value
        for name, value in tensors.items()
    }


def encoder_digest(folder: Path = SHIPPED) -> str:
    """A digest of the encoder's files, which tells one encoder from another.

    Raises:
        UserError: when it is missing, or its manifest cannot be read.
    """
    try:
        return ProvenFiles.of(folder).digest
    except UserError as error:
        raise UserError(f"The pretrained encoder: {error} {_WITHOUT}") from error


def start_from_encoder(network: Network, folder: Path = SHIPPED) -> None:
    """Give a network the encoder's weights; its heads stay as they are.

    Raises:
        UserError: as `read_encoder`; or when the network is made of other parts.
    """
    info, tensors = read_encoder(folder)
    own = network.state_dict()
    expected = {name: value.shape for name, value in own.items() if not name.startswith(_OWN)}
    alike = all(
        getattr(info.network, part) == getattr(network.config, part) for part in _PARTS_OF_BODY
    )
    if not alike or expected != {name: value.shape for name, value in tensors.items()}:
        raise UserError(
            "The pretrained encoder is made of other parts than the network of this preset. "
            + _WITHOUT
        )
    network.load_state_dict({**own, **tensors})
