"""How long the shipped model takes for one unseen repeat unit, and for many."""

import time
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np

from bench.speed.data import BenchData, temporary_workspace
from bench.speed.synthetic_units import synthetic_units
from bench.speed.timing import Show

if TYPE_CHECKING:
    from engine.inference.predict import Predictor

_SINGLE, _QUICK_SINGLE = 60, 2
_BATCH, _QUICK_BATCH = 8192, 4
_WARM_UP = 5


def measure_prediction(data: BenchData, quick: bool, show: Show) -> dict:
    """Time the shipped model with all its members, features included and nothing cached.

    Args:
        data: repeat units that it holds are not used.
        quick: only a few repeat units, to see that it works.
        show: called as the work proceeds.

    Returns:
        Milliseconds for one molecule when the model is warm, and molecules per second in batch.
    """
    from engine.chem.smiles import forget
    from engine.inference.bundle import SHIPPED
    from engine.inference.predict import Predictor

    single, batch = (_QUICK_SINGLE, _QUICK_BATCH) if quick else (_SINGLE, _BATCH)
    units = synthetic_units(_WARM_UP + single + batch, set(data.smiles or ()))
    warm_up, one_by_one = units[:_WARM_UP], units[_WARM_UP : _WARM_UP + single]
    together = units[_WARM_UP + single :]
    forget()
    with temporary_workspace():
        predictor = Predictor(SHIPPED)
        predictor.predict(warm_up[:-1])
        predictor.predict(warm_up[-1:])
        milliseconds = []
        for number, unit in enumerate(one_by_one, start=1):
            started = time.perf_counter()
            predictor.predict([unit])
            milliseconds.append(1000 * (time.perf_counter() - started))
            show("Single molecules", number, single)
        started = time.perf_counter()
        _predict_all(predictor, together, show)
        batch_seconds = time.perf_counter() - started
    median_ms, high_ms = np.percentile(milliseconds, [50, 95])
    return {
        "model": predictor.info.name,
        "members": list(predictor.info.members),
        "mean_smiles_length": round(mean(map(len, units)), 1),
        "single": {"molecules": single, "median_ms": median_ms, "p95_ms": high_ms},
        "batch": {
            "molecules": batch,
            "seconds": batch_seconds,
            "per_second": batch / batch_seconds,
        },
    }


def _predict_all(predictor: "Predictor", units: list[str], show: Show) -> None:
    from engine.inference.streaming import CHUNK_ROWS, predict_stream

    chunks = [units[i : i + CHUNK_ROWS] for i in range(0, len(units), CHUNK_ROWS)]
    done = 0
    for predictions in predict_stream(predictor, chunks):
        done += len(predictions.smiles)
        show("Batch prediction", done, len(units))
