"""What is measured on: graphs with labels, and a workspace in which nothing is cached."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.base.errors import UserError
from engine.base.packed import Features, PackedGraphs, pack

if TYPE_CHECKING:
    from bench.speed.timing import Show
    from engine.table import Table

_RANDOM_PROPERTIES = 5
_SHOWN_EVERY = 200


@dataclass(frozen=True)
class BenchData:
    """N repeat units with K properties.

    Attributes:
        name: the file's name.
        graphs: the N graphs.
        labels: shape `(N, K)`, float64, in the properties' units, NaN where missing.
        names: the K properties.
        smiles: the N canonical SMILES; None when the data are stored features.
    """

    name: str
    graphs: PackedGraphs
    labels: np.ndarray
    names: tuple[str, ...]
    smiles: list[str] | None = None

    @classmethod
    def of_table(cls, table: "Table", show: "Show") -> "BenchData":
        """The rows of a checked table; their graphs are made without the cache."""
        from engine.chem.graphs import graph

        graphs = []
        for number, smiles in enumerate(table.canonical, start=1):
            graphs.append(graph(smiles))
            if number % _SHOWN_EVERY == 0 or number == len(table.canonical):
                show("Reading", number, len(table.canonical))
        names = tuple(property_.name for property_ in table.properties)
        return cls(table.name, pack(graphs), table.labels, names, list(table.canonical))

    @classmethod
    def of_features(cls, path: Path) -> "BenchData":
        """What `Features.save` wrote, with random labels; for a machine without RDKit.

        Raises:
            UserError: when there is no such file.
        """
        if not path.is_file():
            raise UserError(f"There is no file {path}; `Features.save` writes it.")
        graphs = Features.load(path).graphs
        labels = np.random.default_rng(0).normal(size=(graphs.size, _RANDOM_PROPERTIES))
        names = tuple(f"random {number}" for number in range(_RANDOM_PROPERTIES))
        return cls(path.name, graphs, labels, names)

    @property
    def labelled(self) -> np.ndarray:
        """The rows that have a label; shape `(n,)`."""
        return np.flatnonzero(np.isfinite(self.labels).any(axis=1))

    def summary(self) -> dict:
        """Its size, for the results."""
        rows = len(self.labels)
        return {
            "name": self.name,
            "rows": rows,
            "properties": len(self.names),
            "labelled_rows": len(self.labelled),
            "labels": int(np.isfinite(self.labels).sum()),
            "random_labels": self.smiles is None,
            "atoms_a_graph": round(len(self.graphs.atoms) / rows, 1),
            "bonds_a_graph": round(len(self.graphs.bonds) / rows, 1),
        }


def typical_rows(data: BenchData, count: int) -> np.ndarray:
    """Labelled rows whose graphs are as large, on average, as those of all labelled rows.

    Args:
        data: what the rows are chosen from.
        count: the greatest number of rows.

    Returns:
        Shape `(n,)`, in a fixed random order.
    """
    rows = data.labelled
    sizes = np.diff(data.graphs.atom_start)[rows]
    by_size = rows[np.argsort(sizes, kind="stable")]
    count = min(count, len(rows))
    evenly = ((np.arange(count) + 0.5) * len(rows) / count).astype(int)
    return np.random.default_rng(0).permutation(by_size[evenly])


@contextmanager
def temporary_workspace() -> Iterator[Path]:
    """A fresh workspace, also for processes that are started meanwhile."""
    before = os.environ.get("POLYGIN_HOME")
    with tempfile.TemporaryDirectory(prefix="polygin-bench-") as folder:
        os.environ["POLYGIN_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["POLYGIN_HOME"]
            else:
                os.environ["POLYGIN_HOME"] = before
