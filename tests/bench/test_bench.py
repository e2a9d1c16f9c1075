"""The benchmark on a tiny table: what it measures is there; how fast it is, is not tested."""

import json
import math
import os
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from bench.readme_speed import speed_text
from bench.speed import chemprop, features, loops, memory, prediction
from bench.speed.command import print_result
from bench.speed.data import BenchData, typical_rows
from bench.speed.device import epoch_traffic
from bench.speed.report import head_line, markdown, sections
from bench.speed.run import Options, parts_of, results_file, run_bench
from bench.speed.synthetic_units import synthetic_units
from bench.speed.timing import ratio, time_interleaved
from bench.speed.workload import SIDES, Workload
from engine.base.errors import UserError
from engine.base.packed import pack
from engine.chem.graphs import graph
from engine.commands import main
from engine.features.compute import compute_features
from engine.table import load_table

CPU = torch.device("cpu")
TINY = [Workload(2, 8, 4, "fp32")]
UNITS = [f"*{'C' * n}O{'C' * m}*" for n in range(1, 5) for m in range(1, 4)]

FAKE_CHEMPROP = """#!{python}
import csv, os, pathlib, sys, time
words = sys.argv[1:]
if words == ["--version"]:
    sys.exit(print("chemprop 9.9"))
train = words[words.index("-i") + 1]
rows = list(csv.reader(open(train)))
assert rows[0] == ["SMILES", "target0", "target1"] and len(rows) == 13
assert all("*" in row[0] for row in rows[1:]) and rows[1][2] == ""
folder = pathlib.Path(words[words.index("-o") + 1]) / "model_0"
folder.mkdir(parents=True)
for epoch in range(1, int(words[words.index("--epochs") + 1]) + 1):
    checkpoint = folder / "new.ckpt"
    checkpoint.write_text("")
    os.utime(checkpoint, ns=(0, epoch * {nanoseconds}))
    checkpoint.replace(folder / "last.ckpt")
    deadline = time.monotonic() + 120
    while not pathlib.Path("{seen}", str(epoch)).exists() and time.monotonic() < deadline:
        time.sleep(0.005)
"""
EPOCH_NANOSECONDS = 1_500_000_000


def _silent(title: str, done: int, total: int) -> None:
    assert 0 <= done <= total


@pytest.fixture
def data() -> BenchData:
    labels = np.random.default_rng(0).normal(size=(len(UNITS), 2))
    labels[0, 1] = np.nan
    return BenchData("tiny.csv", pack([graph(unit) for unit in UNITS]), labels, ("a", "b"), UNITS)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (loops, memory, chemprop):
        monkeypatch.setattr(module, "workloads", lambda device: TINY)
    monkeypatch.setattr(features, "_QUICK_ROWS", 6)
    # One process is enough to see that they work; each takes seconds to start.
    monkeypatch.setattr(memory, "SIDES", ["ours"])
    # So that networks are trained in parallel only where a test asks for it.
    monkeypatch.setattr(loops, "usable_cores", lambda: 1)


def test_sides_are_timed_in_turns() -> None:
    order: list[str] = []
    sides = {name: lambda name=name: order.append(name) for name in ("a", "b")}
    seconds = time_interleaved(sides, 2, "x", _silent)
    assert {name: len(spent) for name, spent in seconds.items()} == {"a": 2, "b": 2}
    assert order in (["a", "b", "a", "b", "b", "a"], ["b", "a", "a", "b", "b", "a"])
    assert ratio([4.0, 9.0, 90.0], [2.0, 3.0, 4.0]) == 3.0


@pytest.mark.slow
def test_a_whole_run_is_reported_and_has_its_lines_in_the_readme(
    data: BenchData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        prediction,
        "measure_prediction",
        lambda *_: {
            "members": ["polygin"],
            "single": {"molecules": 1, "median_ms": 1.0, "p95_ms": 2.0},
            "batch": {"molecules": 1, "seconds": 1.0, "per_second": 1.0},
        },
    )
    monkeypatch.setattr(loops, "usable_cores", lambda: 2)
    result = run_bench(data, Options("bench", quick=True), _silent)
    assert result["table"]["rows"] == 12
    (loop,) = result["loop"]
    assert set(loop["epoch_seconds"]) == set(SIDES)
    assert set(loop["speedup"]) == {"pyg", "pyg_our_network"}
    assert set(loop["speedup_at_once"]) == {"pyg", "pyg_at_once"}
    assert loop["steps_per_epoch"] == 3
    assert result["features"]["repeat_units"]["seconds"].keys() == {"cold"}
    assert result["features"]["graphs"]["seconds"].keys() == {"cold", "plain"}
    assert {"warm", "reordered"} < result["features"]["both"]["per_second"].keys()
    (peaks,) = result["memory"]
    peak = peaks["sides"]["ours"]
    assert math.isnan(peak["peak_mb"]) or peak["peak_mb"] >= peak["before_mb"] > 0
    assert result["device"] is None
    text = json.dumps(result)
    assert not any(unit in text for unit in UNITS)
    shown = "\n".join(markdown(section) for section in sections(result))
    assert "not measured" in shown
    print_result(result, Console())
    assert "12 rows" in head_line(result)
    path = tmp_path / "bench.json"
    assert speed_text("CUDA", path) == "CUDA: not measured yet."
    path.write_text(text)
    lines = speed_text("CPU", path)
    assert lines.count("training epoch") == 2
    assert lines.count("one network on each core in parallel") == 3
    assert "canonical repeat units of the table, cold" in lines
    assert "descriptors of the table, cold" in lines


