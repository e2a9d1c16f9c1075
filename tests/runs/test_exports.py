"""A run's metrics as CSV and as TensorBoard's event files."""

import io
import json
import struct
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import yaml
from tensorboardX.proto.event_pb2 import Event

from engine.base.errors import UserError
from engine.commands import main
from engine.runs import Run, read_metrics, store
from engine.runs.exports import log_to_mlflow, metrics_csv, tensorboard_zip, write_tensorboard


@pytest.fixture
def run(workspace: Path) -> Run:
    made = Run(id="exported", name="my run", state="done", created=0.0)
    made.folder.mkdir(parents=True)
    rows = [
        {
            "time": 100.0 + epoch,
            "member": "polygin",
            "fold": fold,
            "seed": fold,
            "epoch": epoch,
            "train_loss": 1 / epoch,
            "val_mae": {"Tg": 50 / epoch, "Rg": None},
            "gradient_norm": None,
        }
        for fold in (0, 1)
        for epoch in (1, 2, 3)
    ]
    (made.folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = {"properties": [{"name": "Tg", "unit": "°C"}, {"name": "Rg", "unit": "Å"}]}
    (made.folder / "config.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True))
    store.insert(made)
    return made


def events(path: Path) -> list[Event]:
    """The events of a file, as TensorFlow's record format holds them."""
    content, found = path.read_bytes(), []
    while content:
        (size,) = struct.unpack("<Q", content[:8])
        found.append(Event.FromString(content[12 : 12 + size]))
        content = content[16 + size :]
    return found


def test_tensorboard_has_a_folder_for_each_network(run, tmp_path):
    write_tensorboard(run, tmp_path / "board")
    assert sorted(path.name for path in (tmp_path / "board").iterdir()) == [
        "fold-1-seed-0",
        "fold-2-seed-1",
    ]
    (file,) = (tmp_path / "board" / "fold-2-seed-1").iterdir()
    first, *epochs = events(file)
    assert first.file_version == "brain.Event:2"
    assert [(event.step, event.wall_time) for event in epochs] == [(1, 101), (2, 102), (3, 103)]
    values = {value.tag: value.simple_value for value in epochs[1].summary.value}
    assert values == {"loss/training": 0.5, "validation error/Tg (°C)": 25.0}


def test_zip_and_csv_hold_the_same(run):
    with zipfile.ZipFile(io.BytesIO(tensorboard_zip(run))) as archive:
        assert len(archive.namelist()) == 2
        assert all(name.startswith("exported/fold-") for name in archive.namelist())
    rows = pd.read_csv(io.BytesIO(metrics_csv(run)))
    assert rows["val_mae_Tg"].tolist()[:2] == [50.0, 25.0]


def test_a_run_without_metrics_says_so(run, tmp_path):
    (run.folder / "metrics.jsonl").unlink()
    with pytest.raises(UserError, match="has no metrics"):
        write_tensorboard(run, tmp_path)


def test_command(run, tmp_path, capsys):
    file, folder = tmp_path / "m.csv", tmp_path / "board"
    assert main(["export", "my run", "--csv", str(file), "--tensorboard", str(folder)]) == 0
    assert len(pd.read_csv(file)) == 6
    assert len(list(folder.rglob("*tfevents*"))) == 2
    assert str(file) in capsys.readouterr().out
    assert main(["export", "my run"]) == 1
    assert "--csv" in capsys.readouterr().err
    assert main(["export", "my run", "--csv", str(tmp_path / "no" / "m.csv")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_mlflow_is_said_to_be_missing(run, capsys, monkeypatch):
    monkeypatch.setattr("engine.runs.exports.find_spec", lambda _: None)
    assert main(["export", run.id, "--mlflow", "sqlite:///x.db"]) == 1
    assert "pip install mlflow" in capsys.readouterr().err


def test_mlflow_takes_it(run, tmp_path, monkeypatch):
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri = (tmp_path / "mlruns").as_uri()
    there = log_to_mlflow(run, uri)
    from mlflow import MlflowClient

    data = MlflowClient(uri).get_run(there).data
    assert data.tags["polygin.run"] == run.id
    losses = [name for name in data.metrics if name.startswith("loss/training/")]
    assert len(losses) == read_metrics(run).groupby(["fold", "seed"]).ngroups
