"""What a run of these trials trains."""

from engine.settings.presets import Preset

PRESET = Preset(
    name="kills",
    title="Kills",
    summary="As little as there is to train.",
    members={
        "lightgbm": {"rounds": 8, "leaves": 4, "learning_rate": 0.1},
        "gaussian_process": {},
        "polygin": {
            "network": {"layers": 1, "width": 8},
            "training": {"epochs": 6, "batch": 16, "seeds": 2},
        },
    },
)
