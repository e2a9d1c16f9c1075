"""Which columns of numbers beside several units are their fractions, and what else they are."""

import pytest

from engine.base.errors import UserError
from engine.table import check_table, guess_columns
from tests.table.tables import checked, finding, raw_of

UNITS, PAIR = "smiles_A,smiles_B", "*CC*,*CO*"


@pytest.mark.parametrize(
    ("feed", "own"),
    [
        ("feed_A (mol%),feed_B (mol%)", "copolymer_A (mol%),copolymer_B (mol%)"),
        ("feed_A (mol%),feed_B (mol%)", "copolymer wt%_A,copolymer wt%_B"),
        ("feed_A (mol%)", "mol%_A"),
    ],
)
def test_what_the_copolymer_holds_goes_before_its_feed(feed: str, own: str) -> None:
    cells = "50,50,30,70" if "," in own else "50,30"
    columns = guess_columns(raw_of(f"{UNITS},{feed},{own},Tg", f"{PAIR},{cells},1"))
    assert columns.fractions == tuple(own.split(","))
    assert columns.properties == ("Tg",)


def test_a_ratio_of_the_copolymer_goes_before_that_of_its_feed() -> None:
    raw = raw_of(f"{UNITS},feed ratio,composition (A:B),Tg", f"{PAIR},50:50,30:70,1")
    assert guess_columns(raw).fractions == ("composition (A:B)",)


@pytest.mark.parametrize(
    "name", ["salt ratio [Li]/[EO]", "[Li]/[EO]", "salt content (wt%)", "Li:EO"]
)
def test_the_amount_of_a_salt_is_no_property(name: str) -> None:
    table = checked(f"{UNITS},mol%_A,salt,{name},EA", f"{PAIR},50,[Li]Cl,0.1,1")
    assert table.report.columns.properties == ("EA",)
    told = finding(table, "composition_columns")
    assert name in told.message
    assert "as a condition" in told.message


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("-0.1,1.1,random", "“frac_A” has -0.1, less than 0"),
        ("abc,0.7,random", "“abc” in “frac_A” is no fraction"),
        ("0.3,0.7,tapered", "“tapered” is no architecture"),
    ],
)
def test_a_slip_in_a_short_table_does_not_change_how_it_is_read(cells: str, words: str) -> None:
    raw = raw_of(f"{UNITS},frac_A,frac_B,architecture", f"{PAIR},{cells}")
    table = check_table(raw)
    assert table.report.columns.fractions == ("frac_A", "frac_B")
    assert table.report.columns.architecture == "architecture"
    assert words in table.excluded["reason"].iloc[0]


def test_fractions_of_volumes_are_refused() -> None:
    raw = raw_of(f"{UNITS},ratio (v/v),Tg", f"{PAIR},30:70,1")
    assert "units_not_seen" in {each.kind for each in check_table(raw).report.findings}
    said = {"smiles": "smiles_A", "units": ("smiles_B",), "fractions": ("ratio (v/v)",)}
    with pytest.raises(UserError, match=r"“ratio \(v/v\)” says volume"):
        guess_columns(raw, **said)
    assert guess_columns(raw, **said, basis="weight").basis == "weight"


@pytest.mark.parametrize("cells", [("wt%", "vol%"), ("v/v", "v/v"), ("mole", "?")])
def test_a_basis_that_is_another_one_in_some_rows_is_refused(cells: tuple[str, str]) -> None:
    rows = [f"{PAIR},0.3,{each},{i}" for i, each in enumerate(cells)]
    raw = raw_of(f"{UNITS},frac_A,basis,Tg", *rows)
    with pytest.raises(UserError, match=f"“basis” says “{cells[1].replace('?', '.')}”"):
        guess_columns(raw)
    assert guess_columns(raw, basis="mole").basis == "mole"


def test_percentages_with_their_sign_add_up_to_a_hundred() -> None:
    rows = [f"{PAIR},{each},1" for each in ("30%,70%", "0.5%,99.5%", "0.5%,0.5%")]
    table = checked(f"{UNITS},mol%_A,mol%_B,Tg", *rows)
    assert table.canonical == ["*CC*|*CO*|0.3|0.7", "*CC*|*CO*|0.005|0.995"]
    assert "add up to 1, not to 100" in table.excluded["reason"].iloc[0]
