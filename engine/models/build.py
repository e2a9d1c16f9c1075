"""The network that a shape describes."""

from ..settings.members import PolyGINShape
from .gcn import GCN
from .polygin import PolyGIN

Network = PolyGIN | GCN


def build_network(shape: PolyGINShape, properties: int) -> Network:
    """Build a network with fresh weights, drawn by torch's random numbers.

    Args:
        shape: what it is made of.
        properties: K, the number of outputs.
    """
    return (GCN if shape.kind == "gcn" else PolyGIN)(shape, properties)


def count_parameters(network: Network) -> int:
    """How many numbers a network learns."""
    return sum(weight.numel() for weight in network.parameters())
