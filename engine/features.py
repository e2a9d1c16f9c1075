"""From repeat units to what members learn on: packed graphs and a descriptor matrix."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from engine.cache import FeatureCache
from engine.hardware import usable_cores
from engine.packed import Graph, PackedGraphs, pack

Progress = Callable[[str, int, int], None]
"""Called with what is being made, how many are done, and how many there are."""

_CHUNK = 100
_WORTH_A_POOL = 300


@dataclass(frozen=True)
class Features:
    """The features of N repeat units.

    Attributes:
        graphs: the N graphs.
        descriptors: shape `(N, D)`, float32, NaN where a descriptor has no value.
    """

    graphs: PackedGraphs
    descriptors: np.ndarray

    def save(self, path: Path) -> None:
        """Write the features to one safetensors file, for a machine without RDKit."""
        save_file({**self.graphs._asdict(), "descriptors": self.descriptors}, path)

    @classmethod
    def load(cls, path: Path) -> "Features":
        """Read what `save` wrote."""
        arrays = load_file(path)
        descriptors = arrays.pop("descriptors")
        return cls(PackedGraphs(**arrays), descriptors)


def compute_features(canonical: Sequence[str], progress: Progress | None = None) -> Features:
    """Make or fetch the features of repeat units.

    Args:
        canonical: N canonical SMILES, all parsable.
        progress: told how far each kind of feature is.

    Returns:
        The features, in the order given.
    """
    report = progress or (lambda what, done, total: None)
    graphs = [Graph.from_bytes(data) for data in _fetch("graphs", canonical, report)]
    vectors = [np.frombuffer(data, "<f4") for data in _fetch("descriptors", canonical, report)]
    return Features(pack(graphs), np.stack(vectors))


def _fetch(kind: str, smiles: Sequence[str], report: Progress) -> list[bytes]:
    """The bytes of each SMILES, from the cache where it has them."""
    from engine.chem.versions import feature_versions

    cache = FeatureCache(kind, feature_versions()[kind])
    known = cache.read(smiles)
    missing = sorted(set(smiles) - set(known))
    done = len(smiles) - len(missing)
    report(kind, done, len(smiles))
    for made in _make(kind, missing):
        cache.write(made)
        known.update(made)
        done += len(made)
        report(kind, min(done, len(smiles)), len(smiles))
    return [known[text] for text in smiles]


def _make(kind: str, smiles: list[str]) -> Iterator[dict[str, bytes]]:
    """Make the bytes of SMILES chunk by chunk, on all cores when there are many."""
    chunks = [(kind, smiles[i : i + _CHUNK]) for i in range(0, len(smiles), _CHUNK)]
    if len(smiles) < _WORTH_A_POOL:
        yield from map(_make_chunk, chunks)
        return
    # Spawned, not forked: a fork of a process that holds torch's threads can hang.
    with ProcessPoolExecutor(usable_cores(), mp_context=get_context("spawn")) as pool:
        yield from pool.map(_make_chunk, chunks)


def _make_chunk(job: tuple[str, list[str]]) -> dict[str, bytes]:
    from engine.chem.descriptors import descriptors
    from engine.chem.graphs import graph

    kind, smiles = job
    if kind == "graphs":
        return {text: graph(text).to_bytes() for text in smiles}
    return {text: descriptors(text).astype("<f4").tobytes() for text in smiles}
