"""The tables that the shipped model is trained on, as files that `train` reads.

`python -m bench.shipped_tables FOLDER` writes `competition.csv`, `measured.csv` and `radonpy.csv`,
`folds.csv` with the frozen folds of all rows of the first, and the same for the other two, as a run
of all three extends them: so a run of one of them alone can be compared.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from bench.out_of_fold import FOLDS, FOLDS_FILE, TABLE
from engine.base.workspace import ASSETS
from engine.settings.sources import Source
from engine.table import Table, join_tables, load_table
from engine.table.folds import given_folds

DATA = TABLE.parent
TEXTBOOK = ASSETS / "textbook.csv"
SOURCES = ("competition", "measured", "radonpy")
_SUPPLEMENTS = {"dataset1": {"TC_mean": "Tc"}, "dataset3": {}, "dataset4": {}}
_NOT_OF_THEIR_ROW = ["Density", "Tg_md", "Density_md"]


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    competition, folds = competition_with_folds()
    competition.to_csv(folder / "competition.csv", index=False)
    folds.to_csv(folder / "folds.csv", index=False)
    measured().to_csv(folder / "measured.csv", index=False)
    pd.read_csv(DATA / "open" / "pi1070.csv").to_csv(folder / "radonpy.csv", index=False)
    _write_other_folds(folder)


def _write_other_folds(folder: Path) -> None:
    tables = [load_table(folder / f"{name}.csv") for name in SOURCES]
    joined = join_tables(tables, [Source(name=name) for name in SOURCES])
    columns = {kind: given_folds(f"{folder / 'folds.csv'}:{kind}", joined) for kind in FOLDS}
    folds = pd.DataFrame({"id": joined.ids, **columns})
    start = 0
    for name, table in zip(SOURCES, tables, strict=True):
        part = folds[start : start + len(table.ids)]
        start += len(table.ids)
        if name != SOURCES[0]:
            part.to_csv(folder / f"{name}-folds.csv", index=False)


def literature() -> pd.DataFrame:
    """The table of measured values without those that belong to other rows.

    Rows of one Tg hold each other's other columns (docs/experiments.md, "rows of equal Tg").
    """
    table = pd.read_csv(DATA / "open" / "literature.csv")
    tied = table["Density_md"].notna() & table["Tg"].round(2).duplicated(keep=False)
    table.loc[tied, _NOT_OF_THEIR_ROW] = np.nan
    return table


def measured() -> pd.DataFrame:
    """Measured Tg (°C) and density (g/cm³) with references: the literature's and the textbook's."""
    columns = ["name", "SMILES", "Tg", "Density", "Tg_reference", "Density_reference"]
    collected, textbook = literature(), pd.read_csv(TEXTBOOK)
    for name in ("Tg", "Density"):
        collected[f"{name}_reference"] = collected["source"]
        textbook[f"{name}_reference"] = textbook[f"{name}_source"]
    both = pd.concat([collected[columns], textbook[columns]], ignore_index=True)
    return both[both[["Tg", "Density"]].notna().any(axis=1)]


def competition_with_folds() -> tuple[pd.DataFrame, pd.DataFrame]:
    """`train.csv` with its supplements, and the folds of all their rows.

    A label of a supplement is left out where `train.csv` has one of the same repeat unit.
    """
    train = load_table(TABLE)
    names = [property_.name for property_ in train.properties]
    own = _labels(train)
    rows = []
    for supplement, renamed in _SUPPLEMENTS.items():
        frame = pd.read_csv(DATA / "train_supplement" / f"{supplement}.csv").rename(columns=renamed)
        text = frame.to_csv(index=False).encode()
        table = load_table(text, f"{supplement}.csv")
        name = table.properties[0].name
        for number, unit in enumerate(table.canonical):
            if unit not in own[name]:
                label = table.labels[number, 0]
                rows.append({"id": f"{supplement}-{number}", "SMILES": unit, name: label})
    added = pd.DataFrame(rows, columns=["id", "SMILES", *names])
    supplements = load_table(added.to_csv(index=False).encode(), "supplements.csv")
    joined = join_tables([train, supplements], [Source(name="train"), Source(name="supplements")])
    folds = {kind: given_folds(f"{FOLDS_FILE}:{kind}", joined) for kind in FOLDS}
    whole = pd.concat([pd.read_csv(TABLE), added], ignore_index=True)
    return whole, pd.DataFrame({"id": joined.ids, **folds})


def _labels(table: Table) -> dict[str, set[str]]:
    """The repeat units that have a label of each property."""
    return {
        property_.name: {
            unit
            for unit, label in zip(table.canonical, table.labels[:, k], strict=True)
            if np.isfinite(label)
        }
        for k, property_ in enumerate(table.properties)
    }


if __name__ == "__main__":
    main()
