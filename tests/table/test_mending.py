"""Files of mends: kept, repeated, refused where they do not fit, and harmless from a stranger."""

import numpy as np
import pytest

from engine.base.errors import UserError
from engine.table.mended import check_mended, mended_table, read_cells
from engine.table.mending import CellChange, DroppedRow, Mending, fitting, rows_to_drop
from engine.table.mending_file import MAX_BYTES, parse_mending, read_mending, written_mending

TABLE = b"id,SMILES,Tg,Strength\na,*CC*,10,1\nb,*CCCO*,20,2\nc,*CCCCO*,30,\nd,*CCCCCO*,4000,4\n"
WHOLE = Mending(
    separator=",",
    encoding="utf-8",
    decimal=".",
    dropped=(DroppedRow(row=3, has={"id": "b", "SMILES": "*CCCO*"}),),
    changed=(
        CellChange(row=5, column="Tg", old="4000", new="40"),
        CellChange(row=4, column="Strength", new="3"),
        CellChange(row=2, column="Tg", old="10"),
    ),
    renamed={"Strength": "Modulus: 1"},
    smiles="SMILES",
    id="",
    properties=("Tg", "Modulus: 1"),
    units={"Tg": "K", "Modulus: 1": "GPa"},
    scales={"Modulus: 1": "log10"},
    replicates="median",
)


def test_a_mending_is_the_same_after_it_was_written_and_read(tmp_path):
    path = tmp_path / "mends.yaml"
    path.write_text(written_mending(WHOLE, ["Row 3\nis left out."]), encoding="utf-8")
    assert read_mending(path) == WHOLE
    assert parse_mending(written_mending(Mending()).encode(), "m.yaml") == Mending()


def test_a_mending_drops_changes_renames_and_converts():
    table = mended_table(TABLE, WHOLE, "mine.csv")
    assert table.rows.tolist() == [2, 4, 5]
    assert table.ids == ["2", "4", "5"]
    assert [each.label for each in table.properties] == ["Tg (°C)", "Modulus: 1 (GPa)"]
    np.testing.assert_allclose(table.labels[:, 0], [np.nan, 30 - 273.15, 40 - 273.15])
    assert table.labels[:, 1].tolist() == [1, 3, 4]
    assert table.properties[1].scale == "log10"


def test_what_a_table_was_guessed_to_be_is_spelt_out():
    (kept,) = mended_table(TABLE.replace(b",", b";"), Mending(), "mine.csv").mendings
    assert (kept.separator, kept.encoding, kept.decimal) == (";", "utf-8", ".")
    assert (kept.smiles, kept.id, kept.properties) == ("SMILES", "id", ("Tg", "Strength"))


@pytest.mark.parametrize(
    ("mending", "words"),
    [
        (Mending(changed=(CellChange(row=2, column="Tg", old="11"),)), "row 2 .* has “10” in “Tg”"),
        (Mending(changed=(CellChange(row=4, column="Strength", old="1"),)), "row 4 .* has nothing"),
        (Mending(changed=(CellChange(row=99, column="Tg"),)), "no row 99"),
        (Mending(changed=(CellChange(row=2, column="T"),)), "no column “T”"),
        (Mending(dropped=(DroppedRow(row=2, has={"id": "z"}),)), "row 2 .* has “a” in “id”"),
        (Mending(renamed={"x": "y"}), "no column “x”"),
        (Mending(renamed={"Strength": "Tg"}), "Two columns would be called “Tg”"),
        (Mending(renamed={"Strength": " "}), "A column has no name"),
        (Mending(dropped=tuple(DroppedRow(row=row) for row in (2, 3, 4, 5))), "All rows"),
        (Mending(chain_ends=("C",)), "cannot stand for"),
        (Mending(units={"Strength": "MPa", "x": "K"}), "not a property column"),
    ],
)
def test_a_mending_that_does_not_fit_is_refused_in_words(mending, words):
    with pytest.raises(UserError, match=words):
        mended_table(TABLE, mending, "mine.csv")


