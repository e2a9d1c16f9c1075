"""Features of compositions, put together from those of their repeat units.

Descriptors are means over the units by mole and by weight fraction, with columns of what a mean
loses. Graphs hold all units' atoms, by their fraction, with bonds between the units by how often
they meet (Aldeghi & Coley, Chem. Sci. 13 (2022) 10486, doi:10.1039/D2SC02839E).
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ..base.packed import Features, Graph, PackedGraphs, pack
from ..base.vocabulary import BOND_FIELDS, COMPOSITION_COLUMNS, FULL_AT
from ..chem.composition import Composition, is_composition, read

_MEETING: dict[str, float] = {"": 1.0, "random": 1.0, "block": 0.25, "graft": 0.25}
"""How often unlike units meet, in parts of how often they do in random chains."""

_ROUNDS = 200
"""Of balancing; six units agree to 1e-12 after half as many."""

_ARCHITECTURES = COMPOSITION_COLUMNS[:4]


Joints = tuple[int, int]
"""The atoms of a unit's graph that neighbouring units are joined to."""


def composed_features(
    texts: Sequence[str], of_units: Callable[[Sequence[str]], Features]
) -> Features:
    """The features of N homopolymers and compositions, without the columns of the latter.

    Args:
        texts: of N rows, canonical.
        of_units: makes the features of homopolymers.
    """
    from ..chem.polymers import weights_of

    rows, units = _rows_and_units(texts)
    features = of_units(units)
    places = {unit: place for place, unit in enumerate(units)}
    by_mole, by_weight = [], []
    for row in rows:
        own = features.descriptors[[places[unit] for unit in row.units]]
        by_mole.append(_mean(own, np.array(row.fractions)))
        by_weight.append(_mean(own, weights_of(row.units, row.fractions)))
    graphs = _graphs(rows, places, features.graphs)
    return Features(graphs, np.stack(by_mole), np.stack(by_weight))


def composed_graphs(texts: Sequence[str], of_unit: Callable[[str], Graph]) -> PackedGraphs:
    """The graphs alone of N homopolymers and compositions.

    Args:
        texts: of N rows, canonical.
        of_unit: makes the graph of a homopolymer.
    """
    rows, units = _rows_and_units(texts)
    places = {unit: place for place, unit in enumerate(units)}
    return _graphs(rows, places, pack([of_unit(unit) for unit in units]))


def _rows_and_units(texts: Sequence[str]) -> tuple[list[Composition], list[str]]:
    """What the texts say, and all units in them, sorted."""
    rows = [read(text) for text in texts]
    return rows, sorted({unit for row in rows for unit in row.units})


def _graphs(
    rows: Sequence[Composition], places: Mapping[str, int], graphs: PackedGraphs
) -> PackedGraphs:
    """A graph of each row, put together from those of the units at these places."""
    from ..chem.graphs import joints as joints_in

    joints = [joints_in(unit, graphs.graph(place)) for unit, place in places.items()]
    return _packed(
        [_joined(row, [places[unit] for unit in row.units], graphs, joints) for row in rows]
    )


def composition_columns(texts: Sequence[str]) -> np.ndarray:
    """What a mean over units loses; shape `(N, len(COMPOSITION_COLUMNS))`, float32.

    All but the levels of a single unit's own chain are 0 for a homopolymer.

    Args:
        texts: of N rows, canonical.
    """
    rows = [_columns_of(text) for text in texts]
    return np.array(rows, dtype=np.float32).reshape(len(texts), len(COMPOSITION_COLUMNS))


def with_composition_columns(features: Features, texts: Sequence[str]) -> Features:
    """The features of N rows with the columns of `composition_columns` before the Morgan counts."""
    return features.with_columns(composition_columns(texts))


def meetings(composition: Composition) -> np.ndarray:
    """Of all bonds between units, the share of those between each two; shape `(U, U)`, symmetric.

    A row adds up to its unit's mole fraction.
    """
    fractions = np.array(composition.fractions)
    if composition.architecture == "alternating":
        return _taking_turns(fractions)
    shares = _MEETING[composition.architecture] * np.outer(fractions, fractions)
    np.fill_diagonal(shares, 0)
    np.fill_diagonal(shares, np.maximum(fractions - shares.sum(axis=1), 0))
    return shares


def _taking_turns(fractions: np.ndarray) -> np.ndarray:
    """As `meetings`, of chains in which like units meet only where one is more than half of all.

    Elsewhere unlike units meet as often as chance has it: the matrix is balanced as Sinkhorn does
    (Ann. Math. Stat. 35 (1964) 876, doi:10.1214/aoms/1177703591).
    """
    largest = int(fractions.argmax())
    shares = np.zeros((len(fractions), len(fractions)))
    if fractions[largest] >= 0.5:
        shares[largest] = shares[:, largest] = fractions
        shares[largest, largest] = 2 * fractions[largest] - 1
        return shares
    weights = fractions.copy()
    for _ in range(_ROUNDS):
        weights = np.sqrt(weights * fractions / (weights.sum() - weights))
    shares = np.outer(weights, weights)
    np.fill_diagonal(shares, 0)
    return shares


