"""From repeat units and compositions to their features: packed graphs and a descriptor matrix."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from multiprocessing import current_process
from typing import TYPE_CHECKING

import numpy as np

from ..base.packed import Features, Graph, pack
from ..base.versions import FEATURES, kinds_of_features
from ..base.workers import worker_pool
from ..chem.composition import is_composition
from .cache import FeatureCache, TableCache
from .compositions import composed_features

if TYPE_CHECKING:
    from ..chem.fingerprints import Fingerprints
    from ..chem.inventory import Inventory

Progress = Callable[[str, int, int], None]
"""Called with the kind of feature, the number of units that have it, and the number of all."""

_Run = Callable[[Callable, Iterable], Iterable]
"""Applies a function to each of some jobs: `map`, or a pool's `map`."""

_ONLY_HOMOPOLYMERS = (
    "this is a composition of several repeat units, and the model learned homopolymers only: "
    "predict the units one by one, or choose a model that learned copolymers"
)
_CHUNK = 100
_WORTH_A_POOL = 300
_WORTH_A_FILE = 300
# Opening the stores and waiting for the disk takes as long as making about this many units anew.
_WORTH_THE_DISK = 16


@dataclass(frozen=True)
class UniqueUnits:
    """The repeat units and compositions that N rows hold, each once.

    Attributes:
        canonical: the U canonical SMILES, sorted: of the units as they were drawn, or of their
            polymers' canonical repeat units; or texts of compositions.
        place: shape `(N,)`, int: each row's index in `canonical`, -1 where it cannot be read.
        problems: why a row cannot be read, by its position.
        inventories: what each of the U units is made of.
        fingerprints: of the U units; made here, where each of them is parsed in any case.
    """

    canonical: list[str]
    place: np.ndarray
    problems: dict[int, str]
    inventories: "list[Inventory]"
    fingerprints: "Fingerprints"

    @classmethod
    def of(
        cls, smiles: Sequence[str], canonical_units: bool = False, compositions: bool = False
    ) -> "UniqueUnits":
        """Read N rows; a text that occurs many times is parsed once.

        Args:
            smiles: N texts.
            canonical_units: whether the canonical repeat unit stands for all drawings of a polymer.
            compositions: whether those of several units are read; otherwise they are a problem.
        """
        from ..chem.comonomers import explained
        from ..chem.fingerprints import count_fingerprints
        from ..chem.inventory import inventory
        from ..chem.repeat_unit import canonical_unit
        from ..chem.smiles import BadSmilesError, canonical

        form = canonical_unit if canonical_units else canonical
        units: dict[str, str] = {}
        reasons: dict[str, str] = {}
        inventories: dict[str, Inventory] = {}
        for text in dict.fromkeys(smiles):
            try:
                unit = form(text)
                if not compositions and is_composition(unit):
                    raise BadSmilesError(_ONLY_HOMOPOLYMERS)
                units[text] = unit
                if unit not in inventories:
                    inventories[unit] = inventory(unit)
            except BadSmilesError as error:
                reasons[text] = explained(error)
        unique = sorted(set(units.values()))
        places = {unit: place for place, unit in enumerate(unique)}
        place = [places[units[text]] if text in units else -1 for text in smiles]
        return cls(
            unique,
            np.array(place, dtype=np.int64),
            {position: reasons[text] for position, text in enumerate(smiles) if text in reasons},
            [inventories[unit] for unit in unique],
            count_fingerprints(unique, of_compositions=compositions),
        )


def compute_features(
    canonical: Sequence[str], progress: Progress | None = None, canonical_units: bool = False
) -> Features:
    """Make or fetch the features of repeat units and compositions.

    A stored table is mapped into memory as a whole. Otherwise stored units are fetched, and only
    the others are made, on all cores when they are many.

    Args:
        canonical: N canonical SMILES, or texts of compositions, all parsable.
        progress: called as each kind of feature gets on.
        canonical_units: whether these are canonical repeat units, whose graphs lie in the chain.

    Returns:
        The features, in the order given.
    """
    report, versions = progress or _silent, _versions(canonical_units)
    if any(map(is_composition, canonical)):
        features = composed_features(
            canonical, lambda units: compute_features(units, None, canonical_units)
        )
        for kind in versions:
            report(kind, len(canonical), len(canonical))
        return features
    if len(canonical) < _WORTH_A_FILE:
        return _features(*_from_units(canonical, versions, report))
    tables = TableCache()
    contents = [f"{kind}-v{version}" for kind, version in versions.items()] + list(canonical)
    arrays = tables.read(contents)
    if arrays is None:
        features = _features(*_from_units(canonical, versions, report))
        tables.write(contents, features.arrays())
        return features
    for kind in versions:
        report(kind, len(canonical), len(canonical))
    return Features.of(arrays)


def canonical_units(smiles: Sequence[str], progress: Progress | None = None) -> list[str]:
    """Make or fetch the canonical repeat units that stand for N units, in the order given.

    Args:
        smiles: N canonical SMILES, all parsable.
        progress: called as for `compute_features`, with `repeat_units`.
    """
    versions = {"repeat_units": _version("repeat_units")}
    (units,) = _from_units(smiles, versions, progress or _silent)
    return [text.decode() for text in units]


