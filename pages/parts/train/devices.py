"""The switches for how a run uses the devices of this machine."""

import streamlit as st

from engine.base.hardware import Hardware
from engine.settings.devices import NEED_CUDA, DeviceSettings
from pages.parts.layout import place_of

_PARALLEL = {
    "auto": "Automatic",
    "none": "One device",
    "folds": "Different networks at once",
    "ddp": "Each batch split over processes",
    "dp": "Each batch split over the GPUs of one process",
}
_PRECISION = {
    "auto": "Automatic",
    "fp32": "32 bits",
    "tf32": "32 bits, products in TF32",
    "bf16": "16 bits (bf16)",
    "fp16": "16 bits (fp16)",
}
_SWITCHES = {
    "deterministic": (
        "The same bits each time",
        "Only kernels that give the same result to the last bit. May be slower on a GPU.",
    ),
    "cuda_graphs": (
        "Replay each step as one CUDA graph",
        "One launch in place of hundreds for each step. Switch it off if the driver complains.",
    ),
    "step_in_backward": (
        "Update weights in the backward pass",
        "Saves the memory of the gradients. Gradients are then clipped weight by weight, so "
        "results differ a little.",
    ),
    "empty_cache": (
        "Give memory back after each epoch",
        "For a GPU shared with other programs. A little slower.",
    ),
    "pinned_memory": (
        "Send rows from pinned memory",
        "The GPU then need not wait for the rows of an epoch. Switch it off where main memory is "
        "short.",
    ),
}
_ON_CPU = ("step_in_backward",)


def choose_devices(hardware: Hardware, first: DeviceSettings) -> DeviceSettings:
    """Show the switches; those that do nothing on this machine are disabled.

    Args:
        hardware: of this machine.
        first: what the switches begin with.
    """
    with st.expander("Devices and memory", icon=":material/memory:"):
        st.caption("The defaults are right for nearly everybody.")
        left, right = st.columns(2)
        parallel = _pick(
            left, "parallel", "How the work is shared", _parallel(hardware), first.parallel
        )
        precision = _pick(
            right, "precision", "Precision of the arithmetic", _precision(hardware), first.precision
        )
        places = st.columns(2)
        switched = {
            name: _switch(places[number % 2], name, hardware, parallel, first)
            for number, name in enumerate(_SWITCHES)
        }
        if not hardware.gpus:
            st.caption("What is greyed out matters only on CUDA GPUs; there is none here.")
    return DeviceSettings(parallel=parallel, precision=precision, **switched)


def _pick(place, name: str, label: str, options: dict[str, str], first: str) -> str:
    helps = {
        "parallel": "Automatic trains different networks on different GPUs, or on the cores of "
        "the CPU, at the same time. Splitting batches pays only for large networks.",
        "precision": "Automatic takes 16 bits on a GPU and 32 bits on a CPU.",
    }
    return place.selectbox(
        label,
        list(options),
        place_of(first, options),
        format_func=options.get,
        key=f"train {name}",
        help=helps[name],
    )


def _parallel(hardware: Hardware) -> dict[str, str]:
    several = len(hardware.gpus) > 1
    if several or (not hardware.gpus and hardware.cores > 1):
        return {name: words for name, words in _PARALLEL.items() if several or name != "dp"}
    return {name: _PARALLEL[name] for name in ("auto", "none")}


def _precision(hardware: Hardware) -> dict[str, str]:
    names = [name for name in _PRECISION if hardware.gpus or name not in NEED_CUDA]
    return {name: _PRECISION[name] for name in names}


def _switch(place, name: str, hardware: Hardware, parallel: str, first: DeviceSettings) -> bool:
    label, words = _SWITCHES[name]
    default = DeviceSettings.model_fields[name].default
    useful = (bool(hardware.gpus) or name in _ON_CPU) and not (
        name == "step_in_backward" and parallel == "ddp"
    )
    chosen = place.checkbox(
        label, getattr(first, name), key=f"train {name}", help=words, disabled=not useful
    )
    return chosen if useful else default
