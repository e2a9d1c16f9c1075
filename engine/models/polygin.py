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


class AveragedPolyGIN(PolyGIN):
    """PolyGIN of a short training, whose last epochs' weights are averaged.

    Networks that learn longer learn few labels that scatter by heart, as those of Tg (docs/
    experiments.md, "Weights averaged before the labels are learned by heart"); the blend chooses
    for each property.
    """

    name = "polygin_averaged"
    title = "PolyGIN, averaged"
    colour = "#7c5cbf"
    first_seed = 500
