"""Predictions with one thread for numpy and with one for each core, side by side.

`python -m bench.one_thread` predicts single units and a batch of other ones by the shipped model,
in turns with and without the limit, first alone and then beside as many busy processes as there
are cores. Figures go to `results/one-thread.json`.
"""

import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

import pandas as pd

from bench.reporting import markdown_table, stamp, write_json
from bench.speed.machine import machine_record, machine_sentence
from engine.base.hardware import usable_cores
from engine.base.workers import one_thread
from engine.base.workspace import ASSETS
from engine.chem import contributions
from engine.inference.predict import Predictor
from engine.models import store

RESULTS = Path("results/one-thread.json")
_SINGLE, _BATCH, _ROUNDS = 20, 60, 5


def main() -> int:
    """Measure, print the ratios, and write the results file."""
    predictor = Predictor(ASSETS / "model")
    units = pd.read_csv(ASSETS / "textbook.csv")["SMILES"].tolist()
    predictor.predict(units)  # what is loaded once is loaded
    asked = {"one unit": [[unit] for unit in units[:_SINGLE]], "batch": [units[:_BATCH]]}
    rows, medians = [], {}
    for name, busy in (("idle", 0), ("busy", usable_cores())):
        with _busy_processes(busy):
            for what, groups in asked.items():
                took = _in_turns(partial(_predict_each, predictor, groups))
                each = {kind: 1000 * seconds / len(groups) for kind, seconds in took.items()}
                ratio = each["one thread"] / each["all threads"]
                medians[f"{name}, {what}"] = {
                    **{f"{kind}, ms": round(value, 1) for kind, value in each.items()},
                    "ratio": round(ratio, 2),
                }
                rows.append([name, what, *(f"{ms:.1f}" for ms in each.values()), f"{ratio:.2f}"])
    record = machine_record()
    write_json(
        RESULTS, {**stamp("python -m bench.one_thread"), "machine": record, "medians": medians}
    )
    heads = ["machine", "predicted", "all threads, ms", "one thread, ms", "ratio"]
    print(f"{machine_sentence(record)}\n\n{markdown_table(heads, rows)}")
    return 0


def _predict_each(predictor: Predictor, groups: list[list[str]]) -> None:
    for units in groups:
        predictor.predict(units)


def _in_turns(predict: Callable[[], object]) -> dict[str, float]:
    """Median seconds of some rounds, with each number of threads."""
    seconds: dict[str, list[float]] = {"all threads": [], "one thread": []}
    for _ in range(_ROUNDS):
        for kind, took in seconds.items():
            limit = nullcontext if kind == "all threads" else one_thread
            store.one_thread = contributions.one_thread = limit  # type: ignore[assignment]
            begun = time.perf_counter()
            predict()
            took.append(time.perf_counter() - begun)
    return {kind: statistics.median(took) for kind, took in seconds.items()}


@contextmanager
def _busy_processes(count: int) -> Iterator[None]:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_spin, daemon=True) for _ in range(count)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


def _spin() -> None:
    while True:
        sum(range(10**6))


if __name__ == "__main__":
    sys.exit(main())
