"""From lines and files to candidates: each of them is accounted for."""

import random
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.base.errors import UserError
from engine.candidates import intake
from engine.candidates.added import MOST_COMPARED, Added, tell_added
from engine.candidates.intake import left_out, of_file, of_lines
from engine.candidates.offers import offers_for
from engine.candidates.rows import Candidate
from engine.chem.smiles import canonical


def test_lines_are_units_names_or_told_what_they_are() -> None:
    found = of_lines(
        "*CC(*)c1ccccc1\tPS 1\nPMMA\n\n  \n*CCO*, linker\n*CCO* B 2\n"
        "nylon\nC=Cc1ccccc1\n[Fe]\nxyzzy"
    )
    assert [each.unit for each in found] == [
        *("*CC(*)c1ccccc1", "*CC(*)(C)C(=O)OC", "*CCO*", "*CCO*", None, None, None, None),
    ]
    assert [each.row_id for each in found[:4]] == ["PS 1", "", "linker", "B 2"]
    assert found[1].name == "Poly(methyl methacrylate)"
    words = ["class of polymers", "monomer of Polystyrene", "no rule makes", "not in the list"]
    assert all(word in each.problem for word, each in zip(words, found[4:], strict=True))
    assert "*CC(*)c1ccccc1" in found[5].problem, "it says what to give instead"


@pytest.mark.parametrize(
    ("line", "unit", "own"),
    [
        ("*CC(*)C,PP,25.3", "*CC(*)C", "PP,25.3"),
        ("*CC(*)C,my name, with a comma", "*CC(*)C", "my name, with a comma"),
        ("*CC(*)C;x", "*CC(*)C", "x"),
        ("*CC*,*CCO*", None, "*CCO*"),
        ("*C" * 4000, None, ""),
    ],
)
def test_names_behind_units_begin_at_the_first_sign_between(line, unit, own) -> None:
    (found,) = of_lines(line)
    assert (found.unit, found.row_id) == (unit, own)
    assert bool(found.problem) == (unit is None)


def test_a_file_keeps_its_ids_and_columns(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("code,SMILES,batch,Tg\nx1,*CC*,7,\nx2,,8,3.5\nx3,nonsense(,,1\n")
    rows = of_file(path, "mine.csv")
    found = list(rows.candidates)
    assert rows.total == len(found) == 3
    assert rows.unread == ""
    assert [each.row_id for each in found] == ["x1", "x2", "x3"]
    assert [each.unit for each in found] == ["*CC*", None, None]
    assert found[1].extra == {"batch": "8", "Tg": "3.5"}
    assert found[1].problem == "the row has no repeat unit"
    assert found[0].origin == "mine.csv"


def test_a_file_of_names_becomes_their_units(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("polymer,price\nPMMA,3\npolystyrene,2\nnot a polymer,1\n")
    found = list(of_file(path, "names.csv").candidates)
    assert [each.unit for each in found] == ["*CC(*)(C)C(=O)OC", "*CC(*)c1ccccc1", None]
    assert found[0].extra == {"price": "3"}


def test_what_is_too_long_is_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(intake, "MOST", 2)
    path = tmp_path / "long.csv"
    path.write_text("SMILES\n*CC*\n*CC*\n*CC*\n")
    with pytest.raises(UserError, match=r"long\.csv has 3 rows"):
        of_file(path, "long.csv")
    with pytest.raises(UserError, match="3 lines"):
        of_lines("*CC*\n" * 3)


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=80))
def test_any_text_is_accounted_for(text: str) -> None:
    found = of_lines(text)
    lines = sum(bool(line.strip()) for line in text.splitlines())
    assert len(found) + left_out(text) == lines
    assert all(bool(each.problem) == (each.unit is None) for each in found)


def near_smiles(count: int) -> list[str]:
    """Texts like repeat units: real ones with signs changed, left out, put in or swapped."""
    chance = random.Random(0)
    units = [
        *("*CC(*)c1ccccc1", "*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1", "*C/C=C\\C*", "*CC(*)C#N"),
        *("*[Si](C)(C)O*", "*NCCCCCC(*)=O", "*C(F)(F)C(*)(F)F", "*c1ccc(*)s1", "[*]CC[*]"),
    ]
    signs = "*()[]=#/\\@+-.%0123456789BCNOPSFIclnosHh$:~ \t{}é∗ "
    texts = []
    for _ in range(count):
        text = [*chance.choice(units)]
        for _ in range(chance.randint(1, 5)):
            place = chance.randrange(len(text) + 1)
            kind = chance.random()
            if kind < 0.4:
                text.insert(place, chance.choice(signs))
            elif text and kind < 0.7:
                del text[min(place, len(text) - 1)]
            elif text:
                text[min(place, len(text) - 1)] = chance.choice(signs)
        texts.append("".join(text))
    return texts


def test_near_smiles_are_accounted_for() -> None:
    texts = [text for text in near_smiles(1000) if text.strip()]
    text = "\n".join(texts)
    assert len(of_lines(text)) + left_out(text) == len(texts)


