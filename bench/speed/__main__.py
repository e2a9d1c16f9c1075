"""`python -m bench.speed`: `python -m engine bench --features` where RDKit is not installed.

Needs torch, torch-geometric, numpy, and what the training half of the engine needs.
"""

import argparse
import json
import sys
from pathlib import Path

from bench.speed.arguments import add_arguments, options_of
from bench.speed.data import subject_of_features
from bench.speed.report import head_line, markdown, sections
from bench.speed.run import run_bench, written_to
from engine.base.errors import UserError


def main() -> int:
    """Measure on stored features and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=__doc__)
    add_arguments(parser)
    arguments = parser.parse_args()
    try:
        if not arguments.features:
            raise UserError("Give --features FILE; for a TABLE there is `python -m engine bench`.")
        target = written_to(arguments.json)
        subject = subject_of_features(Path(arguments.features))
        result = run_bench(subject, options_of(arguments), _show)
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    text = json.dumps(result, indent=1) + "\n"
    if target:
        target.write_text(text, encoding="utf-8")
    if arguments.json == "":
        print(text, end="")
        return 0
    print(head_line(result))
    for section in sections(result):
        print(f"\n{section.title}\n\n{markdown(section)}")
    return 0


def _show(what: str, done: int, total: int) -> None:
    print(f"{what}: {done}/{total}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
