"""Reading takes time in proportion to the input, and ends in a sentence when that is spent."""

import itertools
import random
import time
from contextlib import suppress

import numpy as np
import pytest

from bench.hostile import table_bombs
from engine.base import budget
from engine.base.errors import UserError
from engine.chem.smiles import MAX_LENGTH
from engine.table import check_table, load_table, read_table, stream_table
from engine.table.cells import guess_decimal, to_number
from engine.table.columns import Columns
from engine.table.folds import split_folds
from engine.table.headers import read_header, read_headers
from engine.table.long_format import find_long_format, pivoted
from engine.table.mending import CellChange, Mending, fitting
from engine.table.mending_file import parse_mending
from engine.table.quantities import to_quantity

LONG = [
    "9" * 100_000 + "x",
    "1" + "." * 100_000,
    "1,000" * 20_000 + "x",
    "1 000" * 20_000,
    "1.000." * 20_000,
    "1-" * 50_000,
    "±" * 100_000,
    "x10^" * 30_000,
    ">" * 100_000,
    "1e" * 50_000,
    "(" * 100_000,
    " " * 100_000 + "x",
]


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
def test_no_cell_is_tried_in_too_many_ways(text: str) -> None:
    assert to_number(text) is None
    assert to_number(text, ",") is None
    assert to_quantity(text) is None
    assert guess_decimal([text]) == "."
    assert read_header(text).unit is None


def test_long_numbers_are_numbers_as_far_as_there_are_such() -> None:
    assert to_number("1" + "0" * 300) == 1e300
    assert to_number("0." + "3" * 300) == pytest.approx(1 / 3)
    assert to_number("1.") == 1
    assert to_number(".5e-3") == 5e-4
    assert to_number("1" * 401) is None


@pytest.mark.parametrize(
    "bomb",
    [table_bombs.equal_headers, table_bombs.unreadable_units, table_bombs.rows_of_one_unit],
    ids=lambda bomb: bomb.__name__,
)
@pytest.mark.parametrize("seed", [1, 2])
def test_equal_and_unreadable_things_are_read_once_each(bomb, seed) -> None:
    read = []
    with suppress(UserError):
        read = load_table(bomb(random.Random(seed))).rows.tolist()
    assert len({*read}) == len(read)


def test_equal_headers_get_names_of_their_own() -> None:
    raw = read_table(("SMILES" + ",Tg" * 9_000 + "\n*CC*" + ",1" * 9_000).encode())
    assert len({*raw.column_names}) == 9_001
    assert raw.column_names[1:4] == ["Tg", "Tg (2)", "Tg (3)"]
    raw = read_table(b"SMILES,Tg,Tg (2),Tg\n*CC*,1,2,3\n")
    assert raw.column_names == ["SMILES", "Tg", "Tg (2)", "Tg (3)"]


def test_many_headers_are_told_apart() -> None:
    names = [f"x{i} (K)" for i in range(5_000)]
    assert [header.name for header in read_headers(names).values()] == [
        f"x{i}" for i in range(5_000)
    ]


def test_many_cells_in_many_units_that_are_none() -> None:
    rows = "".join(f"*{'C' * (1 + i % 40)}*,{i} K{i}x\n" for i in range(3_000))
    table = load_table(f"SMILES,Tg\n{rows}".encode())
    assert table.properties == ()


def test_values_of_one_property_of_one_unit_are_rows_in_their_order() -> None:
    raw = read_table(b"SMILES,property,value\n" + b"*CC*,Tg,1\n*CC*,x,2\n" * 3_000)
    long = find_long_format(raw)
    assert long
    wide = pivoted(raw, long, Columns(smiles="SMILES"))
    assert wide.frame[["Tg", "x"]].to_numpy().tolist() == [["1", "2"]] * 3_000


def test_rows_that_all_have_other_properties_are_divided() -> None:
    labels = np.where(np.random.default_rng(0).random((1_500, 60)) < 0.5, np.nan, 1.0)
    folds = split_folds(labels, np.arange(1_500), 5, 0)
    assert np.bincount(folds).min() > 250


def test_common_sets_of_properties_are_still_balanced() -> None:
    labels = np.full((1_000, 60), np.nan)
    labels[:500, 0] = 1.0
    labels[500:] = np.where(np.random.default_rng(0).random((500, 60)) < 0.5, np.nan, 1.0)
    folds = split_folds(labels, np.arange(1_000), 5, 0)
    assert np.bincount(folds[:500]).tolist() == [100] * 5


