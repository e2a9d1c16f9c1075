"""`doctor --fix` writes a mended table and what was done, and `--mend` does it again."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from engine.commands import main, parser
from engine.commands.sources import checked_tables
from engine.runs import clone_of, list_runs, process, read_log
from engine.runs.folder import read_mendings
from engine.table import Table
from tests.table.test_layout import DATA, workbook

MESSY = "\n".join(
    [
        "Measured in 2020;;;;;;",
        "code;SMILES;Tg (K);Density (kg/m3);temperature;fold;note",
        "a1;*CC*;195,15;855;298;1;x",
        "a2;*CC(*)c1ccccc1;373,15;1050;298;1;y",
        "a3;*CC(*)c1ccccc1;380,15;1040;298;2;y",
        "a4;*CC(*)c1ccccc1;380,15;1040;298;2;y",
        "a5;*C(*;380;1040;298;2;y",
        "a6;[R1]CCO[R2];350;;298;2;y",
        "e1;*CCCCS*;> 400;< 900;298;2;y",
        "e2;*CCCCS*;> 410;< 900;298;2;y",
        "a7;*CCCO*;200-210;-1;298;2;y",
        "a8;*CCCCO*;-12;1001;298;2;1,5",
        "a9;*CCCCCO*;abc;1001 ± 3;298;2;1,5",
        "b0;*CCCCCCO*;~300;1001;298;2;1,5",
        "c0;*CCCCCCCO*;300;1001;298;2;1,5;and more",
        *(f"b{n};*CC(*)C{'C' * n};{250 + n},25;{900 + n};298;1;z" for n in range(1, 12)),
    ]
)
MENDED_KINDS = {
    *("impossible", "misfit_rows", "unreadable_smiles", "non_numeric", "cell_range"),
    *("cell_spread", "cell_approximate"),
}


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    path = tmp_path / "messy.csv"
    path.write_text(MESSY, encoding="utf-8")
    return path


def _table(*words: object) -> Table:
    return checked_tables(parser().parse_args(["doctor", *map(str, words)]))


def _found(*words: object) -> set[str]:
    return {finding.kind for finding in _table(*words).report.findings}


def _same(one: Table, other: Table) -> None:
    assert one.ids == other.ids
    assert one.canonical == other.canonical
    assert one.properties == other.properties
    np.testing.assert_array_equal(one.labels, other.labels)
    assert (one.bounds is None) == (other.bounds is None)
    for mine, its in zip(one.bounds or (), other.bounds or (), strict=True):
        np.testing.assert_array_equal(mine, its)


def test_a_fixed_table_has_nothing_left_of_what_was_mended(messy, tmp_path, capsys):
    out = tmp_path / "out.csv"
    assert _found(messy) >= MENDED_KINDS
    assert main(["doctor", str(messy), "--fix", str(out)]) == 0
    told = capsys.readouterr().out
    assert "Row 12, Tg (K): “-12” is now empty." in told
    assert "Row 6 is left out (a4, *CC(*)c1ccccc1)." in told
    assert "Tg: given in K, written in °C." in told
    assert "cannot be read is left out: row 7." in told
    assert "only you can know" in told
    assert not _found(out) & MENDED_KINDS
    assert "cell_above" in _found(out)
    frame = pd.read_csv(out)
    assert [*frame][:4] == ["code", "SMILES", "Tg (°C)", "Density (g/cm³)"]
    assert frame.loc[frame["code"] == "a6", "SMILES"].item() == "*CCO*"
    assert frame.loc[frame["code"] == "a8", "note"].item() == "1.5"
    assert messy.read_text(encoding="utf-8") == MESSY


@pytest.mark.parametrize(
    "options",
    [[], ["--replicates", "median"], ["--id-column", ""], ["--bounds", "leave-out"]],
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_fixed_table_and_the_mended_one_are_the_same(messy, tmp_path, options, ending):
    out = tmp_path / f"out.{ending}"
    assert main(["doctor", str(messy), "--fix", str(out), *options]) == 0
    mended = _table(messy, "--mend", out.with_suffix(".yaml"))
    _same(_table(out), mended)
    # What the file says is overruled by options.
    assert (
        _table(messy, "--mend", out.with_suffix(".yaml"), "--property", "Tg (K)").labels.shape[1]
        == 1
    )


def test_conditions_and_scales_are_kept_and_what_the_table_cannot_say_is_said(
    messy, tmp_path, capsys
):
    out = tmp_path / "out.csv"
    marked = ["--condition-column", "temperature"]
    scale = ["--scale", "Density=log10"]
    assert main(["doctor", str(messy), "--fix", str(out), *marked, *scale]) == 0
    told = capsys.readouterr().out
    assert "say `--condition-column temperature`" in told
    assert "cannot say that Density is learned on a log10 scale" in told
    mended = _table(messy, "--mend", out.with_suffix(".yaml"))
    again = _table(out, *marked, *scale)
    _same(again, mended)
    assert mended.conditions == again.conditions
    assert mended.condition_values.equals(again.condition_values)


def test_atoms_that_stand_for_ends_are_read_where_it_is_said(tmp_path):
    path, out = tmp_path / "ends.csv", tmp_path / "out.csv"
    rows = [f"[Ce]{'C' * n}[Th],{n}" for n in range(1, 20)]
    path.write_text("\n".join(["SMILES,x", *rows]))
    assert main(["doctor", str(path), "--fix", str(out)]) == 0
    assert "chain_ends" in _found(out)
    assert main(["doctor", str(path), "--fix", str(out), "--force", "--chain-ends", "Ce,Th"]) == 0
    assert "chain_ends" not in _found(out)
    assert pd.read_csv(out)["SMILES"][0] == "*C*"
    _same(_table(out), _table(path, "--mend", out.with_suffix(".yaml")))


def test_a_table_in_long_format_is_written_with_a_column_for_each_property(tmp_path):
    path, out = tmp_path / "long.csv", tmp_path / "out.csv"
    rows = [
        f"*{'C' * n}*,{p},{n + 1},{u}" for n in range(1, 9) for p, u in (("Tg", "K"), ("x", ""))
    ]
    path.write_text("\n".join(["SMILES,property,value,unit", *rows]))
    assert main(["doctor", str(path), "--fix", str(out), "--long", "property=value"]) == 0
    assert [*pd.read_csv(out)] == ["row", "SMILES", "Tg (°C)", "x"]
    _same(_table(out), _table(path, "--mend", out.with_suffix(".yaml")))


def test_columns_that_would_mislead_are_left_out_and_said(tmp_path, capsys):
    path, out = tmp_path / "wide.csv", tmp_path / "out.csv"
    path.write_text("SMILES,Tg,x\n" + "".join(f"*{'C' * n}*,{n},{n}\n" for n in range(1, 20)))
    assert main(["doctor", str(path), "--fix", str(out), "--property", "Tg"]) == 0
    assert "Not written" in capsys.readouterr().out
    assert [*pd.read_csv(out)] == ["row", "SMILES", "Tg (°C)"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["messy.csv", "--fix", "messy.csv", "--force"], "overwrite the table itself"),
        (["messy.csv", "--fix", "there.csv"], "exists already"),
        (["messy.csv", "--fix", "with-yaml.csv"], "with-yaml.yaml exists already"),
        (["messy.csv", "--fix", "out.xlsx"], "ends in .csv or .parquet"),
        (["messy.csv", "--fix", "nowhere/out.csv"], "no folder"),
        (["messy.csv", "there.csv", "--fix", "out.csv"], "one table at a time"),
        (["messy.csv", "--source-column", "note", "--fix", "out.csv"], "one table at a time"),
        (["messy.csv", "--mend", "there.csv"], "no file of mends"),
        (["messy.csv", "--mend", "nothing.yaml"], "no file"),
        (["messy.csv", "--mend", "with-yaml.yaml", "--mend", "with-yaml.yaml"], "more often"),
    ],
)
def test_no_file_is_lost_and_what_cannot_be_is_said(messy, monkeypatch, capsys, words, problem):
    monkeypatch.chdir(messy.parent)
    Path("there.csv").write_text("SMILES,x\n*CC*,1\n")
    Path("with-yaml.yaml").write_text("version: 1\n")
    before = {path.name: path.read_bytes() for path in Path().iterdir()}
    assert main(["doctor", *words]) != 0
    assert problem in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == before


def test_a_changed_file_does_not_fit_its_mends(messy, tmp_path, capsys):
    out = tmp_path / "out.csv"
    assert main(["doctor", str(messy), "--fix", str(out)]) == 0
    messy.write_text(MESSY.replace(";-12;", ";-13;"), encoding="utf-8")
    assert main(["doctor", str(messy), "--mend", str(out.with_suffix(".yaml"))]) == 1
    assert "row 12 of messy.csv has “-13” in “Tg (K)”" in capsys.readouterr().err


def test_standard_input_is_mended_and_json_stays_json(tmp_path, monkeypatch, capsys):
    out = tmp_path / "out.csv"
    stdin = io.TextIOWrapper(io.BytesIO(MESSY.encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["doctor", "-", "--fix", str(out), "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["rows"] == 24
    assert "Mended:" in told.err
    assert out.is_file()


def test_sheets_are_joined_by_naming_them(tmp_path):
    path = tmp_path / "book.xlsx"
    more = [["x", "SMILES"], [3, "*CCCC*"], [None, None], [4, "*CCO*"]]
    path.write_bytes(workbook(Data=DATA, More=more))
    table = _table(path, "--sheet", "Data", "--sheet", "More")
    assert table.labels[:, 0].tolist() == [1, 2, 3, 4]
    assert table.rows.tolist() == [2, 3, 5, 7]


def test_a_run_keeps_how_its_table_was_mended_and_so_does_its_clone(messy, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    out = tmp_path / "out.csv"
    assert main(["doctor", str(messy), "--fix", str(out)]) == 0
    mends = str(out.with_suffix(".yaml"))
    words = ["train", str(messy), "--mend", mends, "--detach", "--preset", "smoke", "--name", "m"]
    assert main(words) == 0
    (run,) = list_runs()
    (kept,) = read_mendings(run)
    assert kept.changed[0].old == "-12"
    assert yaml.safe_load((run.folder / "mending.yaml").read_text())["version"] == 1
    assert "mending.yaml: Row 12, Tg (K): “-12” is now empty." in read_log(run)
    assert clone_of(run).checked().mendings == (kept,)
    assert main(["clone", run.id, "--detach", "--name", "again"]) == 0
    again = next(each for each in list_runs() if each.name == "again")
    assert read_mendings(again) == [kept]


def test_each_of_several_tables_has_mends_of_its_own(messy, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    out, other = tmp_path / "out.csv", tmp_path / "other.csv"
    other.write_text("SMILES,Tg\n" + "".join(f"*CC(*){'C' * n},{n}\n" for n in range(1, 20)))
    assert main(["doctor", str(messy), "--fix", str(out)]) == 0
    mends = str(out.with_suffix(".yaml"))
    words = ["train", str(messy), str(other), "--mend", mends, "--detach", "--preset", "smoke"]
    assert main([*words, "--name", "two"]) == 0
    first, second = read_mendings(list_runs()[0])
    assert first.changed
    assert not second.changed
    assert second.smiles == "SMILES"
