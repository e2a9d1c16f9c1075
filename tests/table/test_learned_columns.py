"""Files beside what a model remembers of its training table's columns."""

import pytest

from engine.base.errors import UserError
from engine.chem.smiles import canonical
from engine.settings.polymer_columns import NOTHING_SAID, PolymerColumns, SaidUnits
from engine.table import guess_columns
from engine.table.compositions import texts_to_predict
from engine.table.mended import check_mended, with_learned_columns
from engine.table.mending import Mending
from engine.table.named_units import columns_of_units_or_names
from tests.table.tables import raw_of

A, B, C = "*CC*", "*CC(*)c1ccccc1", "*CC(*)Cl"
HEAD = "smiles_A,smiles_B,frac_A,frac_B,architecture"
ROWS = [f"{B},{C},0.5,0.5,random,1", f"{B},{A},0.25,0.75,block,2"]
BY_WEIGHT = "0.212199|0.787801"
"""What equal weights of styrene and ethylene are in moles."""


def learned_of(header: str, *rows: str, **said: object) -> PolymerColumns:
    """What a model remembers of a table."""
    learned = guess_columns(raw_of(header, *rows), **said).of_polymer
    assert learned is not None
    return learned


BINARY = learned_of(f"{HEAD},Tg", *ROWS)


def read(
    learned: PolymerColumns, header: str, row: str, said: SaidUnits = NOTHING_SAID, **words: str
) -> str:
    """The text of a file's row, or what is wrong with it; `predict` and `score` read it alike."""
    raw = raw_of(header, row)
    columns, _ = columns_of_units_or_names(raw, said=said, learned=learned, **words)
    found = texts_to_predict(raw, columns)
    if found.problems:
        return found.problems[0]
    text = canonical(found.texts[0])
    if said == NOTHING_SAID:
        labelled = raw_of(f"{header},Tg", f"{row},1")
        mending = with_learned_columns(Mending(**words), labelled, learned)
        assert list(check_mended(labelled, mending).canonical) == [text]
    return text


def test_a_third_unit_is_read_by_a_model_of_binaries() -> None:
    head = "smiles_A,smiles_B,smiles_C,frac_A,frac_B,frac_C,architecture"
    text = read(BINARY, head, f"{B},{C},{A},0.2,0.3,0.5,random")
    assert text == canonical(f"{A}|{B}|{C}|0.5|0.2|0.3|random")


def test_what_the_file_says_fractions_are_of_goes_before() -> None:
    head, row = "smiles_A,smiles_B,frac_A,basis", f"{A},{B},0.5"
    mole = learned_of("smiles_A,smiles_B,frac_A,Tg", f"{A},{B},0.5,1")
    assert BY_WEIGHT in read(mole, head, f"{row},wt%")
    weight = learned_of(f"{head},Tg", f"{row},wt%,1")
    assert "0.5|0.5" in read(weight, head, f"{row},mol%")
    assert BY_WEIGHT in read(weight, "smiles_A,smiles_B,frac_A", row)
    # Other fractions than those that the model knows.
    assert "0.5|0.5" in read(weight, "smiles_A,smiles_B,x_A,x_B", f"{row},0.5")
    with pytest.raises(UserError, match="“basis” says mole beside “wt%_A”"):
        read(
            learned_of("smiles_A,smiles_B,wt%_A,Tg", f"{A},{B},50,1"),
            "smiles_A,smiles_B,wt%_A,basis",
            f"{A},{B},50,mole",
        )


def test_an_architecture_of_the_file_goes_before_one_of_all_rows() -> None:
    for head, row in (("smiles_A,smiles_B,frac_A", f"{A},{B},0.5"), ("SMILES", f"{A}|{B}|0.5")):
        learned = learned_of(f"{head},Tg", f"{row},1", one_architecture="random")
        assert read(learned, f"{head},architecture", f"{row},block").endswith("|block")
        assert read(learned, f"{head},architecture", f"{row},unknown").endswith("|random")
        assert read(learned, head, row).endswith("|random")


def test_a_bad_cell_does_not_change_which_columns_are_read() -> None:
    bad = {
        f"{B},{C},-0.1,1.1,random": "“frac_A” has -0.1, less than 0",
        f"{B},{C},abc,0.7,random": "“abc” in “frac_A” is no fraction",
        f"{B},{C},0.3,0.7,tapered": "“tapered” is no architecture",
        f"{B},,0.3,,": "no other repeat unit has the rest",
    }
    for row, words in bad.items():
        assert words in read(BINARY, HEAD, row)
    assert read(BINARY, HEAD, f"{B},,,,") == B


