"""The process that screens and predicts for a list: `python -m engine.candidates.worker LIST`."""

import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import Timeout

from ..base.errors import UserError
from . import job as jobs
from .job import Job
from .lists import open_list
from .predicting import predict_waiting, write_hints
from .store import CandidateList

_TELL_SECONDS = _LOOK_SECONDS = 1.0


def main(list_id: str) -> int:
    """Predict what waits on a list, until all is done or somebody asks to stop."""
    list_ = open_list(list_id)
    held = jobs.job_lock(list_)
    try:
        held.acquire(timeout=2)
    except Timeout:
        return 0
    told = jobs.job_of(list_).model_copy(update={"state": "working", "doing": "waiting in line"})
    try:
        jobs.write_job(list_, told)
        with _in_line(list_) as my_turn:
            told = _work(list_, told) if my_turn else told.model_copy(update={"state": "stopped"})
    except UserError as error:
        told = told.model_copy(update={"state": "failed", "words": str(error)})
    except Exception:
        traceback.print_exc()
        words = "Predicting ended with an error of PolyGIN Studio; predicting.log tells more."
        told = told.model_copy(update={"state": "failed", "words": words})
    finally:
        with suppress(UserError):  # the list may have been removed meanwhile
            jobs.write_job(list_, told)
        held.release()
    return 0 if told.state in ("done", "stopped") else 1


@contextmanager
def _in_line(list_: CandidateList) -> Iterator[bool]:
    """Wait until no other list is predicted; False where somebody asked to stop before."""
    lock = jobs.predicting_lock()
    while not jobs.is_to_stop(list_):
        with suppress(Timeout), lock.acquire(timeout=_LOOK_SECONDS):
            yield True
            return
    yield False


def _work(list_: CandidateList, told: Job) -> Job:
    """Screen, predict, then rate; returns what there is to say at the end."""
    # Here: they load torch, which takes seconds, and there may be nothing to wait for.
    from ..inference.predict import Predictor
    from .screening import StoppedError, carry_out

    reporter = _Reporter(list_, told)
    reporter.say("reading the model", 0, 0)
    predictor = Predictor(Path(told.model))

    def stop() -> bool:
        return jobs.is_to_stop(list_)

    with suppress(StoppedError):
        carry_out(list_, reporter.screened, stop)
    # What is added meanwhile is done, too.
    while not stop() and predict_waiting(list_, predictor, told.given, reporter.predicted, stop):
        pass
    if not stop():
        write_hints(list_, progress=reporter.rated, stop=stop)
    return reporter.job.model_copy(update={"state": "stopped" if stop() else "done", "doing": ""})


class _Reporter:
    """Writes down how far the process is, about once in a second."""

    def __init__(self, list_: CandidateList, job: Job) -> None:
        self.job = job
        self._list = list_
        self._said = 0.0

    def screened(self, what: str, done: int, total: int) -> None:
        self.say(f"screening, {what}", done, total)

    def predicted(self, done: int, total: int) -> None:
        self.say("predicting", done, total)

    def rated(self, done: int, total: int) -> None:
        self.say("rating how hard they are to make", done, total)

    def say(self, doing: str, done: int, total: int) -> None:
        changes: dict[str, object] = {"doing": doing, "done": done, "total": total}
        begins = doing != self.job.doing
        if begins or done < self.job.done:
            changes |= {"since": time.time(), "done_before": done}
        self.job = self.job.model_copy(update=changes)
        if begins or time.monotonic() > self._said + _TELL_SECONDS:
            self._said = time.monotonic()
            jobs.write_job(self._list, self.job)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
