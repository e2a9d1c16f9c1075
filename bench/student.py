"""How many of the best units a student finds: `python -m bench.student TABLE [UNITS]`.

Makes up different repeat units of two kinds: of the parts of the table's units, as the student was
taught on, but none of these; and put together from a few plain pieces. The ensemble of the shipped
model predicts all of them; then the 1,000 best by each property, at both ends, are looked for as
`screen --top 1000 --by …` does it, and the 1, 10, 100 or 1,000 best of 400 random specifications:
one or two ends, and a property that is to be high or low. Writes `results/student.json`.
"""

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

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
from engine.screening.narrowing import FirstPass, Scored, may_meet, next_rows, sample_of
from engine.screening.student import Student

RESULT = Path("results/student.json")
COUNT, TOP = 50_000, 1_000
SPECIFICATIONS, TOPS = 400, (1, 10, 100, 1_000)


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
    lines = [markdown_table(head, rows)]
    for kind, measured in result["kinds"].items():
        words = ", ".join(f"{name} {value}" for name, value in measured["specifications"].items())
        lines.append(f"{kind}, {SPECIFICATIONS} random specifications: {words}")
    return "\n\n".join(lines)


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
                end: _looked_for(first, ensemble, Requirement(name=name, direction=end)).as_shares()
                for end in ("high", "low")
            }
            for name in names
        },
        "specifications": _of_specifications(first, ensemble),
    }


class _Search(NamedTuple):
    """What a search came to: how many are wanted, how many found, and which are predicted in full.

    `first_found` says whether the best of all is among those that are found.
    """

    wanted: int
    found: int
    first_found: bool
    in_full: float
    rounds: int

    def as_shares(self) -> dict:
        """The same as shares."""
        found = self.found / max(self.wanted, 1)
        return {"found": found, "in full": self.in_full, "rounds": self.rounds}


def _looked_for(
    first: FirstPass,
    ensemble: np.ndarray,
    by: Requirement,
    top: int = TOP,
    keep: Sequence[Requirement] = (),
) -> _Search:
    """Look for the best by a property, among those that meet some ends, as `screen` does it."""
    sign, own = 1.0 if by.direction == "high" else -1.0, ensemble[:, first.place_of(by.name)]
    meets = first.readable.copy()
    for each in keep:
        low, high = first.scaled(each)
        values = ensemble[:, first.place_of(each.name)]
        meets &= (values >= low) & (values <= high)
    may, done = may_meet(first, keep), np.zeros(len(ensemble), dtype=bool)
    scored, rounds = Scored.none(), 0
    while len(rows := next_rows(first, by, top, may, done, scored)):
        done[rows] = True
        kept = np.flatnonzero(done & meets)
        best = kept[np.argsort(-sign * own[kept], kind="stable")[:top]]
        scored, rounds = Scored(best, own[best]), rounds + 1
    wanted = np.sort(sign * own[meets])[::-1][:top]
    found = np.sort(sign * scored.values)[::-1]
    return _Search(
        len(wanted),
        int((found >= wanted[-1]).sum()) if len(wanted) else 0,
        not len(wanted) or bool(len(found) and found[0] >= wanted[0]),
        float(done.mean()),
        rounds,
    )


def _of_specifications(first: FirstPass, ensemble: np.ndarray) -> dict:
    """What is found of the best of random specifications, each of one or two ends and a property.

    The ends lie at quantiles of what the ensemble says, from 2 to 98 %.
    """
    random, searches = np.random.default_rng(0), []
    properties, width = first.properties, ensemble.shape[1]
    for _ in range(SPECIFICATIONS):
        keep = []
        for place in random.choice(width, random.integers(1, 3), replace=False):
            end = np.quantile(ensemble[first.readable, place], random.uniform(0.02, 0.98))
            side = "low" if random.random() < 0.5 else "high"
            value = float(properties[place].unscaled(np.array(end)))
            keep.append(Requirement.model_validate({"name": properties[place].name, side: value}))
        name, direction = properties[random.integers(width)].name, random.choice(["high", "low"])
        by = Requirement.model_validate({"name": name, "direction": direction})
        searches.append(_looked_for(first, ensemble, by, int(random.choice(TOPS)), keep))
    wanted = sum(each.wanted for each in searches)
    return {
        "wanted units": wanted,
        "share found": round(sum(each.found for each in searches) / wanted, 5),
        "specifications that lost any": sum(each.found < each.wanted for each in searches),
        "specifications that lost the best": sum(not each.first_found for each in searches),
        "predicted in full, mean": round(float(np.mean([each.in_full for each in searches])), 3),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
