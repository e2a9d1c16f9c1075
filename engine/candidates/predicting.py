"""Predicting the candidates of a list that a model has not answered yet."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing

from ..base.hardware import usable_cores
from ..base.workers import worker_pool
from ..chem.synthesis_hints import hints_or_none
from ..inference.predict import Predictor
from ..inference.streaming import CHUNK_ROWS, MOST_STORED, predict_stream
from ..runs.known_labels import KnownLabels, read_measured_labels
from ..settings.conditions import GivenConditions, same_for_all
from .answers import answers_of, description_of, model_key
from .store import CandidateList

Progress = Callable[[int, int], None]
_HINTS_AT_ONCE = 500


def predict_waiting(
    list_: CandidateList,
    predictor: Predictor,
    given: dict[str, float | str],
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
    known: KnownLabels | None = None,
) -> int:
    """Predict what waits on a list, and keep each chunk as soon as it is done.

    How hard candidates are to make is kept with it, where that is not known. Cut off at any time,
    it goes on with what is not answered yet.

    Args:
        list_: the list.
        predictor: the model.
        given: the conditions at which it predicts, by name.
        progress: told how many candidates are predicted, and how many are to be.
        stop: asked after each chunk.
        known: the labels that the model learned, of measured sources alone; read from beside it
            when they are not given.

    Returns:
        How many candidates were predicted.
    """
    key, description = model_key(predictor.folder, given), description_of(predictor.info)
    predictor = predictor.only(predictor.info.answer_names)
    waiting, done = list_.waiting(key), 0
    if not waiting:
        return 0
    known = known or read_measured_labels(predictor.folder, predictor.info)
    numbers: deque[list[int]] = deque()
    conditions: deque[GivenConditions] = deque()

    def chunks() -> Iterator[Sequence[str]]:
        for start in range(0, len(waiting), CHUNK_ROWS):
            part = list_.candidates(waiting[start : start + CHUNK_ROWS])
            part = [each for each in part if each.unit is not None]
            if part:
                numbers.append([each.id for each in part])
                conditions.append(same_for_all(predictor.info.conditions, len(part), given))
                yield [str(each.unit) for each in part]

    store = len(waiting) <= MOST_STORED
    beside = None if list_.hints().keys() >= {*waiting} else _scores_and_alerts
    with closing(predict_stream(predictor, chunks(), store, conditions.popleft, beside)) as stream:
        for predicted in stream:
            uncertainty = predictor.uncertainty(predicted) if predictor.has_intervals else None
            ids = numbers.popleft()
            kept = answers_of(predictor.info, ids, predicted, uncertainty, known)
            list_.write_answers(key, description, kept)
            if predicted.beside is not None:
                list_.write_hints(dict(zip(ids, predicted.beside, strict=True)))
            done += len(kept)
            if progress:
                progress(done, len(waiting))
            if stop():
                break
    return done


def score_and_alerts(unit: str) -> tuple[float | None, str]:
    """How hard a repeat unit is to make, None where that is not known; and its alerts, in words."""
    hints = hints_or_none(unit)
    return (hints.score, ", ".join(hints.alerts)) if hints else (None, "")


def write_hints(
    list_: CandidateList,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Keep how hard candidates are to make, of all that this is not known of, predicted or not.

    Args:
        list_: the list.
        progress: told how many are done, and how many are to be.
        stop: asked now and then.
    """
    known, done = list_.hints(), 0
    new = [each for each in list_.candidates() if each.unit is not None and each.id not in known]
    if not new:
        return
    parts = [new[start : start + _HINTS_AT_ONCE] for start in range(0, len(new), _HINTS_AT_ONCE)]
    units = [[str(each.unit) for each in part] for part in parts]
    if progress:
        progress(0, len(new))
    with ExitStack() as stack:
        run: Callable = map
        if len(parts) > 2:
            run = stack.enter_context(worker_pool(usable_cores())).map
        for part, made in zip(parts, run(_scores_and_alerts, units), strict=True):
            list_.write_hints({each.id: hints for each, hints in zip(part, made, strict=True)})
            done += len(part)
            if progress:
                progress(done, len(new))
            if stop():
                return


def _scores_and_alerts(units: Sequence[str]) -> list[tuple[float | None, str]]:
    return [score_and_alerts(unit) for unit in units]
