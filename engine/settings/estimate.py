"""What training will take on this machine, as a record that is read without torch."""

from pydantic import BaseModel, ConfigDict

# Beyond this share of its memory a system begins to swap, or to end programs.
_USABLE_SHARE = 0.9


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