def test_what_hangs_on_no_column_is_kept_whatever_they_are_called() -> None:
    text = f"{A}|{B}|0.5|0.5"
    one = learned_of("polymer,Tg", f"{text},1", one_architecture="random")
    weight = learned_of("polymer,Tg", f"{text},1", basis="weight")
    for header in ("SMILES", "polymer", "polymer,SMILES"):
        row = f"{text},{A}" if header.startswith("polymer,") else text
        words = {"smiles": header.partition(",")[0]}
        assert read(one, header, row, **words).endswith("|random")
        assert BY_WEIGHT in read(weight, header, row, **words)
    assert read(one, "SMILES", text).endswith("|random")
    assert BY_WEIGHT in read(weight, "SMILES", text)
    # The user's word goes before.
    assert read(one, "SMILES", text, SaidUnits(one_architecture="block")).endswith("|block")
    assert "|0.5|0.5" in read(weight, "SMILES", text, SaidUnits(basis="mole"))
    columns = learned_of("smiles_A,smiles_B,frac_A,Tg", f"{A},{B},0.5,1", one_architecture="random")
    assert read(columns, "SMILES", text).endswith("|random")
    assert read(columns, "SMILES", A) == A


@pytest.mark.parametrize(
    ("header", "row", "named"),
    [
        ("main,other,share,smiles_A,smiles_B,frac_A", f"{A},{B},0.5,{C},{B},0.2", "“smiles_A”"),
        ("main,other,share,SMILES", f"{A},{B},0.5,{A}|{B}|0.2", "“SMILES”"),
    ],
)
def test_columns_that_contradict_those_that_are_remembered_are_refused(
    header: str, row: str, named: str
) -> None:
    said = {"smiles": "main", "units": ["other"], "fractions": ["share"]}
    learned = learned_of("main,other,share,Tg", f"{A},{B},0.5,1", **said)
    assert read(learned, "main,other,share", f"{A},{B},0.5") == f"{B}|{A}|0.5|0.5"
    with pytest.raises(UserError, match="cannot be told which") as error:
        read(learned, header, row)
    assert named in str(error.value)
    assert "“share”" in str(error.value)
    raw = raw_of(f"{header},Tg", f"{row},1")
    with pytest.raises(UserError, match="cannot be told which"):
        with_learned_columns(Mending(), raw, learned)


def test_conditions_are_no_further_units() -> None:
    learned = learned_of("smiles_A,smiles_B,frac_A,frac_B,Tg", f"{A},{B},0.5,0.5,1")
    raw = raw_of("smiles_A,smiles_B,smiles_C,frac_A,frac_B,frac_C", f"{A},{B},{C},0.5,0.5,7")
    apart = ["smiles_C", "frac_C"]
    columns, _ = columns_of_units_or_names(raw, learned=learned, conditions=apart)
    assert texts_to_predict(raw, columns).texts == [f"{B}|{A}|0.5|0.5"]


def test_few_rows_do_not_tell_whether_fractions_are_percentages() -> None:
    head = "smiles_A,smiles_B,frac_A"
    shares = learned_of(f"{head},Tg", f"{A},{B},0.5,1")
    percent = learned_of(f"{head},Tg", f"{A},{B},30,1", f"{A},{B},70,2")
    columns = {}
    for name, learned in {"shares": shares, "percent": percent}.items():
        raw = raw_of(head, f"{A},{B},1.5")
        read_as, _ = columns_of_units_or_names(raw, learned=learned)
        columns[name] = texts_to_predict(raw, read_as)
    assert columns["shares"].problems == {0: "“frac_A” has 1.5, more than 1"}
    assert canonical(columns["percent"].texts[0]) == f"{B}|{A}|0.985|0.015"
    with pytest.raises(UserError, match="“frac_A” as percentages, and the numbers here"):
        columns_of_units_or_names(raw_of(head, f"{A},{B},0.5"), learned=percent)
    both = learned_of("smiles_A,smiles_B,frac_A,frac_B,Tg", f"{A},{B},0.5,0.5,1")
    raw = raw_of("smiles_A,smiles_B,frac_A,frac_B", f"{A},{B},0.3,0.4")
    read_as, _ = columns_of_units_or_names(raw, learned=both)
    assert "add up to 0.7, not to 1" in texts_to_predict(raw, read_as).problems[0]
