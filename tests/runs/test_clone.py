"""A run asked for again: its table and its settings come back as they were."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.commands import main
from engine.runs import (
    RunConfig,
    clone_of,
    command_for,
    find_run,
    list_runs,
    process,
    read_config,
    start_run,
)
from engine.runs.clone import clone_command_for
from engine.runs.compare import different_settings, not_comparable
from engine.runs.folder import read_stored_config
from engine.settings.devices import DeviceSettings
from engine.settings.sources import Source
from engine.table import Columns, check_table, join_tables, load_table, read_table

CELLS = [
    f"poly-{n},*CC(*){'C' * n},{300 + n / 3},{n / 7},{'' if n % 2 else n},{'abc'[n % 3]}"
    for n in range(1, 31)
]
TABLE = "code,repeat,Tg,Strength,row,group\n" + "\n".join([*CELLS, "bad,not a SMILES,1,2,3,a"])


def _started(monkeypatch, **changes):
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    columns = Columns(smiles="repeat", id="code", properties=("Tg", "Strength", "row"))
    units = {"Tg": "K", "Strength": "MPa"}
    table = check_table(read_table(TABLE.encode(), "mine.csv"), columns, units)
    config = RunConfig(
        name="first",
        preset="smoke",
        folds="column:group",
        seed=7,
        units=units,
        use=DeviceSettings(parallel="none"),
    )
    return table, start_run(table, config.model_copy(update=changes))


def test_a_clone_has_the_same_rows_labels_folds_and_settings(monkeypatch) -> None:
    table, run = _started(monkeypatch)
    clone = clone_of(run)
    again = clone.checked()
    assert again.ids == table.ids
    assert again.canonical == table.canonical
    np.testing.assert_array_equal(again.labels, table.labels)
    assert again.properties == table.properties
    second = start_run(again, clone.config)
    first_config, second_config = read_config(run), read_config(second)
    assert second.name == "first (copy)"
    for name in ("preset", "seed", "use", "properties"):
        assert second_config[name] == first_config[name]
    first_rows, second_rows = (
        pd.read_parquet(one.folder / "table.parquet") for one in (run, second)
    )
    assert second_rows["fold"].tolist() == first_rows["fold"].tolist()
    # A clone of the clone is no further away.
    np.testing.assert_array_equal(clone_of(second).checked().labels, table.labels)


def test_rows_without_an_id_column_keep_their_row_numbers(monkeypatch) -> None:
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    raw = read_table(TABLE.encode(), "mine.csv")
    table = check_table(raw, Columns(smiles="repeat", id=None, properties=("Tg", "row")))
    run = start_run(table, RunConfig(name="first", preset="smoke", folds="random:3"))
    clone = clone_of(run)
    assert clone.checked().ids == table.ids
    assert clone.config.folds == "random:3"


@pytest.mark.parametrize("id_", ["code", None])
@pytest.mark.parametrize("folds", ["column:group", "FILE:group", "random:3"])
def test_a_clone_is_comparable_with_its_origin(
    monkeypatch, tmp_path: Path, id_: str | None, folds: str
) -> None:
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    raw = read_table(TABLE.encode(), "mine.csv")
    table = check_table(raw, Columns(smiles="repeat", id=id_, properties=("Tg", "Strength")))
    given = tmp_path / "folds.csv"
    rows = zip(table.ids, "abc" * 10, strict=True)
    given.write_text("\n".join(["id,group", *(f"{name},{fold}" for name, fold in rows)]))
    folds = folds.replace("FILE", str(given))
    run = start_run(table, RunConfig(name="first", preset="smoke", folds=folds))
    clone = clone_of(run)
    second = start_run(clone.checked(), clone.config.model_copy(update={"preset": "cpu"}))
    configs = [read_config(one) for one in (run, second)]
    assert not_comparable(configs, [run, second]) == []
    expected = {"preset": ["smoke", "cpu"], "pretrained": ["no", "yes"]}
    if "folds.csv" in folds:
        expected["folds"] = [folds, "column:group"]
    assert different_settings(configs) == expected


def test_the_command_changes_what_is_said_only(monkeypatch) -> None:
    _, run = _started(monkeypatch)
    assert main(["clone", "first", "--seed", "8", "--precision", "fp32", "--detach"]) == 0
    second = read_config(next(one for one in list_runs() if one.id != run.id))
    assert second["seed"] == 8
    assert second["use"]["precision"] == "fp32"
    assert second["use"]["parallel"] == "none"
    assert second["preset"] == "smoke"
    assert second["table"] == "mine.csv"


@pytest.mark.parametrize("pretrained", [True, False])
def test_networks_of_a_clone_start_as_those_of_its_origin(monkeypatch, pretrained: bool) -> None:
    _, run = _started(monkeypatch, preset="cpu", pretrained=pretrained)
    other = "--no-pretrained" if pretrained else "--pretrained"
    for name, words, expected in (("alike", [], pretrained), ("other", [other], not pretrained)):
        assert main(["clone", "first", "--name", name, *words, "--detach"]) == 0
        stored = read_stored_config(find_run(name))
        assert stored.pretrained == stored.training_preset.starts_from_encoder == expected
    config = read_stored_config(run)
    assert ("--no-pretrained" in clone_command_for(config, run.id).split()) == (not pretrained)
    assert ("--no-pretrained" in command_for(config, "mine.csv").split()) == (not pretrained)


def test_a_run_whose_table_is_gone_cannot_be_cloned(monkeypatch, capsys) -> None:
    _, run = _started(monkeypatch)
    (run.folder / "table.parquet").unlink()
    assert main(["clone", "first"]) == 1
    assert "cannot be cloned" in capsys.readouterr().err


def test_a_run_of_several_tables_and_its_clone_keep_the_sources(monkeypatch) -> None:
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    units = [f"*CC(*){'C' * n}" for n in range(1, 31)]
    tables = [
        load_table(
            pd.DataFrame({"SMILES": units[from_:], "Tg": np.arange(len(units) - from_) * factor})
            .to_csv(index=False)
            .encode(),
            f"{name}.csv",
        )
        for name, from_, factor in (("lab", 12, 1.0), ("md", 0, 2.0))
    ]
    joined = join_tables(tables, [Source(name="lab", kind="measured"), Source(name="md")])
    run = start_run(joined, RunConfig(name="both", preset="smoke"))
    stored = pd.read_parquet(run.folder / "table.parquet")
    assert stored["source"].tolist() == ["lab"] * 18 + ["md"] * 30
    assert [source["kind"] for source in read_config(run)["sources"]] == ["measured", ""]
    clone = clone_of(run)
    again = clone.checked()
    assert again.properties == joined.properties
    assert [property_.base for property_ in again.properties] == ["Tg", "Tg"]
    np.testing.assert_array_equal(again.labels, joined.labels)
    second = start_run(again, clone.config)
    assert read_config(second)["sources"] == read_config(run)["sources"]
    assert read_config(second)["properties"] == read_config(run)["properties"]


COPOLYMERS = "smiles_A,smiles_B,wt%_A,chain_type,EA\n" + "\n".join(
    f"*CC*,*CC(*){'C' * n},{n},random,{n}" for n in range(1, 31)
)


def test_a_run_of_compositions_and_its_clone_have_the_same_polymers(monkeypatch) -> None:
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    table = load_table(COPOLYMERS.encode(), "copolymers.csv")
    run = start_run(table, RunConfig(name="first", preset="smoke", folds="random:3"))
    config = read_stored_config(run)
    words = command_for(config, "copolymers.csv")
    assert "--unit-columns smiles_A,smiles_B --fraction-columns wt%_A" in words
    assert "--architecture-column chain_type --fractions weight" in words
    clone = clone_of(run)
    assert clone.config.columns is not None
    assert clone.config.columns.smiles == "composition"
    checked = clone.checked()
    assert checked.canonical == table.canonical
    assert not checked.report.columns.units
    assert "weight_fractions" not in {each.kind for each in checked.report.findings}
