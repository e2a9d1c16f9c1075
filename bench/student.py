"""How many of the best units a student finds: `python -m bench.student TABLE [UNITS]`.

Makes up different repeat units of two kinds: of the parts of the table's units, as the student was
taught on, but none of these; and put together from a few plain pieces. The ensemble of the shipped
model predicts all of them; then the 1,000 best by each property, at both ends, are looked for as
`screen --top 1000 --by …` does it. Writes `results/student.json`.
"""

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.reporting import markdown_table, stamp, write_json
from bench.speed.machine import machine_record, machine_sentence
from bench.stream_memory import made_up_units as units_of_pieces
from engine.commands.output import progress_bar
from engine.inference.bundle import SHIPPED, bundle_files
from engine.inference.predict import Predictor
from engine.inference.specification import Requirement
from engine.runs.known_units import made_up_units, units_of_tables
from engine.screening.distilling import UNITS, ensemble_answers
from engine.screening.first_pass import packed_units
from engine.screening.narrowing import FirstPass, Scored, next_rows, sample_of
from engine.screening.student import Student

RESULT = Path("results/student.json")
COUNT, TOP = 50_000, 1_000


def main(arguments: list[str]) -> None:
    """Measure, print and write."""
    if not arguments:
        sys.exit(__doc__)
    table, count = Path(arguments[0]), int(arguments[1]) if len(arguments) > 1 else COUNT
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, progress_bar() as show:
        os.environ["POLYGIN_HOME"] = name
        known = units_of_tables([table], show)
        # All that the student may have been taught on come first, since it was made with seed 0.
        others = made_up_units(known, UNITS + count, 0, show)[-count:]
        kinds = {"parts of the table's units": others, "plain pieces": units_of_pieces(count)}
        predictor = Predictor(SHIPPED)
        student = Student.of(bundle_files(SHIPPED), predictor.info)
        if student is None:
            sys.exit("The shipped model has no student.")
        result = {kind: _measured(predictor, student, units, show) for kind, units in kinds.items()}
    command = " ".join(["python -m bench.student", *arguments])
    whole = {"units": count, "top": TOP, "kinds": result, "machine": machine_record()}
    write_json(RESULT, {**stamp(command), **whole})
    print(report(whole))
    print(machine_sentence(whole["machine"]))


def report(result: dict) -> str:
    """The table of `docs/speed.md`."""
    rows = []
    for kind, measured in result["kinds"].items():
        for name, ends in measured["by property"].items():
            cells = [f"{end['found']:.1%} / {end['in full']:.1%}" for end in ends.values()]
            rows.append((kind, name, *cells))
    head = ["units of", "property", "highest: found / predicted in full", "lowest"]
    return markdown_table(head, rows)


def _measured(predictor: Predictor, student: Student, units: Sequence[str], show) -> dict:
    """What both say of some units, how quickly, and which of the best are found."""
    started = time.monotonic()
    ensemble = ensemble_answers(predictor, units, show)
    by_ensemble = time.monotonic() - started
    started = time.monotonic()
    graphs, rows, _ = packed_units(units)
    values = np.full(ensemble.shape, np.nan, np.float32)
    values[rows] = student.predict(graphs)
    by_student = time.monotonic() - started
    readable = np.isfinite(ensemble).all(axis=1)
    names = student.info.names
    sample = sample_of(readable)
    margins = student.margins.for_file(names, values[sample], ensemble[sample])
    first = FirstPass(predictor.info.answers, values, readable, margins)
    return {
        "ensemble, units a second": round(len(units) / by_ensemble),
        "student in one process, units a second": round(len(units) / by_student),
        "farther apart than when it was taught": margins.factors,
        "by property": {
            name: {
                end: _found(first, ensemble[:, place], Requirement(name=name, direction=end))
                for end in ("high", "low")
            }
            for place, name in enumerate(names)
        },
    }


def _found(first: FirstPass, ensemble: np.ndarray, by: Requirement) -> dict:
    """Which share of the best is found, of which share predicted in full."""
    sign = 1.0 if by.direction == "high" else -1.0
    done, scored, rounds = np.zeros(len(ensemble), dtype=bool), Scored.none(), 0
    while len(rows := next_rows(first, by, TOP, first.readable, done, scored)):
        done[rows] = True
        own = np.flatnonzero(done)
        best = own[np.argsort(-sign * ensemble[own], kind="stable")[:TOP]]
        scored, rounds = Scored(best, ensemble[best]), rounds + 1
    least = np.sort(sign * ensemble[first.readable])[-TOP]
    return {
        "found": float((sign * scored.values >= least).mean()),
        "in full": float(done.mean()),
        "rounds": rounds,
    }


if __name__ == "__main__":
    main(sys.argv[1:])
