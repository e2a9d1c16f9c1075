"""Tables whose compositions are texts in one column, with other columns that say more of them."""

from pathlib import Path

import pandas as pd
import pytest

from engine.api.inputs import smiles_list
from engine.base.errors import UserError
from engine.chem.smiles import canonical
from engine.table import check_table, guess_columns
from engine.table.compositions import texts_to_predict
from engine.table.fixing import mended_frame, unit_words
from engine.table.mended import mended_table, with_learned_columns
from engine.table.mending import Mending
from engine.table.named_units import columns_of_units_or_names
from tests.table.tables import checked, finding, kinds, raw_of

HEAD = "SMILES,architecture,Tg"
STYRENE = "*CC(*)c1ccccc1"


def _reason(table) -> str:
    (reason,) = table.excluded["reason"]
    return str(reason)


@pytest.mark.parametrize(
    ("row", "form"),
    [
        ("*CC*|*CO*|0.25|0.75,block", "*CC*|*CO*|0.25|0.75|block"),
        ("*CC*|*CO*|0.25|0.75,Statistical copolymer", "*CC*|*CO*|0.25|0.75|random"),
        ("*CC*|*CO*|0.25,block", "*CC*|*CO*|0.25|0.75|block"),
        ("*CC*|*CO*|0.25|0.75|block,block", "*CC*|*CO*|0.25|0.75|block"),
        ("*CC*|*CO*|0.25|0.75|block,unknown", "*CC*|*CO*|0.25|0.75|block"),
        ("*CC*|*CO*|0.25|0.75|block,", "*CC*|*CO*|0.25|0.75|block"),
        ("*CC*|*CO*|0.25|0.75,", "*CC*|*CO*|0.25|0.75"),
        ("*CC*|*CO*|1|0,homopolymer", "*CC*"),
        ("*CC*,homopolymer", "*CC*"),
        ("*CC*,random", "*CC*"),
    ],
)
def test_a_column_says_the_architecture_of_texts(row: str, form: str) -> None:
    table = checked(HEAD, "*CC*|*CCO*|0.5|0.5,graft,1", f"{row},2")
    assert table.report.columns.architecture == "architecture"
    assert table.canonical == ["*CC*|*CCO*|0.5|0.5|graft", form]
    assert "the architecture in “architecture”" in finding(table, "compositions").message
    assert "ignored_columns" not in kinds(table)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("*CC*|*CO*|0.25|0.75|block,random", "“architecture”: it says random, and the"),
        ("*CC*|*CO*|0.25|0.75,zigzag", "“architecture”: “zigzag” is no architecture"),
        ("*CC*|*CO*|0.25|0.75,homopolymer", "is said of 2 different repeat units"),
        ("*CC*|*CO*|0.25|0.75|homopolymer,", "is said of 2 different repeat units"),
        ("*CC*|*CO*|0.25|0.35,random", "add up to 0.6, not to 1"),
        ("*CC*|CCO|0.25|0.75,random", "“CCO” has no `*`"),
    ],
)
def test_what_a_text_and_its_column_say_has_to_fit(row: str, words: str) -> None:
    table = checked(HEAD, "*CC*|*CCO*|0.5|0.5,graft,1", f"{row},2")
    assert words in _reason(table)
    assert table.excluded["row"].tolist() == [3]


def test_a_homopolymer_has_one_unit_in_columns_too() -> None:
    head = "smiles_A,smiles_B,frac_A,architecture,Tg"
    good = ["*CC*,,1,homopolymer,1", "*CC*,C(*)C*,0.5,homopolymer,2", "*CC*,*CO*,1,homo,3"]
    table = checked(head, *good, "*CC*,*CO*,0.5,random,4", "*CC*,*CO*,0.5,homopolymer,5")
    assert table.canonical == ["*CC*"] * 3 + ["*CC*|*CO*|0.5|0.5|random"]
    assert "“architecture”: “homopolymer” is said of 2 different" in _reason(table)


def test_a_table_of_homopolymers_has_no_architecture() -> None:
    table = checked(HEAD, "*CC*,random,1", "*CO*,block,2")
    assert table.report.columns.architecture is None
    assert "architecture" in finding(table, "ignored_columns").message
    with pytest.raises(UserError, match="only “SMILES” holds some"):
        guess_columns(table.raw, architecture="architecture")


