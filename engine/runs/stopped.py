"""What a run leaves behind that was asked to stop."""

import re

from engine.runs import folder as files
from engine.runs.records import Run

_STATE = re.compile(r"polygin-(\d+)\.state-(\d+)\.safetensors")


def stop_requested(run: Run) -> bool:
    """Whether somebody asked for it since it was last started."""
    return (run.folder / files.STOP).exists()


def stop_reason(run: Run) -> str:
    """A sentence for the run table: that it was asked for, and what is kept."""
    return f"Stopped on request; {kept_words(run)}."


def kept_words(run: Run) -> str:
    """What a resumed run would not have to do again."""
    names = [path.name for path in (run.folder / files.CHECKPOINTS).glob("*.safetensors")]
    done = sum(name.endswith(".done.safetensors") for name in names)
    networks = sum(name.startswith("polygin-") and ".done." in name for name in names)
    epochs: dict[str, int] = {}
    for name in names:
        if found := _STATE.fullmatch(name):
            epochs[found[1]] = max(epochs.get(found[1], 0), int(found[2]))
    if not done and not epochs:
        return "it had nothing to keep yet"
    words = []
    if done - networks:
        words.append(_counted(done - networks, "boosted-tree fit"))
    if networks:
        words.append(_counted(networks, "finished network"))
    if epochs:
        at = " and ".join(str(epoch) for _, epoch in sorted(epochs.items()))
        words.append(f"checkpoint{'s' if len(epochs) > 1 else ''} at epoch {at}")
    return f"{', '.join(words)} kept"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
