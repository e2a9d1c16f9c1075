"""Tables of compositions that are mended, turned from the long format, or split by source."""

from engine.table import check_table, guess_columns, read_table, split_columns
from engine.table.fixing import left_to_people, mended_frame
from engine.table.long_format import find_long_format, pivoted
from engine.table.mended import check_mended
from engine.table.mending import Mending, mending_sentences
from engine.table.mending_file import parse_mending, written_mending
from tests.table.tables import GOOD, TWO, checked, raw_of


def test_counter_ions_are_left_out_of_each_unit() -> None:
    raw = raw_of("smiles_A,smiles_B,frac_A,Tg", "*CC*,*CO*.[Na+],0.5,1", "*CC*,*CN*,0.5,1")
    assert len(check_mended(raw, Mending()).canonical) == 1
    mended = check_mended(raw, Mending(fragments="leave-out"))
    assert mended.canonical[0] == "*CC*|*CO*|0.5|0.5"
    one = raw_of("SMILES,Tg", "*CC*|*CO*.[Na+]|0.5|0.5,1")
    assert check_mended(one, Mending(fragments="leave-out")).canonical == mended.canonical[:1]


def test_a_mending_keeps_the_columns_of_compositions() -> None:
    raw = raw_of(TWO.replace("smiles", "unit"), *GOOD, "*CN*,*CO*,0.5,,b,30")
    (mending,) = check_mended(raw, Mending(basis="weight")).mendings
    assert (mending.smiles, mending.further_units) == ("unit_A", ("unit_B",))
    assert mending.fractions == ("frac_A", "frac_B")
    assert (mending.basis, mending.architecture) == ("weight", "architecture")
    again = parse_mending(written_mending(mending).encode(), "mine.yaml")
    assert again == mending
    assert (
        check_mended(raw, again).canonical == check_mended(raw, Mending(basis="weight")).canonical
    )
    words = mending_sentences(mending)
    assert "Their fractions are in frac_A, frac_B." in words
    assert "Fractions are weight fractions." in words
    other = mending.of_columns(["SMILES", "Tg"])
    assert (other.smiles, other.further_units, other.fractions) == (None, None, None)
    plain = raw_of("SMILES,Tg", "*CC*,1")
    (unsaid,) = check_mended(plain, Mending()).mendings
    assert "further_units" not in written_mending(unsaid)


def test_a_mended_table_is_read_as_the_same() -> None:
    raw = raw_of(TWO, *GOOD, "[R1]CN[R2],*CO*,50,50,b,30", "*CC*,,1,,,40", "*CC*,*CO*,0.5,0.3,,1")
    table = check_mended(raw, Mending())
    frame, left_out = mended_frame(table)
    assert not left_out
    assert frame["smiles_A"].tolist() == ["*CC*", "*CCO*", "*CN*", "*CC*"]
    written = check_table(read_table(frame.to_csv(index=False).encode(), "written.csv"))
    assert written.canonical == table.canonical
    assert left_to_people(written, table) == []
    said = guess_columns(raw, smiles="smiles_B", units=["smiles_A"], fractions=["frac_B"])
    words = left_to_people(written, check_table(raw, said))
    assert "`--unit-columns smiles_B,smiles_A --fraction-columns frac_B" in words[0]


def test_a_mended_table_tells_how_its_weights_are_read() -> None:
    raw = raw_of(TWO, *GOOD)
    table = check_mended(raw, Mending(basis="weight"))
    frame, _ = mended_frame(table)
    written = check_table(read_table(frame.to_csv(index=False).encode(), "written.csv"))
    assert "--fractions weight" in left_to_people(written, table)[0]


def test_fractions_alone_may_be_said() -> None:
    raw = raw_of("unit_a,unit_b,amounts,others,Tg", "*CC*,*CO*,2,6,1", "*CC*,*CN*,1,1,1")
    columns = guess_columns(raw, fractions=["amounts", "others"])
    assert columns.structures == ("unit_a", "unit_b")
    assert check_table(raw, columns).canonical == ["*CC*|*CO*|0.25|0.75", "*CC*|*CN*|0.5|0.5"]
    assert guess_columns(raw).units == ()


def test_a_long_table_of_compositions_gets_a_row_for_each_of_them() -> None:
    rows = ["*CC*,*CO*,0.5,Tg,1", "*CC*,*CO*,0.5,Density,2", "*CC*,*CO*,0.25,Tg,3"]
    raw = raw_of("smiles_A,smiles_B,frac_A,property,value", *rows)
    wide = pivoted(raw, find_long_format(raw), guess_columns(raw))
    table = check_table(wide)
    assert table.canonical == ["*CC*|*CO*|0.5|0.5", "*CC*|*CO*|0.25|0.75"]


def test_columns_of_a_source_keep_the_compositions() -> None:
    table = checked("smiles_A,smiles_B,frac_A,Tg,Tg_md", "*CC*,*CO*,0.5,1,2", "*CC*,*CN*,0.5,1,2")
    own, other = split_columns(table, {"Tg_md": ("md", "Tg")})
    assert own.canonical == other.canonical == table.canonical
