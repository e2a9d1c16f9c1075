"""Features of many repeat units, and their cache."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.base.hardware import usable_cores
from engine.base.packed import Features, Graph, same_units
from engine.features import compute as features
from engine.features.compute import UniqueUnits, chunk_features, compute_features
from tests.conftest import ROOT

UNITS = ["*CC*", "*CC(*)C", "*CC(*)c1ccccc1", "*CC*"]


def _same(first: Features, second: Features) -> bool:
    return np.array_equal(first.descriptors, second.descriptors, equal_nan=True) and all(
        np.array_equal(a, b) for a, b in zip(first.graphs, second.graphs, strict=True)
    )


def _chains(count: int) -> list[str]:
    """Different repeat units of as many atoms as letters, canonical already."""
    return [f"*{'C' * (n % 18 + 1)}O{'C' * (n // 18)}S*" for n in range(count)]


def test_features_keep_the_order_and_repeats() -> None:
    made = compute_features(UNITS)
    assert made.graphs.size == len(made.descriptors) == 4
    assert np.array_equal(made.descriptors[0], made.descriptors[3], equal_nan=True)
    assert np.diff(made.graphs.atom_start).tolist() == [4, 5, 10, 4]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The units made since, each once for each kind of feature."""
    units: list[str] = []
    make = features._make_chunk

    def spy(kind: str, smiles: list[str]) -> dict[str, bytes]:
        units.extend(smiles)
        return make(kind, smiles)

    monkeypatch.setattr(features, "_make_chunk", spy)
    return units


@pytest.mark.parametrize("rows", [20, 310])
def test_only_new_units_are_made(
    rows: int, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "_WORTH_A_POOL", 1000)
    units = _chains(rows)
    first = compute_features(units)
    assert len(made) == 2 * rows
    made.clear()
    assert _same(compute_features(units), first)
    assert made == []
    more = compute_features([*units, "*CO*", "*CSO*"])
    assert sorted(made) == ["*CO*", "*CO*", "*CSO*", "*CSO*"]
    assert np.array_equal(more.descriptors[:-2], first.descriptors, equal_nan=True)


def test_few_units_leave_the_disk_alone(workspace: Path) -> None:
    compute_features(UNITS)
    assert list(workspace.rglob("*.*")) == []


def test_a_damaged_store_is_made_anew(workspace: Path) -> None:
    units = _chains(20)
    first = compute_features(units)
    stores = list((workspace / "cache").glob("*.sqlite"))
    assert len(stores) == 2
    for path in stores:
        path.write_bytes(b"not a database" * 500)
    assert _same(compute_features(units), first)
    assert _same(compute_features(units), first)


def test_a_table_met_before_is_mapped(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    units = _chains(310)
    first = compute_features(units)
    monkeypatch.setattr(features, "_from_units", None)
    calls = []
    again = compute_features(units, lambda *state: calls.append(state))
    assert _same(again, first)
    assert calls == [("graphs", 310, 310), ("descriptors", 310, 310)]
    with pytest.raises(TypeError, match="not callable"):
        compute_features(units[::-1])


def test_rows_are_read_once_each_and_keep_their_places() -> None:
    units = UniqueUnits.of(["*CC*", "C(C", "C([*])[*]", "*CC*", "", "*C*", "C(C"])
    assert units.canonical == ["*C*", "*CC*"]
    assert units.place.tolist() == [1, -1, 0, 1, -1, 0, -1]
    assert set(units.problems) == {1, 4, 6}
    assert units.problems[1] == units.problems[6]


def test_a_chunk_without_a_readable_row_has_no_features() -> None:
    units, made = chunk_features(["C(C", ""], store=True)
    assert made is None
    assert units.place.tolist() == [-1, -1]


def test_a_chunk_is_stored_only_when_asked_for(workspace: Path, made: list[str]) -> None:
    units = _chains(20)
    for store, times in [(False, 1), (False, 2), (True, 3), (True, 3), (False, 3)]:
        chunk_features(units, store)
        assert len(made) == 2 * 20 * times


def test_progress_is_reported() -> None:
    calls: list[tuple[str, int, int]] = []
    compute_features(UNITS, lambda *state: calls.append(state))
    assert calls[-1] == ("descriptors", 4, 4)
    assert {state[0] for state in calls} == {"graphs", "descriptors"}


def test_features_travel_as_one_file(tmp_path: Path) -> None:
    made = compute_features(UNITS)
    made.save(tmp_path / "features.safetensors")
    assert _same(Features.load(tmp_path / "features.safetensors"), made)


def test_many_units_are_made_on_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    pools: list[int] = []
    pool = features.worker_pool
    monkeypatch.setattr(features, "worker_pool", lambda count: pools.append(count) or pool(count))
    units = _chains(324)
    made = compute_features(units)
    assert pools == [usable_cores()]
    assert np.diff(made.graphs.atom_start).tolist() == [len(unit) for unit in units]


def test_a_graph_without_bonds_is_no_special_case() -> None:
    lone = Graph(np.zeros((1, 8), np.uint8), np.zeros((0, 2)), np.zeros((0, 4), np.uint8))
    assert len(Graph.from_bytes(lone.to_bytes()).bonds) == 0


@pytest.mark.parametrize("rows", [20, 310])
def test_another_rdkit_makes_them_anew(
    rows: int, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "_WORTH_A_POOL", 1000)
    compute_features(_chains(rows))
    made.clear()
    compute_features(_chains(rows))
    assert not made
    monkeypatch.setattr("rdkit.rdBase.rdkitVersion", "1999.09.1")
    compute_features(_chains(rows))
    assert len(made) == 2 * rows


def test_rows_of_one_unit_have_one_number() -> None:
    units = ["*C/C=C/C*", "*CO*", "*C/C=C\\C*", "*CO*", "*CC*", "*[C@H](F)C*", "*[C@@H](F)C*"]
    graphs = compute_features(units).graphs
    assert same_units(graphs).tolist() == [0, 1, 0, 1, 2, 3, 3]


def test_ctrl_c_works_after_features_were_made() -> None:
    """RDKit's searches leave a handler of their own."""
    code = (
        "import os, signal, time\n"
        # A shell starts what it runs in the background deaf to Ctrl-C.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from engine.features.compute import compute_features\n"
        "compute_features(['*CC(*)c1ccccc1'])\n"
        "try:\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(5)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "interrupted\n", done.stderr
