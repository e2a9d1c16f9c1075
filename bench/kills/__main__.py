"""Kills at random moments: `python -m bench.kills 300`.

Each trial starts a training run, a command or a web server in a workspace of its own, kills
somebody at a random moment, recovers as a user would, and compares the end with an undisturbed one,
to the last bit. Writes `results/kills.json` as results come, and prints the table of
`docs/reliability.md`. Needs Linux; power cuts need to be root, and are left out otherwise.
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from bench.kills.disk import can_cut
from bench.kills.references import made
from bench.kills.trial import SHARES, carry_out, memory
from bench.reporting import markdown_table, stamp, write_json
from bench.speed.machine import machine_record, machine_sentence

RESULTS = Path("results/kills.json")


def table(trials: list[dict]) -> str:
    """By what was killed and how: trials, and failures where there are any."""
    ways = sorted({trial["how"] for trial in trials})
    rows = []
    for what in sorted({trial["what"] for trial in trials}):
        own = [trial for trial in trials if trial["what"] == what]
        counts = Counter(trial["how"] for trial in own)
        failures = sum(bool(trial["failure"]) for trial in own)
        cells = [str(counts[how]) if counts[how] else "" for how in ways]
        rows.append([what, *cells, str(len(own)), str(failures)])
    return markdown_table(["what is killed", *ways, "trials", "failures"], rows)


def main() -> int:
    """Carry out the trials, write, print; the exit code is 1 when one has lost something."""
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=2, metavar="N", help="trials at a time")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number to begin with")
    parser.add_argument("--only", choices=SHARES, default="", help="one kind of trial")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument(
        "--references", type=Path, help="a folder that keeps what is compared with; else made anew"
    )
    arguments = parser.parse_args()
    machine = machine_record()
    head = {**stamp(f"python -m bench.kills {' '.join(sys.argv[1:])}"), "seed": arguments.seed}
    trials: list[dict] = []
    with tempfile.TemporaryDirectory(dir=memory(), prefix="kills-") as temporary:
        cuts = can_cut(Path(temporary) / "disk")
        folder = str(arguments.references or temporary)
        made(Path(folder), cuts)
        numbers = range(arguments.first, arguments.first + arguments.count)
        work = [(folder, arguments.seed, number, arguments.only) for number in numbers]
        with multiprocessing.get_context("spawn").Pool(arguments.at_once) as pool:
            bar = tqdm(pool.imap_unordered(carry_out, work), total=len(work), unit="trial")
            for trial in bar:
                trials.append(trial)
                if trial["failure"]:
                    tqdm.write(json.dumps(trial, indent=1))
                write_json(
                    arguments.results,
                    {
                        **head,
                        "machine": machine,
                        "power_cuts": cuts,
                        "done": len(trials),
                        "failures": sum(bool(each["failure"]) for each in trials),
                        "seconds_of_a_trial": round(
                            sum(each["seconds"] for each in trials) / len(trials), 1
                        ),
                        "met": dict(Counter(each.get("met", "failed") for each in trials)),
                        "trials": sorted(trials, key=lambda each: each["number"]),
                    },
                )
    print(f"{machine_sentence(machine)}\n\n{table(trials)}")
    return int(any(trial["failure"] for trial in trials))


if __name__ == "__main__":
    sys.exit(main())
