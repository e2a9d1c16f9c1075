"""Predicting chunk after chunk, and a file of any length."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.commands import main
from engine.inference import predicted_tables, streaming
from engine.inference.predict import Predictor
from engine.inference.predicted_tables import predict_file
from engine.inference.streaming import predict_stream
from engine.runs import Run
from engine.table import read_table
from engine.table.streaming import stream_of
from tests.direct_pool import DirectPool

CHUNKS = [
    ["*CC*", "*CC(*)C", "C(C"],
    ["C([*])C[*]", "*CC(*)c1ccccc1"],
    ["no", ""],
    ["*CCO*"],
    *([f"*{'C' * n}O*"] for n in range(1, 10)),
]

UNITS = ["*CC*", "C(C", "*CC(*)C", "", "C([*])[*]", "*CC*", "*CC(*)c1ccccc1", "no", "*CCO*"]
ROWS = [(f"{n:03d}", UNITS[n % len(UNITS)]) for n in range(59)]


def test_a_stream_predicts_as_one_call_does(predictor: Predictor) -> None:
    parts = list(predict_stream(predictor, CHUNKS))
    assert [part.smiles for part in parts] == CHUNKS
    whole = predictor.predict([text for chunk in CHUNKS for text in chunk])
    streamed = pd.concat([part.blend for part in parts])
    np.testing.assert_allclose(streamed, whole.blend, rtol=1e-4)
    for member, frame in whole.members.items():
        np.testing.assert_allclose(
            pd.concat([part.members[member] for part in parts]), frame, rtol=1e-4
        )
    starts = np.cumsum([0] + [len(chunk) for chunk in CHUNKS])
    problems = {
        start + i: reason
        for start, part in zip(starts, parts, strict=False)
        for i, reason in part.problems.items()
    }
    assert problems == whole.problems


def test_only_a_few_chunks_are_held(predictor: Predictor, pool: DirectPool) -> None:
    taken = []
    endless = (taken.append(n) or [f"*{'C' * (n % 9 + 1)}*"] for n in range(10**9))
    parts = predict_stream(predictor, endless)
    for number in range(12):
        next(parts)
        assert pool.submitted == len(taken) <= number + 9
    parts.close()
    assert len(taken) == pool.submitted


def _lengths(smiles: Sequence[str]) -> list[int]:
    return [*map(len, smiles)]


@pytest.mark.parametrize("chunks", [CHUNKS, CHUNKS[:1]], ids=["workers", "this process"])
def test_something_else_is_computed_of_each_row(predictor: Predictor, chunks: list) -> None:
    parts = list(predict_stream(predictor, chunks, beside=_lengths))
    assert [part.beside for part in parts] == [_lengths(chunk) for chunk in chunks]
    assert predictor.predict(["*CC*"]).beside is None


@pytest.mark.parametrize("chunks", [[], [["*CC*", "C(C"]]])
def test_one_chunk_needs_no_workers(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch, chunks: list[list[str]]
) -> None:
    monkeypatch.setattr(streaming, "worker_pool", None)
    assert [part.smiles for part in predict_stream(predictor, chunks)] == chunks


@pytest.mark.parametrize("cores", [1, 2, 3, 4, 8, 64])
def test_workers_and_threads_share_the_cores(cores: int) -> None:
    workers, threads = streaming._workers_and_threads(cores)
    assert workers >= 1
    assert threads >= 1
    assert cores <= workers + threads <= max(cores, 3)


@pytest.fixture
def table(trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of several chunks with rows that cannot be read, and with repeats."""
    monkeypatch.setattr(predicted_tables, "CHUNK_ROWS", 8)
    path = tmp_path / "test.csv"
    pd.DataFrame(ROWS, columns=["id", "SMILES"]).to_csv(path, index=False)
    return path


def _cells(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), dtype={"id": str})


def test_a_file_is_predicted_row_by_row_and_rows_that_cannot_be_read_are_empty(
    predictor: Predictor, table: Path
) -> None:
    out, progress = io.StringIO(), []
    missing = predict_file(predictor, table, out, lambda *state: progress.append(state))
    read = read_table(table).frame
    whole = predictor.predict(read["SMILES"].fillna("").tolist())
    streamed = _cells(out.getvalue())
    assert streamed["id"].tolist() == read["id"].tolist()
    readable = streamed["problem"].isna()
    pd.testing.assert_frame_equal(
        streamed.loc[readable, ["Tg", "Density"]], whole.blend[readable], rtol=1e-12
    )
    assert streamed.loc[~readable, ["Tg", "Density"]].isna().all(axis=None)
    assert streamed.loc[~readable, "problem"].tolist() == [*whole.problems.values()]
    assert missing.count == len(whole.problems) > 0
    assert missing.first["reason"].tolist() == [*whole.problems.values()][:10]
    assert missing.of == len(read)
    again = io.StringIO()
    assert predict_file(predictor, stream_of(read_table(table)), again).of == len(read)
    assert again.getvalue() == out.getvalue()
    assert progress == [("molecules", min(n, 59), 59) for n in range(8, 65, 8)]


