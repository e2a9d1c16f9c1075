"""Several tables on the command line: their sources, and how they differ."""

import json
from pathlib import Path

import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.commands import main, parser
from engine.commands.sources import checked_tables

UNITS = [f"*{'C' * n}O*" for n in range(1, 9)]


@pytest.fixture
def tables(tmp_path: Path) -> list[str]:
    """A measured table, and a simulated one in kelvin whose fifth polymer conflicts."""
    tg = [float(10 * n) for n in range(1, 9)]
    noise = [0.0, 1.0, -1.0, 0.5, 80.0, -0.5, 1.0, 0.0]
    kelvin = [value + 5 + 273.15 + extra for value, extra in zip(tg, noise, strict=True)]
    for name, values in (("lab", tg), ("md", kelvin)):
        frame = pd.DataFrame({"SMILES": UNITS, "Tg": values})
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    return [str(tmp_path / "lab.csv"), str(tmp_path / "md.csv")]


def _pair(words: list[str], capsys: pytest.CaptureFixture[str]) -> dict:
    assert main(["doctor", *words, "--json"]) == 0
    (pair,) = json.loads(capsys.readouterr().out)["pairs"]
    return pair


def test_the_doctor_compares_sources(tables: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    pair = _pair([*tables, "--unit", "md:Tg=K"], capsys)
    assert (pair["quantity"], pair["first"], pair["second"]) == ("Tg", "lab", "md")
    assert len(pair["shared"]) == 8
    assert pair["offset"] == pytest.approx(5, abs=0.6)
    assert pair["slope"] == pytest.approx(1, abs=0.05)
    assert [polymer["smiles"] for polymer in pair["conflicts"]] == ["*CCCCCO*"]
    assert pair["warning"] == ""
    assert main(["doctor", *tables, "--unit", "md:Tg=K"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Tg: md against lab: 8 shared polymers, offset +5.25 °C" in shown
    assert "*CCCCCO*: lab 50 °C, md 135 °C" in shown


def test_a_source_in_another_unit_is_told(
    tables: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    pair = _pair(tables, capsys)
    assert "Tg of md looks like that of lab in kelvin" in pair["warning"]


def test_densities_in_another_unit_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, factor in (("a", 1), ("b", 1000)):
        values = [factor * (1 + n / 10) for n in range(8)]
        frame = pd.DataFrame({"SMILES": UNITS, "rho": values})
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    pair = _pair([str(tmp_path / "a.csv"), str(tmp_path / "b.csv")], capsys)
    assert "Density of b looks like that of a times a thousand" in pair["warning"]


def test_sources_have_names_kinds_and_references(tables: list[str]) -> None:
    words = ["train", *tables, "--source", "ours:measured", "--reference", "notebook 7"]
    table = checked_tables(parser().parse_args([*words, "--answer", "md"]))
    assert [source.words for source in table.sources] == ["ours (measured)", "md"]
    assert table.sources[0].reference == "notebook 7"
    assert [property_.name for property_ in table.properties] == ["Tg", "Tg (ours)"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--source", "a", "--source", "A"], "both called the source 'A'"),
        (["--source", "a:guessed"], "measured, simulated or computed, not 'guessed'"),
        (["--source", "a", "--source", "b", "--source", "c"], "more often than there are tables"),
        (["--answer", "nobody"], "There is no source 'nobody'"),
        (["--answer", "md", "--answer", "Tg=lab"], "--answer is given once for all"),
        (["--answer", "Tg=lab", "--answer", "Tg=md"], "names a source for Tg twice"),
        (["--source-column", "by"], "are for one table; several tables are a source each"),
    ],
)
def test_words_about_sources_that_cannot_be_are_told(
    words: list[str], message: str, tables: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", *tables, *words]) == 1
    assert message in " ".join(capsys.readouterr().err.split())


def test_a_single_table_has_no_sources_to_name(
    tables: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", tables[0], "--answer", "lab"]) == 1
    assert "--answer is for several tables" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--unit", "mdd:Tg=K"], "about the source 'mdd'; the sources are lab, md"),
        (["--unit", "Tgg=K"], "a column that none of the tables has"),
        (["--property", "Tgg"], "None of the tables has a column 'Tgg'"),
    ],
)
def test_overrules_that_no_table_has_a_column_for_are_told(
    tables: list[str], words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", *tables, *words]) != 0
    assert message in " ".join(capsys.readouterr().err.split())


def test_units_of_columns_that_are_sources(tmp_path: Path) -> None:
    path = tmp_path / "both.csv"
    kelvin = [300.0 + 10 * n for n in range(8)]
    pd.DataFrame({"SMILES": UNITS, "Tg": kelvin, "Tg_md": kelvin[::-1]}).to_csv(path, index=False)
    words = ["train", str(path), "--column-source", "Tg_md=md", "--unit", "Tg=K"]
    table = checked_tables(parser().parse_args([*words, "--unit", "Tg_md=K"]))
    assert table.labels[0, 0] == pytest.approx(300 - 273.15)
    assert table.labels[8, 1] == pytest.approx(370 - 273.15)


def test_misspelt_overrules_of_a_column_of_sources_are_told(tmp_path: Path) -> None:
    path = tmp_path / "both.csv"
    frame = pd.DataFrame({"SMILES": UNITS, "Tg": range(8), "by": ["lab"] * 4 + ["md"] * 4})
    frame.to_csv(path, index=False)
    words = ["train", str(path), "--source-column", "by"]
    for option in (["--property", "Tgg"], ["--unit", "Tgg=K"], ["--unit", "mdd:Tg=K"]):
        with pytest.raises(UserError, match=r"None of the tables|none of the tables|are lab, md"):
            checked_tables(parser().parse_args([*words, *option]))


def test_sources_of_a_column_are_described_by_name(tmp_path: Path) -> None:
    path = tmp_path / "both.csv"
    frame = pd.DataFrame({"SMILES": UNITS, "Tg": range(8), "by": ["lab"] * 4 + ["md"] * 4})
    frame.to_csv(path, index=False)
    words = ["train", str(path), "--source-column", "by", "--source", "md:simulated"]
    table = checked_tables(parser().parse_args(words))
    assert [source.words for source in table.sources] == ["lab", "md (simulated)"]
    assert table.report.kept == 8
    with pytest.raises(UserError, match="describes 'dm'"):
        checked_tables(parser().parse_args([*words, "--source", "dm"]))


def test_columns_of_one_table_can_be_sources(tmp_path: Path) -> None:
    path = tmp_path / "both.csv"
    tg = [float(10 * n) for n in range(1, 9)]
    md = [value + 60 for value in tg]
    pd.DataFrame({"SMILES": UNITS, "Tg": tg, "Tg_md": md}).to_csv(path, index=False)
    words = ["train", str(path), "--column-source", "Tg_md=md", "--source", "lab:measured"]
    table = checked_tables(parser().parse_args([*words, "--source", "md:simulated"]))
    assert [property_.name for property_ in table.properties] == ["Tg", "Tg (md)"]
    assert [source.words for source in table.sources] == ["lab (measured)", "md (simulated)"]
    assert table.labels[len(UNITS) :, 1].tolist() == md


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Tg_md"], "does not say which source"),
        (["other=md"], "cannot be told from the name of column 'other'"),
        (["Tg_md=md", "Tg_md=x:Tg"], "names a column twice"),
        (["Tx=md:Tg"], "has no column 'Tx'"),
    ],
)
def test_columns_of_sources_that_cannot_be(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "both.csv"
    pd.DataFrame({"SMILES": UNITS, "Tg": range(8), "Tg_md": range(8), "other": range(8)}).to_csv(
        path, index=False
    )
    options = [option for each in words for option in ("--column-source", each)]
    assert main(["doctor", str(path), *options]) != 0
    assert message in " ".join(capsys.readouterr().err.split())


def test_rows_of_different_sources_are_not_averaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("SMILES,Tg,who\n*CC*,1,a\n*CC*,2,b\n")
    assert main(["doctor", str(path), "--source-column", "who", "--replicates", "median"]) == 1
    assert "rows of different sources" in " ".join(capsys.readouterr().err.split())
