"""A run trained again without some of its labels: what is left out, recorded and compared."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.commands import main
from engine.runs import (
    Cell,
    Run,
    RunConfig,
    clone_of,
    list_runs,
    process,
    read_cells,
    read_config,
    read_out_of_fold,
    start_run,
    without_labels,
)
from engine.runs.compare import different_settings, not_comparable
from engine.runs.shared_labels import same_folds, shared_errors
from engine.settings.properties import property_for
from engine.settings.sources import Source
from engine.table import Table, check_table, join_tables, read_table
from tests.conftest import wait_for

UNREADABLE = "bad,not a SMILES,1,2\n"
CELLS = [f"p{n},*CC(*){'C' * n},{n},{'' if n % 3 == 1 else n / 7}\n" for n in range(1, 31)]
TABLE = "code,SMILES,Tg,Density\n" + UNREADABLE + "".join(CELLS)


@pytest.fixture
def table() -> Table:
    return check_table(read_table(TABLE.encode(), "mine.csv"))


@pytest.fixture
def origin(table: Table, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that is not carried out."""
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    return start_run(table, RunConfig(name="first", preset="smoke", folds="random:3", seed=3))


def test_a_label_is_left_out_and_its_row_only_where_it_was_the_last(origin: Run) -> None:
    # p1 is in row 3, since the first row cannot be read; p3 has both labels.
    table, config = without_labels(origin, [Cell(3, "Tg", "wrong"), Cell(5, "Tg")])
    run = start_run(table, config)
    kept = pd.read_parquet(run.folder / "table.parquet").set_index("id")
    assert "p1" not in kept.index
    assert np.isnan(kept.loc["p3", "label:Tg"])
    assert kept.loc["p3", "label:Density"] == pytest.approx(3 / 7)
    assert kept.loc["p3", "row"] == 5
    assert len(kept) == 29
    gone = pd.read_csv(run.folder / "excluded.csv").set_index("id")
    assert gone.loc["p1", "reason"] == "all its labels are excluded"
    assert run.name == "first without 2 labels"
    first, second = read_config(run)["excluded"]
    assert first == {
        "row": 3,
        "id": "p1",
        "smiles": "*CC(*)C",
        "property": "Tg",
        "label": 1.0,
        "why": "wrong",
    }
    assert (second["id"], second["label"]) == ("p3", 3.0)


def test_the_others_stay_in_their_folds(origin: Run, table: Table) -> None:
    from engine.table.folds import make_folds

    made = make_folds("random:3", table.canonical, table.labels, 3)
    by_id = dict(zip(table.ids, made.tolist(), strict=True))
    run = start_run(*without_labels(origin, [Cell(3, "Tg"), Cell(5, "Tg")]))
    kept = pd.read_parquet(run.folder / "table.parquet")
    assert kept["fold"].tolist() == [by_id[name] for name in kept["id"]]


def test_exclusions_are_kept_by_a_clone_of_the_clone(origin: Run) -> None:
    run = start_run(*without_labels(origin, [Cell(3, "Tg")]))
    again = start_run(*without_labels(run, [Cell(6, "Tg"), Cell(8, "Density")]))
    assert [each["id"] for each in read_config(again)["excluded"]] == ["p1", "p4", "p6"]
    assert again.name == "first without 3 labels"
    third = clone_of(again)
    assert [each.id for each in third.config.excluded] == ["p1", "p4", "p6"]
    copy = start_run(third.checked(), third.config)
    assert read_config(copy)["excluded"] == read_config(again)["excluded"]
    kept = pd.read_parquet(copy.folder / "table.parquet").set_index("id")
    assert "p1" not in kept.index
    assert np.isnan(kept.loc["p6", "label:Density"])
    assert kept.loc["p6", "row"] == 8


def test_the_command_takes_a_list(origin: Run, tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("Row,id,property,why\n3,p1,Tg,a digit too many\n5,p3,Density,\n")
    command = ["clone", "first", "--exclude", str(path), "--name", "second", "--detach"]
    assert main(command) == 0
    run = next(one for one in list_runs() if one.id != origin.id)
    excluded = read_config(run)["excluded"]
    assert [(each["id"], each["property"], each["why"]) for each in excluded] == [
        ("p1", "Tg", "a digit too many"),
        ("p3", "Density", ""),
    ]
    assert run.name == "second"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("row,why\n3,x\n", "has no column property"),
        ("row,property\nthree,Tg\n", "row 2: “three” in the column row is no row number"),
        ("row,property\n3,Tg\n4,\n", "row 3: the column property is empty"),
        ("row,property\n3,Rg\n", "has not learned 'Rg'; it has learned Tg and Density"),
        ("row,property\n2,Tg\n", "Row 2 of the run's table has no label of Tg"),
        ("row,property\n6,Density\n", "Row 6 of the run's table has no label of Density"),
    ],
)
def test_a_list_that_names_no_label_is_refused_in_words(
    origin: Run, tmp_path: Path, capsys: pytest.CaptureFixture, text: str, words: str
) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(text)
    assert main(["clone", "first", "--exclude", str(path), "--detach"]) == 1
    assert words in capsys.readouterr().err
    assert len(list_runs()) == 1