WEIGHTS = f"*CC*|{STYRENE}|0.5|0.5"


@pytest.mark.parametrize("words", ["wt%", "weight", "by mass", "Weight fraction", "w/w"])
def test_a_column_says_that_fractions_are_by_weight(words: str) -> None:
    table = checked("SMILES,basis,Tg", f"{WEIGHTS},{words},1")
    assert table.report.columns.basis == "weight"
    shares = [float(share) for share in table.canonical[0].split("|")[2:]]
    assert sorted(shares) == pytest.approx([28.054 / 132.206, 104.152 / 132.206], abs=1e-4)
    assert "turned into mole fractions" in finding(table, "weight_fractions").message
    assert "ignored_columns" not in kinds(table)
    columns = checked("smiles_A,smiles_B,frac_A,basis,Tg", f"*CC*,{STYRENE},0.5,{words},1")
    assert columns.canonical == table.canonical
    said = check_table(table.raw, guess_columns(table.raw, basis="mole"))
    assert said.canonical == [canonical(WEIGHTS)]


def test_a_column_of_both_bases_is_refused_with_the_mend() -> None:
    rows = [f"{WEIGHTS},weight,1", f"{WEIGHTS},mol%,2"]
    raw = raw_of("SMILES,basis,Tg", *rows)
    with pytest.raises(UserError, match="“basis” says both mole and weight"):
        guess_columns(raw)
    assert guess_columns(raw, basis="mole").basis == "mole"
    raw = raw_of("smiles_A,smiles_B,wt%_A,basis,Tg", f"*CC*,{STYRENE},50,mol%,1")
    with pytest.raises(UserError, match="says mole beside “wt%_A”"):
        guess_columns(raw)
    other = checked("SMILES,basis,Tg", f"{WEIGHTS},B3LYP,1")
    assert other.report.columns.basis == "mole"


def test_a_unit_that_cannot_be_weighed_is_named() -> None:
    table = checked("SMILES,basis,Tg", f"{WEIGHTS},weight,1", "*CC*|*C(|0.5|0.5,weight,2")
    assert "its unit “*C(”: " in _reason(table)


def test_the_mended_table_is_read_as_the_same(tmp_path: Path) -> None:
    rows = [f"{WEIGHTS},random,wt%,1", f"{WEIGHTS}|block,,wt%,2", "*CC*,,wt%,3"]
    table = checked("SMILES,architecture,basis,Tg", *rows)
    frame, left_out = mended_frame(table)
    path = tmp_path / "mended.csv"
    frame.to_csv(path, index=False)
    again = mended_table(path, Mending())
    assert again.canonical == table.canonical
    assert not left_out
    words = " ".join(unit_words(table.report.columns))
    assert words == "--smiles-column SMILES --architecture-column architecture --fractions weight"


def test_what_a_model_learned_from_is_read_alike() -> None:
    raw = raw_of("SMILES,note,Tg", "*CC*|*CO*|0.5|0.5,block,1", "*CC*,,2")
    columns = guess_columns(raw, smiles="SMILES", architecture="note")
    learned = columns.of_polymer
    assert learned is not None
    read, _ = columns_of_units_or_names(raw, learned=learned)
    assert read.architecture == "note"
    assert with_learned_columns(Mending(), raw, learned).architecture == "note"
    single = raw_of("SMILES,note,Tg", "*CC*,block,1")
    assert columns_of_units_or_names(single, learned=learned)[0].architecture is None
    assert with_learned_columns(Mending(), single, learned) == Mending()


def test_they_are_read_in_predictions_and_data_frames() -> None:
    raw = raw_of(HEAD, "*CC*|*CO*|0.5|0.5,block,1", "*CC*|*CO*|0.5|0.5|block,alt,2", ",alt,3")
    read = texts_to_predict(raw, guess_columns(raw))
    assert read.texts == ["*CC*|*CO*|0.5|0.5|block", "", ""]
    assert "it says alternating" in read.problems[1]
    assert read.shown[:2] == ["*CC*|*CO*|0.5|0.5", "*CC*|*CO*|0.5|0.5|block"]
    frame = pd.DataFrame({"SMILES": ["*CC*|*CO*|0.5|0.5", "*CC*"], "architecture": ["alt", None]})
    assert smiles_list(frame) == ["*CC*|*CO*|0.5|0.5|alternating", "*CC*"]
