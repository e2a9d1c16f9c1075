"""How long the shipped model takes for one unseen molecule, and for many."""

import time
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np

from bench.speed.data import Subject, empty_workspace
from bench.speed.synthetic_units import unseen_units
from bench.speed.timing import Show

if TYPE_CHECKING:
    from engine.inference.predict import Predictor

_SINGLE, _QUICK_SINGLE = 60, 2
_BATCH, _QUICK_BATCH = 8192, 4
_WARM_UP = 5


def measure_prediction(subject: Subject, quick: bool, show: Show) -> dict:
    """Time the shipped model with all its members, features included and nothing cached.

    Args:
        subject: molecules that are in it are not used.
        quick: a handful of molecules only, to see that it works.
        show: told how far it is.

    Returns:
        Milliseconds for one molecule when the model is warm, and molecules per second in batch.
    """
    from engine.chem.smiles import forget
    from engine.inference.bundle import SHIPPED
    from engine.inference.predict import Predictor

    single, batch = (_QUICK_SINGLE, _QUICK_BATCH) if quick else (_SINGLE, _BATCH)
    units = unseen_units(_WARM_UP + single + batch, set(subject.smiles or ()))
    warm_up, one_by_one = units[:_WARM_UP], units[_WARM_UP : _WARM_UP + single]
    together = units[_WARM_UP + single :]
    forget()
    with empty_workspace():
        predictor = Predictor(SHIPPED)
        predictor.predict(warm_up[:-1])
        predictor.predict(warm_up[-1:])
        spent = []
        for number, unit in enumerate(one_by_one, start=1):
            started = time.perf_counter()
            predictor.predict([unit])
            spent.append(1000 * (time.perf_counter() - started))
            show("Single molecules", number, single)
        started = time.perf_counter()
        _predict_all(predictor, together, show)
        batch_seconds = time.perf_counter() - started
    median_ms, high_ms = np.percentile(spent, [50, 95])
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
