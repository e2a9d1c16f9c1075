"""Presets: named, complete settings of a training run; loads no torch."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from ..base.errors import UserError
from ..base.hardware import Hardware
from .devices import DeviceSettings


class Preset(BaseModel):
    """Everything a run needs to know besides its table, its folds and its seed.

    Attributes:
        name: what the command line takes.
        title, summary: what the Train page shows.
        members: the settings of each member, in the order of training, as the member's own
            `Config` reads them (`engine.models.members.configs_of`); what is not said is its
            default.
        blend: the members' fixed weights, of sum 1; by default they are fitted.
        canonical_units: whether members see the canonical repeat unit of a polymer, so that it has
            one answer however it is drawn; without it they see the drawn one, as all did once.
        use: what `auto` means for several devices and for the precision, see `devices_for`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    summary: str
    members: dict[str, dict[str, Any]]
    blend: dict[str, float] | None = None
    canonical_units: bool = False
    use: DeviceSettings = DeviceSettings()

    def keeps_polymers_together(self, sources: int) -> bool:
        """Whether splitters keep all drawings of a polymer in one fold.

        Args:
            sources: how many the table has; several draw one polymer in several ways.
        """
        return sources > 0 or self.canonical_units

    @property
    def starts_from_encoder(self) -> bool:
        """Whether networks of the preset start from the pretrained encoder."""
        return any(self._training_of(name).get("pretrained") for name in self.members)

    def without_encoder(self) -> "Preset":
        """The same, with networks that start from random weights."""
        members = {
            name: {**settings, "training": {**self._training_of(name), "pretrained": False}}
            if self._training_of(name).get("pretrained")
            else settings
            for name, settings in self.members.items()
        }
        return self.model_copy(update={"members": members})

    def _training_of(self, member: str) -> dict[str, Any]:
        training = self.members[member].get("training")
        return training if isinstance(training, dict) else {}

    def devices_for(self, use: DeviceSettings, cards: int) -> tuple[DeviceSettings, list[str]]:
        """Use the devices that the preset asks for, where the user left the choice and they exist.

        Args:
            use: what the user chose.
            cards: how many CUDA devices there are.

        Returns:
            How the devices are to be used, and a sentence for each thing that cannot be had.
        """
        wish, lines = self.use, []
        changes: dict[str, str] = {}
        if use.parallel == "auto" and wish.parallel != "auto":
            if wish.parallel == "dp" and cards < 2:
                there = "there is one" if cards else "there is none: it trains on the CPU"
                lines.append(f"The preset “{self.title}” is for two CUDA devices, and {there}.")
            else:
                changes["parallel"] = wish.parallel
        if use.precision == "auto" and wish.precision != "auto":
            if wish.precision == "fp16" and not cards:
                lines.append("fp16 needs a CUDA device: the preset computes in fp32.")
            else:
                changes["precision"] = wish.precision
        return use.model_copy(update=changes), lines


# Few, larger steps keep a bundle small.
_BOOSTING: dict[str, dict[str, Any]] = {
    "lightgbm": {"rounds": 300, "learning_rate": 0.08, "leaves": 24},
    "xgboost": {"rounds": 300, "learning_rate": 0.08, "depth": 5, "loss": "squared"},
    "catboost": {"rounds": 600, "learning_rate": 0.06, "loss": "squared"},
}
_GAUSSIAN_PROCESS: dict[str, dict[str, Any]] = {
    "gaussian_process": {},
    "coregionalised_process": {},
}


def _polygin(network: dict[str, Any], training: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"polygin": {"network": network, "training": training}}


