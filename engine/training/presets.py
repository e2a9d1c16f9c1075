"""Presets: named, complete settings of a training run."""

from pydantic import BaseModel, ConfigDict

from engine.errors import UserError
from engine.hardware import Hardware
from engine.models.settings import PolyGINShape, TreeSettings

SMALL_TABLE = 400
"""Labels at or below which `auto` takes the `smoke` preset on a CPU."""


class LoopSettings(BaseModel):
    """How a PolyGIN network is trained."""

    model_config = ConfigDict(frozen=True)

    epochs: int = 30
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    warm_share: float = 0.1
    clip: float = 1.0
    seeds: int = 1


class Preset(BaseModel):
    """Everything a run needs to know besides its table, its folds and its seed.

    Attributes:
        name: what the command line takes.
        title, summary: what the Train page shows.
        shape, loop: the PolyGIN member.
        trees: settings of each tree member; a library left out is not trained.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    summary: str
    shape: PolyGINShape
    loop: LoopSettings
    trees: dict[str, TreeSettings]

    @property
    def members(self) -> tuple[str, ...]:
        """The members' names, in the order they are trained."""
        return (*self.trees, "polygin")


# Few, larger steps keep a bundle small.
_TREES = {
    "lightgbm": TreeSettings(rounds=300, learning_rate=0.08, leaves=24),
    "xgboost": TreeSettings(rounds=300, learning_rate=0.08, depth=5, loss="squared"),
    "catboost": TreeSettings(rounds=600, learning_rate=0.06, loss="squared"),
}

PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="smoke",
            title="Quick look",
            summary="A small network and short boosting for a first impression: under a minute for "
            "a hundred rows, some minutes for thousands.",
            shape=PolyGINShape(layers=3, width=48),
            loop=LoopSettings(epochs=40, batch=32, learning_rate=4e-3),
            trees={
                "lightgbm": TreeSettings(rounds=120, learning_rate=0.08, leaves=15),
                "xgboost": TreeSettings(rounds=120, learning_rate=0.08, depth=4, loss="squared"),
                "catboost": TreeSettings(rounds=150, learning_rate=0.08, depth=4, loss="squared"),
            },
        ),
        Preset(
            name="cpu",
            title="CPU",
            summary="Made for a table of some thousand rows on a machine without a GPU.",
            shape=PolyGINShape(layers=4, width=96),
            loop=LoopSettings(epochs=40),
            trees=_TREES,
        ),
        Preset(
            name="gpu",
            title="GPU",
            summary="A wider network, longer, from three seeds; for one CUDA device.",
            shape=PolyGINShape(layers=4, width=128),
            loop=LoopSettings(epochs=80, batch=96, seeds=3),
            trees=_TREES,
        ),
    )
}


def choose(name: str, hardware: Hardware, labels: int) -> Preset:
    """The preset of that name; `auto` takes the one that suits the machine and the table.

    Args:
        name: a preset's name, or `auto`.
        hardware: what was detected.
        labels: how many labels the table holds in all.

    Raises:
        UserError: when there is no such preset.
    """
    if name == "auto":
        if hardware.gpus:
            return PRESETS["gpu"]
        return PRESETS["smoke" if labels <= SMALL_TABLE else "cpu"]
    if name not in PRESETS:
        raise UserError(f"There is no preset {name!r}; choose one of auto, {', '.join(PRESETS)}.")
    return PRESETS[name]
