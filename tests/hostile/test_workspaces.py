"""Damaged workspaces: whatever lies in their files, nothing else is lost, hangs or is touched."""

import json
import random
from pathlib import Path

import pytest

from bench.hostile import workspaces
from bench.hostile.workspaces import Workspaces
from engine.inference import bundle
from engine.runs import process

FROM_CHANCE = 12


@pytest.fixture(scope="module")
def kind(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        # `prepare` changes these for a process of its own.
        patch.setattr(process, "spawn", process.spawn)
        patch.setattr(bundle, "SHIPPED", bundle.SHIPPED)
        patch.setattr(workspaces.worker.signal, "signal", lambda *_: None)
        patch.setenv("POLYGIN_HOME", "")
        made = Workspaces()
        made.prepare(tmp_path_factory.mktemp("hostile"))
        yield made


def attempt(kind: Workspaces, tmp_path: Path, *pieces: dict) -> str:
    place = tmp_path / "trial"
    place.mkdir()
    return kind.attempt(json.dumps(pieces).encode(), place)


@pytest.mark.parametrize("number", range(FROM_CHANCE))
def test_damage_from_chance(kind: Workspaces, tmp_path: Path, number: int) -> None:
    content = kind.make(random.Random(number))
    assert content == kind.make(random.Random(number))
    assert kind.attempt(content, tmp_path) in ("all answered", "some of it refused", "no damage")


def test_no_damage_is_answered(kind: Workspaces, tmp_path: Path) -> None:
    nothing = {"do": "cut", "at": "runs/first/heartbeat", "share": 1.0}
    assert attempt(kind, tmp_path, nothing) == "all answered"
    assert kind.attempt(b"no description", tmp_path) == "no damage"


@pytest.mark.parametrize(
    "piece",
    [
        {"do": "pipe", "at": "runs/first/run.json"},
        {"do": "pipe", "at": "runs/stopped/config.yaml"},
        {"do": "pipe", "at": "runs/first/table.parquet"},
        {"do": "pipe", "at": "limits.yaml"},
        {"do": "pipe", "at": "polygin.db"},
        {"do": "link out", "at": "runs/second"},
        {"do": "link out", "at": "runs/stopped/run.log"},
        {"do": "dangling link", "at": "runs/stopped/metrics.jsonl"},
        {"do": "link out", "at": "supervisor.lock"},
        {"do": "folder", "at": "runs/queued/config.yaml"},
        {"do": "text", "at": "runs/stopped/config.yaml", "text": "bomb"},
        {"do": "text", "at": "limits.yaml", "text": "deep YAML"},
        {"do": "text", "at": "runs/first/run.json", "text": "deep lists"},
        {"do": "swap", "at": "runs/stopped/table.parquet", "with": "runs/first/oof.parquet"},
        {"do": "row", "row": {"id": "first", "figures": {"blend": {}}}},
        {"do": "schema", "how": "a trigger"},
        {"do": "schema", "how": "no changes"},
        {"do": "schema", "how": "older"},
    ],
    ids=lambda piece: " ".join(str(value) for value in piece.values()),
)
def test_named_damage(kind: Workspaces, tmp_path: Path, piece: dict) -> None:
    assert attempt(kind, tmp_path, piece) in ("all answered", "some of it refused")
