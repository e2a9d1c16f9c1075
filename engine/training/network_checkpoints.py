"""One network's checkpoints while it trains, and what was measured at each epoch."""

import time
from typing import Protocol

import numpy as np

from .checkpoints import Checkpoints, State
from .context import TrainContext
from .pieces import pretraining_piece

# Of work that a sudden end may cost; an epoch that takes longer is saved at once.
_SECONDS_BETWEEN = 5.0


def as_json(measured: dict) -> dict:
    """Measurements as JSON can hold them: arrays become lists."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in measured.items()
    }


class Resumable(Protocol):
    """A training whose state can be saved, and restored in a fresh one."""

    def state(self) -> State: ...

    def restore(self, state: State) -> None: ...


class NetworkCheckpointer:
    """Saves the state of a network's training, and restores it in a fresh trainer.

    In a fit without checkpoints, nothing is saved and nothing is restored.

    Attributes:
        about: `member`, `fold` and `seed`, which are added to the measurements of each epoch.
        history: what was measured at each epoch so far, as JSON can hold it, with its `time`.
    """

    def __init__(self, context: TrainContext, piece: str, about: dict) -> None:
        """Save under the name `piece`.

        Args:
            context: of the fit.
            piece: the network's name.
            about: see the class.
        """
        self._checkpoints = Checkpoints(context.checkpoints) if context.checkpoints else None
        self._piece, self._reporter, self.about = piece, context.reporter, about
        self.history: list[dict] = []
        self._saved = time.monotonic()
        self._refused = False

    def resume(self, trainer: Resumable) -> int:
        """Bring a fresh trainer to the last saved state; returns the number of epochs done."""
        state = self._latest(self._piece)
        if state is None:
            return 0
        trainer.restore(state)
        self.history = state.values["history"]
        return len(self.history)

    @property
    def has_begun(self) -> bool:
        """Whether the network already learns from labels, and so needs no pretraining."""
        return self._latest(self._piece) is not None

    def resume_pretraining(self, pretrainer: Resumable) -> int:
        """As `resume`, for the pretraining."""
        state = self._latest(pretraining_piece(self._piece))
        if state is None:
            return 0
        pretrainer.restore(state)
        return state.values["pretraining_epoch"]

    def save_pretraining(self, pretrainer: Resumable, epoch: int, force: bool) -> None:
        """As `save`, for the pretraining."""
        if self._checkpoints and (force or self._is_time()):
            state = pretrainer.state()
            state.values["pretraining_epoch"] = epoch
            self._write(self._checkpoints, pretraining_piece(self._piece), epoch, state)

    def note(self, measured: dict) -> None:
        """Add what was measured at an epoch to the history."""
        self.history.append({"time": time.time(), **self.about, **as_json(measured)})

    def save(self, trainer: Resumable, force: bool = False) -> None:
        """Write the state after an epoch, unless the last was written a moment ago.

        A full disk does not end the training: earlier states remain.
        """
        if self._checkpoints and (force or self._is_time()):
            state = trainer.state()
            state.values["history"] = self.history
            self._write(self._checkpoints, self._piece, len(self.history), state)

    def finish(self, predicted: np.ndarray) -> None:
        """Store the predictions of the finished network in place of its states."""
        if self._checkpoints:
            self._checkpoints.finish(self._piece, predicted, history=self.history)
            self._checkpoints.forget(pretraining_piece(self._piece))

    def _latest(self, piece: str) -> State | None:
        return self._checkpoints.latest(piece) if self._checkpoints else None

    def _is_time(self) -> bool:
        return time.monotonic() - self._saved >= _SECONDS_BETWEEN

    def _write(self, checkpoints: Checkpoints, piece: str, number: int, state: State) -> None:
        try:
            checkpoints.save(piece, number, state)
        except OSError as error:
            if not self._refused:
                self._reporter.log(f"No checkpoint could be written; the training goes on: {error}")
            self._refused = True
        self._saved = time.monotonic()
