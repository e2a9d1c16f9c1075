"""What a preset does on a machine that has not the devices it was made for; loads no torch."""

from engine.training.devices import DeviceSettings
from engine.training.presets import Preset


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
