"""`python -m bench.speed`: `python -m engine bench --features` where RDKit is not installed.

Needs torch, torch-geometric, numpy, pydantic, safetensors and psutil.
"""

import argparse
import json
import sys
from pathlib import Path

from bench.reporting import write_json
from bench.speed.data import BenchData
from bench.speed.report import head_line, markdown, sections
from bench.speed.run import add_arguments, options_of, results_file, run_bench
from engine.base.errors import UserError


def main() -> int:
    """Measure on stored features and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=__doc__)
    add_arguments(parser)
    arguments = parser.parse_args()
    try:
        if not arguments.features:
            raise UserError("Give --features FILE; for a TABLE there is `python -m engine bench`.")
        target = results_file(arguments.json)
        data = BenchData.of_features(Path(arguments.features))
        result = run_bench(data, options_of(arguments), _show)
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    if target:
        write_json(target, result)
    if arguments.json == "":
        print(json.dumps(result, indent=1))
        return 0
    print(head_line(result))
    for section in sections(result):
        print(f"\n{section.title}\n\n{markdown(section)}")
    return 0


def _show(title: str, done: int, total: int) -> None:
    print(f"{title}: {done}/{total}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
