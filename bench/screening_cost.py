"""What screening costs, on paper, from what one core measures: `python -m bench.screening_cost`.

Predicts some made-up repeat units with the shipped model on one core, as each process of `screen`
does, and times the features, the networks and the other members apart. Writes
`results/screening-cost.json`; the table of `docs/scale.md` is reckoned from it.
"""

import os
import tempfile
import time
from pathlib import Path

from bench.reporting import markdown_table, stamp, write_json
from bench.speed.machine import machine_record, machine_sentence
from bench.stream_memory import made_up_units
from engine.base.workers import one_thread
from engine.features.compute import chunk_features
from engine.inference.bundle import SHIPPED
from engine.inference.predict import Predictor
from engine.models.members import is_network

RESULT = Path("results/screening-cost.json")
UNITS, MANY, CORES = 1_920, 100_000_000, 64
"""Those that are timed, those of the estimate, and the cores of a node."""


def main() -> None:
    """Measure, print and write."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["POLYGIN_HOME"] = folder
        parts = _measured(made_up_units(UNITS))
    machine = machine_record()
    write_json(
        RESULT,
        {**stamp("python -m bench.screening_cost"), "ms_a_unit": parts, "machine": machine},
    )
    print(report(parts))
    print(machine_sentence(machine))


def report(parts: dict[str, float]) -> str:
    """The table of `docs/scale.md`.

    Args:
        parts: milliseconds of one core for one unit, by what they go into.
    """
    rows = [(name, *_costs(ms)) for name, ms in parts.items()]
    rows.append(("all", *_costs(sum(parts.values()))))
    heads = [
        "what",
        "ms a unit, one core",
        f"core hours for {MANY // 10**6} million",
        f"hours on ten nodes of {CORES} cores",
    ]
    return markdown_table(heads, rows)


def _costs(ms: float) -> tuple[str, str, str]:
    hours = ms * MANY / 3.6e6
    return f"{ms:.2f}", f"{hours:,.0f}", f"{hours / (10 * CORES):.2f}"


def _measured(smiles: list[str]) -> dict[str, float]:
    """Milliseconds of processor time for each unit, by what they go into."""
    predictor = Predictor(SHIPPED)
    # What is loaded once is not counted.
    predictor.predict(["*CC*"])
    spent = dict.fromkeys(("structures and features", "networks", "other members"), 0.0)
    with one_thread():
        began = time.process_time()
        _, features = chunk_features(smiles, False, predictor.info.canonical_units)
        assert features is not None
        spent["structures and features"] = time.process_time() - began
        for name in predictor.info.members:
            began = time.process_time()
            predictor._members[name].predict(features, 1, predictor._weighs(name))
            kind = "networks" if is_network(name) else "other members"
            spent[kind] += time.process_time() - began
    return {name: 1000 * seconds / len(smiles) for name, seconds in spent.items()}


if __name__ == "__main__":
    main()
