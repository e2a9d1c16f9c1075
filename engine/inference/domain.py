"""The applicability domain: how near a repeat unit lies to those a model was trained on."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError
from safetensors.numpy import load, save_file

from ..base.errors import UserError
from ..base.manifest import ProvenFiles
from ..base.workspace import replacing
from .comparison import (
    NEIGHBOURS,
    PERCENTILE,
    Comparison,
    evenly,
    mean_of_nearest,
    without_own,
)
from .domain_effect import DomainEffect
from .seen import Seen, Unseen, seen_by_property, unseen_in
from .seen_compositions import SeenCompositions, compositions_by_property

if TYPE_CHECKING:
    from ..chem.fingerprints import Fingerprints
    from ..chem.inventory import Inventory

FILE = "domain.safetensors"
_KIND = "ECFP4 counts, 2048"
_KIND_OF_COMPOSITIONS = "ECFP4 counts of compositions in tenths, 2048"
_SAME = 1e-9
"""Distance below which two units have the same fingerprint."""

_MOST_CELLS = 20_000_000


class DomainInfo(BaseModel):
    """What `bundle.json` says about the domain.

    Attributes:
        kind: the kind of the fingerprints.
        neighbours: how many training units a distance is the mean over.
        thresholds: by property, the distance beyond which a unit is outside; a property with fewer
            than two labels has none.
        seen: by property, what its training units are made of: a unit that has anything else is
            outside however near it lies; empty in a bundle that does not say.
        compositions: by property, which compositions were seen; empty for a model of homopolymers.
        effects: by property, the errors inside and outside the domain; empty in a bundle that does
            not say.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    kind: str = _KIND
    neighbours: int = NEIGHBOURS
    thresholds: dict[str, float]
    seen: dict[str, Seen] = {}
    compositions: dict[str, SeenCompositions] = {}
    effects: dict[str, DomainEffect] = {}

    def unseen(
        self, names: Sequence[str], units: Sequence[str], made_of: Sequence["Inventory"]
    ) -> list[Unseen]:
        """What each of U repeat units or compositions has and no training row has.

        Args:
            names: of the properties that are asked for.
            units: canonical, U of them.
            made_of: what they are made of.
        """
        of_units = unseen_in(
            {name: self.seen[name] for name in names if name in self.seen}, made_of
        )
        for unseen, text in zip(of_units, units, strict=True):
            for name in filter(self.compositions.__contains__, names):
                for words in self.compositions[name].unseen(text):
                    unseen.setdefault(words, []).append(name)
        return of_units


