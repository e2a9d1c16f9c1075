"""The options that say how a run uses the devices of a machine."""

import argparse
from typing import get_args

from ..runs.clone import switch_of
from ..settings.devices import DeviceSettings

_HELP = {
    "parallel": "how several devices, or the cores of a CPU, share the networks",
    "precision": "of products; auto is bf16 or fp16 on CUDA, fp32 on a CPU",
    "deterministic": "only kernels that give the same bits each time",
    "cuda_graphs": "launch each step's kernels one by one",
    "step_in_backward": "update weights within the backward pass, which saves memory",
    "empty_cache": "give memory back to the CUDA driver after each epoch",
    "pinned_memory": "send rows to the device from ordinary memory",
}


def add_device_options(command: argparse.ArgumentParser) -> None:
    """Let a command take an option for each of the `DeviceSettings`."""
    group = command.add_argument_group("devices and memory")
    for name, field in DeviceSettings.model_fields.items():
        if field.annotation is bool:
            action = "store_false" if field.default else "store_true"
            group.add_argument(switch_of(name), dest=name, action=action, help=_HELP[name])
        else:
            choices = get_args(field.annotation)
            group.add_argument(
                f"--{name}", choices=choices, default=field.default, help=_HELP[name]
            )


def device_settings(arguments: argparse.Namespace) -> DeviceSettings:
    """What the options say."""
    return DeviceSettings(
        **{name: getattr(arguments, name) for name in DeviceSettings.model_fields}
    )
