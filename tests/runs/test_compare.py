"""How runs differ."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.runs import Run
from engine.runs.compare import blend_errors, different_settings, not_comparable
from engine.settings.presets import PRESETS


def done(**errors: float | None) -> Run:
    counts = dict.fromkeys(errors, 10)
    others = {"rmse": errors, "r2": errors, "wmae": None, "wmae_row": None}
    figures = {"blend": {"mae": errors, "n": counts, **others}, "members": {}}
    return Run(id="x", name="x", state="done", created=0.0, figures=figures)


def test_only_what_differs_is_told():
    configs = [
        {"name": "a", "preset": "cpu", "seed": 0, "use": {"parallel": "auto", "dp": False}},
        {"name": "b", "preset": "cpu", "seed": 1, "use": {"parallel": "none", "dp": False}},
        {"name": "c", "preset": "cpu", "seed": 1, "properties": [{"name": "Tg"}, {"name": "Rg"}]},
    ]
    assert different_settings(configs) == {
        "seed": ["0", "1", "1"],
        "use.parallel": ["auto", "none", ""],
        "use.dp": ["no", "no", ""],
        "properties": ["", "", "Tg, Rg"],
    }
    assert different_settings(configs[:1]) == {}


def test_where_networks_start_is_told_of_those_that_may_start_from_the_encoder() -> None:
    def configs(preset: str) -> list[dict]:
        chosen = PRESETS[preset]
        return [
            {"preset": preset, "pretrained": True, "resolved_preset": chosen.model_dump()},
            {
                "preset": preset,
                "pretrained": False,
                "resolved_preset": chosen.without_encoder().model_dump(),
            },
        ]

    assert different_settings(configs("smoke")) == {}
    assert different_settings(configs("cpu")) == {"pretrained": ["yes", "no"]}


def test_columns_of_other_names_are_no_difference_where_the_properties_are_equal() -> None:
    def config(column: str, units: dict, unit: str) -> dict:
        columns = {"smiles": "SMILES", "properties": [column]}
        return {"columns": columns, "units": units, "properties": [{"name": "Eea", "unit": unit}]}

    one, clone = config("Eea / eV", {}, "eV"), config("Eea", {"Eea": "eV"}, "eV")
    assert different_settings([one, clone]) == {}
    other = config("Eea", {"Eea": "kJ/mol"}, "kJ/mol")
    assert different_settings([clone, other])["units.Eea"] == ["eV", "kJ/mol"]


def test_errors_keep_their_places():
    runs = [done(Tg=50.0), done(Tg=49.0, Rg=1.5), done().model_copy(update={"figures": None})]
    assert blend_errors(runs) == {"Tg": [50.0, 49.0, None], "Rg": [None, 1.5, None]}


def test_errors_on_other_tables_folds_or_labels_are_not_on_equal_terms():
    same = {"table": "a.csv", "folds": "random:5"}
    assert not_comparable([same, same], [done(Tg=1.0), done(Tg=2.0)]) == []
    other = {"table": "b.csv", "folds": "random:3"}
    reasons = not_comparable([same, other], [])
    assert reasons == ["their tables differ", "their folds differ"]
    assert not_comparable([same, same], [done(Tg=1.0), done(Rg=1.0)]) == [
        "they were scored on different labels"
    ]


ROWS = pd.DataFrame(
    {
        "row": range(2, 14),
        "id": [f"p{n}" for n in range(12)],
        "canonical": [f"*{'C' * (n + 1)}*" for n in range(12)],
        "label:Tg": [np.nan, *range(11)],
        "label:Rg": [*np.arange(11) / 3, np.nan],
        "fold": [0, 1, 2] * 4,
    }
)


@pytest.mark.parametrize(
    ("other", "reasons"),
    [
        (ROWS, []),
        (ROWS.iloc[::-1].assign(id="x", fold=(ROWS["fold"] + 1) % 3), []),
        (ROWS.assign(fold=[0] * 4 + [1] * 4 + [2] * 4), ["their folds differ"]),
        (ROWS.drop(columns="fold"), ["their folds differ"]),
        (ROWS.drop(columns="label:Rg"), ["they were scored on different labels"]),
        (ROWS.assign(**{"label:Rg": 1.0}), ["their tables differ"]),
        (ROWS.assign(canonical=ROWS["canonical"].to_numpy()[::-1]), ["their tables differ"]),
        (ROWS.head(11), ["their tables differ"]),
    ],
)
def test_tables_and_folds_are_compared_by_what_they_hold(
    workspace: Path, other: pd.DataFrame, reasons: list[str]
) -> None:
    runs = []
    for name, rows in (("one", ROWS), ("two", other)):
        errors = {c.removeprefix("label:"): 1.0 for c in rows if c.startswith("label:")}
        run = done(**errors).model_copy(update={"id": name})
        run.folder.mkdir(parents=True)
        rows.to_parquet(run.folder / "table.parquet", index=False)
        runs.append(run)
    configs = [{"table": "a.csv", "folds": "folds.csv:fold"}] * 2
    if "their tables differ" not in reasons:
        configs[1] = {"table": "b.csv", "folds": "column:fold" if "fold" in other else "random:3"}
    assert not_comparable(configs, runs) == reasons
