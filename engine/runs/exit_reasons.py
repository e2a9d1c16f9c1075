"""Why a run ended before it was done, what it leaves behind, and whether its worker is alive."""

import signal
import time
from contextlib import suppress

from ..base.errors import UserError
from ..base.plain_files import read_file
from ..training.pieces import SUFFIX, piece_in
from . import folder as files
from . import process, store
from .records import ALIVE, Run

_NO_DISK = b"the disk is full"


def note_end(run: Run, returned: int | None = None, words: str = "") -> None:
    """Write down how a run ended when its worker is gone without saying so.

    Args:
        run: counted as alive until now.
        returned: the worker's exit code, where it is known.
        words: what else is known of the end.
    """
    if not returned and had_no_disk(run):
        returned = process.DISK_FULL
    state, reason = "interrupted", words if words and not returned else words_of(returned)
    if stop_requested(run):
        state, reason = "stopped", stop_reason(run)
    store.update(
        run.id, only_from=ALIVE, state=state, reason=reason, finished=time.time(), stage=""
    )


def make_room_for_last_words(run: Run) -> None:
    """Take space for what a worker may have to say when the disk is full."""
    (run.folder / files.LAST_WORDS).write_bytes(bytes(len(_NO_DISK)))


def leave_last_words(run: Run) -> None:
    """Say that the disk is full, in space that was taken before; the exit code may reach nobody."""
    with suppress(OSError), open(run.folder / files.LAST_WORDS, "r+b") as file:
        file.write(_NO_DISK)


def had_no_disk(run: Run) -> bool:
    """Whether a worker has left word that the disk is full."""
    try:
        return read_file(run.folder / files.LAST_WORDS, "", len(_NO_DISK)) == _NO_DISK
    except UserError:
        return False


def words_of(returned: int | None) -> str:
    """What is known of an end without a word."""
    go_on = "Resume it to go on from its last checkpoint."
    if not returned:
        return f"Its process ended without a word: the log may tell why. {go_on}"
    if returned == -signal.SIGKILL:
        return (
            "Its process was killed from outside: by the system when memory runs out, or by hand. "
            f"{go_on}"
        )
    if returned == process.DISK_FULL:
        return f"The disk is full. Free some space, then: {go_on}"
    how = f"by signal {-returned}" if returned < 0 else f"with exit code {returned}"
    return f"Its process ended {how}: the log may tell why. {go_on}"


def stop_requested(run: Run) -> bool:
    """Whether somebody asked for it since it was last started."""
    return (run.folder / files.STOP).exists()


def stop_reason(run: Run) -> str:
    """A sentence for the run table: that it was asked for, and what is kept."""
    return f"Stopped on request; {kept_words(run)}."


def kept_words(run: Run) -> str:
    """What a resumed run would not have to do again."""
    files_kept = (run.folder / files.CHECKPOINTS).glob(f"*{SUFFIX}")
    pieces = [piece for path in files_kept if (piece := piece_in(path.name))]
    fits = sum(piece.kind == "fit" for piece in pieces)
    networks = sum(piece.kind == "network" and piece.epoch is None for piece in pieces)
    epochs: dict[tuple[str, int], int] = {}
    for piece in pieces:
        if piece.kind == "network" and piece.epoch is not None:
            which = piece.member, piece.number
            epochs[which] = max(epochs.get(which, 0), piece.epoch)
    pretraining = {
        (piece.member, piece.number) for piece in pieces if piece.kind == "pretraining"
    } - {*epochs}
    if not fits and not networks and not epochs and not pretraining:
        return "it had nothing to keep yet"
    words = []
    if fits:
        words.append(_counted(fits, "finished fit"))
    if networks:
        words.append(_counted(networks, "finished network"))
    if pretraining:
        words.append(f"{_counted(len(pretraining), 'network')} in pretraining")
    if epochs:
        at = " and ".join(str(epoch) for _, epoch in sorted(epochs.items()))
        words.append(f"checkpoint{'s' if len(epochs) > 1 else ''} at epoch {at}")
    return f"{', '.join(words)} kept"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


SILENCE_SECONDS = 60.0
"""A worker gives a sign every five seconds; after so long without one, something is odd."""


def silent_since(run: Run) -> float | None:
    """The time of a run's last heartbeat, in seconds since 1970, if that is long ago.

    Returns:
        None while it gives signs, is not running, or never gave one.
    """
    if run.state != "running":
        return None
    try:
        last = (run.folder / files.HEARTBEAT).stat().st_mtime
    except OSError:
        return None
    # Before the run was resumed its heartbeat was that of an earlier worker.
    last = max(last, run.since or last)
    return last if time.time() - last > SILENCE_SECONDS else None
