"""Runs every test of a fault, the long ones too, and counts: `python -m bench.faults`.

Writes `results/faults.json` and prints the table of `docs/reliability.md`. A trial passes when the
run ends as it should: no row of its metrics is lost or repeated, its state and reason are right,
and, where it is resumed, its out-of-fold file equals bit for bit that of an undisturbed run.
"""

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from bench.reporting import markdown_table, stamp, write_json
from bench.speed.machine import machine_record, machine_sentence

TESTS = (
    "tests/runs/test_kills.py",
    "tests/runs/test_full_disk.py",
    "tests/runs/test_damage.py",
    "tests/runs/test_supervision.py",
    "tests/runs/test_force.py",
    "tests/training/test_resume.py",
    "tests/browser/test_crowd.py",
)
RESULTS = Path("results/faults.json")


def run_tests(report: Path) -> None:
    """Run the tests with a report in JUnit's format; a failing one is counted, not raised."""
    command = [sys.executable, "-m", "pytest", *TESTS, "-m", "slow or not slow", "-q"]
    subprocess.run([*command, f"--junitxml={report}", "-o", "junit_family=xunit1"], check=False)


def count(report: Path) -> dict[str, dict]:
    """By fault: trials, failures, skips, seconds, and at which stages runs were killed."""
    faults: dict[str, dict] = {}
    for test in ElementTree.parse(report).iter("testcase"):
        name = test.get("name", "").partition("[")[0]
        properties = {item.get("name"): item.get("value", "") for item in test.iter("property")}
        fault = faults.setdefault(
            name, {"trials": 0, "failures": 0, "skipped": 0, "seconds": 0.0, "stages": Counter()}
        )
        if test.find("skipped") is not None:
            fault["skipped"] += 1
            continue
        fault["trials"] += int(properties.get("trials", 1))
        fault["failures"] += test.find("failure") is not None or test.find("error") is not None
        fault["seconds"] += float(test.get("time", 0))
        fault["stages"].update(properties.get("stages", "").split())
    return faults


def table(faults: dict[str, dict]) -> str:
    """The results as Markdown."""
    rows = [
        [
            name.removeprefix("test_").replace("_", " "),
            str(fault["trials"] or "skipped"),
            str(fault["failures"]),
        ]
        for name, fault in faults.items()
    ]
    return markdown_table(["fault", "trials", "failures"], rows)


def main() -> None:
    """Run, count, write, print."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        run_tests(report)
        faults = count(report)
    machine = machine_record()
    write_json(RESULTS, {**stamp("python -m bench.faults"), "machine": machine, "faults": faults})
    print(f"{machine_sentence(machine)}\n\n{table(faults)}")


if __name__ == "__main__":
    main()
