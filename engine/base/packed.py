"""Many molecular graphs as a few contiguous arrays, and the features of polymers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors.numpy import load_file, save_file

from .vocabulary import ATOM_FIELDS, BOND_FIELDS, DESCRIPTOR_GROUPS, Basis


class Graph(NamedTuple):
    """One repeat unit's graph; every bond is stored once."""

    atoms: np.ndarray  # V × len(ATOM_FIELDS), uint8 codes
    ends: np.ndarray  # E × 2, uint16 atom indices
    bonds: np.ndarray  # E × len(BOND_FIELDS), uint8 codes

    def to_bytes(self) -> bytes:
        """The two counts, then the three arrays."""
        counts = np.array([len(self.atoms), len(self.bonds)], dtype="<u2")
        arrays = (counts, self.atoms, self.ends.astype("<u2"), self.bonds)
        return b"".join(array.tobytes() for array in arrays)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Graph":
        """The graph whose `to_bytes` these are."""
        atoms, bonds = (int(n) for n in np.frombuffer(data, "<u2", 2))
        first = 4
        second = first + atoms * len(ATOM_FIELDS)
        third = second + bonds * 4
        return cls(
            np.frombuffer(data[first:second], np.uint8).reshape(atoms, len(ATOM_FIELDS)),
            np.frombuffer(data[second:third], "<u2").reshape(bonds, 2),
            np.frombuffer(data[third:], np.uint8).reshape(bonds, len(BOND_FIELDS)),
        )


