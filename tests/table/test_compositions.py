"""Tables whose rows are compositions of several repeat units."""

from pathlib import Path

import numpy as np
import pytest

from engine.base.errors import UserError
from engine.chem.smiles import canonical
from engine.table import Columns, check_table, guess_columns, read_table
from engine.table.mended import check_mended
from engine.table.mending import Mending
from tests.table.tables import GOOD, TWO, checked, finding, kinds, raw_of

COPOLYMERS = Path(__file__).parents[3] / "shared/data/open/copolymers.csv"
THREE = "smiles_1,smiles_2,smiles_3,frac_1,frac_2,frac_3,Tg"


def reason(header: str, *rows: str) -> str:
    """Why the last of some rows is excluded; the others are kept."""
    table = checked(header, *rows)
    assert table.excluded["row"].tolist() == [len(rows) + 1], table.excluded["reason"].tolist()
    message = next(f.message for f in table.report.findings if f.severity == "excluded")
    assert f"row {len(rows) + 1}" in message
    return str(table.excluded["reason"].iloc[0])


def test_rows_of_several_units_have_one_text() -> None:
    table = checked(TWO, *GOOD)
    assert table.report.columns == Columns(
        smiles="smiles_A",
        properties=("Tg",),
        units=("smiles_B",),
        fractions=("frac_A", "frac_B"),
        architecture="architecture",
    )
    assert table.smiles == ["*CC(*)C|*CC*|0.7|0.3|random", "*CC(*)C|*CCO*|0.5|0.5|block"]
    assert table.canonical == [canonical(text) for text in table.smiles]
    assert "units in “smiles_A” and “smiles_B”" in finding(table, "compositions").message
    assert "ignored_columns" not in kinds(table)
    assert table.raw.column_names == TWO.split(",")


@pytest.mark.parametrize(
    ("header", "units", "fractions"),
    [
        ("SMILES1,SMILES2,ratio1,ratio2", "SMILES1,SMILES2", "ratio1,ratio2"),
        ("monomer_1,monomer_2,x1,x2", "monomer_1,monomer_2", "x1,x2"),
        ("psmiles_a,psmiles_b,x_a,x_b", "psmiles_a,psmiles_b", "x_a,x_b"),
        ("monomer A SMILES,monomer B SMILES,rA,rB", "monomer A SMILES,monomer B SMILES", "rA,rB"),
        ("unit_1,unit_2,fraction_1,fraction_2", "unit_1,unit_2", "fraction_1,fraction_2"),
        ("SMILES_A,SMILES_B,mol_frac_A,mol_frac_B", "SMILES_A,SMILES_B", "mol_frac_A,mol_frac_B"),
        ("smilesA,smilesB,fracA,fracB", "smilesA,smilesB", "fracA,fracB"),
        ("unit 0,unit 1,w 0,w 1", "unit 0,unit 1", "w 0,w 1"),
        ("smiles_1,smiles_2,wt_A,wt_B", "smiles_1,smiles_2", "wt_A,wt_B"),
        ("smiles_1,smiles_2,A (mol%),B (mol%)", "smiles_1,smiles_2", "A (mol%),B (mol%)"),
        ("smiles_A,smiles_B,%A,%B", "smiles_A,smiles_B", "%A,%B"),
        ("smiles_a,smiles_b,f_a,f_b", "smiles_a,smiles_b", "f_a,f_b"),
        ("PSMILES_1,PSMILES_2,Fraction of 1", "PSMILES_1,PSMILES_2", "Fraction of 1"),
    ],
)
def test_columns_are_known_by_their_names(header: str, units: str, fractions: str) -> None:
    numbers = "0.3,0.7" if fractions.count(",") else "0.3"
    columns = guess_columns(raw_of(f"{header},Tg", f"*CC*,*CC(*)C,{numbers},10"))
    assert columns.structures == tuple(units.split(","))
    assert columns.fractions == tuple(fractions.split(","))
    assert columns.properties == ("Tg",)
    assert columns.basis == ("weight" if "w" in fractions else "mole")


