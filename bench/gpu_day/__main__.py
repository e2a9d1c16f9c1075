"""`python -m bench.gpu_day FILE --json RESULTS`: what only a GPU can show.

FILE is from `python -m bench.gpu_day.tensors TABLE FILE`. Needs torch, torch-geometric, numpy,
pydantic, safetensors and psutil, and no network; takes at most eight minutes. The results are
written after each measurement, so that a cut run still tells. With `--small` it rehearses all that
a CPU can do.
"""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

_NEEDED = ("torch", "torch_geometric", "numpy", "pydantic", "safetensors", "psutil")
_MINUTES = 8.0


def main(words: list[str] | None = None) -> int:
    """Measure; returns the exit code."""
    if absent := [name for name in _NEEDED if find_spec(name) is None]:
        print(
            f"Error: {', '.join(absent)} is not installed; docs/speed.md (A day with a GPU) says "
            "how to bring it where there is no network.",
            file=sys.stderr,
        )
        return 1
    from bench.gpu_day.measurements import MEASUREMENTS
    from bench.gpu_day.runner import Day, measure_all, start_child
    from bench.gpu_day.tensors import about_tensors, read_tensors
    from bench.speed.run import results_file
    from engine.base.errors import UserError

    parser = argparse.ArgumentParser(prog="python -m bench.gpu_day", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="of tensors")
    parser.add_argument("--json", required=True, metavar="RESULTS", help="the file to write")
    parser.add_argument("--minutes", type=float, default=_MINUTES, help="for all; 8 by default")
    parser.add_argument("--small", action="store_true", help="few rows and epochs, a tiny network")
    parser.add_argument(
        "--only", metavar="NAMES", help=f"some of {', '.join(MEASUREMENTS)}, with commas between"
    )
    arguments = parser.parse_args(words)
    command = "python -m bench.gpu_day " + " ".join(sys.argv[1:] if words is None else words)
    try:
        names = _chosen(arguments.only)
        target = results_file(arguments.json)
        if target is None or not target.parent.is_dir():
            raise UserError("--json names a file to write, in a folder that is there.")
        if not arguments.minutes > 0:
            raise UserError("--minutes has to be more than 0.")
        about = about_tensors(read_tensors(arguments.file))
        day = Day(target, command, arguments.minutes, arguments.small, about)
        start = start_child(arguments.file, arguments.small)
        measure_all(day, names, arguments.minutes, start, _show)
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        _show(f"Ended; what was measured by then is in {arguments.json}.")
        return 130
    for title, target_ in day.result["targets"].items():
        _show(f"{title}: {target_['measured']}")
    states = [own["state"] for own in day.result["measured"].values()]
    return 1 if "failed" in states else 0


def _chosen(only: str | None) -> list[str]:
    from bench.gpu_day.measurements import MEASUREMENTS
    from engine.base.errors import UserError

    names = list(MEASUREMENTS) if only is None else [name.strip() for name in only.split(",")]
    if unknown := [name for name in names if name not in MEASUREMENTS]:
        raise UserError(f"There is no measurement {unknown[0]!r}; {', '.join(MEASUREMENTS)}.")
    return names


def _show(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
