"""Following the growing files of runs."""

import json
import os

import pandas as pd
import pytest

from engine.runs import Run, read_metrics
from engine.runs.exports import metrics_csv
from engine.runs.feed import Feed, follow_hardware, follow_metrics, parse_metrics
from engine.runs.folder import MOST_BYTES
from engine.runs.reporting import mend_metrics


@pytest.fixture(autouse=True, params=[0, 50_000])
def large(request, monkeypatch) -> None:
    """All tests twice: blocks are parsed in one way and in the other."""
    monkeypatch.setattr("engine.runs.feed._LARGE", request.param)


def line(epoch: int, **more) -> str:
    row = {"fold": 0, "seed": 0, "epoch": epoch, "val_mae": {"Tg": 1 / epoch, "Rg": None}, **more}
    return json.dumps(row) + "\n"


def append(run: Run, text: str, name: str = "metrics.jsonl") -> None:
    with open(run.folder / name, "a") as file:
        file.write(text)


def test_it_gives_what_reading_the_whole_file_gives(run):
    assert follow_metrics(run).empty
    for epoch in range(1, 6):
        append(run, line(epoch, gradient_norm=None if epoch < 3 else 0.5))
        assert follow_metrics(run)["epoch"].tolist() == list(range(1, epoch + 1))
    whole = _line_by_line(run)
    assert {*read_metrics(run)} == {*whole}
    followed = follow_metrics(run)
    assert {*followed} == {*whole}
    for name in whole:
        assert followed[name].astype(float).equals(whole[name].astype(float))


def _line_by_line(run: Run) -> pd.DataFrame:
    """The same in the plainest way, to compare with."""
    rows = []
    for text in (run.folder / "metrics.jsonl").read_text().splitlines():
        row = json.loads(text)
        errors = row.pop("val_mae")
        rows.append({**row, **{f"val_mae_{name}": value for name, value in errors.items()}})
    return pd.DataFrame(rows)


def test_nothing_is_read_twice(run):
    append(run, line(1) + line(2))
    seen = []
    feed = Feed(
        run.folder / "metrics.jsonl", lambda block: seen.append(block) or parse_metrics(block)
    )
    feed.read()
    table = feed.read()
    append(run, line(3))
    assert len(feed.read()) == 3
    assert b"".join(seen) == (run.folder / "metrics.jsonl").read_bytes()
    assert len(table) == 2  # what was given out before is left alone


def test_half_a_line_waits_and_a_damaged_one_is_passed_over(run):
    append(run, line(1) + line(2)[:9])
    assert follow_metrics(run)["epoch"].tolist() == [1]
    append(run, line(2)[9:] + '{"epo\n' + "[1]\n\n" + line(3))
    assert follow_metrics(run)["epoch"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("epochs", [(7,), (7, 8), (7, 8, 9, 10)])
def test_a_file_written_anew_is_read_anew(run, epochs):
    append(run, line(1) + line(2))
    assert len(follow_metrics(run)) == 2
    new = run.folder / "new"
    new.write_text("".join(map(line, epochs)))
    os.replace(new, run.folder / "metrics.jsonl")
    assert follow_metrics(run)["epoch"].tolist() == list(epochs)


def test_a_file_overwritten_in_place_is_read_anew(run):
    append(run, line(1) + line(2))
    assert len(follow_metrics(run)) == 2
    (run.folder / "metrics.jsonl").write_text("".join(map(line, (4, 5, 6))))
    assert follow_metrics(run)["epoch"].tolist() == [4, 5, 6]


def test_nan_and_missing_columns_are_gaps(run):
    append(run, line(1) + line(2, train_loss=float("nan")) + line(3, train_loss=1))
    assert follow_metrics(run)["train_loss"].isna().tolist() == [True, True, False]
    append(
        run,
        '{"fold": 0, "seed": 0, "epoch": 4, "val_mae": {}}\n{"fold": 0, "seed": 0, "epoch": 5}\n',
    )
    rows = follow_metrics(run)
    assert rows["epoch"].tolist() == [1, 2, 3, 4, 5]
    assert rows["val_mae_Tg"].isna().tolist() == [False] * 3 + [True] * 2


def test_a_file_that_is_gone_is_empty(run):
    append(run, line(1))
    assert len(follow_metrics(run)) == 1
    (run.folder / "metrics.jsonl").unlink()
    assert follow_metrics(run).empty


def test_hardware_has_columns_for_each_gpu(run):
    sample = {"time": 1.0, "cpu_percent": 50.0, "gpus": [{"load": None}, {"load": 30.0}]}
    append(run, json.dumps(sample) + "\n", "hardware.jsonl")
    rows = follow_hardware(run)
    assert rows.loc[0, "gpu1_load"] == 30.0
    assert rows["gpu0_load"].isna().all()
    assert "gpus" not in rows


@pytest.mark.parametrize(
    "damaged",
    [
        '{"fold": 0, "seed": 0, "epoch": 2, "val_mae": 5}',
        '{"fold": 0, "seed": 0, "epoch": 2, "val_mae": [1]}',
        '{"fold": 0, "seed": 0, "epoch": 2, "val_mae": {"Tg": {"Tg": 1}}}',
        '{"fold": 0, "seed": 0, "epoch": 2, "val_mae": {"Tg": 1}, "val_mae_Tg": 2}',
        '{"fold": 0, "seed": {"a": 1}, "epoch": 2}',
        '{"fold": [], "seed": 0, "epoch": 2}',
        '{"fold": 0, "seed": 0, "epoch": 1' + "0" * 400 + "}",
        '{"fold": 0, "seed": 0, "epoch": 2, "train_loss": "low"}',
        '{"fold": 0, "seed": 0, "epoch": 2, "member": 5}',
        '{"fold": 0, "seed": 0, "epoch": 2, "more": {"loss": 1}}',
        '{"": 1}',
        "[" * 100_000,
        '{"fold": 0, "seed": 0, "epoch": 2, "a": ' + "[" * 60_000 + "]" * 60_000 + "}",
        '{"a": ' * 60_000 + "1" + "}" * 60_000,
    ],
)
def test_a_damaged_row_is_passed_over(run, damaged):
    append(run, line(1) + damaged + "\n" + line(3))
    metrics = follow_metrics(run)
    assert metrics["epoch"].tolist() == [1, 3]
    assert metrics["val_mae_Tg"].notna().all()
    assert read_metrics(run).equals(metrics)
    assert metrics_csv(run)
    mend_metrics(run, ["Tg", "Rg"], [])
    assert read_metrics(run).empty


@pytest.mark.parametrize("damaged", ['{"gpus": [1]}', '{"gpus": 5}', '{"time": {}}', "[" * 20_000])
def test_a_damaged_sample_is_passed_over(run, damaged):
    sample = '{"time": 1.0, "gpus": []}\n'
    append(run, f"{sample}{damaged}\n{sample}", "hardware.jsonl")
    assert len(follow_hardware(run)) == 2


def test_a_file_that_no_run_could_have_written_is_not_read(run, monkeypatch):
    append(run, line(1))
    monkeypatch.setitem(MOST_BYTES, "metrics.jsonl", 10)
    assert follow_metrics(run).empty
    assert read_metrics(run).empty
