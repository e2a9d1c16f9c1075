"""Presets: named, complete settings of a training run; loads no torch."""

from pydantic import BaseModel, ConfigDict

from ..base.errors import UserError
from ..base.hardware import Hardware
from .devices import DeviceSettings
from .members import GaussianProcessSettings, PolyGINShape, TreeSettings
from .training import LoopSettings, PretrainSettings

SMALL_TABLE = 400
"""Labels at or below which `auto` takes the `smoke` preset on a CPU."""


class Preset(BaseModel):
    """Everything a run needs to know besides its table, its folds and its seed.

    Attributes:
        name: what the command line takes.
        title, summary: what the Train page shows.
        shape, loop: the PolyGIN member.
        trees: settings of each tree member; a library left out is not trained.
        process: the member that is a Gaussian process, if any.
        blend: the members' fixed weights, of sum 1; by default they are fitted.
        use: what `auto` means for several devices and for the precision; where the machine has
            not the devices for it, see `engine.settings.presets`.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    summary: str
    shape: PolyGINShape
    loop: LoopSettings
    trees: dict[str, TreeSettings]
    process: GaussianProcessSettings | None = None
    blend: dict[str, float] | None = None
    use: DeviceSettings = DeviceSettings()

    @property
    def members(self) -> tuple[str, ...]:
        """The members' names, in the order they are trained."""
        return (*self.on_descriptors, "polygin")

    @property
    def on_descriptors(self) -> dict[str, TreeSettings | GaussianProcessSettings]:
        """Members that learn from descriptors, and their settings, in the order of training."""
        return self.trees | ({"gaussian_process": self.process} if self.process else {})


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
            process=GaussianProcessSettings(),
        ),
        Preset(
            name="cpu",
            title="CPU",
            summary="Made for a table of some thousand rows on a machine without a GPU.",
            shape=PolyGINShape(layers=4, width=96),
            loop=LoopSettings(epochs=40),
            trees=_TREES,
            process=GaussianProcessSettings(),
        ),
        Preset(
            name="gpu",
            title="GPU",
            summary="A wider network, longer, from three seeds; for one CUDA device.",
            shape=PolyGINShape(layers=4, width=128),
            loop=LoopSettings(epochs=80, batch=96, seeds=3),
            trees=_TREES,
            process=GaussianProcessSettings(),
        ),
        Preset(
            name="best",
            title="Best",
            summary="Two networks for each fold, and boosting that is slow and long: meant to err "
            "least, in about twice the time of “CPU” and several times its size.",
            shape=PolyGINShape(layers=4, width=96),
            loop=LoopSettings(epochs=40, seeds=2),
            trees={
                "lightgbm": TreeSettings(rounds=1200, learning_rate=0.03, leaves=31, columns=0.2),
                "xgboost": TreeSettings(
                    rounds=1000, learning_rate=0.03, depth=6, columns=0.2, loss="squared"
                ),
                "catboost": TreeSettings(rounds=1500, learning_rate=0.04, loss="squared"),
            },
            process=GaussianProcessSettings(),
        ),
        Preset(
            name="baseline-gcn",
            title="Baseline: GCN",
            summary="Three graph convolutions on plain atoms and nothing else: what the others "
            "have to beat.",
            shape=PolyGINShape(
                kind="gcn",
                layers=3,
                width=128,
                dropout=0.0,
                virtual_node=False,
                pooling=("mean",),
                heads="linear",
                atom_fields=("element", "degree", "charge", "hydrogens", "aromatic"),
            ),
            loop=LoopSettings(epochs=50, learning_rate=1e-3),
            trees={},
        ),
        Preset(
            name="standard",
            title="Standard",
            summary="PolyGIN of eight layers, 50 epochs; for some GB of memory.",
            shape=PolyGINShape(layers=8, width=96),
            loop=LoopSettings(epochs=50, batch=48),
            trees=_TREES,
        ),
        Preset(
            name="laptop-6gb",
            title="Laptop, 6 GB",
            summary="PolyGIN of eight layers that first learns to guess hidden atoms and bonds, "
            "and LightGBM for a fifth of the blend.",
            shape=PolyGINShape(
                layers=8,
                width=96,
                residual=False,
                layer_relu=True,
                layer_dropout=0.15,
                pooling=("mean",),
                heads="linear",
            ),
            loop=LoopSettings(
                epochs=40,
                batch=48,
                warm_share=0.0,
                pretraining=PretrainSettings(kind="masked", epochs=10, learning_rate=2e-3),
            ),
            trees={"lightgbm": TreeSettings(rounds=300, learning_rate=0.05, leaves=64)},
            blend={"lightgbm": 0.2, "polygin": 0.8},
        ),
        Preset(
            name="t4x2",
            title="Two T4s",
            summary="PolyGIN of twelve layers with attention and descriptors, which first learns "
            "to tell repeat units apart; for two CUDA devices of 16 GB.",
            shape=PolyGINShape(
                layers=12,
                width=128,
                norm="layer",
                layer_dropout=0.1,
                attention=8,
                pooling=("mean", "max", "sum"),
                atom_width=256,
                bond_width=32,
                descriptors=128,
            ),
            loop=LoopSettings(
                epochs=60,
                batch=96,
                schedule="onecycle",
                betas=(0.9, 0.95),
                eps=1e-6,
                patience=10,
                pretraining=PretrainSettings(kind="contrastive", epochs=15, share=0.1),
            ),
            trees=_TREES,
            blend={"lightgbm": 0.2, "xgboost": 0.15, "catboost": 0.15, "polygin": 0.5},
            use=DeviceSettings(parallel="dp", precision="fp16"),
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


def settle(preset: Preset, use: DeviceSettings, cards: int) -> tuple[DeviceSettings, list[str]]:
    """Put the preset's wishes where the user left the choice, as far as the machine has them.

    Args:
        preset: with its wishes in `use`.
        use: what the user chose.
        cards: how many CUDA devices there are.

    Returns:
        What is to be used, and a sentence for each wish that cannot be had.
    """
    wish, changes, lines = preset.use, {}, []
    if use.parallel == "auto" and wish.parallel != "auto":
        if wish.parallel == "dp" and cards < 2:
            there = "there is one" if cards else "there is none: it trains on the CPU"
            lines.append(f"The preset “{preset.title}” is for two CUDA devices, and {there}.")
        else:
            changes["parallel"] = wish.parallel
    if use.precision == "auto" and wish.precision != "auto":
        if wish.precision == "fp16" and not cards:
            lines.append("fp16 needs a CUDA device: the preset computes in fp32.")
        else:
            changes["precision"] = wish.precision
    return use.model_copy(update=changes), lines
