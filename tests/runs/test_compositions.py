"""Runs of copolymers: without some labels, of several tables, and what mending says of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.api import PolymerRegressor
from engine.chem.graphs import chain_graph
from engine.commands import main
from engine.features.compositions import composed_graphs
from engine.features.compute import compute_features
from engine.inference.bundle import read_info
from engine.runs import Cell, Run, clone_of, probing, without_labels
from engine.runs.probing import request_for
from engine.settings.devices import DeviceSettings
from engine.table import join_tables, load_table
from tests.copolymers import QUICK, STYRENE, TG, TWO, WRONG, fox, fox_table
from tests.two_sources import SOURCES


def test_a_run_is_cloned_without_its_wrong_label(copolymers: Run) -> None:
    whole = clone_of(copolymers).checked()
    original = fox_table()
    assert whole.canonical == original.canonical
    np.testing.assert_array_equal(whole.labels, original.labels)
    table, config = without_labels(copolymers, [Cell(WRONG, "Tg")])
    assert config.name == "fox without 1 label"
    assert config.excluded[0].smiles == original.canonical[WRONG - 2]
    assert config.excluded[0].smiles not in table.canonical
    assert len(table.rows) == len(original.rows) - 1
    assert config.folds == "column:fold"
    # Its model reads files as that of the origin does.
    learned = read_info(copolymers.bundle).polymer_columns
    assert learned is not None
    assert learned.smiles == "smiles_A"
    assert config.polymer_columns == clone_of(copolymers).config.polymer_columns == learned


def test_tables_of_copolymers_and_of_homopolymers_teach_each_other() -> None:
    """The table of homopolymers brings what the other one lacks, in either order."""
    rows = fox()
    copolymers = rows[rows["smiles_B"] != ""]
    more = {"*CC(*)C": -10.0, "*CC*": -100.0, "*CCO*": -60.0, "*CC(*)CC": -24.0}
    homopolymers = pd.DataFrame({"SMILES": [*TG, *more], "Tg": [*TG.values(), *more.values()]})
    tables = [
        load_table(copolymers.to_csv(index=False).encode(), "lab.csv"),
        load_table(homopolymers.to_csv(index=False).encode(), "md.csv"),
    ]
    joined = join_tables(tables, SOURCES)
    fitted = PolymerRegressor(preset=QUICK, folds="random:3", verbose=False).fit(joined)
    with pytest.warns(UserWarning, match=r"label of Tg \(md\) has more than one repeat unit"):
        both = fitted.model_.predict([TWO, STYRENE, "*CC*"], source="all")
    assert [*both] == ["Tg", "Tg (md)"]
    assert both.notna().all(axis=None)


def test_what_is_mended_names_rows_whose_composition_cannot_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = fox()
    rows.loc[3, "frac_A"] = 1.5
    rows.to_csv(tmp_path / "fox.csv", index=False)
    assert main(["doctor", str(tmp_path / "fox.csv"), "--fix", str(tmp_path / "out.csv")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "1 row whose composition cannot be used is left out: row 5." in told
    mended = pd.read_csv(tmp_path / "out.csv")
    assert len(mended) == len(rows) - 1
    assert {"smiles_A", "smiles_B", "frac_A"} < {*mended}


def test_a_trial_reads_units_as_one_graph() -> None:
    """What `probe` measures; the graphs are those that a run trains on."""
    texts = fox_table().canonical[::9]
    made = composed_graphs(texts, chain_graph)
    whole = compute_features(texts, canonical_units=True).graphs
    for name, own in made._asdict().items():
        np.testing.assert_array_equal(own, getattr(whole, name))
    request = request_for(fox_table(), "smoke", "random:3", DeviceSettings())
    assert any("|" in text for text in request.smiles)
    few = request.model_copy(update={"smiles": request.smiles[:9], "rows": 9})
    assert probing._measure(few).minutes > 0


def test_replicates_of_a_composition_are_one_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = fox()
    other = rows[:1].assign(
        smiles_A=rows["smiles_B"][0], smiles_B=rows["smiles_A"][0], frac_A=1 - rows["frac_A"][0]
    )
    pd.concat([rows, other]).to_csv(tmp_path / "fox.csv", index=False)
    assert main(["doctor", str(tmp_path / "fox.csv"), "--replicates", "median"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "1 polymer in several rows" in told