def test_memory_of_the_other_sides_is_measured_alike(data: BenchData, tmp_path: Path) -> None:
    file = tmp_path / "data.npz"
    np.savez(file, labels=data.labels, **data.graphs.arrays())
    for quick in (True, False):
        job = {"workload": asdict(TINY[0]), "side": "pyg", "device": "cpu", "quick": quick}
        assert set(memory.train_and_measure(file, job)) == {"peak_mb", "before_mb"}


def test_prediction_is_of_molecules_not_seen(data: BenchData) -> None:
    result = prediction.measure_prediction(data, True, _silent)
    assert result["single"]["p95_ms"] >= result["single"]["median_ms"] > 0
    assert result["batch"]["per_second"] > 0
    units = synthetic_units(30, set())
    assert len(set(units)) == 30
    assert not set(synthetic_units(5, set(units))) & set(units)


def test_chemprop_is_timed_from_checkpoint_to_checkpoint(data: BenchData, tmp_path: Path) -> None:
    command, seen = tmp_path / "chemprop", tmp_path / "seen"
    seen.mkdir()
    command.write_text(
        FAKE_CHEMPROP.format(python=sys.executable, nanoseconds=EPOCH_NANOSECONDS, seen=seen)
    )
    command.chmod(0o755)

    def show(title: str, done: int, total: int) -> None:
        """Let the next checkpoint be written once this one has been noted."""
        assert title == "Chemprop, run 1"
        assert 0 <= done <= total == 3
        (seen / str(done)).touch()

    assert chemprop.find_chemprop(str(command)) == command
    result = chemprop.measure_chemprop(data, UNITS, command, CPU, True, show)
    assert result["version"] == "9.9"
    assert result["measured_seconds"]["chemprop"] == [1.5, 1.5]
    assert result["epoch_seconds"]["chemprop"] == 1.5
    assert result["epoch_seconds"]["ours"] > 0
    command.write_text(f"#!{sys.executable}\nimport sys\nprint('no such thing')\nsys.exit(2)\n")
    with pytest.raises(UserError, match="no such thing"):
        chemprop.measure_chemprop(data, UNITS, command, CPU, True, show)


def test_a_checkpoint_that_is_still_being_written_is_one(tmp_path: Path) -> None:
    path, ends = tmp_path / "out" / "model_0" / "last.ckpt", []
    path.parent.mkdir(parents=True)
    noted = []
    for milliseconds in (0, 0, 60, 120, 5000, 5099):
        path.touch()
        os.utime(path, ns=(0, milliseconds * 1_000_000))
        noted.append(chemprop._note_checkpoint(tmp_path, ends))
    assert noted == [True, False, False, False, True, False]
    assert ends == [120_000_000, 5_099_000_000]


def test_without_chemprop_a_sentence_says_how_to_get_it(data: BenchData) -> None:
    options = Options("bench", parts=(), peer=True, chemprop="/no/such/chemprop")
    result = run_bench(data, options, _silent)
    assert "pip install chemprop" in result["chemprop"]["missing"]
    assert "pip install chemprop" in sections(result)[0].note


def test_stored_features_take_the_place_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "features.safetensors"
    compute_features(UNITS).save(path)
    data = BenchData.of_features(path)
    result = run_bench(data, Options("bench", quick=True, parts=("loop", "features")), _silent)
    assert result["table"]["random_labels"]
    assert "features" not in result
    assert result["loop"]
    with pytest.raises(UserError, match="no file"):
        BenchData.of_features(tmp_path / "missing")


def test_rows_of_a_block_are_typical(data: BenchData) -> None:
    sizes = np.diff(data.graphs.atom_start)
    rows = typical_rows(data, 4)
    assert len(set(rows.tolist())) == 4
    assert abs(sizes[rows].mean() - sizes.mean()) < 1
    assert sorted(typical_rows(data, 100)) == list(range(12))


def test_traffic_follows_the_network(data: BenchData) -> None:
    loop = {
        "layers": 1,
        "width": 10,
        "precision": "fp32",
        "parameters": 5,
        "steps_per_epoch": 2,
    }
    atoms, edges = len(data.graphs.atoms), 2 * len(data.graphs.bonds)
    traffic = epoch_traffic(data, loop)
    assert traffic == {
        "activations": 4 * 3 * 10 * (3 * edges + 26 * atoms),
        "weights": 8 * 4 * 5 * 2,
    }
    half = epoch_traffic(data, {**loop, "precision": "bf16"})
    assert half["activations"] == traffic["activations"] / 2


def test_parts_and_the_results_file_are_checked() -> None:
    assert parts_of("memory,loop") == ("loop", "memory")
    with pytest.raises(UserError, match="no part 'speed'"):
        parts_of("speed")
    assert results_file(None) is results_file("") is None
    with pytest.raises(UserError, match=r"train\.csv"):
        results_file("train.csv")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "table.csv"
    table.write_text("SMILES,Tg\n" + "".join(f"{unit},{n}\n" for n, unit in enumerate(UNITS)))
    assert len(BenchData.of_table(load_table(table), _silent).labelled) == 12
    target = tmp_path / "bench.json"
    words = ["bench", str(table), "--only", "loop", "--quick", "--json"]
    assert main([*words, str(target)]) == 0
    assert "Training" in capsys.readouterr().out
    assert json.loads(target.read_text())["loop"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["quick"] is True
    assert main(["bench", "--json", str(table)]) == 1
    assert "ends in .json" in capsys.readouterr().err
