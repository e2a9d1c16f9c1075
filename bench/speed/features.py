"""Canonical units, graphs and descriptors per second: this engine, and plain RDKit and PyG."""

import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np

from bench.speed.data import temporary_workspace
from bench.speed.timing import Show, timed

KINDS = ("graphs", "descriptors")

_PLAIN_BLOCKS = 4
_WARM_PASSES = 3
_SAMPLE, _QUICK_SAMPLE = 160, 8
_QUICK_ROWS = 40


def measure_features(smiles: list[str], quick: bool, show: Show) -> dict:
    """Time the features of a whole table, and plain RDKit and PyG on some of its rows.

    Args:
        smiles: the table's canonical SMILES.
        quick: some rows only, to see that it works.
        show: called as the work proceeds.

    Returns:
        For `repeat_units`, their `graphs` in the chain, `descriptors`, and `both` of these, the
        seconds for the table and molecules per second: `cold`; `warm`; `reordered`, which is warm
        with the rows in another order, so that each is looked up by itself; and `plain`,
        extrapolated from a sample. The warm modes fetch graphs and descriptors together.
    """
    smiles = sample_by_length(smiles, _QUICK_ROWS) if quick else smiles
    sample = sample_by_length(smiles, _QUICK_SAMPLE if quick else _SAMPLE)
    blocks = [sample[i::_PLAIN_BLOCKS] for i in range(_PLAIN_BLOCKS)]
    # Before, during and after ours, so that both meet the same changes of the machine's speed.
    plain = _Plain(sample[0])
    plain.time(blocks[0], show)
    with temporary_workspace():
        plain.time(blocks[1], show)
        units, cold = _cold(smiles, show)
        plain.time(blocks[2], show)
        warm = _warm_seconds([units] * _WARM_PASSES, "Warm", show)
        shuffled = _shuffles(units, _WARM_PASSES)
        reordered = _warm_seconds(shuffled, "Warm, reordered", show)
    plain.time(blocks[3], show)
    each = plain.seconds_each()
    seconds = {kind: {"cold": cold[kind], "plain": each[kind] * len(smiles)} for kind in KINDS}
    seconds["both"] = {
        "cold": sum(cold[kind] for kind in KINDS),
        "warm": warm,
        "reordered": reordered,
        "plain": sum(each.values()) * len(smiles),
    }
    seconds["repeat_units"] = {"cold": cold["repeat_units"]}
    return {
        "rows": len(smiles),
        "sampled_rows": len(sample),
        **{kind: _summary(len(smiles), by_mode) for kind, by_mode in seconds.items()},
    }


def sample_by_length(smiles: list[str], count: int) -> list[str]:
    """Some SMILES, their lengths distributed like those of all, in a fixed random order."""
    count = min(count, len(smiles))
    ordered = sorted(smiles, key=len)
    evenly = ((np.arange(count) + 0.5) * len(smiles) / count).astype(int)
    return [ordered[i] for i in np.random.default_rng(0).permutation(evenly)]


def _cold(smiles: list[str], show: Show) -> tuple[list[str], dict[str, float]]:
    """The canonical units, and the seconds of each kind, made in turn with nothing cached."""
    from engine.chem.smiles import forget
    from engine.features.compute import canonical_units, compute_features

    forget()
    ends: dict[str, float] = {}

    def note(kind: str, done: int, total: int) -> None:
        ends[kind] = time.perf_counter()
        show(f"Cold {kind}", done, total)

    started = time.perf_counter()
    units = canonical_units(smiles, note)
    compute_features(units, note, canonical_units=True)
    units_done, graphs_done = ends["repeat_units"], ends["chain_graphs"]
    return units, {
        "repeat_units": units_done - started,
        "graphs": graphs_done - units_done,
        "descriptors": time.perf_counter() - graphs_done,
    }


def plain_features() -> dict[str, Callable[[str], object]]:
    """One molecule's graph and descriptors as the documentation of PyG and RDKit makes them."""
    from rdkit import Chem
    from rdkit.Chem import Descriptors, rdFingerprintGenerator
    from torch_geometric.utils import from_smiles

    morgan = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024)

    def descriptors(smiles: str) -> tuple[dict, np.ndarray]:
        mol = Chem.MolFromSmiles(smiles)
        return Descriptors.CalcMolDescriptors(mol), morgan.GetCountFingerprintAsNumPy(mol)

    return {"graphs": from_smiles, "descriptors": descriptors}


class _Plain:
    """Plain features, timed one block of molecules at a time."""

    def __init__(self, first: str) -> None:
        self._makers = plain_features()
        self._seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for make in self._makers.values():
            make(first)

    def time(self, block: list[str], show: Show) -> None:
        for kind, make in self._makers.items():
            elapsed = timed(partial(_map_all, make, block))
            self._seconds[kind].append(elapsed / len(block))
        show("Plain features", len(self._seconds[KINDS[0]]), _PLAIN_BLOCKS)

    def seconds_each(self) -> dict[str, float]:
        return {kind: median(of_blocks) for kind, of_blocks in self._seconds.items()}


def _map_all(make: Callable[[str], object], block: list[str]) -> None:
    for text in block:
        make(text)


def _warm_seconds(tables: list[list[str]], title: str, show: Show) -> float:
    from engine.features.compute import compute_features

    seconds = []
    for number, table in enumerate(tables, start=1):
        seconds.append(timed(partial(compute_features, table, canonical_units=True)))
        show(title, number, len(tables))
    return median(seconds)


def _shuffles(smiles: list[str], count: int) -> list[list[str]]:
    shuffler = np.random.default_rng(0)
    return [[smiles[i] for i in shuffler.permutation(len(smiles))] for _ in range(count)]


def _summary(rows: int, seconds: dict[str, float]) -> dict:
    ours = [mode for mode in seconds if mode != "plain"]
    return {
        "seconds": seconds,
        "per_second": {mode: rows / elapsed for mode, elapsed in seconds.items()},
        "speedup": {mode: seconds["plain"] / seconds[mode] for mode in ours if "plain" in seconds},
    }
