"""The day with a GPU, rehearsed on a CPU at a small size; what needs CUDA has stand-ins."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch_geometric.data import Batch

from bench.gpu_day import __main__ as command
from bench.gpu_day import child, runner, speed, tensors, throughput
from bench.gpu_day.fitting import Given
from bench.gpu_day.measurements import MEASUREMENTS, Measurement, carry_out, targets
from bench.gpu_day.runner import Day, measure_all, start_child
from engine.base.errors import UserError
from engine.features.compute import compute_features
from engine.models.gin import GIN
from engine.screening import distilling
from engine.table import Table, load_table
from tests.conftest import SLICE
from tests.test_independence import BLOCK

ON_CPU = [name for name, each in MEASUREMENTS.items() if not each.needs_cuda]
STAND_IN = Measurement("A stand-in", "speed", 30)


@pytest.fixture(scope="module")
def table() -> Table:
    return load_table(SLICE.encode(), "slice.csv")


@pytest.fixture(scope="module")
def file(table: Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tensors") / "slice.safetensors"
    shown: list[str] = []
    tensors.write_tensors(table, path, lambda title, done, total: shown.append(title))
    assert "Graphs" in shown
    return path


@pytest.fixture
def given(file: Path, tmp_path: Path):
    """A small table; the arithmetic of the process stays what it was."""
    threads = torch.get_num_threads()
    yield Given.of(tensors.read_tensors(file), tmp_path, small=True)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(False)
    torch.set_float32_matmul_precision("high")


def _carried_out(name: str, given: Given) -> dict:
    told: dict = {}
    carry_out(name, given, told.update)
    json.dumps(told, allow_nan=False)
    cases = [case for case in told.values() if isinstance(case, dict)]
    assert not [case["failed"] for case in cases if "failed" in case]
    return told


def test_the_file_holds_graphs_and_labels_and_no_structure(table: Table, file: Path) -> None:
    data = tensors.read_tensors(file)
    np.testing.assert_array_equal(data.labels, table.labels)
    assert data.names == tuple(property_.name for property_ in table.properties)
    assert data.graphs.size == len(table.canonical)
    content = file.read_bytes()
    assert not [unit for unit in table.canonical if len(unit) > 8 and unit.encode() in content]


def test_features_alone_will_do(tmp_path: Path) -> None:
    path = tmp_path / "features.safetensors"
    compute_features(["*CC*", "*CCO*"]).save(path)
    assert tensors.read_tensors(path).names[0] == "random 0"


def test_another_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.safetensors"
    with pytest.raises(UserError, match="There is no file"):
        tensors.read_tensors(path)
    path.write_bytes(b"no tensors at all")
    with pytest.raises(UserError, match="make it anew"):
        tensors.read_tensors(path)
    assert tensors.main(["table.csv", str(tmp_path / "table.csv")]) == 1
    assert "has to end in .safetensors" in capsys.readouterr().err


@pytest.mark.parametrize("name", ON_CPU)
def test_what_a_cpu_can_do_is_rehearsed(name: str, given: Given) -> None:
    told = _carried_out(name, given)
    checks = {
        "sixty_epochs": lambda: told["epochs"] == 3 and told["all_epochs_seconds"] > 0,
        "precisions": lambda: "CUDA" in told["fp16"]["skipped"] and told["bf16"]["epochs"] == 3,
        "captured_graphs": lambda: told["fp32, launched one by one"]["epoch_seconds"] > 0,
        "batches": lambda: [told[batch]["steps"] for batch in ("8", "16", "48")] == [8, 4, 2],
        "ddp_of_one": lambda: told["same_bits"] and told["ddp"]["epochs"] == 3,
        "memory_estimate": lambda: told["peak_mb"] > 0,
        "memory_peak": lambda: told["peak_mb"] > 0,
        "same_seed": lambda: all(way["same_weights"] for way in told.values()),
        "resumed": lambda: told["auto"]["same_predictions"] and told["auto"]["epochs_after"] == 2,
        "pretraining": lambda: told["contrastive"]["units_a_second"] > 0,
        "screening": lambda: (
            told["graphs to the device"]["units_a_second"] > 0
            and told["4×64, auto, batch 512"]["units_a_second"] > 0
        ),
        "profile": lambda: len(told["launched one by one"]["longest"]) == 15,
        "switches": lambda: told["none"]["train_loss"] == told["--deterministic"]["train_loss"],
    }
    assert checks.keys() == set(ON_CPU)
    assert checks[name]()


def test_the_network_that_screens_is_the_student() -> None:
    assert distilling._SETTINGS.network == throughput.STUDENT


def test_the_floor_is_the_traffic_at_the_bandwidth(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "copy_bandwidth", lambda *_: 1e9)
    told = _carried_out("bandwidth_floor", given)
    case = told["fp32, batch 16"]
    assert case["floor_seconds"] == pytest.approx(sum(case["traffic_bytes"].values()) / 1e9)
    assert case["share"] == pytest.approx(case["floor_seconds"] / case["epoch_seconds"])


def test_dp_is_timed_with_the_batches_of_pyg(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch_geometric.nn

    class OneDevice:
        def __init__(self, network: torch.nn.Module) -> None:
            self._network = network

        def __call__(self, graphs: list) -> torch.Tensor:
            return self._network(Batch.from_data_list(graphs))

    monkeypatch.setattr(torch_geometric.nn, "DataParallel", OneDevice)
    assert _carried_out("data_parallel", given)["epoch_seconds"] > 0


def test_a_step_without_memory_goes_on_in_pieces(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a device of 1,000 bytes, of which a whole step takes 500 and one of 10 graphs fits."""
    limited, forward = [1.0], GIN.forward

    def within(network: GIN, batch) -> torch.Tensor:
        if batch.size > 10 and limited[-1] < 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(network, batch)

    monkeypatch.setattr(GIN, "forward", within)
    for name in ("reset_peak_memory_stats", "empty_cache"):
        monkeypatch.setattr(torch.cuda, name, lambda: None)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda: 500)
    whole = SimpleNamespace(total_memory=1000)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: whole)
    monkeypatch.setattr(
        torch.cuda, "set_per_process_memory_fraction", lambda share, device: limited.append(share)
    )
    told = _carried_out("out_of_memory", given)
    case = told["too little, captured"]
    assert case["recovered"]
    assert case["pieces"] == 4
    assert limited == pytest.approx([1.0, 0.3, 1.0, 0.3, 1.0])
    np.testing.assert_allclose(case["losses"], told["with enough"]["losses"], rtol=0.2)