def _mean(descriptors: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """The mean of units' descriptors `(U, D)` by fractions `(U,)`; of a single unit, its own."""
    if len(descriptors) == 1:
        return descriptors[0]
    return (fractions[:, None] * descriptors.astype(np.float64)).sum(axis=0).astype(np.float32)


def _columns_of(text: str) -> list[float]:
    from ..chem.frontier import Levels, frontier_levels

    def told(levels: Levels) -> list[float]:
        return [*levels, levels.filled - levels.empty]

    if not is_composition(text):
        own = told(frontier_levels([text]))
        return [0.0] * (len(COMPOSITION_COLUMNS) - 4 * len(own)) + own * 4
    row = read(text)
    fractions = np.array(row.fractions)
    others = 1 - fractions.max()
    shown = min(1.0, others / FULL_AT)
    levels = np.array([told(frontier_levels([unit])) for unit in row.units])  # U × 3
    mean = fractions @ levels
    pairs = list(combinations(range(len(fractions)), 2))
    weights = np.array([fractions[i] * fractions[j] for i, j in pairs])
    joined = np.array([told(frontier_levels([row.units[i], row.units[j]])) for i, j in pairs])
    extremes = [levels.min(axis=0), levels.max(axis=0), weights @ joined / weights.sum()]
    architecture = [shown * (row.architecture == name) for name in _ARCHITECTURES]
    entropy = -(fractions * np.log(fractions)).sum()
    return [
        *architecture,
        entropy,
        others,
        *mean,
        *(value for each in extremes for value in mean + shown * (each - mean)),
    ]


class _Weighted(NamedTuple):
    """The graph of a composition, with its weights as `PackedGraphs` has them."""

    graph: Graph
    atoms: np.ndarray
    bonds: np.ndarray


def _joined(
    row: Composition, places: Sequence[int], graphs: PackedGraphs, joints: Sequence[Joints | None]
) -> _Weighted:
    """One graph of all units of a composition.

    Args:
        row: its units.
        places: of them among the graphs.
        graphs: of units.
        joints: of these graphs.
    """
    parts = [graphs.graph(place) for place in places]
    if len(parts) == 1:
        (part,) = parts
        ones = np.ones(len(part.atoms), np.float32), np.ones((len(part.bonds), 2), np.float32)
        return _Weighted(part, *ones)
    fractions, shares = np.array(row.fractions), meetings(row)
    starts = np.cumsum([0, *(len(part.atoms) for part in parts)])
    own = [joints[place] for place in places]
    weights = [
        _weights_within(part, joint, shares[n, n] / fractions[n])
        for n, (part, joint) in enumerate(zip(parts, own, strict=True))
    ]
    between = _bonds_between(parts, own, starts, shares, fractions)
    return _Weighted(
        Graph(
            np.concatenate([part.atoms for part in parts]),
            np.concatenate(
                [
                    *(part.ends + start for part, start in zip(parts, starts, strict=False)),
                    between[0],
                ]
            ).astype(np.uint16),
            np.concatenate([*(part.bonds for part in parts), between[1]]),
        ),
        np.repeat(fractions, np.diff(starts)).astype(np.float32),
        np.concatenate([*weights, between[2]]).astype(np.float32),
    )


def _weights_within(part: Graph, joint: Joints | None, share: float) -> np.ndarray:
    """The weights of a unit's bonds, `(E, 2)`: 1 but for that to the next unit of its kind."""
    weights = np.ones((len(part.bonds), 2))
    closing = _closing(part, joint)
    if closing is not None:
        weights[closing] = share
    return weights


def _closing(part: Graph, joint: Joints | None) -> int | None:
    """The bond of a chain's graph that joins a unit to the next of its kind, if it has one."""
    if joint is None:
        return None
    found = np.flatnonzero((np.sort(part.ends, axis=1) == sorted(joint)).all(axis=1))
    return int(found[-1]) if len(found) else None


def _bonds_between(
    parts: Sequence[Graph],
    joints: Sequence[Joints | None],
    starts: np.ndarray,
    shares: np.ndarray,
    fractions: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The bonds between unlike units: their ends, their codes and their weights.

    Units are joined either way round, since a unit's SMILES begins at either of its ends.
    """
    ends, codes, weights = [], [], []
    for one, other in combinations(range(len(parts)), 2):
        first, second = joints[one], joints[other]
        if first is None or second is None or not shares[one, other]:
            continue
        share = shares[one, other] / 2
        code = _code(parts[one], first, parts[other], second)
        for head in first:
            for tail in second:
                ends.append((head + starts[one], tail + starts[other]))
                codes.append(code)
                # Of what its first end sends to the second, and the other way round.
                weights.append((share / fractions[other], share / fractions[one]))
    return (
        np.array(ends, dtype=np.int64).reshape(-1, 2),
        np.array(codes, dtype=np.uint8).reshape(-1, len(BOND_FIELDS)),
        np.array(weights).reshape(-1, 2),
    )


def _code(one: Graph, first: Joints, other: Graph, second: Joints) -> tuple[int, ...]:
    """A single bond, conjugated where those within the chains of either unit are."""
    within = [_closing(one, first), _closing(other, second)]
    conjugated = all(
        place is not None and graph.bonds[place][list(BOND_FIELDS).index("conjugated")]
        for place, graph in zip(within, (one, other), strict=True)
    )
    return 0, int(conjugated), 0, 0


def _packed(graphs: Sequence[_Weighted]) -> PackedGraphs:
    packed = pack([each.graph for each in graphs])
    return packed._replace(
        atom_weights=np.concatenate([each.atoms for each in graphs]),
        bond_weights=np.concatenate([each.bonds for each in graphs]),
    )