def test_a_label_that_is_named_twice_is_excluded_once(origin: Run) -> None:
    _, config = without_labels(origin, [Cell(3, "Tg"), Cell(3, "Tg", "again")])
    assert len(config.excluded) == 1
    run = start_run(*without_labels(origin, [Cell(5, "Tg")]))
    with pytest.raises(UserError, match="Row 5 of the run's table has no label of Tg"):
        without_labels(run, [Cell(5, "Tg")])


def test_numbers_of_rows_may_be_written_as_spreadsheets_do(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    pd.DataFrame({"row": [3.0], "property": ["Tg"]}).to_csv(path, index=False)
    assert read_cells(path) == [Cell(3, "Tg")]


def test_both_runs_are_compared_on_the_labels_that_both_have(changeable: Run) -> None:
    """Trained for real: the folds of each row, and the errors, are those of the files."""
    one = read_out_of_fold(changeable).set_index("row")
    wrong = one[one["property"] == "Tg"].iloc[[2, 5]]
    cells = [Cell(row, "Tg") for row in wrong.index]
    second = wait_for(start_run(*without_labels(changeable, cells)))
    assert second.state == "done", second.reason
    two = read_out_of_fold(second).set_index("row")
    runs, properties = [changeable, second], {"Tg": property_for("Tg")}
    configs = [read_config(run) for run in runs]
    assert [configs[0]["folds"], configs[1]["folds"]] == ["random:3", "column:fold"]
    assert same_folds(runs)
    assert not_comparable(configs, runs) == []
    names = " and ".join(f"Tg of {name}" for name in wrong["id"])
    assert different_settings(configs)["excluded"] == ["", f"2 labels: {names}"]
    tg = [rows[rows["property"] == "Tg"] for rows in (one, two)]
    shared = shared_errors(runs, properties)
    assert shared is not None
    assert shared.counts == {"Tg": len(tg[0]) - 2}
    assert {*tg[1].index} == {*tg[0].index} - {*wrong.index}
    for rows, error in zip(tg, shared.mae["Tg"], strict=True):
        own = rows.loc[tg[1].index]
        assert error == pytest.approx((own["blend"] - own["label"]).abs().mean())
    # Other folds are told, although both runs were asked for three random ones.
    moved = two.assign(fold=np.roll(two["fold"].to_numpy(), 1)).reset_index()
    moved.to_parquet(second.folder / "oof.parquet", index=False)
    assert not same_folds(runs)
    assert not_comparable(configs, runs) == ["their folds differ"]


def test_a_row_that_keeps_a_bound_stays_and_both_tables_count_as_one(monkeypatch) -> None:
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    text = TABLE.replace("*CC(*)CCC,3,", "*CC(*)CCC,> 90,") + "p31,*CCN*,> 300,\n"
    origin = start_run(
        check_table(read_table(text.encode(), "mine.csv")),
        RunConfig(name="first", preset="smoke", folds="random:3"),
    )
    run = start_run(*without_labels(origin, [Cell(5, "Density"), Cell(4, "Tg")]))
    kept = pd.read_parquet(run.folder / "table.parquet").set_index("id")
    assert np.isnan(kept.loc["p3", ["label:Tg", "label:Density"]].astype(float)).all()
    assert kept.loc["p3", "lower:Tg"] == 90
    assert kept.loc["p31", "lower:Tg"] == 300
    configs = [read_config(one) for one in (origin, run)]
    assert "their tables differ" not in not_comparable(configs, [origin, run])


def test_a_label_of_one_source_is_left_out_of_rows_that_share_its_number(monkeypatch) -> None:
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    tables = [
        check_table(read_table("".join(["SMILES,Tg\n", *lines]).encode(), f"{name}.csv"))
        for name, lines in (
            ("lab", [f"*CC(*){'C' * n},{n}\n" for n in range(1, 31)]),
            ("md", [f"*CC(*){'C' * n},{n + 20}\n" for n in range(1, 26)]),
        )
    ]
    joined = join_tables(tables, [Source(name="lab"), Source(name="md")])
    origin = start_run(joined, RunConfig(name="both", preset="smoke", folds="random:3"))
    run = start_run(*without_labels(origin, [Cell(6, "Tg (md)")]))
    (excluded,) = read_config(run)["excluded"]
    assert (excluded["property"], excluded["label"]) == ("Tg (md)", 25.0)
    kept = pd.read_parquet(run.folder / "table.parquet")
    assert kept["label:Tg"].notna().sum() == 30
    assert kept["label:Tg (md)"].notna().sum() == 24
    assert not (kept["label:Tg (md)"] == 25).any()
    assert len(kept) == 54
    assert [source["name"] for source in read_config(run)["sources"]] == ["lab", "md"]


def test_other_labels_are_told_in_spite_of_exclusions(origin: Run, table: Table) -> None:
    """What a run excludes counts as there; what else differs does not."""
    run = start_run(*without_labels(origin, [Cell(3, "Tg")]))
    configs = [read_config(one) for one in (origin, run)]
    assert "their tables differ" not in not_comparable(configs, [origin, run])
    configs[1]["excluded"][0]["label"] = 2.0
    assert "their tables differ" in not_comparable(configs, [origin, run])
