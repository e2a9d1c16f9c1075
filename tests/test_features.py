"""Features of many repeat units, and their cache."""

from pathlib import Path

import numpy as np
import pytest

from engine import features
from engine.features import Features, compute_features
from engine.packed import Graph

UNITS = ["*CC*", "*CC(*)C", "*CC(*)c1ccccc1", "*CC*"]


def _same(one: Features, other: Features) -> bool:
    return np.array_equal(one.descriptors, other.descriptors, equal_nan=True) and all(
        np.array_equal(a, b) for a, b in zip(one.graphs, other.graphs, strict=True)
    )


def test_features_keep_the_order_and_repeats() -> None:
    made = compute_features(UNITS)
    assert made.graphs.count == len(made.descriptors) == 4
    assert np.array_equal(made.descriptors[0], made.descriptors[3], equal_nan=True)
    assert np.diff(made.graphs.atom_start).tolist() == [4, 5, 10, 4]


def test_only_new_units_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    first = compute_features(UNITS)
    made: list[str] = []

    def spy(kind: str, smiles: list[str]) -> list[dict[str, bytes]]:
        made.extend(smiles)
        return [features._make_chunk((kind, smiles))]

    monkeypatch.setattr(features, "_make", spy)
    assert _same(compute_features(UNITS), first)
    assert made == []
    compute_features([*UNITS, "*CO*"])
    assert made == ["*CO*", "*CO*"]


def test_a_damaged_cache_is_made_anew(workspace: Path) -> None:
    first = compute_features(UNITS)
    for path in (workspace / "cache").glob("*.sqlite"):
        path.write_bytes(b"not a database" * 500)
    assert _same(compute_features(UNITS), first)
    assert _same(compute_features(UNITS), first)


def test_progress_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    compute_features(UNITS, lambda *state: told.append(state))
    assert told[-1] == ("descriptors", 4, 4)
    assert {state[0] for state in told} == {"graphs", "descriptors"}


def test_features_travel_as_one_file(tmp_path: Path) -> None:
    made = compute_features(UNITS)
    made.save(tmp_path / "features.safetensors")
    assert _same(Features.load(tmp_path / "features.safetensors"), made)


def test_many_units_are_made_on_all_cores() -> None:
    sizes = [(n, m) for n in range(1, 19) for m in range(18)]
    made = compute_features([f"*{'C' * n}O{'C' * m}S*" for n, m in sizes])
    assert np.diff(made.graphs.atom_start).tolist() == [n + m + 4 for n, m in sizes]


def test_a_graph_without_bonds_is_no_special_case() -> None:
    lone = Graph(np.zeros((1, 8), np.uint8), np.zeros((0, 2)), np.zeros((0, 4), np.uint8))
    assert len(Graph.from_bytes(lone.to_bytes()).bonds) == 0
