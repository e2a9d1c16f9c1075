"""Screening that is killed on the way: `python -m bench.screening [ROWS [ROWS_WITH_STUDENT]]`.

Makes a table of different, made-up repeat units, some of which cannot be read, screens it with the
shipped model as `python -m engine screen` does, and kills all its processes three times. Then it
screens the table again without an interruption, and compares: first predicting all rows, then
looking for the 1,000 of the highest Tg after a first pass by the student. Writes
`results/screening.json`.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import psutil

from bench.reporting import markdown_table, stamp, write_json
from bench.speed.machine import machine_record, machine_sentence
from bench.stream_memory import made_up_units, resident_mb
from engine.screening.scoring import PART_ROWS
from engine.screening.work import work_folder

RESULT = Path("results/screening.json")
ROWS, ROWS_WITH_STUDENT, KILLS = 50_000, 1_000_000, 3
UNREADABLE = 97
"""Each row whose number is a multiple of this is no SMILES."""

_EVERY = 1.0
"""Seconds between two looks at the memory."""


class Kind(NamedTuple):
    """A way to screen.

    Attributes:
        title: in the results.
        rows: of the table.
        wanted: what the command is told of which rows are wanted.
        stage: the folder of its parts that shows how far it is.
    """

    title: str
    rows: int
    wanted: tuple[str, ...]
    stage: str


class Watched(NamedTuple):
    """What was seen of a screening that was not interrupted.

    Attributes:
        seconds: that it took.
        first: those of the first pass, with the start; all where there is none.
        memory: of all its processes in MB (2²⁰ bytes), each second.
        said: by the command, on standard error.
    """

    seconds: float
    first: float
    memory: list[float]
    said: str


def main(arguments: list[str]) -> None:
    """Measure, print and write."""
    counts = [int(each) for each in arguments]
    rows, with_student = counts + [ROWS, ROWS_WITH_STUDENT][len(counts) :]
    kinds = [
        Kind("all rows predicted", rows, (), "all"),
        Kind("after a first pass", with_student, ("--top", "1000", "--by", "Tg high"), "first"),
    ]
    result: dict = {"figures": {}, "memory_mb": {}, "machine": machine_record()}
    command = " ".join(["python -m bench.screening", *arguments])
    for kind in kinds:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            os.environ["POLYGIN_HOME"] = str(Path(name) / "workspace")
            figures, memory = _measured(kind, Path(name))
        result["figures"][kind.title] = figures
        # Each tenth second shows as much.
        result["memory_mb"][kind.title] = memory[::10]
        write_json(RESULT, {**stamp(command), **result})
    print(report(result))
    print(machine_sentence(result["machine"]))


def report(result: dict) -> str:
    """The table of `docs/speed.md`."""
    kinds = result["figures"]
    names = dict.fromkeys(name for own in kinds.values() for name in own)
    rows = [(name, *(own.get(name, "") for own in kinds.values())) for name in names]
    return markdown_table(["what", *kinds], rows)


def _measured(kind: Kind, folder: Path) -> tuple[dict[str, str], list[float]]:
    """The figures of one kind, and its memory."""
    table = folder / "made-up.csv"
    _write_table(table, kind.rows)
    killed, whole = folder / "killed.parquet", folder / "whole.parquet"
    seen = _watched(kind, table, whole)
    kills = _screen_killed(kind, table, killed)
    memory = seen.memory
    figures = {
        "rows": f"{kind.rows:,}",
        "seconds": f"{seen.seconds:,.0f}",
        "rows a second": f"{kind.rows / seen.seconds:,.0f}",
        "killed after so many rows": ", ".join(f"{each:,}" for each in kills),
        "rows lost or doubled": str(_lost_or_doubled(kind, whole, seen.said)),
        "the same result as without being killed": str(
            pd.read_parquet(killed).equals(pd.read_parquet(whole))
            and _problems(killed).equals(_problems(whole))
        ),
        "memory of all processes after a fifth": f"{memory[len(memory) // 5]:,.0f} MB",
        "the same after nine tenths": f"{memory[len(memory) * 9 // 10]:,.0f} MB",
        "most": f"{max(memory):,.0f} MB",
    }
    if kind.wanted:
        figures["seconds of the first pass, with the start"] = f"{seen.first:,.0f}"
        figures["rows a second in it"] = f"{kind.rows / seen.first:,.0f}"
        figures["rows predicted in full"] = _number(r"ensemble predicted ([\d,]+)\.", seen.said)
    return figures, memory


def _write_table(path: Path, rows: int) -> None:
    units = made_up_units(rows)
    with path.open("w") as file:
        file.write("id,SMILES\n")
        file.writelines(
            f"{n},{'no SMILES' if n % UNREADABLE == 0 else unit}\n" for n, unit in enumerate(units)
        )


def _started(kind: Kind, table: Path, out: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "engine", "screen", "shipped", str(table), "-o", str(out)]
    log = out.with_suffix(".log").open("w")
    return subprocess.Popen(
        [*command, *kind.wanted], start_new_session=True, stdout=log, stderr=subprocess.STDOUT
    )


def _screen_killed(kind: Kind, table: Path, out: Path) -> list[int]:
    """Screen, kill, and go on; returns after how many rows it was killed."""
    work, killed = work_folder(out), []
    for number in range(1, KILLS + 1):
        process = _started(kind, table, out)
        while (done := _rows_done(work, kind.stage)) < number * kind.rows / (KILLS + 1):
            if process.poll() is not None:
                raise RuntimeError("it ended before it was killed")
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        killed.append(done)
    if _started(kind, table, out).wait():
        raise RuntimeError("it did not go on")
    return killed


def _rows_done(work: Path, stage: str) -> int:
    return len([*work.glob(f"{stage}-*/*.parquet")]) * PART_ROWS


def _watched(kind: Kind, table: Path, out: Path) -> Watched:
    """Screen without an interruption."""
    started, memory, first = time.monotonic(), [], None
    work = work_folder(out)
    process = _started(kind, table, out)

    def seconds() -> float:
        return time.monotonic() - started

    while process.poll() is None:
        if first is None and any(work.glob("sample-*")):
            first = seconds()
        with suppress(psutil.NoSuchProcess):
            memory.append(round(resident_mb(process.pid), 1))
        time.sleep(_EVERY)
    if process.returncode:
        raise RuntimeError(f"it ended with {process.returncode}")
    said = out.with_suffix(".log").read_text()
    return Watched(seconds(), first or seconds(), memory, said)


def _lost_or_doubled(kind: Kind, out: Path, said: str) -> int:
    """How many rows are not accounted for, or are twice: by id, or by the count that is said."""
    kept = pd.read_parquet(out)["id"].astype(int).tolist()
    beside = _problems(out)["id"].tolist()
    found = [*kept, *beside]
    doubled = len(found) - len(set(found))
    unreadable = set(range(0, kind.rows, UNREADABLE))
    wrong = len(unreadable.symmetric_difference(beside))
    if kind.wanted:
        counted = int(_number(r"of ([\d,]+) rows", said).replace(",", ""))
        return doubled + wrong + abs(counted - kind.rows)
    return doubled + wrong + len(set(range(kind.rows)).symmetric_difference(found))


def _problems(out: Path) -> pd.DataFrame:
    return pd.read_csv(out.with_name(f"{out.stem}-problems.csv"))


def _number(pattern: str, said: str) -> str:
    found = re.search(pattern, said)
    return found[1] if found else "0"


if __name__ == "__main__":
    main(sys.argv[1:])