@pytest.mark.parametrize(
    ("header", "cells", "shares"),
    [
        ("frac_A", "0.25", "0.25|0.75"),
        ("x", "0.25", "0.25|0.75"),
        ("mol%", "25", "0.25|0.75"),
        ("mol%", "0.5", "0.005|0.995"),
        ("frac_A (mol%)", "0.5", "0.005|0.995"),
        ("ratio", "25", "0.25|0.75"),
        ("frac_A,frac_B", "25,75", "0.25|0.75"),
        ("frac_A,frac_B", "1,3", "0.25|0.75"),
        ("frac_A,frac_B", "25 %,75 %", "0.25|0.75"),
        ("frac_A,frac_B", "0.25,", "0.25|0.75"),
        ("frac_A,frac_B", ",0.75", "0.25|0.75"),
        ("frac_B", "0.75", "0.25|0.75"),
    ],
)
def test_fractions_are_shares_percentages_or_parts(header: str, cells: str, shares: str) -> None:
    table = checked(f"smiles_A,smiles_B,{header},Tg", f"*CC*,*CO*,{cells},10")
    assert table.canonical == [f"*CC*|*CO*|{shares}"]


@pytest.mark.parametrize(
    ("header", "cells"),
    [("r1,r2", "0.3,12"), ("mass_A,mass_B", "104.1,68.1"), ("x", "300"), ("Tg_A,Tg_B", "0.3,0.7")],
)
def test_other_numbers_of_two_units_are_no_fractions(header: str, cells: str) -> None:
    columns = guess_columns(raw_of(f"smiles_A,smiles_B,{header},Tg", f"*CC*,*CO*,{cells},10"))
    assert columns.structures == ("smiles_A",)


def test_a_comonomers_fraction_is_of_the_second_unit() -> None:
    table = checked("smiles_A,smiles_B,comonomer fraction,Tg", "*CC*,*CO*,0.25,10")
    assert table.canonical == ["*CC*|*CO*|0.75|0.25"]


def test_a_column_of_whole_polymers_goes_before_their_parts() -> None:
    columns = guess_columns(raw_of("SMILES,unit_1,unit_2,frac_1,Tg", "*CCO*,*CC*,*CO*,0.5,10"))
    assert columns == Columns(smiles="SMILES", properties=("Tg",))


def test_weight_fractions_become_mole_fractions() -> None:
    table = checked("smiles_A,smiles_B,wt%_A,Tg", "*CC*,*CC(*)c1ccccc1,50,10")
    assert table.report.columns.basis == "weight"
    moles = np.array([50 / 104.152, 50 / 28.054])
    shares = [float(word) for word in table.canonical[0].split("|")[2:]]
    assert shares == pytest.approx(moles / moles.sum(), abs=1e-5)
    assert "turned into mole fractions" in finding(table, "weight_fractions").message
    raw = raw_of("smiles_A,smiles_B,frac_A,Tg", "*CC*,*CC(*)c1ccccc1,0.5,10")
    said = check_table(raw, guess_columns(raw, basis="weight"))
    assert said.canonical == table.canonical


def test_a_row_with_one_unit_is_a_homopolymer() -> None:
    rows = ["*CC*,,,,,1", "*CC*,,1,,,2", "*CC*,,100,,block,3", "*CC*,,,0,,4", "*CC*,,1,0,,5"]
    table = checked(TWO, *GOOD, *rows, "*CC*,*CO*,1,0,,6", ",*CC*,,1,,7")
    assert table.canonical[2:] == ["*CC*"] * 7
    assert not len(table.excluded)


def test_an_alternating_row_needs_no_fractions() -> None:
    table = checked(TWO, *GOOD, "*CC*,*CO*,,,alt,1")
    assert table.canonical[-1] == "*CC*|*CO*|0.5|0.5|alternating"


