"""What is trained, and by whom."""

from dataclasses import dataclass

from engine.settings.members import NetworkConfig

SIDES = {
    "ours": "this engine",
    "pyg": "PyG: DataLoader, plain loop, GINEConv",
    "pyg_our_network": "PyG: DataLoader, plain loop, our network",
    "ours_at_once": "this engine, one network a core at once",
    "pyg_at_once": "PyG with GINEConv, one network a core at once",
}
"""What each side is called; the first is what the others are compared with."""

AT_ONCE = {"ours_at_once": "ours", "pyg_at_once": "pyg"}
"""On several CPU cores: sides that train several networks at once, and how each of them trains."""


@dataclass(frozen=True)
class Case:
    """One network, trained in one way."""

    layers: int
    width: int
    batch: int
    precision: str

    @property
    def shape(self) -> NetworkConfig:
        """The network's size."""
        return NetworkConfig(layers=self.layers, width=self.width)

    def sentence(self) -> str:
        """One line for people."""
        return f"{self.layers}×{self.width}, batch {self.batch}, {self.precision}"
