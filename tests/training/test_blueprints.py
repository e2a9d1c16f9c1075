"""The presets that follow blueprints: they train, look at nothing held out, and can be resumed."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from engine.base.manifest import ProvenFiles
from engine.base.packed import pack
from engine.chem.graphs import graph
from engine.features.compute import compute_features
from engine.inference.predict import Predictor
from engine.models.batching import DeviceGraphs
from engine.models.members import network_configs
from engine.models.network_prediction import predict_network
from engine.models.polygin import PolyGIN
from engine.models.store import load_networks
from engine.runs import RunConfig, find_run, read_log, resume_run, start_run
from engine.settings.devices import DeviceSettings
from engine.settings.presets import PRESETS, Preset
from engine.table import Table, load_table
from engine.training.context import TrainContext
from engine.training.distributed import read_task, write_task
from engine.training.ensemble import Ensemble, TrainingData, fit_ensemble, stages
from engine.training.loop import NetworkRows, train_network
from engine.training.network_checkpoints import NetworkCheckpointer
from engine.training.networks import NetworkTask, network_jobs
from tests.conftest import TEXTBOOK, wait_for
from tests.runs.conftest import until
from tests.training.conftest import (
    LABELS,
    UNITS,
    EndedError,
    Told,
    network_of,
    with_settings,
    without_descriptor_members,
)

pytestmark = pytest.mark.usefixtures("every_epoch_kept")
CPU = torch.device("cpu")
NEW = ("baseline-gcn", "standard", "laptop-6gb", "t4x2")


def _small(name: str, **training: object) -> Preset:
    """A preset with fewer and thinner layers, and some epochs; its kinds of parts are kept."""
    preset, config = PRESETS[name], network_configs(PRESETS[name])["polygin"]
    thin = {
        field: 8
        for field in ("atom_width", "bond_width", "descriptors")
        if getattr(config.network, field)
    }
    network = network_of(name, layers=2, width=16, **thin).model_dump()
    before = config.training.pretraining
    changes = {"epochs": 5, "batch": 8}
    if before:
        changes["pretraining"] = {**before.model_dump(), "epochs": 3}
    small = with_settings(preset, "polygin", network=network, training={**changes, **training})
    quick = {"rounds": 3, "leaves": 4, "depth": 2}
    members = {name: own if name == "polygin" else quick for name, own in small.members.items()}
    return small.model_copy(update={"members": members})


@pytest.fixture(scope="module")
def data() -> TrainingData:
    folds = np.arange(len(UNITS)) // 2 % 2
    return TrainingData(compute_features(UNITS), LABELS, folds, ["p0", "p1"])


def _fit(
    data: TrainingData, preset: Preset, folder: Path, told: Told, parallel: str = "none"
) -> Ensemble:
    (folder / "bundle").mkdir(parents=True, exist_ok=True)
    use = DeviceSettings(parallel=parallel)
    return fit_ensemble(
        data, preset, 0, TrainContext(folder / "bundle", told, use, folder / "checkpoints")
    )


@pytest.mark.parametrize("name", NEW)
def test_they_train_and_their_bundle_predicts(data, tmp_path: Path, name: str) -> None:
    preset, told = _small(name), Told()
    fitted = _fit(data, preset, tmp_path, told)
    assert fitted.members == tuple(preset.members)
    assert np.isfinite(fitted.out_of_fold).all()
    assert told.steps + told.skipped == sum(stages(preset, 2, ["carbons", "sulfur"]).values())
    if preset.blend:
        assert fitted.weights["p0"] == pytest.approx(preset.blend)
    networks = load_networks(
        ProvenFiles.unproven(tmp_path / "bundle"),
        "polygin",
        network_configs(preset)["polygin"].network,
        len(list((tmp_path / "bundle").glob("polygin-*"))),
        LABELS.shape[1],
    )
    graphs = DeviceGraphs(data.features.graphs, CPU, data.features.descriptors)
    rows = np.flatnonzero(data.folds == 0)
    again = predict_network(*networks[0], graphs, rows, CPU)
    before = fitted.out_of_fold[-1][rows]
    assert np.abs(again - before).max() < 0.05 * LABELS[np.isfinite(LABELS)].std()


@pytest.mark.parametrize(("name", "patience"), [("laptop-6gb", 0), ("t4x2", 2)])
def test_an_end_at_any_moment_costs_nothing(data, tmp_path: Path, name: str, patience: int) -> None:
    preset = _small(name, patience=patience, epochs=7)
    told = Told()
    whole = _fit(data, preset, tmp_path / "whole", told)
    folder, ends = tmp_path / "pieces", 0
    while True:
        ends += 1
        again = Told(ends_after=ends)
        try:
            resumed = _fit(data, preset, folder, again)
            break
        except EndedError:
            continue
    assert ends > 4
    assert whole.out_of_fold.tobytes() == resumed.out_of_fold.tobytes()
    assert again.steps + again.skipped == told.steps + told.skipped
    # CatBoost's files hold the time at which they were made.
    for path in (tmp_path / "whole" / "bundle").glob("polygin-*"):
        assert path.read_bytes() == (folder / "bundle" / path.name).read_bytes(), path.name
    assert not list((folder / "checkpoints").glob("*.state-*"))


def test_pretraining_goes_on_in_the_middle(data, tmp_path: Path) -> None:
    preset = without_descriptor_members(_small("laptop-6gb"))
    with pytest.raises(EndedError):
        _fit(data, preset, tmp_path, Told(ends_after=2))
    assert list((tmp_path / "checkpoints").glob("pretraining-polygin-000.state-000002*"))
    told = Told()
    _fit(data, preset, tmp_path, told)
    assert told.skipped == 2
    lines = [line for line in told.lines if "pretraining: epoch" in line]
    assert len(lines) == 4
    assert "epoch 3" in lines[0]


@pytest.mark.parametrize("name", NEW)
def test_nothing_held_out_is_looked_at(name: str) -> None:
    """Other labels, graphs and descriptors of the held-out rows leave the network as it is."""
    config = network_configs(_small(name, patience=1))["polygin"]
    rows = np.arange(len(UNITS))
    descriptors = np.random.default_rng(0).normal(size=(len(UNITS), 20)).astype(np.float32)
    networks = []
    for change in (False, True):
        units, labels, values = list(UNITS), LABELS.copy(), descriptors.copy()
        if change:
            units[:8], labels[:8], values[:8] = ["*CC(*)c1ccccc1"] * 8, 1e4, 1e4
        graphs = DeviceGraphs(pack([graph(smiles) for smiles in units]), CPU, values)
        told = Told()
        context = TrainContext(Path(), told)
        network, _ = train_network(
            NetworkRows(graphs, labels, rows[8:], rows[:8]),
            PolyGIN,
            config,
            0,
            context,
            NetworkCheckpointer(context, "polygin-000", {"fold": 0}),
        )
        networks.append(network.state_dict())
        assert told.epochs
        assert all("inner_loss" in row for row in told.epochs)
    for weight, value in networks[0].items():
        assert torch.equal(value, networks[1][weight]), weight


def test_processes_train_them_too(data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.training.parallel.usable_cores", lambda: 2)
    preset = without_descriptor_members(_small("t4x2"))
    told = Told()
    one = _fit(data, preset, tmp_path / "a", told, parallel="folds")
    assert any("2 processes" in line for line in told.lines)
    assert sum("pretraining: epoch" in line for line in told.lines) == 6
    assert np.isfinite(one.out_of_fold).all()


def test_a_task_for_torchrun_holds_the_descriptors(data, tmp_path: Path) -> None:
    config = network_configs(_small("t4x2"))["polygin"]
    task = NetworkTask(
        data.features.graphs, data.labels, data.folds, config, data.features.descriptors
    )
    jobs, use = network_jobs("polygin", [0, 1], config, 0), DeviceSettings()
    write_task(tmp_path, task, jobs, use)
    read, again, found = read_task(tmp_path)
    assert (read.config, again, found) == (config, jobs, use)
    np.testing.assert_array_equal(read.descriptors, task.descriptors)


def _thirty() -> Table:
    rows = TEXTBOOK.read_text(encoding="utf-8").splitlines(keepends=True)
    return load_table("".join(rows[:31]).encode(), "thirty.csv")


@pytest.mark.slow
@pytest.mark.parametrize("words", ["Fold 1, pretraining: epoch 8", "Fold 2, pretraining: epoch 3"])
def test_a_run_whose_worker_is_killed_goes_on_with_the_same_bits(words: str) -> None:
    config = RunConfig(name="whole", preset="t4x2", folds="random:2")
    whole = wait_for(start_run(_thirty(), config))
    run = start_run(_thirty(), config.model_copy(update={"name": "killed"}))
    until(lambda: words in read_log(find_run(run.id)), 120, "it never came so far")
    os.kill(find_run(run.id).pid, signal.SIGKILL)
    until(lambda: not find_run(run.id).alive, 60, "nobody noticed")
    resume_run(find_run(run.id))
    ended = wait_for(run)
    assert ended.state == whole.state == "done", read_log(ended)
    files = [pd.read_parquet(one.folder / "oof.parquet") for one in (whole, ended)]
    pd.testing.assert_frame_equal(*files, check_exact=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", NEW)
def test_a_run_of_each_ends_well(name: str) -> None:
    ended = wait_for(start_run(_thirty(), RunConfig(name=name, preset=name, folds="random:2")))
    assert ended.state == "done", read_log(ended)
    report = json.loads((ended.folder / "report.json").read_text())
    assert report["preset"]["name"] == name
    predicted = Predictor(ended.bundle).predict(["*CC(*)c1ccccc1"])
    assert np.isfinite(predicted.blend.to_numpy()).all()