@pytest.mark.parametrize("suffix", ["parquet", "xlsx", "tsv"])
def test_other_formats(predictor: Predictor, table: Path, tmp_path: Path, suffix: str) -> None:
    frame = pd.read_csv(table, dtype=str).head(7)
    path = tmp_path / f"test.{suffix}"
    write = {
        "parquet": frame.to_parquet,
        "xlsx": frame.to_excel,
        "tsv": lambda path, index: frame.to_csv(path, index=index, sep="\t"),
    }[suffix]
    write(path, index=False)
    out = io.StringIO()
    assert predict_file(predictor, path, out).count == 2
    assert _cells(out.getvalue())["id"].tolist() == frame["id"].tolist()


def test_rows_without_ids_get_their_numbers(predictor: Predictor, table: Path) -> None:
    table.write_text("SMILES,n\n*CC*,\n,1\nbad,\n")
    out = io.StringIO()
    predict_file(predictor, table, out)
    assert _cells(out.getvalue())["row"].tolist() == [2, 3, 4]


def test_the_command_writes_the_file_and_lists_bad_rows(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = table.with_name("out.csv")
    assert main(["predict", "trained", str(table), "-o", str(out)]) == 0
    frame = _cells(out.read_text())
    assert frame["id"].tolist() == [name for name, _ in ROWS]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Written to ")
    assert lines[1].startswith("20 rows could not be predicted")
    assert lines[2].startswith("  id 001: ")
    assert len([line for line in lines if line.startswith("  id ")]) == 10


def test_without_an_output_file_the_predictions_are_shown(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table.write_text("id,SMILES\n007,*CC*\n")
    assert main(["predict", "trained", str(table)]) == 0
    assert capsys.readouterr().out.startswith("id,SMILES,Tg,Density,warning,problem\n007,*CC*,")


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (OSError(28, "No space left on device"), 1, "out.csv cannot be written: No space left"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_after_a_failure_the_old_output_is_left_and_nothing_else(
    table: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    sentence: str,
) -> None:
    calls = []
    real = predicted_tables.prediction_table

    def fail_later(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 4:
            raise error
        return real(*arguments)

    monkeypatch.setattr(predicted_tables, "prediction_table", fail_later)
    out = table.with_name("out.csv")
    out.write_text("old")
    before = sorted(table.parent.iterdir())
    assert main(["predict", "trained", str(table), "-o", str(out)]) == code
    assert sentence in capsys.readouterr().err.replace("\n", "")
    assert out.read_text() == "old"
    assert sorted(table.parent.iterdir()) == before


def test_an_output_that_cannot_be_written_is_reported_before_the_work(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(streaming, "worker_pool", None)
    out = table.with_name("nowhere") / "out.csv"
    assert main(["predict", "trained", str(table), "-o", str(out)]) == 1
    assert "cannot be written: No such file" in capsys.readouterr().err.replace("\n", " ")


def test_intervals_come_after_the_predictions_and_are_empty_for_bad_rows(table: Path) -> None:
    out, plain = table.with_name("out.csv"), table.with_name("plain.csv")
    assert main(["predict", "trained", str(table), "-o", str(plain)]) == 0
    assert main(["predict", "trained", str(table), "-o", str(out), "--intervals"]) == 0
    frame, values = _cells(out.read_text()), _cells(plain.read_text())
    added = [f"{name}_{part}" for name in ("Tg", "Density") for part in ("low", "high", "domain")]
    columns = ["id", "SMILES", "Tg", "Density", *added, "domain", "warning", "problem"]
    assert list(frame.columns) == columns
    pd.testing.assert_frame_equal(frame[values.columns], values, rtol=1e-4)
    bad = frame["id"].isin([name for name, unit in ROWS if unit in ("C(C", "", "no")])
    assert frame.loc[bad, added].isna().all(axis=None)
    assert frame.loc[~bad, added].notna().all(axis=None)
    good = frame[~bad]
    for name in ("Tg", "Density"):
        assert (good[f"{name}_low"] < good[name]).all()
        assert (good[f"{name}_high"] > good[name]).all()
        assert set(good[f"{name}_domain"]) <= {"inside", "outside", "guess"}


def test_streamed_intervals_equal_those_of_the_whole(predictor: Predictor, table: Path) -> None:
    out = io.StringIO()
    predict_file(predictor, table, out, intervals=True)
    whole = predictor.uncertainty(predictor.predict([unit for _, unit in ROWS])).columns()
    streamed = _cells(out.getvalue())[whole.columns]
    pd.testing.assert_frame_equal(streamed, _cells(whole.to_csv(index=False)), rtol=1e-4)


def test_a_model_without_intervals_and_a_submission_with_them_are_sentences(
    old_bundle: Path, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = table.with_name("out.csv")
    words = ["predict", str(old_bundle), str(table), "-o", str(out), "--intervals"]
    assert main(words) == 1
    assert "has no intervals" in capsys.readouterr().err.replace("\n", " ")
    words = ["predict", "trained", str(table), "--sample-submission", str(table), "--intervals"]
    assert main(words) == 1
    assert "exactly the columns" in capsys.readouterr().err.replace("\n", " ")
    assert not out.exists()