def test_lines_that_say_nothing_are_left_out() -> None:
    text = "-------\n# PMMA\n  #\n*\n…!\n*C#C*\nα\n6\n"
    assert [each.given for each in of_lines(text)] == ["*C#C*", "α", "6"]
    assert left_out(text) == 5


def test_polymers_that_are_there_already_are_told_however_they_are_drawn() -> None:
    before = ["*CC(*)c1ccccc1", "*CCCC*", "*CC("]
    added = ["*C(C*)c1ccccc1", "*CC*", None, "*CCO*", "*OCC*", "*CC(", "*C*", "*CC(*)C"]
    assert tell_added(before, added) == Added(8, 2, 2, 1, as_drawn=False)
    assert tell_added([], []) == Added(0, 0, 0, 0, as_drawn=False)
    many = [f"*{'C' * n}*" for n in range(1, MOST_COMPARED + 1)]
    told = tell_added(before, [*many, "*CCO*", "*OCC*", "*CCO*"])
    assert told == Added(len(many) + 3, 0, 1, 1, as_drawn=True)


@pytest.mark.parametrize(
    ("line", "unit", "own"),
    [
        ("[R1]CC[R2] mine", "*CC*", "mine"),
        ("∗CC∗, mine", "*CC*", "mine"),
        ("PMMA\tRöhm\t3.2", "*CC(*)(C)C(=O)OC", "Röhm, 3.2"),
        ("PMMA;Röhm", "*CC(*)(C)C(=O)OC", "Röhm"),
        ("PMMA, mine", "*CC(*)(C)C(=O)OC", "mine"),
        ("nylon-6,6", "*NCCCCCCNC(=O)CCCCC(*)=O", ""),
        ("name\tmaker", None, ""),
        ("{[$]CC[$],[$]CO[$]}", None, ""),
    ],
)
def test_a_line_may_be_cells_of_a_spreadsheet(line: str, unit: str | None, own: str) -> None:
    (found,) = of_lines(line)
    assert found.unit is None if unit is None else canonical(found.unit) == canonical(unit)
    assert found.row_id == own
    assert found.given == line
    assert bool(found.problem) == (unit is None)


def test_sheets_that_are_not_read_are_named(tmp_path: Path) -> None:
    path = tmp_path / "two.xlsx"
    with pd.ExcelWriter(path) as book:
        for title in ("one", "other"):
            frame = pd.DataFrame({"SMILES": ["*CC*", "*CCO*"]})
            frame.to_excel(book, sheet_name=title, index=False)
    rows = of_file(path, "two.xlsx")
    assert rows.total == 2
    assert rows.unread.startswith("Only the sheet “one” was read, not “other”")


def test_compositions_are_candidates() -> None:
    found = of_lines("*CC*|*CO*|0.5|0.5\n*CC*|*CO*|0.5|0.5|block mine, too\n*CC*|*CO*|0.5|0.3")
    assert [each.unit for each in found] == ["*CC*|*CO*|0.5|0.5", "*CC*|*CO*|0.5|0.5|block", None]
    assert found[1].row_id == "mine, too"
    assert "add up to 0.8" in found[2].problem


def test_the_rows_of_a_file_of_compositions_are_candidates(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    rows = ["a,*CC*,*CO*,0.5,x", "b,*CC*,,1,y", "c,*CC*,*CO*,1.5,z", "d,*CN*,*CO*,0.25,"]
    path.write_text("\n".join(["id,smiles_A,smiles_B,frac_A,supplier", *rows]), encoding="utf-8")
    found = list(of_file(path, "mine.csv").candidates)
    units = ["*CC*|*CO*|0.5|0.5", "*CC*", None, "*CN*|*CO*|0.25|0.75"]
    assert [each.unit for each in found] == units
    assert [each.row_id for each in found] == ["a", "b", "c", "d"]
    assert [each.extra for each in found[:2]] == [{"supplier": "x"}, {"supplier": "y"}]
    assert "more than 1" in found[2].problem
    assert found[2].given == "*CC* | *CO*"


@pytest.mark.parametrize(
    ("line", "composition"),
    [
        ("C=Cc1ccccc1|C=C|0.25|0.75|block", "*CC(*)c1ccccc1|*CC*|0.25|0.75|block"),
        ("styrene|PE|0.25|0.75", "*CC(*)c1ccccc1|*CC*|0.25|0.75"),
        ("poly(styrene-alt-ethylene)", "*CC(*)c1ccccc1|*CC*|0.5|0.5|alternating"),
    ],
)
def test_compositions_of_monomers_and_copolymers_are_offered(line: str, composition: str) -> None:
    (candidate,) = of_lines(line)
    assert candidate.unit is None
    assert f"Give a composition, such as {composition}." in candidate.problem
    own = Candidate(1, candidate.given, None, "", "", "", "", {}, candidate.problem, 0.0)
    (offer,) = offers_for([own])
    assert offer.units[0].smiles == composition
    assert (offer.only is not None) == ("|" in line)