def test_targets_say_what_was_reached_and_nothing_of_what_was_not_measured() -> None:
    assert {each["met"] for each in targets({}).values()} == {None}
    measured = {
        "sixty_epochs": {"epochs": 60, "seconds": 9.0},
        "bandwidth_floor": {"bandwidth": 4e12, "a": {"share": 0.2}, "b": {"failed": "x"}},
        "memory_estimate": {"peak_mb": 90.0},
        "memory_peak": {"peak_mb": 100.0},
    }
    assert [each["met"] for each in targets(measured).values()] == [True, False, True]
    measured["sixty_epochs"]["epochs"] = 59
    assert targets(measured)["60 epochs in at most 10 s"]["met"] is None


TELLS = "import sys, time; print('{\"epochs\": 1}', file=open(sys.argv[1], 'a'), flush=True); "


def _day(tmp_path: Path, *codes: str, minutes: float = 1.0) -> tuple[dict, list, list[str]]:
    """The results of measurements that are scripts, their processes, and what was shown."""
    processes: list[subprocess.Popen] = []
    shown: list[str] = []
    waiting = iter(codes)

    def start(name: str, answers: Path, log: Path) -> subprocess.Popen:
        with log.open("wb") as output:
            words = [sys.executable, "-c", TELLS + next(waiting), str(answers)]
            processes.append(subprocess.Popen(words, stderr=output))
        return processes[-1]

    path = tmp_path / "day.json"
    day = Day(path, "command", minutes, small=True)
    names = list(MEASUREMENTS)[: len(codes)]
    measure_all(day, names, minutes, start, shown.append)
    return json.loads(path.read_text()), processes, shown


