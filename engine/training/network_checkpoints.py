"""One network's checkpoints while it trains, and what was measured at each epoch."""

import time
from typing import TYPE_CHECKING

import numpy as np

from .checkpoints import Checkpoints, State
from .context import TrainContext
from .pieces import pretraining_piece

if TYPE_CHECKING:
    from .pretraining import Pretrainer
    from .trainer import Trainer

# Of work that an end without warning may cost; an epoch that takes longer is saved at once.
_SECONDS_BETWEEN = 5.0


class NetworkCheckpointer:
    """Saves how far a network is, and brings a fresh trainer there again.

    Where the fit keeps no checkpoints, nothing is saved and nothing is found.

    Attributes:
        about: what is true of each of the network's epochs: `member`, `fold` and `seed`.
        history: what was measured at each epoch so far, as JSON can hold it, with its `time`.
    """

    def __init__(self, context: TrainContext, piece: str, about: dict) -> None:
        """Save under the name `piece`.

        Args:
            context: of the fit.
            piece: the network's name.
            about: what is true of each of its epochs.
        """
        self._checkpoints = Checkpoints(context.checkpoints) if context.checkpoints else None
        self._piece, self._reporter, self.about = piece, context.reporter, about
        self.history: list[dict] = []
        self._saved = time.monotonic()
        self._refused = False

    def resume(self, trainer: "Trainer") -> int:
        """Bring a fresh trainer to the last state saved; returns how many epochs that has done."""
        state = self._latest(self._piece)
        if state is None:
            return 0
        trainer.restore(state)
        self.history = state.values["history"]
        return len(self.history)

    @property
    def has_begun(self) -> bool:
        """Whether the network has begun to learn from labels: it needs no pretraining any more."""
        return self._latest(self._piece) is not None

    def resume_pretraining(self, pretrainer: "Pretrainer") -> int:
        """As `resume`, for the pretraining."""
        state = self._latest(pretraining_piece(self._piece))
        if state is None:
            return 0
        pretrainer.restore(state)
        return state.values["pretraining_epoch"]

    def save_pretraining(self, pretrainer: "Pretrainer", epoch: int, force: bool) -> None:
        """As `save`, for the pretraining."""
        if self._checkpoints and (force or self._is_time()):
            state = pretrainer.state()
            state.values["pretraining_epoch"] = epoch
            self._write(self._checkpoints, pretraining_piece(self._piece), epoch, state)

    def note(self, measured: dict) -> None:
        """Add what was measured at an epoch to the history."""
        plain = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in measured.items()
        }
        self.history.append({"time": time.time(), **self.about, **plain})

    def save(self, trainer: "Trainer", force: bool = False) -> None:
        """Write the state after an epoch, unless the last was written a moment ago.

        A full disk ends no training: the states before are still there.
        """
        if self._checkpoints and (force or self._is_time()):
            state = trainer.state()
            state.values["history"] = self.history
            self._write(self._checkpoints, self._piece, len(self.history), state)

    def finish(self, predicted: np.ndarray) -> None:
        """Keep what the finished network predicts, in place of its states."""
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
                self._reporter.log(f"No checkpoint could be written, the training goes on: {error}")
            self._refused = True
        self._saved = time.monotonic()
