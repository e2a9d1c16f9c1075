"""Screening that is killed on the way: `python -m bench.screening [ROWS]`.

Makes a table of different, made-up repeat units, some of which cannot be read, screens it with the
shipped model as `python -m engine screen` does, and kills all its processes three times. Then it
screens the table again without an interruption, and compares. Writes `results/screening.json`.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pandas as pd
import psutil

from bench.reporting import markdown_table, stamp, write_json
from bench.speed.machine import machine_record, machine_sentence
from bench.stream_memory import made_up_units, resident_mb
from engine.screening.scoring import PART_ROWS

RESULT = Path("results/screening.json")
ROWS, KILLS = 50_000, 3
UNREADABLE = 97
"""Each row whose number is a multiple of this is no SMILES."""

_EVERY = 1.0
"""Seconds between two looks at the memory."""


def main(arguments: list[str]) -> None:
    """Measure, print and write."""
    rows = int(arguments[0]) if arguments else ROWS
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        os.environ["POLYGIN_HOME"] = str(folder / "workspace")
        table = folder / "made-up.csv"
        _write_table(table, rows)
        killed = _screen_killed(table, folder / "killed.parquet", rows)
        started = time.monotonic()
        memory = _watched(_started(table, folder / "whole.parquet"))
        seconds = time.monotonic() - started
        figures = {
            "rows": f"{rows:,}",
            "rows a second": f"{rows / seconds:.0f}",
            "killed after so many rows": ", ".join(f"{each:,}" for each in killed),
            "rows lost or doubled": str(_lost_or_doubled(folder / "killed.parquet", rows)),
            "the same result as without being killed": str(
                pd.read_parquet(folder / "killed.parquet").equals(
                    pd.read_parquet(folder / "whole.parquet")
                )
            ),
            "memory of all processes after a fifth": f"{memory[len(memory) // 5]:.0f} MB",
            "the same after nine tenths": f"{memory[len(memory) * 9 // 10]:.0f} MB",
            "most": f"{max(memory):.0f} MB",
        }
    command = f"python -m bench.screening {rows}"
    result = {"figures": figures, "memory_mb": memory, "machine": machine_record()}
    write_json(RESULT, {**stamp(command), **result})
    print(report(result))
    print(machine_sentence(result["machine"]))


def report(result: dict) -> str:
    """The table of `docs/speed.md`."""
    return markdown_table(["what", "measured"], result["figures"].items())


def _write_table(path: Path, rows: int) -> None:
    units = made_up_units(rows)
    with path.open("w") as file:
        file.write("id,SMILES\n")
        file.writelines(
            f"{n},{'no SMILES' if n % UNREADABLE == 0 else unit}\n" for n, unit in enumerate(units)
        )


def _started(table: Path, out: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "engine", "screen", "shipped", str(table), "-o", str(out)]
    return subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _screen_killed(table: Path, out: Path, rows: int) -> list[int]:
    """Screen, kill, and go on; returns after how many rows it was killed."""
    parts, killed = out.with_name(f"{out.name}.parts"), []
    for number in range(1, KILLS + 1):
        process = _started(table, out)
        while len([*parts.glob("*.parquet")]) * PART_ROWS < number * rows / (KILLS + 1):
            if process.poll() is not None:
                raise RuntimeError("it ended before it was killed")
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        killed.append(len([*parts.glob("*.parquet")]) * PART_ROWS)
    if _started(table, out).wait():
        raise RuntimeError("it did not go on")
    return killed


def _watched(process: subprocess.Popen) -> list[float]:
    """The resident memory of a process and all below it in MB (2²⁰ bytes), each second."""
    memory: list[float] = []
    while process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            memory.append(resident_mb(process.pid))
        time.sleep(_EVERY)
    if process.returncode:
        raise RuntimeError(f"it ended with {process.returncode}")
    return [round(each, 1) for each in memory]


def _lost_or_doubled(out: Path, rows: int) -> int:
    """How many ids of the table are not in the result or beside it, or are there twice."""
    kept = pd.read_parquet(out)["id"].astype(int).tolist()
    beside = pd.read_csv(out.with_name(f"{out.stem}-problems.csv"))["id"].tolist()
    found = [*kept, *beside]
    return len(set(range(rows)).symmetric_difference(found)) + len(found) - len(set(found))


if __name__ == "__main__":
    main(sys.argv[1:])
