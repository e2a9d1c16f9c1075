"""PolyGIN: graph networks on repeat units."""

from typing import TYPE_CHECKING

from ..settings.networks import NetworkConfig
from .member import NetworkMember

if TYPE_CHECKING:
    from .network import Network


class PolyGIN(NetworkMember):
    """Graph isomorphism networks, or graph convolutions where the settings say so."""

    name = "polygin"
    title = "PolyGIN"
    colour = "#0d9488"

    @classmethod
    def build(cls, config: NetworkConfig, properties: int) -> "Network":
        """See `NetworkMember`."""
        from .gcn import GCN
        from .gin import GIN

        return (GCN if config.kind == "gcn" else GIN)(config, properties)
