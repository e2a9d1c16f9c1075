"""What training will take on this machine, as a record that is read without torch."""

from pydantic import BaseModel, ConfigDict

from ..base.hardware import Hardware
from .presets import PRESETS, Preset

# Beyond this share of its memory a system begins to swap, or to end programs.
_USABLE_SHARE = 0.9

# One core, results/time-to-error.json: PolyGIN of `smoke` and of `cpu` take 40 epochs of 6,379 rows
# in 162 s and 170 s; their other members, with the features, 63 s and 87 s for one fold.
_ROW_EPOCH_SECONDS = 6.5e-4
_ROW_FOLD_SECONDS = 1.2e-2
_START_SECONDS = 10.0
_LEAST_ROWS = 400
"""A smaller table takes as long: each step and each fit has a least time."""

PROBED_ROWS = 400
"""A sample of a table that is enough for a probe."""

_PATIENCE_MINUTES = 15.0
"""What most people wait for without leaving their desk."""


class Probe(BaseModel):
    """What a short trial of a run's settings measured.

    Attributes:
        networks: which were tried, in words.
        device: what it was measured on, in words.
        seconds_per_epoch: of one network, with the validation that ends each epoch.
        epochs: of all networks of the run together.
        processes: how many networks are trained at once.
        minutes: for all networks.
        peak_mb: most memory held, in MB (2²⁰ bytes): of the CUDA device, or of all processes.
        memory_mb: the memory there is, in MB: of the CUDA device, or of the machine.
        remarks: what the trial had to tell, such as a step in pieces for want of memory.
    """

    model_config = ConfigDict(frozen=True)

    networks: str
    device: str
    seconds_per_epoch: float
    epochs: int
    processes: int
    minutes: float
    peak_mb: float
    memory_mb: float
    remarks: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether the memory is enough."""
        return self.peak_mb <= _USABLE_SHARE * self.memory_mb

    def sentence(self) -> str:
        """One line for people."""
        at_once = f" in {self.processes} processes" if self.processes > 1 else ""
        return (
            f"On {self.device}: about {_duration(self.seconds_per_epoch)} an epoch, "
            f"{self.epochs:,} epochs{at_once}: about {_duration(60 * self.minutes)} for "
            f"{self.networks}; {self.memory_words()}."
        )

    def memory_words(self) -> str:
        """The peak, and the memory there is."""
        return f"{_gigabytes(self.peak_mb)} of {_gigabytes(self.memory_mb)} memory"


def rough_minutes(preset: Preset, rows: int, folds: int, cores: int) -> float:
    """How long a run takes on a CPU, to a factor of two; a probe measures it.

    Args:
        preset: of the run.
        rows: with labels.
        folds: how many there are.
        cores: that are used.
    """
    rows = max(rows, _LEAST_ROWS)
    epochs = folds * sum(map(_epochs, preset.members.values()))
    networks = _ROW_EPOCH_SECONDS * rows * epochs / max(cores, 1)
    return (_START_SECONDS + networks + _ROW_FOLD_SECONDS * rows * folds / max(cores, 1)) / 60


def _epochs(member: dict) -> int:
    """Of all networks of one fold; 0 for members that are no networks."""
    training = member.get("training", {})
    before = (training.get("pretraining") or {}).get("epochs", 0)
    return training.get("seeds", 1) * (training.get("epochs", 0) + before)


def usual_presets(hardware: Hardware) -> tuple[str, ...]:
    """The names of the three from which most people choose, the quickest first."""
    return "smoke", "gpu" if hardware.gpus else "cpu", "best"


def recommended_preset(hardware: Hardware, rows: int, folds: int) -> str:
    """The one of them that suits a table and a machine.

    It is the one made for the machine; the one that errs least, where that ends soon.

    Args:
        hardware: what was detected.
        rows: with labels.
        folds: how many there are.
    """
    _, usual, best = usual_presets(hardware)
    if hardware.gpus:
        return usual
    soon = rough_minutes(PRESETS[best], rows, folds, hardware.cores) <= _PATIENCE_MINUTES
    return best if soon else usual


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds:.1g} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _gigabytes(megabytes: float) -> str:
    gigabytes = megabytes / 1024
    return f"{gigabytes:.0f} GB" if gigabytes >= 10 else f"{gigabytes:.1f} GB"