@pytest.mark.parametrize("heads", ["wt%_A,wt%_B", "A (g),B (mg)", "frac_A,frac_B"])
def test_the_equal_parts_of_an_alternating_row_are_moles(heads: str) -> None:
    pair = "*CC(*)c1ccccc1,*CC(*)Cl"
    table = checked(f"smiles_A,smiles_B,{heads},architecture,Tg", f"{pair},,,alternating,1")
    assert table.canonical == ["*CC(*)Cl|*CC(*)c1ccccc1|0.5|0.5|alternating"]


def test_a_unit_given_twice_is_merged_with_a_note() -> None:
    table = checked(THREE, "*CC*,C(*)C*,*CO*,0.25,0.25,0.5,1")
    assert table.canonical == ["*CC*|*CO*|0.5|0.5"]
    assert finding(table, "merged_units").rows == [2]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("*CC*,*CO*,half,0.5,,1", "“half” in “frac_A” is no fraction"),
        ("*CC*,*CO*,-0.2,1.2,,1", "“frac_A” has -0.2, less than 0"),
        ("*CC*,*CO*,1.2,,,1", "“frac_A” has 1.2, more than 1"),
        ("*CC*,*CO*,0.5,0.3,,1", "“frac_A” and “frac_B”: fractions add up to 0.8, not to 1"),
        ("*CC*,*CO*,50,30,,1", "more than 1"),
        ("*CC*,*CO*,,,random,1", "no fraction in “frac_A” and “frac_B” for 2 repeat units"),
        ("*CC*,,0.6,0.4,,1", "“frac_B” has 0.4, and “smiles_B” no repeat unit for it"),
        ("*CC*,,0.6,,,1", "“frac_A” has 0.6, and no other repeat unit has the rest"),
        ("*CC*,,0,,,1", "“frac_A” has 0, and no other repeat unit has the rest"),
        (",*CC*,,0 %,,1", "“frac_B” has 0 %, and no other repeat unit has the rest"),
        ("*CC*,*CO*,0.5,0.5,zigzag,1", "“architecture”: “zigzag” is no architecture"),
        ("*CC*,CCO,0.5,0.5,,1", "“CCO” in “smiles_B”: it has no `*`"),
        ("*CC*,CCO,1,0,,1", "“CCO” in “smiles_B” is no repeat unit"),
        ("*CC*,xyz((,1,,,1", "“xyz((” in “smiles_B” is no repeat unit"),
        ("*CC*,*C(O*,0.5,0.5,,1", "“*C(O*” in “smiles_B”: "),
        ("*CC*,*CO*.[Na+],0.5,0.5,,1", "“*CO*.[Na+]” in “smiles_B”: [Na+] is no part"),
        ("*CC*|*CO*|0.5|0.5,*CN*,0.5,0.5,,1", "“smiles_A” holds a composition itself"),
        (",,0.5,0.5,,1", "the SMILES is empty"),
    ],
)
def test_a_malformed_row_is_excluded_with_its_reason(row: str, words: str) -> None:
    assert words in reason(TWO, *GOOD, row)


def test_a_malformed_row_of_three_units_says_what_is_missing() -> None:
    good = "*CC*,*CO*,*CN*,0.2,0.3,0.5,1"
    words = reason(THREE, good, good.replace("*CN*", "*CS*"), "*CC*,*CO*,*CN*,0.2,,,1")
    assert words.startswith("1 fraction in “frac_1”, “frac_2” and “frac_3” for 3 repeat units")
    assert "no repeat unit for it" in reason(THREE, good, "*CC*,*CO*,,0.2,0.3,0.5,1")


def test_a_weight_of_a_unit_without_mass_is_excluded() -> None:
    header = "smiles_A,smiles_B,wt_A,wt_B,Tg"
    words = reason(header, "*CC*,*CO*,0.5,0.5,1", "*CC*,*Xx*,0.5,0.5,1")
    assert words.startswith("“*Xx*” in “smiles_B”: ")


