"""Screening files of any length."""

import bz2
import gzip
import io
import lzma
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.base.workspace import lock
from engine.inference.predict import Predictor
from engine.inference.predicted_tables import predict_file
from engine.inference.specification import Requirement, read_specification
from engine.screening import Wanted, carry_out, first_pass, scoring, screen
from engine.table import read_table
from tests.direct_pool import DirectPool

UNITS = ["*CC*", "C(C", "*CC(*)C", "", "*C[Fe]C*", "*CC*", "*CC(*)c1ccccc1", "no", "*CCO*"]
ROWS = 59


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch, pool: DirectPool) -> None:
    """Parts of six rows, so that short files have many."""
    for module in (scoring, first_pass, carry_out):
        monkeypatch.setattr(module, "PART_ROWS", 6)
    monkeypatch.setattr(scoring, "CHUNK_ROWS", 3)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A file with rows that cannot be read, guesses, and repeats."""
    frame = pd.DataFrame(
        {
            "id": [f"{n:03}" for n in range(ROWS)],
            "SMILES": [_unit(n) for n in range(ROWS)],
            "of their own": "kept out",
        }
    )
    path = tmp_path / "units.csv"
    frame.to_csv(path, index=False)
    return path


def _unit(number: int) -> str:
    unit = UNITS[number % len(UNITS)]
    return unit.replace("*C", f"*{'C' * (number // 9 + 1)}", 1) if "*" in unit else unit


def _read(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path, dtype={"id": str, "warning": str, "domain": str})


def _specification(predictor: Predictor, text: str) -> list[Requirement]:
    return read_specification(text, predictor.info.answers)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_all_rows_are_written_as_predict_has_them(
    predictor: Predictor, table: Path, tmp_path: Path, suffix: str
) -> None:
    told: list[tuple] = []
    out = tmp_path / f"out.{suffix}"
    screened = screen(predictor, [table], out, progress=lambda *state: told.append(state))
    text = io.StringIO()
    predict_file(predictor, table, text, intervals=True)
    expected = pd.read_csv(io.StringIO(text.getvalue()), dtype={"id": str, "warning": str})
    failed = expected["problem"].notna()
    made = _read(out)
    assert made["id"].tolist() == expected.loc[~failed, "id"].tolist()
    assert made["SMILES"].tolist() == expected.loc[~failed, "SMILES"].tolist()
    for name in ("Tg", "Tg_low", "Tg_high"):
        np.testing.assert_array_equal(made[name], expected.loc[~failed, name])
    beside = _read(tmp_path / "out-problems.csv")
    assert beside["id"].tolist() == expected.loc[failed, "id"].tolist()
    assert beside["problem"].tolist() == expected.loc[failed, "problem"].tolist()
    assert (screened.rows, screened.kept, screened.problems) == (
        ROWS,
        (~failed).sum(),
        failed.sum(),
    )
    assert not screened.lacks_student
    assert told[-1] == ("repeat units", ROWS, ROWS)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [out.name, "out-problems.csv", "units.csv"]
    )


def test_only_what_meets_it_is_kept_and_guesses_are_counted(
    predictor: Predictor, table: Path, tmp_path: Path
) -> None:
    everything, out = tmp_path / "all.csv", tmp_path / "out.csv"
    screen(predictor, [table], everything)
    whole = _read(everything)
    end = float(whole["Tg"].median())
    keep = _specification(predictor, f"Tg < {end}")
    screened = screen(predictor, [table], out, Wanted(keep))
    made = _read(out)
    met = whole[whole["Tg"] < end]
    guess = met["warning"].fillna("").str.contains("iron")
    assert guess.any()
    assert made["id"].tolist() == met.loc[~guess, "id"].tolist()
    assert screened.guesses == guess.sum()
    assert made["probability_Tg"].between(0, 1).all()
    with_guesses = screen(predictor, [table], out, Wanted(keep, with_guesses=True))
    assert (with_guesses.kept, with_guesses.guesses) == (len(met), 0)
    assert _read(out)["id"].tolist() == met["id"].tolist()


def test_only_units_in_the_domain_are_kept_where_that_is_wanted(
    predictor: Predictor, table: Path, tmp_path: Path
) -> None:
    everything, out = tmp_path / "all.csv", tmp_path / "out.csv"
    screen(predictor, [table], everything)
    whole = _read(everything)
    keep = _specification(predictor, "Tg > -500")
    some = screen(predictor, [table], out, Wanted(keep, with_guesses=True))
    is_outside = whole["Tg_domain"].isin(["outside", "guess"])
    outside = int(is_outside.sum())
    assert 0 < outside < len(whole)
    assert (some.kept, some.outside) == (len(whole), outside)
    inside = screen(predictor, [table], out, Wanted(keep, inside_only=True))
    assert (inside.kept, inside.outside) == (len(whole) - outside, 0)
    assert _read(out)["id"].tolist() == whole.loc[~is_outside, "id"].tolist()


@pytest.mark.parametrize(("by", "ascending"), [("Tg low", True), ("highest Density", False)])
def test_the_best_come_first(
    predictor: Predictor, table: Path, tmp_path: Path, by: str, ascending: bool
) -> None:
    everything, out = tmp_path / "all.csv", tmp_path / "out.csv"
    screen(predictor, [table], everything)
    (direction,) = _specification(predictor, by)
    screened = screen(predictor, [table], out, Wanted(by=direction, top=7))
    whole = _read(everything)
    known = whole[~whole["warning"].fillna("").str.contains("iron")]
    best = known.sort_values(direction.name, ascending=ascending, kind="stable")[:7]
    assert screened.kept == 7
    assert _read(out)["id"].tolist() == best["id"].tolist()


def test_of_a_long_file_it_is_said_that_a_student_would_save_time(
    predictor: Predictor, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry_out, "FEWEST_ROWS", ROWS)
    keep = _specification(predictor, "Tg > 0")
    for wanted, lacks in ((Wanted(keep), True), (Wanted(keep, in_full=True), False), (None, False)):
        assert screen(predictor, [table], tmp_path / "out.csv", wanted).lacks_student is lacks


def test_the_most_likely_come_first(predictor: Predictor, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    keep = _specification(predictor, "Tg > -500, Density < 1.1")
    screen(predictor, [table], out, Wanted(keep, top=5))
    made = _read(out)
    assert len(made) == 5
    assert made["probability_all"].is_monotonic_decreasing
    assert (made["Density"] < 1.1).all()


class _CutError(Exception):
    pass


def test_cut_off_at_any_part_it_goes_on_and_ends_the_same(
    predictor: Predictor, table: Path, tmp_path: Path
) -> None:
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    by = _specification(predictor, "Tg high")[0]
    for wanted in (None, Wanted(by=by, top=9)):
        screen(predictor, [table], whole, wanted)
        done = 0
        for rows in range(10, ROWS + 10, 10):

            def cut(what: str, count: int, total: int, rows: int = rows) -> None:
                if count >= rows and count < total:
                    raise _CutError

            try:
                screened = screen(predictor, [table], out, wanted, cut)
            except _CutError:
                now = len([*(tmp_path / "out.csv.parts").glob("all-*/*.parquet")])
                assert now >= done
                done = now
            else:
                break
        assert done > 3
        assert 0 < screened.gone_on < ROWS
        assert screened.rows == ROWS
        assert out.read_bytes() == whole.read_bytes()
        assert (tmp_path / "out-problems.csv").read_bytes() == (
            tmp_path / "whole-problems.csv"
        ).read_bytes()


@pytest.mark.slow
def test_killed_three_times_it_ends_the_same(trained, tmp_path: Path) -> None:
    table, out = tmp_path / "units.csv", tmp_path / "out.parquet"
    units = [
        f"*{'C' * (n % 40 + 1)}C(*){'O' * (n % 2)}{'C' * (n // 40 % 40)}" for n in range(16000)
    ]
    pd.DataFrame({"id": range(len(units)), "SMILES": units}).to_csv(table, index=False)
    command = [sys.executable, "-m", "engine", "screen", "trained", str(table), "-o", str(out)]
    parts = tmp_path / "out.parquet.parts"
    for wanted in (1, 3, 5):
        with subprocess.Popen(command, start_new_session=True) as process:
            while len([*parts.glob("all-*/*.parquet")]) < wanted:
                assert process.poll() is None
                time.sleep(0.02)
            os.killpg(process.pid, signal.SIGKILL)
    subprocess.run(command, check=True)
    made = pd.read_parquet(out)
    assert made["id"].tolist() == [str(n) for n in range(len(units))]
    subprocess.run([*command[:-1], str(tmp_path / "whole.parquet")], check=True)
    pd.testing.assert_frame_equal(made, pd.read_parquet(tmp_path / "whole.parquet"))


@pytest.mark.parametrize(
    ("suffix", "packed"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_compressed_files_and_folders_of_them(
    predictor: Predictor, table: Path, tmp_path: Path, suffix: str, packed
) -> None:
    folder = tmp_path / "inputs" / "deeper"
    folder.mkdir(parents=True)
    (folder / f"units.csv.{suffix}").write_bytes(packed(table.read_bytes()))
    (folder.parent / "more.smi").write_text("*CCCC* first\n*CCCCO*\n")
    (folder.parent / "notes.docx").write_text("no table")
    for hidden in (folder.parent / ".hidden.csv", folder / ".git" / "units.csv"):
        hidden.parent.mkdir(exist_ok=True)
        hidden.write_text("id,SMILES\n1,*CC*\n")
    out = tmp_path / "out.parquet"
    screened = screen(predictor, [folder.parent], out)
    assert screened.rows == ROWS + 2
    assert [path.name for path in screened.skipped] == ["notes.docx"]
    made = _read(out)
    assert made["file"].map(lambda name: Path(name).name).unique().tolist() == [
        f"units.csv.{suffix}",
        "more.smi",
    ]
    assert made["id"].tolist()[-2:] == ["1", "2"]
    screen(predictor, [table], tmp_path / "plain.parquet")
    plain = _read(tmp_path / "plain.parquet")
    np.testing.assert_array_equal(made["Tg"][:-2], plain["Tg"])


def test_what_cannot_be_carried_out_is_a_sentence(
    predictor: Predictor, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    read = lambda text: _specification(predictor, text)  # noqa: E731
    (tmp_path / "empty").mkdir()
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(table.read_bytes())[:100])
    for inputs, path, wanted, words in (
        ([tmp_path / "none.csv"], out, None, "does not exist"),
        ([table, tmp_path / "." / "units.csv"], out, None, "given twice"),
        ([tmp_path / "empty"], out, None, "holds no file that ends in"),
        ([tmp_path / "cut.csv.gz"], out, None, "is damaged"),
        ([table], tmp_path / "out.xlsx", None, "has to end in .parquet or .csv"),
        ([table], tmp_path / "none" / "out.csv", None, "There is no folder"),
        ([table], out, Wanted(read("Tg high")), "no end to be kept by"),
        ([table], out, Wanted(by=read("Tg > 5")[0], top=3), "cannot be chosen by"),
        ([table], out, Wanted(by=read("Tg high")[0]), "how many of the best"),
        ([table], out, Wanted(by=read("Tg high")[0], top=0), "At least one"),
        ([table], out, Wanted(top=3), "by what the best"),
    ):
        with pytest.raises(UserError, match=words):
            screen(predictor, inputs, path, wanted)
        assert not path.exists()


@pytest.mark.parametrize(
    ("suffix", "packed"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_a_damaged_byte_is_a_sentence_that_names_the_file(
    predictor: Predictor, tmp_path: Path, suffix: str, packed
) -> None:
    path = tmp_path / f"units.csv.{suffix}"
    rows = "".join(f"{n},*{'C' * (n % 97 + 1)}O*\n" for n in range(20_000))
    data = bytearray(packed(("id,SMILES\n" + rows).encode()))
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(255 - byte for byte in data[middle : middle + 40])
    path.write_bytes(data)
    with pytest.raises(UserError, match=f"{path.name} is damaged after"):
        screen(predictor, [path], tmp_path / "out.csv")
    assert [each.name for each in tmp_path.iterdir()] == [path.name], "what is not begun is gone"


def test_no_file_of_the_users_is_lost(predictor: Predictor, table: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "mine-problems.csv"
    theirs.write_bytes(table.read_bytes())
    for inputs in ([theirs], [table], [tmp_path]):
        with pytest.raises(UserError, match=r"mine-problems\.csv is"):
            screen(predictor, inputs, tmp_path / "mine.csv")
        assert theirs.read_bytes() == table.read_bytes()
    folder = tmp_path / "out.csv.parts"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="holds something else"):
        screen(predictor, [table], tmp_path / "out.csv")
    assert (folder / "notes.txt").read_text() == "mine"
    (tmp_path / "new-problems.csv").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        screen(predictor, [table], tmp_path / "new.csv")
    # One that a screening wrote may be written again.
    screen(predictor, [table], tmp_path / "ours.csv")
    assert screen(predictor, [table], tmp_path / "ours.csv").problems


def test_a_folder_is_screened_into_itself_and_gone_on_with(
    predictor: Predictor, table: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    table.rename(folder / table.name)

    def cut(what: str, count: int, total: int) -> None:
        if count > 20:
            raise _CutError

    with pytest.raises(_CutError):
        screen(predictor, [folder], folder / "out.csv", progress=cut)
    screened = screen(predictor, [folder], folder / "out.csv")
    assert (screened.rows, screened.gone_on > 0) == (ROWS, True)


def test_work_that_was_not_removed_whole_is_not_taken_for_anothers(
    predictor: Predictor, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.csv"

    def killed(path: Path, **_: object) -> None:
        if Path(path).exists():
            next(Path(path).glob("*.json")).unlink()
            raise _CutError

    with monkeypatch.context() as patched:
        patched.setattr("engine.screening.work.shutil.rmtree", killed)
        with pytest.raises(_CutError):
            screen(predictor, [table], out)
    table.write_text("id,SMILES\n1,*CC*\n")
    screened = screen(predictor, [table], out)
    assert (screened.rows, screened.gone_on) == (1, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == [out.name, table.name]


def test_the_work_of_another_screening_is_not_gone_on_with(
    predictor: Predictor, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"

    def cut(what: str, count: int, total: int) -> None:
        if count > 20:
            raise _CutError

    with pytest.raises(_CutError):
        screen(predictor, [table], out, progress=cut)
    with pytest.raises(UserError, match="begun with other words \\(other keep\\)"):
        screen(predictor, [table], out, Wanted(_specification(predictor, "Tg > 1")))
    held = lock(tmp_path / "out.csv.lock")
    with held, pytest.raises(UserError, match="Another process is screening"):
        screen(predictor, [table], out)
    part = next((tmp_path / "out.csv.parts").glob("all-*/*.parquet"))
    part.write_bytes(part.read_bytes()[:50])
    with pytest.raises(UserError, match="is damaged: remove it"):
        screen(predictor, [table], out)
    part.unlink()
    assert screen(predictor, [table], out).rows == ROWS
    table.write_text("id,SMILES\n1,*CC*\n")
    assert screen(predictor, [table], out).rows == 1
    assert not (tmp_path / "out-problems.csv").exists()


def test_a_long_list_of_smiles_is_not_held(tmp_path: Path) -> None:
    from engine.table import stream_table

    path = tmp_path / "units.smi"
    path.write_text("# a remark\n*CC* first\n\n*CCO*\n*CCC* third one\n")
    stream, whole = stream_table(path), read_table(path)
    assert stream.count == 3
    parts = [*stream.chunks(2)]
    assert [len(part.rows) for part in parts] == [2, 1]
    joined = pd.concat([part.frame for part in parts], ignore_index=True)
    pd.testing.assert_frame_equal(joined, whole.frame)
    assert [*parts[0].rows, *parts[1].rows] == [*whole.rows]
