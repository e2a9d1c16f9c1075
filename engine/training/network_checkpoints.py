"""Keeps one network's checkpoints while it trains, and what was measured at each epoch."""

import time
from collections.abc import Callable

import numpy as np

from .checkpoints import Checkpoints, State
from .pretraining import Pretrainer
from .trainer import Trainer

# Of work that an end without warning may cost; an epoch that takes longer is kept at once.
_SECONDS_BETWEEN = 5.0


class Keeper:
    """The checkpoints of one network.

    Attributes:
        history: what was measured at each epoch so far, as JSON can hold it, with its `time`.
    """

    def __init__(
        self, checkpoints: Checkpoints, piece: str, known: dict, log: Callable[[str], None]
    ) -> None:
        """Keep under the name `piece`.

        Args:
            checkpoints: where.
            piece: the network's name.
            known: what is true of each of its epochs, such as the fold.
            log: told when the disk refuses.
        """
        self._checkpoints, self._piece, self._log = checkpoints, piece, log
        self._known = known
        self.history: list[dict] = []
        self._kept = time.monotonic()
        self._refused = False

    def resume(self, trainer: Trainer) -> int:
        """Bring a fresh trainer to the last state kept; returns how many epochs that has done."""
        state = self._checkpoints.latest(self._piece)
        if state is None:
            return 0
        trainer.restore(state)
        self.history = state.values["history"]
        return len(self.history)

    @property
    def has_begun(self) -> bool:
        """Whether the network has begun to learn from labels: it needs no pretraining any more."""
        return self._checkpoints.latest(self._piece) is not None

    def resume_pretraining(self, pretrainer: Pretrainer) -> int:
        """As `resume`, for what comes before."""
        state = self._checkpoints.latest(pretraining_piece(self._piece))
        if state is None:
            return 0
        pretrainer.restore(state)
        return state.values["pretraining_epoch"]

    def keep_pretraining(self, pretrainer: Pretrainer, epoch: int, force: bool) -> None:
        """As `keep`, for what comes before."""
        if force or self._is_time():
            state = pretrainer.state()
            state.values["pretraining_epoch"] = epoch
            self._write(pretraining_piece(self._piece), epoch, state)

    def note(self, measured: dict) -> None:
        """Take up what was measured at an epoch."""
        plain = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in measured.items()
        }
        self.history.append({"time": time.time(), **self._known, **plain})

    def keep(self, trainer: Trainer, force: bool = False) -> None:
        """Write the state after an epoch, unless the last was written a moment ago.

        A disk that is full ends no training: the states before are still there.
        """
        if force or self._is_time():
            state = trainer.state()
            state.values["history"] = self.history
            self._write(self._piece, len(self.history), state)

    def _is_time(self) -> bool:
        return time.monotonic() - self._kept >= _SECONDS_BETWEEN

    def _write(self, piece: str, number: int, state: State) -> None:
        try:
            self._checkpoints.save(piece, number, state)
        except OSError as error:
            if not self._refused:
                self._log(f"No checkpoint could be written, the training goes on: {error}")
            self._refused = True
        self._kept = time.monotonic()

    def finish(self, predicted: np.ndarray) -> None:
        """Keep what the finished network predicts, in place of its states."""
        self._checkpoints.finish(self._piece, predicted, history=self.history)
        self._checkpoints.forget(pretraining_piece(self._piece))


def pretraining_piece(piece: str) -> str:
    """What the checkpoints of a network's pretraining are called."""
    return f"pretraining-{piece}"