def test_parts_are_told_from_fractions_by_the_whole_table() -> None:
    header, shares = "smiles_A,smiles_B,frac_A,frac_B,Tg", ["0.2,0.8", "0.4,0.6", "0.5,0.5"]
    rows = [f"*CC*,*C{'C' * i}O*,{each},1" for i, each in enumerate(shares)]
    assert "not to 1" in reason(header, *rows, "*CC*,*CO*,1,1,1")
    parts = checked(header, *[row.replace("0.", "") for row in rows], "*CC*,*CO*,1,1,1")
    assert parts.canonical[-1] == "*CC*|*CO*|0.5|0.5"


def test_a_salt_is_no_unit_and_its_amount_no_fraction() -> None:
    header = "smiles_A,smiles_B,smiles_C,frac_A,frac_B,frac_C,Tg"
    table = checked(header, "*CC*,*CCO*,[Li]Cl,0.4,0.4,0.2,1", "*CC*,*CO*,[Na]Cl,0.2,0.6,0.2,2")
    assert table.canonical == ["*CC*|*CCO*|0.5|0.5", "*CC*|*CO*|0.25|0.75"]
    assert table.report.columns.structures == ("smiles_A", "smiles_B")
    assert table.report.columns.fractions == ("frac_A", "frac_B")
    assert "smiles_C" in finding(table, "second_unit_columns").message
    assert "frac_C" in finding(table, "composition_columns").message
    raw = table.raw
    wanted = guess_columns(raw, conditions=["smiles_C", "frac_C"])
    with_salt = check_table(raw, wanted)
    assert [each.kind for each in with_salt.conditions] == ["structure", "number"]


def test_the_amount_of_a_salt_is_no_property_of_a_copolymer() -> None:
    table = checked("smiles_A,smiles_B,frac_A,salt,frac_salt,EA", "*CC*,*CO*,0.5,[Li]Cl,0.1,1")
    assert table.report.columns.properties == ("EA",)
    assert "frac_salt" in finding(table, "composition_columns").message
    plain = checked("SMILES,salt,frac_salt,EA", "*CC*,[Li]Cl,0.1,1")
    assert plain.report.columns.properties == ("frac_salt", "EA")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"units": ("no",)}, "no column “no”"),
        ({"fractions": ("frac_A", "frac_B", "Tg")}, "3 columns of fractions for 2 of repeat"),
        ({"smiles": "smiles_A", "fractions": ("frac_A",)}, "only “smiles_A” holds some"),
        ({"fractions": ("frac_A", "frac_A")}, "used twice"),
    ],
)
def test_columns_that_do_not_fit_together_are_refused(said: dict, words: str) -> None:
    raw = raw_of(TWO, *GOOD)
    said = {"smiles": "smiles_A"} | said if "units" in said else said
    with pytest.raises(UserError, match=words):
        guess_columns(raw, **said)


def test_a_row_of_seven_units_is_excluded() -> None:
    units = [f"*{'C' * i}O*" for i in range(1, 8)]
    heads = [f"smiles_{i}" for i in range(1, 8)] + [f"frac_{i}" for i in range(1, 8)]
    few = [*units[:2], *[""] * 5, "0.5", "0.5", *[""] * 5, "1"]
    many = [*units, *["0.143"] * 7, "2"]
    words = reason(",".join([*heads, "Tg"]), ",".join(few), ",".join(many))
    assert "7 different repeat units; the most that is read is 6" in words
    names = [f"part{i}" for i in range(13)]
    raw = raw_of(",".join([*names, "Tg"]), ",".join(["*CC*"] * 13) + ",1")
    with pytest.raises(UserError, match="at most 12"):
        guess_columns(raw, smiles="part0", units=names[1:])


