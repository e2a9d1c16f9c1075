"""How long a large, messy table takes to be reported, beside the same rows written cleanly.

`python -m bench.messy_table` writes both, lets `doctor` report each in a process of its own, and
writes `results/messy-table.json`. The values are made up: only their forms matter.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from bench.reporting import markdown_table, stamp, write_json
from bench.speed.machine import machine_record, machine_sentence

RESULTS = Path("results/messy-table.json")
_ROWS = 20_000
_FORMS: tuple[Callable[[float], str], ...] = (
    lambda value: f"{value:.1f}",
    lambda value: f"{value + 273.15:.2f} K",
    lambda value: f"{value * 1.8 + 32:.0f} °F",
    lambda value: f"~{value:.0f}",
    lambda value: f"{value:.0f} ± 3",
    lambda value: f"{abs(value):.0f}-{abs(value) + 10:.0f}",
    lambda value: f"> {value:.0f}",
    lambda value: f"{value / 100:.2f}x10^2",
    lambda value: "n/a",
    lambda value: "not measured",
    lambda value: "",
)
_UNIT_FORMS: tuple[Callable[[str], str], ...] = (
    lambda unit: unit,
    lambda unit: unit.replace("*", "[*]"),
    lambda unit: unit.replace("*", "[R1]", 1).replace("*", "[R2]", 1),
    lambda unit: unit.replace("*", "∗"),
    lambda unit: unit.replace("*", "[*:1]", 1).replace("*", "[*:2]", 1),
    lambda unit: f" {unit} ",
    lambda unit: unit[:-1] + "(",
)
_PIECES = ("C", "O", "N", "S", "C(=O)", "C(C)", "c1ccc(cc1)", "C(F)(F)", "C(=O)O", "C(=O)N")


def main() -> None:
    """Report both tables and write the results file."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["POLYGIN_HOME"] = folder
        measured = {}
        for name, write in (("clean", _clean), ("messy", _messy)):
            path = Path(folder) / f"{name}.csv"
            path.write_text(write(np.random.default_rng(0)), encoding="utf-8")
            measured[name] = _reported(path)
    result = {
        **stamp("python -m bench.messy_table"),
        "machine": machine_record(),
        "rows": _ROWS,
        "tables": measured,
    }
    write_json(RESULTS, result)
    print(report(result))


def _units(random: np.random.Generator) -> list[str]:
    """Repeat units of one to seven pieces; some occur several times."""
    sizes = random.integers(1, 8, _ROWS)
    return ["*" + "".join(random.choice(_PIECES, size)) + "*" for size in sizes]


def _clean(random: np.random.Generator) -> str:
    units, values = _units(random), random.normal(100, 60, (_ROWS, 2))
    rows = [f"{u},{a:.1f},{abs(b):.1f}" for u, (a, b) in zip(units, values, strict=True)]
    return "\n".join(["SMILES,Tg,strength (MPa)", *rows])


def _messy(random: np.random.Generator) -> str:
    """The same rows: mixed units and notations, titles, and rows that do not fit."""
    units, values = _units(random), random.normal(100, 60, (_ROWS, 2))
    lines = ["# exported 2026-11-28", "Polymers of all groups", "SMILES,Tg,strength (MPa)"]
    for unit, (first, second) in zip(units, values, strict=True):
        form = _FORMS[random.integers(len(_FORMS))]
        drawn = _UNIT_FORMS[min(random.geometric(0.6) - 1, len(_UNIT_FORMS) - 1)](unit)
        misfit = ",," if random.random() < 0.01 else ""
        lines.append(f"{drawn},{form(first)},{abs(second):.1f} MPa{misfit}")
    return "\n".join(lines)


def _reported(path: Path) -> dict[str, float]:
    """Seconds, and the greatest memory in MB (2²⁰ bytes), of a process that reports a table."""
    start = time.perf_counter()
    with open(os.devnull, "w") as nowhere:
        words = [sys.executable, "-m", "engine", "doctor", str(path), "--json"]
        child = subprocess.Popen(words, stdout=nowhere)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"doctor ended with {child.returncode}")
    return {"seconds": time.perf_counter() - start, "memory_mb": usage.ru_maxrss / 1024}


def report(result: Mapping) -> str:
    """Both tables side by side."""
    clean, messy = (result["tables"][name] for name in ("clean", "messy"))
    rows = [
        ["seconds", *(f"{each['seconds']:.1f}" for each in (clean, messy))],
        ["memory, MB", *(f"{each['memory_mb']:.0f}" for each in (clean, messy))],
    ]
    for row, key in zip(rows, ("seconds", "memory_mb"), strict=True):
        row.append(f"{messy[key] / clean[key]:.2f}")
    table = markdown_table([f"{result['rows']:,} rows", "clean", "messy", "ratio"], rows)
    return f"{machine_sentence(result['machine'])}\n\n{table}"


if __name__ == "__main__":
    main()