def test_a_cell_that_is_changed_twice_or_back_is_one_change_or_none():
    first = Mending().with_changes([CellChange(row=2, column="Tg", old="10", new="11")])
    again = first.with_changes([CellChange(row=2, column="Tg", old="11", new="12")])
    assert again.changed == (CellChange(row=2, column="Tg", old="10", new="12"),)
    assert not again.with_changes([CellChange(row=2, column="Tg", old="12", new="10")]).changed
    row = DroppedRow(row=2)
    assert Mending(dropped=(row,)).with_changes(dropped=[row]).dropped == (row,)


def test_what_does_not_fit_another_reading_is_kept_apart():
    cells = read_cells(TABLE, Mending(), "mine.csv")
    other = read_cells(TABLE, Mending(separator=";"), "mine.csv")
    assert fitting(WHOLE, cells) == (WHOLE, Mending())
    fits, rest = fitting(WHOLE, other)
    assert (fits.changed, fits.dropped, fits.renamed, fits.smiles) == ((), (), {}, None)
    assert (rest.changed, rest.dropped, rest.renamed) == (
        WHOLE.changed,
        WHOLE.dropped,
        WHOLE.renamed,
    )


def test_rows_to_be_dropped_are_known_again():
    cells = read_cells(TABLE, Mending(), "mine.csv")
    dropped = rows_to_drop(cells, [4], ["id", "SMILES"])
    assert dropped == [DroppedRow(row=4, has={"id": "c", "SMILES": "*CCCCO*"})]
    table = check_mended(cells, Mending(dropped=tuple(dropped)))
    assert table.rows.tolist() == [2, 3, 5]


def test_a_table_in_long_format_is_mended_as_the_report_shows_it():
    text = b"SMILES,property,value\n*CC*,Tg,10\n*CC*,Strength,-5\n*CCCO*,Tg,20\n*CCCO*,Strength,6\n"
    change = CellChange(row=2, column="Strength", old="-5", new="5")
    table = mended_table(text, Mending(long="property=value", changed=(change,)), "mine.csv")
    assert table.labels.tolist() == [[10, 5], [20, 6]]


LAUGHS = b"version: 1\na: &a [x, x]\n" + b"".join(
    b"%c: &%c [*%c, *%c]\n" % (98 + n, 98 + n, 97 + n, 97 + n) for n in range(20)
)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"- 1",
        b"just words",
        b"version: 2",
        b"version: 1\nunknown: 3",
        b"version: 1\nchanged: [{row: x, column: Tg}]",
        b"version: 1\nchanged: [{row: 1, column: Tg, new: 3}]",
        b"version: 1\nchanged: [{row: 1e400, column: Tg}]",
        b"version: 1\nchanged: {}",
        b"version: 1\nunits: {Tg: .nan}",
        b"version: 1\nreplicates: drop",
        b"version: 1\nsmiles: " + b"C" * 6000,
        b"version: 1\ndropped: [" + b"{row: 1}," * 30_000 + b"]",
        b"version: 1\nsheets: !!python/object/apply:os.system ['true']",
        b"version: 1\nsheets: !!binary aGVsbG8=",
        b"version: 1\nrow: " + b"9" * 5000,
        b"version: 1\nx: " + b"[" * 2000,
        b"version: 1\nx: " + b"[" * 900 + b"]" * 900,
        b"version: 1\n? {a: 1}\n: 2",
        b"version: 1\n1: 2\n",
        b"version: 1\nsmiles: a\n--- \nversion: 1",
        b"\xff\xfe",
        b"a: \0",
        b"version: 1\nid: \xed\xa0\x80",
        LAUGHS,
        b" " * (MAX_BYTES + 1),
    ],
)
def test_a_hostile_file_of_mends_is_refused_in_words(text):
    with pytest.raises(UserError):
        parse_mending(text, "mends.yaml")


@pytest.mark.parametrize("name", ["", "nothing.yaml"])
def test_a_file_of_mends_that_is_none_is_refused(tmp_path, name):
    with pytest.raises(UserError):
        read_mending(tmp_path / name)
