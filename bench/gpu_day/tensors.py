"""The file that a GPU machine gets: graphs and labels of a table, and no structure in words.

`python -m bench.gpu_day.tensors TABLE FILE` makes it where RDKit is installed. It holds labels of
the table, so it is not to be given away where the table is not.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from bench.speed.data import BenchData
from engine.base.errors import UserError
from engine.base.packed import PackedGraphs, pack
from engine.base.workspace import write_atomic

if TYPE_CHECKING:
    from bench.speed.timing import Show
    from engine.table import Table

_SHOWN_EVERY = 200


def write_tensors(table: "Table", path: Path, show: "Show") -> None:
    """Write the graphs of a table's canonical repeat units, and its labels.

    Args:
        table: with N rows and K properties.
        path: of the file.
        show: called as the work proceeds.
    """
    from engine.chem.graphs import chain_graph
    from engine.features.compute import canonical_units

    units = canonical_units(table.canonical, show)
    graphs = []
    for number, unit in enumerate(units, start=1):
        graphs.append(chain_graph(unit))
        if number % _SHOWN_EVERY == 0 or number == len(units):
            show("Graphs", number, len(units))
    arrays = {**pack(graphs).arrays(), "labels": table.labels.astype(np.float64)}
    names = [property_.name for property_ in table.properties]
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    write_atomic(path, save(plain, {"table": table.name, "names": json.dumps(names)}))


def read_tensors(path: Path) -> BenchData:
    """Read what `write_tensors` wrote; what `Features.save` wrote will do, with random labels.

    Raises:
        UserError: when there is no such file, or it is another one.
    """
    if not path.is_file():
        raise UserError(
            f"There is no file {path}; `python -m bench.gpu_day.tensors TABLE FILE` makes one."
        )
    try:
        with safe_open(path, "np") as file:
            if "labels" not in file.keys():  # noqa: SIM118
                return BenchData.of_features(path)
            about = file.metadata() or {}
            there = [name for name in PackedGraphs._fields if name in file.keys()]  # noqa: SIM118
            graphs = PackedGraphs(**{name: file.get_tensor(name) for name in there})
            names, labels = tuple(json.loads(about["names"])), file.get_tensor("labels")
            if labels.shape != (graphs.size, len(names)):
                raise ValueError("its labels belong to other graphs")
            return BenchData(about["table"], graphs, labels, names)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise UserError(
            f"{path} is not what `python -m bench.gpu_day.tensors` writes ({error}): make it anew."
        ) from error


def about_tensors(data: BenchData) -> dict:
    """What the results say of a file; no label and no structure."""
    return {
        "name": data.name,
        "rows": data.graphs.size,
        "labels": {
            name: int(np.isfinite(column).sum())
            for name, column in zip(data.names, data.labels.T, strict=True)
        },
        "atoms_a_graph": round(len(data.graphs.atoms) / max(data.graphs.size, 1), 1),
        "bonds_a_graph": round(len(data.graphs.bonds) / max(data.graphs.size, 1), 1),
    }


def main(words: list[str] | None = None) -> int:
    """Make the file; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.gpu_day.tensors", description="Make the file for a GPU machine."
    )
    parser.add_argument("table", type=Path, help="with labels")
    parser.add_argument("file", type=Path, help="to write: ends in .safetensors")
    arguments = parser.parse_args(words)
    from engine.table import load_table

    try:
        if arguments.file.suffix != ".safetensors":
            raise UserError(f"{arguments.file}: the file's name has to end in .safetensors.")
        write_tensors(load_table(arguments.table), arguments.file, _show)
    except (UserError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.file}: {arguments.file.stat().st_size / 2**20:.1f} MB")
    return 0


def _show(title: str, done: int, total: int) -> None:
    print(f"\r{title}: {done:,} of {total:,}", end="\n" if done == total else "", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
