"""Hostile inputs of each kind by the thousand: `python -m bench.hostile --minutes 30`.

Each input is tried as the product would, in a process of its own: it must be answered, or refused
with a sentence, within 10 CPU seconds and 1.5 GB. Counts go to `results/hostile.json` as they come;
what fails is made smaller and kept. Needs Linux, which tells the greatest memory of a process.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from bench.hostile.trial import KINDS, Outcome, Trials, file_name
from bench.reporting import markdown_table, stamp, write_json
from bench.speed.machine import machine_record, machine_sentence

RESULTS = Path("results/hostile.json")
_COUNTS = {"strings": 10_000, "tables": 10_000, "bundles": 1_000, "workspaces": 300}
_SAVE_EVERY = 50
_KEPT_OF_A_FAILURE = 3


class Tally:
    """What became of the inputs of one kind; of models also, what was changed."""

    def __init__(self, seed: str, kept: Path) -> None:
        self.seed, self._kept = seed, kept
        self.outcomes: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.changes: Counter[str] = Counter()
        self.slowest, self.peak = 0.0, 0.0

    def add(self, kind: str, outcome: Outcome, content: bytes, trials: Trials) -> None:
        """Count an outcome; keep what failed."""
        self.outcomes[outcome.word] += 1
        if kind == "bundles":
            self.changes[json.loads(content)["change"]] += 1
        self.slowest = max(self.slowest, outcome.seconds)
        self.peak = max(self.peak, outcome.peak)
        if outcome.failure is None:
            return
        self.failures[outcome.failure] += 1
        if self.failures[outcome.failure] <= _KEPT_OF_A_FAILURE:
            smaller = trials.minimised(content, outcome.failure)
            self._kept.mkdir(parents=True, exist_ok=True)
            path = self._kept / file_name(kind, outcome.failure, smaller)
            path.write_bytes(smaller)
            path.with_suffix(".txt").write_text(outcome.details, encoding="utf-8")
            tqdm.write(f"{kind}: {outcome.failure}; kept as {path}")

    def record(self) -> dict:
        """For the results file."""
        return {
            "seed": self.seed,
            "cases": self.outcomes.total(),
            "outcomes": dict(self.outcomes.most_common()),
            "failures": dict(self.failures.most_common()),
            **({"changes": dict(self.changes.most_common())} if self.changes else {}),
            "slowest_cpu_s": round(self.slowest, 2),
            "peak_memory_mb": round(self.peak),
        }


def run_kind(kind: str, arguments: argparse.Namespace, count: int, until: float) -> Tally:
    """Try so many inputs of a kind, or as many as the time allows."""
    tally, numbers = Tally(str(arguments.seed), arguments.keep), iter(range(count))
    lock, bar = threading.Lock(), tqdm(total=count, desc=kind, unit="input")

    def work(folder: Path) -> None:
        trials = Trials(kind, folder)
        while time.monotonic() < until:
            with lock:
                number = next(numbers, None)
            if number is None:
                break
            content = trials.make(f"{kind} {arguments.seed} {number}")
            outcome = trials.attempt(content)
            with lock:
                tally.add(kind, outcome, content, trials)
                bar.update()
                if tally.outcomes.total() % _SAVE_EVERY == 0:
                    save(arguments.results, kind, tally)
        trials.close()

    with tempfile.TemporaryDirectory() as folder:
        threads = [
            threading.Thread(target=work, args=(Path(folder) / str(number),))
            for number in range(arguments.processes)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    bar.close()
    save(arguments.results, kind, tally)
    return tally


def save(path: Path, kind: str, tally: Tally) -> None:
    """Put the counts of one kind into the results file, beside those of others."""
    results = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    kinds = results.get("kinds", {}) | {
        kind: {**stamp(f"python -m bench.hostile {' '.join(sys.argv[1:])}"), **tally.record()}
    }
    write_json(path, {"machine": machine_record(), "kinds": kinds})


def main() -> int:
    """Try all kinds asked for; the exit code is 1 when an input failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.hostile", description=__doc__)
    parser.add_argument("--kind", action="append", choices=KINDS, help="by default each")
    parser.add_argument("--count", type=int, help="inputs of each kind")
    parser.add_argument("--minutes", type=float, help="for all kinds together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1, help="of each kind, at once")
    parser.add_argument("--keep", type=Path, default=Path("hostile-inputs"), help="of failures")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    kinds = arguments.kind or list(KINDS)
    tallies = {}
    for kind in kinds:
        until = time.monotonic() + (arguments.minutes or 1e6) * 60 / len(kinds)
        count = arguments.count or (10**6 if arguments.minutes else _COUNTS[kind])
        tallies[kind] = run_kind(kind, arguments, count, until)
    rows = [
        [
            kind,
            f"{tally.outcomes.total():,}",
            ", ".join(f"{word} {count:,}" for word, count in tally.outcomes.most_common()),
            f"{tally.failures.total():,}",
            f"{tally.slowest:.1f} s",
            f"{tally.peak:.0f} MB",
        ]
        for kind, tally in tallies.items()
    ]
    heads = ["kind", "inputs", "outcomes", "failures", "slowest, CPU", "most memory"]
    print(f"{machine_sentence(machine_record())}\n\n{markdown_table(heads, rows)}")
    return int(any(tally.failures for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