def test_a_table_of_homopolymers_is_read_as_before() -> None:
    raw = raw_of("id,SMILES,Tg,ratio,monomer_1", "1,*CC*,20,3,C=C", "2,[R1]CC(C)[R2],30,200,C=CC")
    table = check_table(raw)
    assert table.report.columns == Columns(smiles="SMILES", id="id", properties=("Tg", "ratio"))
    assert table.smiles == ["*CC*", "[R1]CC(C)[R2]"]
    assert table.canonical == ["*CC*", "*CC(*)C"]
    assert "compositions" not in kinds(table)
    stored = '{"smiles":"SMILES","id":"id","properties":["Tg","ratio"],"scales":{},"conditions":[]}'
    assert Columns.model_validate_json(stored) == table.report.columns


@pytest.mark.skipif(not COPOLYMERS.exists(), reason="copolymers.csv is not in ../shared/data/open")
def test_the_published_copolymers_are_read_whole() -> None:
    table = check_table(read_table(COPOLYMERS))
    assert [property_.name for property_ in table.properties] == ["EA", "IP"]
    assert len(table.canonical) == 6300
    assert not len(table.excluded)
    assert np.isfinite(table.labels).all()


_WD_MPNN = "[*:1]CC[*:2].[*:3]CO[*:4]|0.5|0.5|<1-3:0.5:0.5<2-4:0.5:0.5"


@pytest.mark.parametrize(
    ("text", "separator", "column", "form"),
    [
        ("SMILES,Tg\n{},1\n", ",", "SMILES", "*CC*|*CO*|0.5|0.5|random"),
        ("polymer;Tg\n{};1,5\n", ";", "polymer", "*CC*|*CO*|0.5|0.5|random"),
        ("composition\tTg\n{}\t1\n", "\t", "composition", "*CC*|*CO*|0.5|0.5|random"),
        ("SMILES\n{}\n", ",", "SMILES", "*CC*|*CO*|0.5|0.5|random"),
        ("{}\n", None, "SMILES", "*CC*|*CO*|0.5|0.5|random"),
        (
            f"poly_chemprop_input,EA vs SHE (eV)\n{_WD_MPNN},1\n",
            ",",
            "poly_chemprop_input",
            "*CC*|*CO*|0.5|0.5|alternating",
        ),
        (
            'BigSMILES,Tg\n"{{[$]CC[$],[$]CO[$]}}|0.5|0.5",1\n',
            ",",
            "BigSMILES",
            "*CC*|*CO*|0.5|0.5|random",
        ),
    ],
)
def test_compositions_in_one_column(text, separator, column, form) -> None:
    data = text.format("*CC*|*CO*|0.5|0.5|random").encode()
    table = check_table(read_table(data, "mine.csv"))
    assert table.report.reading.separator == separator
    assert table.report.columns.smiles == column
    assert table.canonical == [form]
    assert f"compositions in “{column}”" in finding(table, "compositions").message


def test_a_bar_may_still_separate_cells() -> None:
    table = checked("smiles_A|smiles_B|frac_A|Tg", "*CC*|*CO*|0.5|1")
    assert table.report.reading.separator == "|"
    assert table.canonical == ["*CC*|*CO*|0.5|0.5"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("*CC*|*CO*|0.5|0.3", "add up to 0.8, not to 1"),
        ("*CC*|CCO|0.5|0.5", "its unit “CCO” has no `*`"),
        ("*CC*|*CO*.[Na+]|0.5|0.5", "[Na+] is no part"),
        ("*CC*|*CO*|0.5|0.5|zigzag", "“zigzag” is no architecture"),
    ],
)
def test_a_malformed_text_is_excluded_with_its_reason(text: str, words: str) -> None:
    assert words in reason("SMILES,Tg", "*CC*|*CO*|0.5|0.5,1", f"{text},2")


