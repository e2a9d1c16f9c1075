"""The textbook table: well-formed, sourced, and right where everybody knows the value."""

import csv
from pathlib import Path

import pytest
from rdkit import Chem

ASSETS = Path(__file__).parents[1] / "assets"
COLUMNS = ["name", "SMILES", "Tg", "Density", "Tg_source", "Density_source"]
LIMITS = {"Tg": (-150.0, 450.0), "Density": (0.75, 2.6)}

Row = dict[str, str]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    # strict and restval: a line with a stray quote or a missing comma must not pass as data
    with (ASSETS / "textbook.csv").open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle, restval="MISSING", strict=True)
        table = list(reader)
    assert reader.fieldnames == COLUMNS
    assert all(list(row) == COLUMNS and "MISSING" not in row.values() for row in table)
    return table


def test_size(rows: list[Row]) -> None:
    assert len(rows) >= 120
    assert sum(bool(row["Tg"]) for row in rows) >= 110
    assert sum(bool(row["Density"]) for row in rows) >= 60


def test_every_smiles_is_one_canonical_repeat_unit(rows: list[Row]) -> None:
    for row in rows:
        mol = Chem.MolFromSmiles(row["SMILES"])
        assert mol is not None, row["name"]
        assert Chem.MolToSmiles(mol) == row["SMILES"], row["name"]
        ends = [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]
        assert [atom.GetDegree() for atom in ends] == [1, 1], row["name"]


@pytest.mark.parametrize("column", ["name", "SMILES"])
def test_no_two_rows_alike(rows: list[Row], column: str) -> None:
    values = [row[column] for row in rows]
    assert all(value and value == value.strip() for value in values)
    assert len(set(values)) == len(values)


@pytest.mark.parametrize("prop", ["Tg", "Density"])
def test_numbers_are_plausible_and_sourced(rows: list[Row], prop: str) -> None:
    low, high = LIMITS[prop]
    bibliography = (ASSETS / "textbook.md").read_text(encoding="utf-8")
    for row in rows:
        number, source = row[prop], row[f"{prop}_source"]
        assert bool(number) == bool(source), row["name"]
        if number:
            assert low <= float(number) <= high, row["name"]
            assert f"| `{source}` |" in bibliography, row["name"]


def test_no_row_without_a_number(rows: list[Row]) -> None:
    assert all(row["Tg"] or row["Density"] for row in rows)


# Tolerances cover what the textbooks themselves disagree about, no more.
@pytest.mark.parametrize(
    ("smiles", "tg", "tg_within", "density"),
    [
        ("*CC(*)c1ccccc1", 100, 5, 1.05),
        ("*CC(*)(C)C(=O)OC", 105, 5, 1.18),
        ("*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1", 150, 5, 1.20),
        ("*CC(*)Cl", 81, 5, 1.385),
        ("*O[Si](*)(C)C", -125, 3, 0.97),
        ("*OCCOC(=O)c1ccc(C(*)=O)cc1", 74, 6, 1.335),
        ("*CC(*)(C)C", -73, 5, 0.917),
        ("*CC(*)OC(C)=O", 31, 5, 1.19),
        ("*Oc1c(C)cc(*)cc1C", 211, 6, 1.06),
        ("*CC*", None, 0, 0.855),
    ],
)
def test_famous_values(
    rows: list[Row], smiles: str, tg: float | None, tg_within: float, density: float
) -> None:
    row = next(row for row in rows if row["SMILES"] == smiles)
    if tg is None:
        # polyethylene: textbooks disagree by 90 °C, so the table must stay silent
        assert row["Tg"] == ""
    else:
        assert float(row["Tg"]) == pytest.approx(tg, abs=tg_within)
    assert float(row["Density"]) == pytest.approx(density, abs=0.015)
