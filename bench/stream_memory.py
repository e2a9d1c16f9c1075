"""How much memory a prediction takes, the longer its file: `python -m bench.stream_memory [ROWS]`.

Makes a table of different, made-up repeat units, predicts it with the default model as
`python -m engine predict` does, and samples the resident memory of all its processes meanwhile.
Writes `results/stream-memory.json`.
"""

import random
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bench.reporting import write_json
from bench.speed.machine import machine_record, machine_sentence
from engine.commands.output import progress_bar
from engine.inference.bundle import default_bundle
from engine.inference.predict import Predictor
from engine.inference.predicted_tables import predict_file

RESULT = Path("results/stream-memory.json")
ROWS, EVERY, SEED = 200_000, 10_000, 0
PIECES = (
    *(
        "C",
        "CC",
        "CCC",
        "C(C)C",
        "C(C)(C)C",
        "CO",
        "COC",
        "CN",
        "CNC",
        "CS",
        "CSC",
        "C(F)",
        "C(Cl)",
    ),
    *(
        "C(F)",
        "C(Cl)",
        "C(=O)O",
        "C(=O)N",
        "OC(=O)O",
        "NC(=O)O",
        "NC(=O)N",
        "S(=O)(=O)C",
        "C#CC",
        "C=CC",
    ),
    *("C(F)(F)C", "C(C#N)C", "C(CO)C", "C(OC)C", "C(CC)C", "[Si](C)(C)O", "[Si](C)(C)C"),
    *("c1ccc(cc1)C", "c1ccc(cc1)O", "c1ccc(cc1)N", "C1CCC(CC1)C", "c1ccc(s1)C", "N1CCN(CC1)C"),
)


def main(arguments: list[str]) -> None:
    """Measure, print and write."""
    rows = int(arguments[0]) if arguments else ROWS
    if rows < 2 * EVERY:
        sys.exit(f"At least {2 * EVERY:,} rows: the first {EVERY:,} only warm everything up.")
    with tempfile.TemporaryDirectory() as folder:
        samples, seconds = measure(Path(folder), rows)
    after_first = [sample["mb"] for sample in samples if sample["rows"] >= EVERY]
    result = {
        "rows": rows,
        "seconds": round(seconds, 1),
        "samples": samples,
        "lowest MB": min(after_first),
        "highest MB": max(after_first),
        "machine": machine_record(),
    }
    write_json(RESULT, result)
    print(
        f"From {EVERY:,} to {rows:,} rows: {min(after_first):.0f} to {max(after_first):.0f} MB "
        f"in all processes together, {rows / seconds:.0f} rows a second."
    )
    print(machine_sentence(result["machine"]))


def measure(folder: Path, rows: int) -> tuple[list[dict], float]:
    """Predict made-up rows.

    Args:
        folder: for the files.
        rows: how many.

    Returns:
        Rows done and memory in MB (2²⁰ bytes) at each sample, and the seconds that it took.
    """
    source = folder / "made-up.csv"
    samples: list[dict] = []
    with open(source, "w") as file:
        file.write("id,SMILES\n")
        file.writelines(f"{n},{unit}\n" for n, unit in enumerate(made_up_units(rows)))
    started = time.monotonic()
    with open(folder / "out.csv", "w") as out, progress_bar() as show:

        def sample(title: str, done: int, total: int) -> None:
            show(title, done, total)
            if done >= len(samples) * EVERY:
                samples.append({"rows": done, "mb": round(resident_mb(), 1)})

        predict_file(Predictor(default_bundle()), source, out, sample)
    return samples, time.monotonic() - started


def made_up_units(count: int) -> list[str]:
    """Different repeat units of two to five pieces each."""
    chance = random.Random(SEED)
    units: dict[str, None] = {}
    while len(units) < count:
        pieces = chance.choices(PIECES, k=chance.randint(2, 5))
        units[f"*{''.join(pieces)}*"] = None
    return list(units)


def resident_mb(process: int | None = None) -> float:
    """The resident memory of a process and all below it, in MB (2²⁰ bytes).

    Args:
        process: its number; this one by default.
    """
    this = psutil.Process(process)
    processes = [this, *this.children(recursive=True)]
    return sum(process.memory_info().rss for process in processes) / 2**20


if __name__ == "__main__":
    main(sys.argv[1:])