def test_each_unit_of_a_composition_is_checked() -> None:
    table = checked("SMILES,Tg", "*CC*|*=CC=*|*CC(*)*|0.2|0.3|0.5,1", "*CC*|*=CC*|0.5|0.5,2")
    assert finding(table, "attachment_points").rows == [2]
    assert finding(table, "unjoinable").rows == [3]
    raw = raw_of("smiles_A,smiles_B,frac_A,Tg", "[Ce]CC[Th],[Ce]CO[Th],0.5,1")
    assert "chain_ends" in kinds(check_table(raw))
    mended = check_mended(raw, Mending(chain_ends=("Ce", "Th")))
    assert mended.canonical == ["*CC*|*CO*|0.5|0.5"]


def test_units_may_be_in_any_notation() -> None:
    table = checked("smiles_A,smiles_B,frac_A,Tg", "[R1]CC[R2],{[$]CO[$]},0.5,1")
    assert table.canonical == ["*CC*|*CO*|0.5|0.5"]


@pytest.mark.parametrize("other", ["wt%", "wt_frac_", "wf_", "w"])
def test_fractions_that_are_given_twice_are_no_properties(other: str) -> None:
    head = f"smiles_A,smiles_B,mol%_A,mol%_B,{other}A,{other}B,Tg\n"
    rows = "".join(
        f"*CC*,*CC(*)C,{x},{100 - x},{x + 5 if '%' in other else (x + 5) / 100},"
        f"{95 - x if '%' in other else (95 - x) / 100},{x}\n"
        for x in range(10, 90, 4)
    )
    columns = guess_columns(read_table((head + rows).encode(), "t.csv"))
    assert columns.fractions == ("mol%_A", "mol%_B")
    assert columns.properties == ("Tg",)


def test_a_lone_ratio_that_may_be_parts_is_asked_about() -> None:
    rows = "".join(f"*CC*,*CC(*)C,{x},{x}\n" for x in (0.5, 1, 2, 3))
    raw = read_table(("smiles_A,smiles_B,ratio,Tg\n" + rows).encode(), "t.csv")
    with pytest.raises(UserError, match="“ratio” holds numbers such as 3, which may be parts"):
        guess_columns(raw)
    assert guess_columns(raw, fractions=("ratio",)).fractions == ("ratio",)


@pytest.mark.parametrize(
    "fractions", [("frac_B",), ("frac_B", "frac_A"), ("frac_A", "frac_B"), ("frac_A",)]
)
def test_said_fractions_are_of_the_units_that_their_names_say(fractions: tuple[str, ...]) -> None:
    raw = raw_of("smiles_A,smiles_B,frac_A,frac_B,Tg", "*CC*,*CO*,0.1,0.9,1", "*CC*,*CO*,0.2,0.8,2")
    table = check_table(raw, guess_columns(raw, fractions=fractions))
    assert table.canonical[0] == "*CC*|*CO*|0.1|0.9"


def test_parts_have_no_rest() -> None:
    raw = raw_of("smiles_A,smiles_B,parts_A,parts_B,Tg", *["*CC*,*CO*,3,1,1"] * 4, "*CC*,*CO*,2,,1")
    table = check_table(raw)
    assert len(table.canonical) == 4
    assert "parts have no rest" in table.excluded["reason"].iloc[0]


def test_a_share_by_its_sign_alone_is_a_fraction() -> None:
    columns = guess_columns(
        raw_of("monomer 1,monomer 2,monomer 1 (wt%),Tg", *["*CC*,*CO*,30,1", "*CC*,*CO*,70,2"] * 3)
    )
    assert columns.fractions == ("monomer 1 (wt%)",)
    assert (columns.basis, columns.properties) == ("weight", ("Tg",))


def test_units_that_are_not_read_are_a_thing_to_mend() -> None:
    table = checked("monomer 1,monomer 2,Tg", "*CC*,*CO*,1", "*CC*,*CC(*)C,2")
    assert "copolymers would be learned as homopolymers" in finding(table, "units_not_seen").message
    assert finding(table, "units_not_seen").severity == "error"