# Why these settings and no others: docs/experiments.md, and docs/presets.md for the blueprints.
PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="smoke",
            title="Quick look",
            summary="A small network and short boosting, for a first impression.",
            canonical_units=True,
            members={
                "lightgbm": {"rounds": 120, "learning_rate": 0.08, "leaves": 15},
                "xgboost": {"rounds": 120, "learning_rate": 0.08, "depth": 4, "loss": "squared"},
                "catboost": {"rounds": 150, "learning_rate": 0.08, "depth": 4, "loss": "squared"},
                **_GAUSSIAN_PROCESS,
                **_polygin(
                    {"layers": 3, "width": 48}, {"epochs": 40, "batch": 32, "learning_rate": 4e-3}
                ),
            },
        ),
        Preset(
            name="cpu",
            title="CPU",
            summary="One network for each fold, beside boosting and Gaussian processes: made for a "
            "machine without a GPU.",
            canonical_units=True,
            members={
                **_BOOSTING,
                **_GAUSSIAN_PROCESS,
                **_polygin({"layers": 4, "width": 96}, {"epochs": 40, "pretrained": True}),
            },
        ),
        Preset(
            name="gpu",
            title="GPU",
            summary="Three networks for each fold, and longer; for one CUDA device.",
            canonical_units=True,
            members={
                **_BOOSTING,
                **_GAUSSIAN_PROCESS,
                **_polygin(
                    {"layers": 4, "width": 96},
                    {"epochs": 60, "batch": 96, "seeds": 3, "pretrained": True},
                ),
            },
        ),
        Preset(
            name="best",
            title="Best",
            summary="Four networks for each fold, and boosting that is slow and long: meant to err "
            "least, in two to three times the time of “CPU” and several times its size.",
            canonical_units=True,
            members={
                "lightgbm": {
                    "rounds": 1200,
                    "learning_rate": 0.03,
                    "leaves": 31,
                    "columns": 0.2,
                },
                "xgboost": {
                    "rounds": 1000,
                    "learning_rate": 0.03,
                    "depth": 6,
                    "columns": 0.2,
                    "loss": "squared",
                },
                "catboost": {"rounds": 1500, "learning_rate": 0.04, "loss": "squared"},
                **_GAUSSIAN_PROCESS,
                **_polygin(
                    {"layers": 4, "width": 96}, {"epochs": 40, "seeds": 2, "pretrained": True}
                ),
                "polygin_averaged": {
                    "network": {"layers": 4, "width": 96},
                    "training": {
                        "epochs": 16,
                        "warm_share": 0.25,
                        "schedule": "flat",
                        "averaged_share": 0.5,
                        "seeds": 2,
                    },
                },
            },
        ),
        Preset(
            name="baseline-gcn",
            title="Baseline: GCN",
            summary="Three graph convolutions on plain atoms and nothing else: what the others "
            "have to beat.",
            members=_polygin(
                {
                    "kind": "gcn",
                    "layers": 3,
                    "width": 128,
                    "dropout": 0.0,
                    "virtual_node": False,
                    "pooling": ("mean",),
                    "heads": "linear",
                    "atom_fields": ("element", "degree", "charge", "hydrogens", "aromatic"),
                },
                {"epochs": 50, "learning_rate": 1e-3},
            ),
        ),
        Preset(
            name="standard",
            title="Standard",
            summary="PolyGIN of eight layers, 50 epochs; for some GB of memory.",
            members={
                **_BOOSTING,
                **_polygin({"layers": 8, "width": 96}, {"epochs": 50, "batch": 48}),
            },
        ),
        Preset(
            name="laptop-6gb",
            title="Laptop, 6 GB",
            summary="PolyGIN of eight layers that first learns to guess hidden atoms and bonds, "
            "and LightGBM for a fifth of the blend.",
            members={
                "lightgbm": {"rounds": 300, "learning_rate": 0.05, "leaves": 64},
                **_polygin(
                    {
                        "layers": 8,
                        "width": 96,
                        "residual": False,
                        "layer_relu": True,
                        "layer_dropout": 0.15,
                        "pooling": ("mean",),
                        "heads": "linear",
                    },
                    {
                        "epochs": 40,
                        "batch": 48,
                        "warm_share": 0.0,
                        "pretraining": {"kind": "masked", "epochs": 10, "learning_rate": 2e-3},
                    },
                ),
            },
            blend={"lightgbm": 0.2, "polygin": 0.8},
        ),
        Preset(
            name="t4x2",
            title="Two T4s",
            summary="PolyGIN of twelve layers with attention and descriptors, which first learns "
            "to tell repeat units apart; for two CUDA devices of 16 GB.",
            members={
                **_BOOSTING,
                **_polygin(
                    {
                        "layers": 12,
                        "width": 128,
                        "norm": "layer",
                        "layer_dropout": 0.1,
                        "attention": 8,
                        "pooling": ("mean", "max", "sum"),
                        "atom_width": 256,
                        "bond_width": 32,
                        "descriptors": 128,
                    },
                    {
                        "epochs": 60,
                        "batch": 96,
                        "schedule": "onecycle",
                        "betas": (0.9, 0.95),
                        "eps": 1e-6,
                        "patience": 10,
                        "pretraining": {"kind": "contrastive", "epochs": 15, "share": 0.1},
                    },
                ),
            },
            blend={"lightgbm": 0.2, "xgboost": 0.15, "catboost": 0.15, "polygin": 0.5},
            use=DeviceSettings(parallel="dp", precision="fp16"),
        ),
    )
}


def preset_title(name: str) -> str:
    """What people call the preset of that name; the name itself where there is none of it now."""
    return PRESETS[name].title if name in PRESETS else name


def choose(name: str, hardware: Hardware) -> Preset:
    """The preset of that name; `auto` takes the one that suits the machine.

    Args:
        name: a preset's name, or `auto`.
        hardware: what was detected.

    Raises:
        UserError: when there is no such preset.
    """
    if name == "auto":
        return PRESETS["gpu" if hardware.gpus else "cpu"]
    if name not in PRESETS:
        raise UserError(f"There is no preset {name!r}; choose one of auto, {', '.join(PRESETS)}.")
    return PRESETS[name]