def test_many_changes_that_do_not_fit_are_put_aside() -> None:
    changes = tuple(CellChange(row=i, column="Tg", old="x", new="1") for i in range(8_000))
    fits, aside = fitting(Mending(changed=changes), read_table(b"SMILES,Tg\n*CC*,x\n"))
    assert len(fits.changed) == 1
    assert len(aside.changed) == 7_999


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("units: {Tg: K, Tg: °C}", "“Tg” is given twice"),
        ("units:\n  Tg: K\ndecimal: '.'\nunits:\n  x: K\n", "“units” is given twice"),
        ("dropped: [{row: 1, row: 2}]", "“row” is given twice"),
        ("renamed: {a: b, 'a': c}", "“a” is given twice"),
        ("version: " + "1:" * 200_000 + "1", "too long"),
        ("version: 1" + "0" * 200_000, "too long"),
        ("x: " + "[" * 1000, "nested too deep"),
        ("a: &a [1]\nb: *a", "alias"),
    ],
)
def test_files_of_mends_that_say_too_much(text, words) -> None:
    with pytest.raises(UserError, match=r"mends\.yaml") as caught:
        parse_mending(text.encode(), "mends.yaml")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "encoding", ["idna", "punycode", "utf-7", "unicode_escape", "rot13", "x\0"]
)
def test_encodings_that_no_table_is_in(encoding) -> None:
    with pytest.raises(UserError, match="no encoding called"):
        read_table(b"SMILES,Tg\n" + b"a" * 1000, encoding=encoding)


def fast_clock(monkeypatch, after: int) -> None:
    """Let so many looks at the clock pass in no time, and ten minutes with the next."""
    looks = itertools.count()
    monkeypatch.setattr(budget.time, "thread_time", lambda: 600.0 * (next(looks) > after))


TABLE = b"id,SMILES,Tg\n" + b"".join(b"%d,*%s*,1%d\n" % (i, b"C" * (i + 1), i) for i in range(60))


@pytest.mark.parametrize(
    ("after", "stage"),
    [
        (0, "decoding it"),
        (2, "reading its rows"),
        (4, "reading its cells"),
        (50, "reading its repeat units"),
        (100, "joining its repeat units"),
    ],
)
def test_a_spent_budget_ends_in_a_sentence(monkeypatch, after, stage) -> None:
    fast_clock(monkeypatch, after)
    with pytest.raises(UserError) as caught, budget.cpu_budget("mine.csv"):
        load_table(TABLE, "mine.csv")
    words = str(caught.value)
    assert words.startswith(f"mine.csv was given up while {stage}: it has taken 60 s")
    assert "`cpu_seconds` in limits.yaml" in words


def test_every_way_to_read_has_a_budget(monkeypatch, tmp_path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(TABLE)
    raw = read_table(path)
    fast_clock(monkeypatch, 2)
    for read in (lambda: read_table(path), lambda: stream_table(path), lambda: check_table(raw)):
        with pytest.raises(UserError, match="given up"):
            read()
        fast_clock(monkeypatch, 2)


def test_the_budget_is_the_workspace_s_and_grows_with_the_table(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("POLYGIN_HOME", str(tmp_path))
    (tmp_path / "limits.yaml").write_text("cpu_seconds: 7\n")
    seconds = iter([0.0, 8.0, 13.0, 15.0])
    monkeypatch.setattr(budget.time, "thread_time", lambda: next(seconds))
    with budget.cpu_budget("mine.csv"):
        budget.allow_for(rows=100_000, columns=3)
        budget.check_time("reading")
        with budget.cpu_budget("within"):
            budget.check_time("reading")
        with pytest.raises(UserError, match=r"mine\.csv was .* 14 s"):
            budget.check_time("reading")
    budget.check_time("nothing is counted any more")


def test_time_is_that_of_the_thread(monkeypatch) -> None:
    monkeypatch.setattr(budget, "_cpu_seconds", lambda: 0.05)
    with budget.cpu_budget("mine.csv"):
        time.sleep(0.2)
        budget.check_time("waiting")


def test_a_list_of_letters_is_not_parsed_beyond_what_is_a_repeat_unit() -> None:
    table = load_table(b"SMILES,Tg\n*" + b"C" * 9_000 + b"*,1\n*CC*,2\n")
    assert f"{MAX_LENGTH:,}" in table.excluded["reason"][0]