class PackedGraphs(NamedTuple):
    """N graphs end to end; graph i owns atoms `atom_start[i]:atom_start[i+1]`, bonds likewise."""

    atoms: np.ndarray  # A × len(ATOM_FIELDS), uint8 codes
    ends: np.ndarray  # B × 2, int32 atom indices, counted from the graph's own first atom
    bonds: np.ndarray  # B × len(BOND_FIELDS), uint8 codes
    atom_start: np.ndarray  # N + 1, int64
    bond_start: np.ndarray  # N + 1, int64
    # Of compositions; None where every atom and bond counts once, as in homopolymers.
    atom_weights: np.ndarray | None = None  # A, float32: the mole fraction of the atom's unit
    # B × 2, float32: by which is multiplied what the first end tells the second, and the other way
    bond_weights: np.ndarray | None = None

    @property
    def size(self) -> int:
        """The number of graphs."""
        return len(self.atom_start) - 1

    def graph(self, row: int) -> Graph:
        """The graph of one row."""
        atoms = slice(self.atom_start[row], self.atom_start[row + 1])
        bonds = slice(self.bond_start[row], self.bond_start[row + 1])
        return Graph(self.atoms[atoms], self.ends[bonds], self.bonds[bonds])

    def weights(self, row: int) -> tuple[np.ndarray, np.ndarray] | None:
        """The weights of one row's atoms and bonds; None where there are none."""
        if self.atom_weights is None or self.bond_weights is None:
            return None
        return (
            self.atom_weights[self.atom_start[row] : self.atom_start[row + 1]],
            self.bond_weights[self.bond_start[row] : self.bond_start[row + 1]],
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays that there are, by their names."""
        return {name: array for name, array in self._asdict().items() if array is not None}

    def weighted(self) -> "PackedGraphs":
        """The same graphs with weights: 1 where there were none."""
        if self.atom_weights is not None:
            return self
        return self._replace(
            atom_weights=np.ones(len(self.atoms), np.float32),
            bond_weights=np.ones((len(self.bonds), 2), np.float32),
        )


def same_units(graphs: PackedGraphs) -> np.ndarray:
    """Which rows hold the same repeat unit, stereochemistry ignored.

    Returns:
        Shape `(N,)`, int: the number of each row's unit, in the order in which units first occur.
    """
    atom_fields = np.array([name != "chirality" for name in ATOM_FIELDS])
    bond_fields = np.array([name != "stereo" for name in BOND_FIELDS])
    numbers: dict[bytes, int] = {}
    units = np.empty(graphs.size, dtype=np.int64)
    for row in range(graphs.size):
        graph = graphs.graph(row)
        flat = Graph(graph.atoms[:, atom_fields], graph.ends, graph.bonds[:, bond_fields])
        units[row] = numbers.setdefault(flat.to_bytes(), len(numbers))
    return units


def pack(graphs: Sequence[Graph]) -> PackedGraphs:
    """Lay graphs end to end, in the order given."""
    atom_counts = [len(graph.atoms) for graph in graphs]
    bond_counts = [len(graph.bonds) for graph in graphs]
    empty = Graph(
        np.zeros((0, len(ATOM_FIELDS)), np.uint8),
        np.zeros((0, 2), np.uint16),
        np.zeros((0, len(BOND_FIELDS)), np.uint8),
    )
    parts = [empty, *graphs]
    return PackedGraphs(
        np.concatenate([graph.atoms for graph in parts]),
        np.concatenate([graph.ends for graph in parts]).astype(np.int32),
        np.concatenate([graph.bonds for graph in parts]),
        np.concatenate([[0], np.cumsum(atom_counts, dtype=np.int64)]).astype(np.int64),
        np.concatenate([[0], np.cumsum(bond_counts, dtype=np.int64)]).astype(np.int64),
    )


def take(graphs: PackedGraphs, rows: np.ndarray) -> PackedGraphs:
    """The graphs of some rows, in the order given.

    Args:
        graphs: N graphs.
        rows: shape `(n,)`, int.
    """
    atoms, atom_start = _spans(graphs.atom_start, rows)
    bonds, bond_start = _spans(graphs.bond_start, rows)
    return PackedGraphs(
        graphs.atoms[atoms],
        graphs.ends[bonds],
        graphs.bonds[bonds],
        atom_start,
        bond_start,
        None if graphs.atom_weights is None else graphs.atom_weights[atoms],
        None if graphs.bond_weights is None else graphs.bond_weights[bonds],
    )


def end_to_end(first: PackedGraphs, second: PackedGraphs) -> PackedGraphs:
    """The graphs of both, in their order."""
    if first.atom_weights is not None or second.atom_weights is not None:
        first, second = first.weighted(), second.weighted()
    more = second.arrays()
    both = {
        name: np.concatenate([array, more[name]])
        for name, array in first.arrays().items()
        if not name.endswith("_start")
    }
    starts = {
        name: np.concatenate([start, start[-1] + more[name][1:]])
        for name, start in (("atom_start", first.atom_start), ("bond_start", first.bond_start))
    }
    return PackedGraphs(**both, **starts)


def _spans(start: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The positions that some rows own, end to end, and where each row's positions begin."""
    sizes = start[rows + 1] - start[rows]
    begins = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return np.arange(begins[-1]) + np.repeat(start[rows] - begins[:-1], sizes), begins


@dataclass(frozen=True)
class Features:
    """The features of N repeat units or compositions.

    Attributes:
        graphs: the N graphs.
        descriptors: shape `(N, D)`, float32, NaN where a descriptor has no value; of compositions,
            means over the units by mole fraction.
        by_weight: the same by weight fraction; None where all are homopolymers, whose means are
            equal.
    """

    graphs: PackedGraphs
    descriptors: np.ndarray
    by_weight: np.ndarray | None = None

    def averaged(self, basis: Basis) -> np.ndarray:
        """The descriptors whose means over units are by fractions of this basis."""
        if basis == "mole" or self.by_weight is None:
            return self.descriptors
        return self.by_weight

    def with_columns(self, columns: np.ndarray) -> "Features":
        """The same features with more descriptors of the N rows, `(N, C)`.

        They stand before the Morgan counts, which members find at the end.
        """

        def wider(descriptors: np.ndarray) -> np.ndarray:
            numbers, counts = np.split(descriptors, [-DESCRIPTOR_GROUPS["morgan"]], axis=1)
            return np.concatenate([numbers, columns, counts], axis=1)

        by_weight = None if self.by_weight is None else wider(self.by_weight)
        return Features(self.graphs, wider(self.descriptors), by_weight)

    def of_rows(self, rows: np.ndarray) -> "Features":
        """The features of some rows `(n,)`, int, in the order given."""
        by_weight = None if self.by_weight is None else self.by_weight[rows]
        return Features(take(self.graphs, rows), self.descriptors[rows], by_weight)

    def arrays(self) -> dict[str, np.ndarray]:
        """All arrays by name; `of` makes features of them again."""
        more = {} if self.by_weight is None else {"by_weight": self.by_weight}
        return {**self.graphs.arrays(), "descriptors": self.descriptors, **more}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> "Features":
        """The features whose `arrays` these are."""
        own = ("descriptors", "by_weight")
        graphs = {name: array for name, array in arrays.items() if name not in own}
        return cls(PackedGraphs(**graphs), arrays["descriptors"], arrays.get("by_weight"))

    def save(self, path: Path) -> None:
        """Write the features to one safetensors file, for a machine without RDKit."""
        save_file(self.arrays(), path)

    @classmethod
    def load(cls, path: Path) -> "Features":
        """Read what `save` wrote."""
        return cls.of(load_file(path))
