"""Runs every test of a fault, the long ones too, and counts: `python -m bench.faults`.

Writes `results/faults.json` and prints the table of `docs/reliability.md`. A trial passes when the
run ends as it should: nothing of its metrics lost or twice, its state and reason right, and, where
it is resumed, an out-of-fold file equal bit for bit to that of a run that nothing happened to.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

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
    """By fault: trials, failures, skips, and at which stages runs were killed."""
    found: dict[str, dict] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = case.get("name", "").partition("[")[0]
        known = {prop.get("name"): prop.get("value") for prop in case.iter("property")}
        fault = found.setdefault(
            name, {"trials": 0, "failures": 0, "skipped": 0, "seconds": 0.0, "stages": Counter()}
        )
        if case.find("skipped") is not None:
            fault["skipped"] += 1
            continue
        fault["trials"] += int(known.get("trials", 1))
        fault["failures"] += case.find("failure") is not None or case.find("error") is not None
        fault["seconds"] += float(case.get("time", 0))
        fault["stages"].update(known.get("stages", "").split())
    return found


def table(faults: dict[str, dict]) -> str:
    """The results as Markdown."""
    lines = ["| fault | trials | failures |", "|---|---|---|"]
    for name, fault in faults.items():
        words = name.removeprefix("test_").replace("_", " ")
        trials = fault["trials"] or "skipped"
        lines.append(f"| {words} | {trials} | {fault['failures']} |")
    return "\n".join(lines)


def main() -> None:
    """Run, count, write, print."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        run_tests(report)
        faults = count(report)
    result = {
        "command": "python -m bench.faults",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine_record(),
        "faults": faults,
    }
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{machine_sentence(result['machine'])}\n\n{table(faults)}")


if __name__ == "__main__":
    main()
