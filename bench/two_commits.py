"""Whether two commits predict and learn the same: `python -m bench.two_commits BASE [--head REV]`.

Checks out one after the other; with `--working-tree`, compares BASE with the files as they lie
in this checkout. In each, the shipped model predicts the textbook table and a `smoke` run trains
on it, in a fresh workspace and with this Python. Prints what differs; the exit code is 1 when
anything does. It calls commands alone, so it works across redesigns of the engine.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
TABLE = "assets/textbook.csv"
_INFO = "bundle.json"
_MANIFEST = "manifest.json"
_TIME_OF_BUNDLE = "created"


class Results(NamedTuple):
    """The files that one commit made.

    Attributes:
        predictions: CSV of the shipped model's predictions.
        out_of_fold: Parquet of the run's out-of-fold predictions.
        bundle: the folder of the model that the run trained.
    """

    predictions: Path
    out_of_fold: Path
    bundle: Path


@contextmanager
def worktree(revision: str, folder: Path) -> Iterator[Path]:
    """A checkout of a commit in a new folder, which is gone afterwards."""
    _call(["git", "worktree", "add", "--detach", str(folder), revision], ROOT)
    try:
        yield folder
    finally:
        _call(["git", "worktree", "remove", "--force", str(folder)], ROOT)


def make_results(checkout: Path, folder: Path) -> Results:
    """Let a checkout predict and train.

    Args:
        checkout: the folder of the project.
        folder: an empty one for the predictions and the workspace.
    """
    home, predictions = folder / "workspace", folder / "predictions.csv"
    environment = {**os.environ, "POLYGIN_HOME": str(home)}
    engine = [sys.executable, "-m", "engine"]
    predict = ["predict", "shipped", TABLE, "-o", str(predictions), "--intervals"]
    _call([*engine, *predict], checkout, environment)
    train = ["train", TABLE, "--preset", "smoke", "--seed", "0", "--name", "smoke"]
    _call([*engine, *train], checkout, environment)
    (run,) = {path.parent for path in (home / "runs").glob("*/oof.parquet")}
    return Results(predictions, run / "oof.parquet", run / "bundle")


def compare(base: Results, other: Results) -> dict[str, list[str]]:
    """What differs, a sentence for each difference, by `predictions`, `oof` and `bundle`."""
    return {
        "predictions": compare_tables(base.predictions, other.predictions),
        "oof": compare_tables(base.out_of_fold, other.out_of_fold),
        "bundle": compare_bundles(base.bundle, other.bundle),
    }


def compare_tables(base: Path, other: Path) -> list[str]:
    """What differs between two CSV or two Parquet files; nothing when they are byte-equal."""
    if base.read_bytes() == other.read_bytes():
        return []
    read = pd.read_csv if base.suffix == ".csv" else pd.read_parquet
    before, after = read(base), read(other)
    differences = []
    if list(before) != list(after):
        differences.append(f"columns {', '.join(before)} became {', '.join(after)}")
    if len(before) != len(after):
        return [*differences, f"{len(before):,} rows became {len(after):,}"]
    for name in before.columns.intersection(after.columns):
        differences += _compare_columns(before[name], after[name])
    return differences or ["the bytes differ, the values do not"]


def _compare_columns(before: pd.Series, after: pd.Series) -> list[str]:
    """How many cells differ and, of numbers, by how much at most."""
    differ = ~((before == after) | (before.isna() & after.isna()))
    if not differ.any():
        return []
    sentence = f"{before.name}: {differ.sum():,} of {len(differ):,} cells differ"
    if all(pd.api.types.is_numeric_dtype(column) for column in (before, after)):
        greatest = (before - after).abs().max()
        if np.isfinite(greatest):
            sentence += f", by {greatest:.3g} at most"
    return [sentence]


def compare_bundles(base: Path, other: Path) -> list[str]:
    """The files that only one bundle has, and those that differ.

    When a run trained is no difference.
    """
    before, after = ({path.name: path for path in bundle.iterdir()} for bundle in (base, other))
    differences = []
    for name in sorted(before.keys() | after.keys()):
        if name not in after or name not in before:
            differences.append(f"{name} is only in the {'first' if name in before else 'second'}")
        elif before[name].read_bytes() != after[name].read_bytes() and _content(
            before[name]
        ) != _content(after[name]):
            differences.append(f"{name} differs{_fields(before[name], after[name])}")
    return differences


def _fields(base: Path, other: Path) -> str:
    """Which fields of a bundle's description differ, by name; nothing of other files."""
    if base.name != _INFO:
        return ""
    before, after = _content(base), _content(other)
    names = sorted(before.keys() | after.keys())
    return f" in {', '.join(name for name in names if before.get(name) != after.get(name))}"


def _content(path: Path) -> Any:
    """What has to be equal in a file of a bundle."""
    if path.name == _INFO:
        fields = json.loads(path.read_bytes())
        return {name: value for name, value in fields.items() if name != _TIME_OF_BUNDLE}
    if path.name == _MANIFEST:
        # The digests are those of the other files, which are compared themselves.
        return sorted(json.loads(path.read_bytes())["files"])
    return path.read_bytes()


def _call(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    """Run a command in a folder; when it fails, print its last output and exit with 2."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        output = (done.stderr or done.stdout).strip()[-2000:]
        print(f"In {folder}, `{' '.join(command)}` failed:\n{output}", file=sys.stderr)
        sys.exit(2)


def main(arguments: list[str] | None = None) -> int:
    """Compare, print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.two_commits", description=__doc__)
    parser.add_argument("base", metavar="BASE", help="a commit")
    others = parser.add_mutually_exclusive_group()
    others.add_argument("--head", metavar="REV", default="HEAD", help="the other one; else HEAD")
    others.add_argument(
        "--working-tree", action="store_true", help="compare with the uncommitted files instead"
    )
    given = parser.parse_args(arguments)
    # A supervisor may still be leaving its workspace when the folder is removed.
    with tempfile.TemporaryDirectory(
        prefix="polygin-commits-", ignore_cleanup_errors=True
    ) as folder:
        place = Path(folder)
        results = []
        for number, revision in enumerate((given.base, given.head)):
            files = place / f"results-{number}"
            files.mkdir()
            if number and given.working_tree:
                results.append(make_results(ROOT, files))
                continue
            with worktree(revision, place / f"checkout-{number}") as checkout:
                results.append(make_results(checkout, files))
        differences = compare(*results)
    for name, sentences in differences.items():
        print(f"{name}: {'; '.join(sentences) or 'equal'}")
    return int(any(differences.values()))


if __name__ == "__main__":
    sys.exit(main())