class Domain:
    """The fingerprints of N training units, and which of K properties each of them is labelled for.

    A unit's distance for a property is its mean distance to the five nearest training units with a
    label of that property: Harmeling et al., Neurocomputing 69 (2006) 1608,
    doi:10.1016/j.neucom.2005.05.015; for molecules: Klingspohn et al., J. Cheminform. 9 (2017) 44,
    doi:10.1186/s13321-017-0230-2. Distances are RDKit's Tanimoto distances of counts,
    1 − Σ min / Σ max. The rule is that of scikit-fingerprints' `KNNADChecker`, which needs a pickle
    to be stored and takes seconds to load.
    """

    def __init__(
        self, fingerprints: "Fingerprints", labelled: np.ndarray, compositions: bool = False
    ) -> None:
        """Keep the fingerprints.

        Args:
            fingerprints: of the N units.
            labelled: shape `(N, K)`, bool.
            compositions: whether compositions may be among the units, and what is compared.
        """
        self._fingerprints, self._compositions = fingerprints, compositions
        self._units = Comparison(fingerprints)
        self._labelled = labelled

    @classmethod
    def of(cls, smiles: Sequence[str], labels: np.ndarray) -> "Domain":
        """The domain of a training table.

        A repeat unit that the table holds several times counts once: it would be its own nearest
        neighbours.

        Args:
            smiles: of N rows, parsable and canonical, so that equal units are recognised.
            labels: shape `(N, K)`, NaN where missing; no value is kept, only which are present.
        """
        from ..chem.composition import is_composition
        from ..chem.fingerprints import count_fingerprints

        place = {unit: number for number, unit in enumerate(dict.fromkeys(smiles))}
        labelled = np.zeros((len(place), labels.shape[1]), dtype=bool)
        np.logical_or.at(labelled, [place[unit] for unit in smiles], np.isfinite(labels))
        compositions = any(map(is_composition, place))
        return cls(count_fingerprints(list(place), compositions), labelled, compositions)

    def save(self, folder: Path) -> None:
        """Write the fingerprints into a bundle's folder: no structures, no labels, no row order."""
        # Sorted by content, so that no row reveals its place in the table.
        order = sorted(range(len(self._labelled)), key=self._sort_key)
        parts = [slice(*self._fingerprints.starts[row : row + 2]) for row in order]
        sizes = [part.stop - part.start for part in parts]
        arrays = {
            "starts": np.cumsum([0, *sizes], dtype=np.int64),
            "bits": np.concatenate([self._fingerprints.bits[part] for part in parts]),
            "counts": np.concatenate([self._fingerprints.counts[part] for part in parts]),
            "labelled": self._labelled[order].astype(np.uint8),
        }
        with replacing(folder / FILE) as temporary:
            save_file(arrays, temporary)

    @classmethod
    def load(cls, files: ProvenFiles, info: DomainInfo, properties: int) -> "Domain":
        """Read what `save` wrote.

        Args:
            files: the bundle's.
            info: what the bundle says of its domain.
            properties: K.

        Raises:
            UserError: when the file is missing, damaged, or of another kind.
        """
        from ..chem.fingerprints import SIZE, Fingerprints

        if info.kind not in (_KIND, _KIND_OF_COMPOSITIONS) or info.neighbours != NEIGHBOURS:
            raise UserError(
                f"{files.folder} compares repeat units by {info.kind!r}, this version by "
                f"{_KIND!r}; train the model anew, or update PolyGIN Studio."
            )
        content = files.read(FILE)
        try:
            arrays = load(content)
            fingerprints = Fingerprints(*(arrays[name] for name in Fingerprints._fields))
            labelled = arrays["labelled"].astype(bool)
            _check(fingerprints, labelled, SIZE, properties)
        except (SafetensorError, KeyError, ValueError) as error:
            path = files.folder / FILE
            raise UserError(f"{path} is damaged; copy the model's folder again.") from error
        return cls(fingerprints, labelled, info.kind == _KIND_OF_COMPOSITIONS)

    @property
    def kind(self) -> str:
        """The kind of the fingerprints."""
        return _KIND_OF_COMPOSITIONS if self._compositions else _KIND

    def thresholds(self) -> np.ndarray:
        """The distance beyond which a unit is outside each property's domain.

        It is the 95th percentile of the training units' own distances, where no unit counts as its
        own neighbour; of more than 10,000 labelled units, 10,000 spread evenly are measured.

        Returns:
            Shape `(K,)`; NaN for a property with fewer than two labels.
        """
        thresholds = np.full(self._labelled.shape[1], np.nan)
        for k, labelled in enumerate(self._labelled.T):
            rows = np.flatnonzero(labelled)
            if len(rows) < 2:
                continue
            distances = []
            for places in self._units.chunks(evenly(np.arange(len(rows)))):
                to_all = self._units.of_own(rows[places])
                distances.append(mean_of_nearest(without_own(to_all[:, rows], places)))
            thresholds[k] = np.percentile(np.concatenate(distances), PERCENTILE)
        return thresholds

    def only(self, asked: Sequence[bool]) -> "Domain":
        """The domain as if only some of the K properties had labels."""
        domain = copy(self)
        domain._labelled = self._labelled & np.asarray(asked)
        return domain

    def distances(self, smiles: Sequence[str]) -> np.ndarray:
        """How far repeat units lie from the training units of each property.

        Args:
            smiles: U parsable repeat units.

        Returns:
            Shape `(U, K)`, 0 to 1; NaN for a property without a label.
        """
        return self.nearness(self._of(smiles))[0]

    def nearness(self, fingerprints: "Fingerprints") -> tuple[np.ndarray, np.ndarray]:
        """The `distances` of U repeat units and their `similarities`, at once.

        Args:
            fingerprints: of the units.
        """
        distances = np.full((len(fingerprints.starts) - 1, self._labelled.shape[1]), np.nan)
        similar = distances.copy()
        # Properties that one table brought are often labelled on the same units.
        alike: dict[bytes, list[int]] = {}
        for k, labelled in enumerate(self._labelled.T):
            alike.setdefault(labelled.tobytes() if labelled.any() else b"", []).append(k)
        alike.pop(b"", None)
        for rows, to_all in self._compared(fingerprints):
            for columns in alike.values():
                of_property = to_all[:, self._labelled[:, columns[0]]]
                cells = np.ix_(rows, np.array(columns))
                distances[cells] = mean_of_nearest(of_property)[:, None]
                similar[cells] = 1 - of_property.min(axis=1)[:, None]
        return distances, similar

    def neighbours(
        self, count: int, progress: Callable[[int, int], None] | None = None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """The training units that are nearest to each other training unit, for each property.

        Some units at a time are compared with all others, so memory grows with N, not with N².

        Args:
            count: how many neighbours of each unit.
            progress: told how many of the N units are done.

        Returns:
            For each of the K properties, with L labelled units in the order of the N: which of
            these L are nearest to each, shape `(L, count)`, int, the nearest first; and their
            distances, the same shape. Where there are fewer than `count` others, both have fewer
            columns.
        """
        total = len(self._labelled)
        labelled = [np.flatnonzero(column) for column in self._labelled.T]
        found: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in labelled]
        for rows in self._units.chunks(np.arange(total)):
            to_all = self._units.of_own(rows)
            for k, units in enumerate(labelled):
                own = np.flatnonzero(self._labelled[rows, k])
                if len(own):
                    among = to_all[np.ix_(own, units)]
                    among[np.arange(len(own)), np.searchsorted(units, rows[own])] = np.inf
                    found[k].append(_nearest(among, min(count, len(units) - 1)))
            if progress:
                progress(int(rows[-1]) + 1, total)
        return [_joined(parts) for parts in found]

    def holds(self, smiles: Sequence[str]) -> np.ndarray:
        """Whether repeat units are among the training units of each property.

        Different units of equal fingerprints, of which there are few, are taken for one.

        Args:
            smiles: U parsable repeat units.

        Returns:
            Shape `(U, K)`, bool.
        """
        held = np.zeros((len(smiles), self._labelled.shape[1]), dtype=bool)
        for rows, to_all in self._compared(self._of(smiles)):
            same = to_all < _SAME
            held[rows] = (same.astype(np.int64) @ self._labelled.astype(np.int64)) > 0
        return held

    def similarities(
        self, smiles: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        """How similar repeat units are to the most similar training unit of each property.

        Args:
            smiles: U parsable repeat units.
            progress: told how many of them are done.

        Returns:
            Shape `(U, K)`, RDKit's Tanimoto similarity of counts, 0 to 1; NaN for a property
            without a label.
        """
        similar = np.full((len(smiles), self._labelled.shape[1]), np.nan)
        for rows, to_all in self._compared(self._of(smiles)):
            for k, labelled in enumerate(self._labelled.T):
                if labelled.any():
                    similar[rows, k] = 1 - to_all[:, labelled].min(axis=1)
            if progress:
                progress(int(rows[-1]) + 1, len(smiles))
        return similar

    def _of(self, smiles: Sequence[str]) -> "Fingerprints":
        """The fingerprints of other units, of the same kind."""
        from ..chem.fingerprints import count_fingerprints

        return count_fingerprints(smiles, self._compositions)

    def _compared(self, fingerprints: "Fingerprints") -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Some units at a time: their places, and their distances to the N training units."""
        for rows in self._units.chunks(np.arange(len(fingerprints.starts) - 1)):
            yield rows, self._units.to_all(fingerprints, rows)

    def _sort_key(self, row: int) -> tuple[bytes, ...]:
        part = slice(*self._fingerprints.starts[row : row + 2])
        arrays = (self._fingerprints.bits[part], self._fingerprints.counts[part])
        return tuple(array.tobytes() for array in (*arrays, self._labelled[row]))


def write_domain(
    folder: Path, smiles: Sequence[str], labels: np.ndarray, names: Sequence[str]
) -> DomainInfo:
    """Make the domain of a training table and write it into a bundle's folder.

    Args:
        folder: the bundle's.
        smiles: N parsable repeat units.
        labels: shape `(N, K)`, NaN where missing.
        names: the K properties.
    """
    domain = Domain.of(smiles, labels)
    thresholds = zip(names, domain.thresholds().tolist(), strict=True)
    domain.save(folder)
    return DomainInfo(
        kind=domain.kind,
        thresholds={name: threshold for name, threshold in thresholds if np.isfinite(threshold)},
        seen=seen_in_table(smiles, labels, names),
        compositions=compositions_by_property(smiles, np.isfinite(labels), names)
        if domain.kind == _KIND_OF_COMPOSITIONS
        else {},
    )


def seen_in_table(
    smiles: Sequence[str], labels: np.ndarray, names: Sequence[str]
) -> dict[str, Seen]:
    """What the training units of each property are made of; arguments as for `write_domain`."""
    from ..chem.inventory import inventory

    return seen_by_property([inventory(text) for text in smiles], np.isfinite(labels), names)


def _nearest(distances: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The columns of each row's `count` least distances, the least first, and these distances."""
    some = np.argpartition(distances, max(count - 1, 0), axis=1)[:, :count]
    values = np.take_along_axis(distances, some, axis=1)
    order = np.argsort(values, axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1), np.take_along_axis(values, order, axis=1)


def _joined(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """The columns and the distances of all parts, one below the other; empty without any part."""
    if not parts:
        return np.empty((0, 0), dtype=int), np.empty((0, 0))
    which, distances = zip(*parts, strict=True)
    return np.concatenate(which), np.concatenate(distances)


def _check(fingerprints: "Fingerprints", labelled: np.ndarray, size: int, properties: int) -> None:
    """Raise ValueError when a bundle's arrays do not fit together."""
    starts, bits, counts = fingerprints
    fits = (
        labelled.ndim == 2
        and bits.ndim == counts.ndim == 1
        and labelled.shape[1] == properties
        and starts.shape == (len(labelled) + 1,)
        and starts.dtype == np.int64
        and starts[0] == 0
        and starts[-1] == len(bits) == len(counts) > 0
        and (np.diff(starts) >= 0).all()
        and bits.dtype == np.uint16
        and bits.max() < size
        and counts.dtype == np.uint8
        and counts.min() > 0
        # Compared in unary: so many cells.
        and counts.sum(dtype=np.int64) <= _MOST_CELLS
    )
    if not fits:
        raise ValueError("the arrays do not fit together")