def chunk_features(
    smiles: Sequence[str],
    store: bool,
    canonical_units: bool = False,
    compositions: bool = False,
) -> tuple[UniqueUnits, Features | None]:
    """Read some rows of many and make or fetch their features, in this process alone.

    Args:
        smiles: N SMILES.
        store: whether features that had to be made go into the store, at 10 kB a unit.
        canonical_units, compositions: as for `UniqueUnits.of`.

    Returns:
        The repeat units in the rows, and their features; None where no row can be read.
    """
    units = UniqueUnits.of(smiles, canonical_units, compositions)
    if not units.canonical:
        return units, None
    versions = _versions(canonical_units)

    def of_units(texts: Sequence[str]) -> Features:
        return _features(*_from_units(texts, versions, _silent, one_process=True, store=store))

    if any(map(is_composition, units.canonical)):
        return units, composed_features(units.canonical, of_units)
    return units, of_units(units.canonical)


def _features(graphs: list[bytes], vectors: list[bytes]) -> Features:
    """The features, put together from those of each unit."""
    return Features(
        pack([Graph.from_bytes(data) for data in graphs]),
        np.stack([np.frombuffer(data, "<f4") for data in vectors]),
    )


def _from_units(
    smiles: Sequence[str],
    versions: Mapping[str, str],
    report: Progress,
    one_process: bool = False,
    store: bool = True,
) -> list[list[bytes]]:
    """The bytes of each kind, with their versions, for each of N units; shape `(kinds, N)`."""
    # Not above: workers load this file, do not need it, and would take twice as long to start.
    from ..base.hardware import usable_cores
    from ..chem.smiles import release_interrupts

    with ExitStack() as stack:
        kinds = [
            _Kind(kind, smiles, stack.enter_context(FeatureCache(kind, version)))
            for kind, version in versions.items()
        ]
        run: _Run = map
        # A process with limits, see `base/limited.py`, may have no children.
        one_process = one_process or current_process().daemon
        if not one_process and any(len(kind.missing) >= _WORTH_A_POOL for kind in kinds):
            run = stack.enter_context(worker_pool(usable_cores())).map
        for kind in kinds:
            kind.complete(run, store, report)
    release_interrupts()
    return [kind.in_order() for kind in kinds]


class _Kind:
    """One kind of feature of some repeat units: the bytes that are stored, and the missing."""

    def __init__(self, kind: str, smiles: Sequence[str], cache: FeatureCache) -> None:
        self._kind, self._smiles = kind, smiles
        self._cache = cache if len(smiles) >= _WORTH_THE_DISK else None
        self._bytes = self._cache.read(smiles) if self._cache else {}
        self.missing = sorted(set(smiles) - set(self._bytes))

    def complete(self, run: _Run, store: bool, report: Progress) -> None:
        """Make the missing bytes, and store them if that is asked for."""
        total = len(self._smiles)
        done = total - len(self.missing)
        report(self._kind, done, total)
        for made in _make(self._kind, self.missing, run):
            self._bytes.update(made)
            if store and self._cache:
                self._cache.write(made)
            done += len(made)
            report(self._kind, done, total)

    def in_order(self) -> list[bytes]:
        """The bytes of each of the units, in the order given."""
        return [self._bytes[text] for text in self._smiles]


def _make(kind: str, smiles: list[str], run: _Run) -> Iterable[dict[str, bytes]]:
    """Make the bytes of SMILES chunk by chunk."""
    chunks = [smiles[i : i + _CHUNK] for i in range(0, len(smiles), _CHUNK)]
    return run(partial(_make_chunk, kind), chunks)


def _make_chunk(kind: str, smiles: list[str]) -> dict[str, bytes]:
    from ..chem.descriptors import descriptor_matrix
    from ..chem.graphs import chain_graph, graph
    from ..chem.repeat_unit import canonical_unit
    from ..chem.smiles import parse

    if kind == "repeat_units":
        return {text: canonical_unit(text).encode() for text in smiles}
    if kind in ("graphs", "chain_graphs"):
        make = graph if kind == "graphs" else chain_graph
        return {text: make(text).to_bytes() for text in smiles}
    rows = descriptor_matrix([parse(text) for text in smiles]).astype("<f4")
    return {text: row.tobytes() for text, row in zip(smiles, rows, strict=True)}


def _versions(canonical_units: bool) -> dict[str, str]:
    """The versions of a graph's and a descriptor vector's kinds."""
    *_, graphs, descriptors = kinds_of_features(canonical_units)
    return {kind: _version(kind) for kind in (graphs, descriptors)}


def _version(kind: str) -> str:
    """A version that says RDKit's too: another one makes other features."""
    # Not above: training reads features on machines without RDKit.
    from rdkit import rdBase

    return f"{FEATURES[kind]}-rdkit-{rdBase.rdkitVersion}"


def _silent(kind: str, done: int, total: int) -> None:
    """Report no progress."""