def test_a_measurement_that_takes_too_long_is_ended_and_what_it_told_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brief = STAND_IN._replace(seconds=2.0)
    monkeypatch.setattr(runner, "_LEAST_SECONDS", 0.1)
    monkeypatch.setitem(MEASUREMENTS, next(iter(MEASUREMENTS)), brief)
    result, processes, shown = _day(tmp_path, "time.sleep(300)", "pass")
    cut, done = result["measured"].values()
    assert (cut["state"], cut["epochs"]) == ("cut", 1)
    assert (done["state"], done["epochs"]) == ("done", 1)
    assert processes[0].returncode is not None
    assert "cut after" in shown[1]


def test_a_measurement_that_fails_says_why_and_the_next_is_tried(tmp_path: Path) -> None:
    result, _, shown = _day(tmp_path, "raise ValueError('no such device')", "pass")
    failed, done = result["measured"].values()
    assert (failed["state"], done["state"]) == ("failed", "done")
    assert failed["reason"].endswith("ValueError: no such device")
    assert "no such device" in shown[1]


def test_when_the_minutes_are_over_the_rest_is_skipped(tmp_path: Path) -> None:
    result, processes, _ = _day(tmp_path, "pass", minutes=0.01)
    (skipped,) = result["measured"].values()
    assert (skipped["state"], processes) == ("skipped", [])


def test_the_gpu_machine_needs_torch_and_little_else(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = {"rdkit", "streamlit", "rich", "lightgbm", "xgboost", "catboost", "pandas", "sklearn"}
    absent |= {"scipy", "threadpoolctl", "filelock", "yaml", "pyarrow", "pint", "pynvml"}
    (tmp_path / "sitecustomize.py").write_text(BLOCK.format(names=absent))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    day = Day(tmp_path / "day.json", "command", 5.0, small=True)
    monkeypatch.setitem(MEASUREMENTS, "memory_peak", STAND_IN._replace(module="trust", seconds=240))
    measure_all(day, ["memory_peak"], 5.0, start_child(file, small=True), lambda line: None)
    result = json.loads((tmp_path / "day.json").read_text())
    own = result["measured"]["memory_peak"]
    assert own["state"] == "done", own["reason"]
    assert own["peak_mb"] > 0
    assert result["machine"]["versions"]["torch"] == torch.__version__
    # Only a CUDA device and the whole size can meet a target.
    assert {each["measured"] for each in result["targets"].values()} == {None}


def test_what_needs_cuda_is_skipped_without_it(file: Path, tmp_path: Path) -> None:
    answers = tmp_path / "answers"
    child.main(str(file), "data_parallel", str(answers), small=True)
    assert "it needs a CUDA device" in answers.read_text()
    assert "epoch_seconds" not in answers.read_text()


def test_the_command_says_what_is_amiss(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, sentence in [
        ([str(file), "--json", "day.csv"], "ends in .json"),
        ([str(file), "--json", "day.json", "--only", "moon"], "no measurement 'moon'"),
        ([f"{file}.not", "--json", "day.json"], "There is no file"),
        ([str(file), "--json", "no-such-folder/day.json"], "in a folder that is there"),
        ([str(file), "--json", "day.json", "--minutes", "0"], "more than 0"),
    ]:
        assert command.main(words) == 1
        assert sentence in capsys.readouterr().err
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "pydantic" else name)
    assert command.main([]) == 1
    assert "pydantic is not installed" in capsys.readouterr().err
