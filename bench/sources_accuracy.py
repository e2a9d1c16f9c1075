"""What several sources give: errors of runs of all tables beside those of one table alone.

`python -m bench.sources_accuracy keep RUN NAME` saves a finished run to `results/sources`: its
predictions without labels or structures, and its report. `python -m bench.sources_accuracy report
FOLDER` prints the tables of `docs/sources.md` and writes `results/sources.json`; FOLDER holds the
tables as `bench.shipped_tables` writes them.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from bench.accuracy.bootstrap import interval, wmae
from bench.accuracy.results import load_all
from bench.out_of_fold import FOLDS, load_competition
from bench.reporting import markdown_table, stamp, write_json
from bench.shipped_tables import SOURCES
from engine.chem.polymers import polymer
from engine.inference.bundle import read_info
from engine.inference.source_effects import interval_of_mean, source_effect
from engine.runs import find_run, read_out_of_fold
from engine.table import load_table

RESULTS = Path("results/sources.json")
_KEPT = Path("results/sources")
POLYMERS = {
    "Polystyrene": "*CC(*)c1ccccc1",
    "Poly(methyl methacrylate)": "*CC(*)(C)C(=O)OC",
    "Polyethylene": "*CC*",
    "Poly(vinyl chloride)": "*CC(*)Cl",
    "Poly(ethylene terephthalate)": "*CCOC(=O)c1ccc(C(=O)O*)cc1",
    "Bisphenol-A polycarbonate": "*Oc1ccc(cc1)C(C)(C)c1ccc(cc1)OC(*)=O",
    "Polydimethylsiloxane": "*O[Si](*)(C)C",
    "Poly(ether ether ketone)": "*Oc1ccc(cc1)Oc1ccc(cc1)C(=O)c1ccc(*)cc1",
}
_TOLD = {"name", "preset", "folds", "seed", "rows", "labels", "properties", "sources"}
_TOLD |= {"source_effects", "intervals", "figures", "blend"}


def main() -> None:
    """Keep a run, or report on those that were kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    keep = commands.add_parser("keep")
    keep.add_argument("run")
    keep.add_argument("name")
    keep.set_defaults(carry_out=lambda given: keep_run(given.run, given.name))
    report = commands.add_parser("report")
    report.add_argument("folder", type=Path)
    report.set_defaults(carry_out=lambda given: print_report(given.folder))
    arguments = parser.parse_args()
    arguments.carry_out(arguments)


def keep_run(name: str, kept_as: str) -> None:
    """Copy what may be published of a run: predictions by row and id, and what its bundle says."""
    run = find_run(name)
    _KEPT.mkdir(parents=True, exist_ok=True)
    predicted = read_out_of_fold(run).drop(columns=["smiles", "label"])
    predicted.to_parquet(_KEPT / f"{kept_as}.parquet", index=False)
    told = read_info(run.bundle).model_dump(mode="json", include=_TOLD)
    write_json(_KEPT / f"{kept_as}.json", {**told, "seconds": run.seconds})


class Kept:
    """A run that was kept, beside the labels of its tables."""

    def __init__(self, name: str, labels: pd.DataFrame) -> None:
        """Read it; `labels` as `read_labels` gives them."""
        self.about = json.loads((_KEPT / f"{name}.json").read_text())
        frame = pd.read_parquet(_KEPT / f"{name}.parquet")
        # A run of one table does not name its source: the run's name begins with it.
        alone = name.split("-")[0]
        properties = self.about["properties"]
        sources = {each["name"]: each["source"] or alone for each in properties}
        quantities = {each["name"]: each["quantity"] or each["name"] for each in properties}
        frame["source"] = frame["property"].map(sources)
        frame["quantity"] = frame["property"].map(quantities)
        self.rows = frame.merge(labels, on=["source", "quantity", "row"], validate="one_to_one")
        assert len(self.rows) == len(frame), "the tables are others than the run's"

    def of(self, source: str, quantity: str) -> pd.DataFrame:
        """The predictions of one property, by the row of its table."""
        rows = self.rows
        chosen = rows[(rows["source"] == source) & (rows["quantity"] == quantity)]
        return chosen.set_index("row").sort_index()

    def interval(self, source: str, quantity: str) -> dict:
        """The conformal interval of one property."""
        names = {
            (each["source"], each["quantity"] or each["name"]): each["name"]
            for each in self.about["properties"]
        }
        return self.about["intervals"][names[source, quantity]]


def read_labels(folder: Path) -> pd.DataFrame:
    """The labels of all tables: columns `source`, `quantity`, `row`, `unit` and `label`."""
    parts = []
    for source in SOURCES:
        table = load_table(folder / f"{source}.csv")
        for k, property_ in enumerate(table.properties):
            known = np.isfinite(table.labels[:, k])
            parts.append(
                pd.DataFrame(
                    {
                        "source": source,
                        "quantity": property_.name,
                        "row": table.rows[known],
                        "unit": [table.canonical[row] for row in np.flatnonzero(known)],
                        "label": table.labels[known, k],
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def print_report(folder: Path) -> None:
    """Print the tables and write the results file."""
    labels = read_labels(folder)
    result: dict = stamp("python -m bench.sources_accuracy report FOLDER")
    for folds in FOLDS:
        if not (_KEPT / f"all-{folds}.parquet").exists():
            continue
        together = Kept(f"all-{folds}", labels)
        found = {
            "seconds": together.about["seconds"],
            "rows": together.about["rows"],
            "alone": against_alone(together, folds, labels),
            "measured": measured(together),
            "known": known_polymers(together),
            "competition": competition(together, folds),
            "source_effects": together.about["source_effects"],
        }
        result[folds] = found
        print(f"Folds: {folds}\n")
        for name in ("measured", "competition", "alone"):
            rows = found[name]
            print(markdown_table(list(rows[0]), [[_cell(v) for v in row.values()] for row in rows]))
            print()
    write_json(RESULTS, result)


def measured(run: Kept) -> list[dict]:
    """Errors and coverage of the measured properties."""
    rows = []
    for quantity in ("Tg", "Density"):
        chosen = run.of("measured", quantity)
        error = chosen["blend"] - chosen["label"]
        of_interval = run.interval("measured", quantity)
        rows.append(
            {
                "quantity": quantity,
                "labels": len(chosen),
                "mae": float(error.abs().mean()),
                "bias": float(error.mean()),
                "coverage": of_interval["coverage"],
                "width": of_interval["width"],
            }
        )
    return rows


def known_polymers(run: Kept) -> list[dict]:
    """Well-known polymers: measured values beside what models said that had not seen them."""
    rows = []
    for name, smiles in POLYMERS.items():
        found: dict = {"polymer": name, "smiles": smiles}
        for quantity in ("Tg", "Density"):
            chosen = run.of("measured", quantity)
            own = chosen[[polymer(unit) == polymer(smiles) for unit in chosen["unit"]]]
            if len(own):
                found[quantity] = {
                    "measured": sorted({float(value) for value in own["label"]}),
                    "predicted": float(own["blend"].mean()),
                }
        rows.append(found)
    return rows


def competition(run: Kept, folds: str) -> list[dict]:
    """Errors on the labels of train.csv beside those of `best` on train.csv alone, paired."""
    table, _ = load_competition(folds)
    best = next(r for r in load_all(table) if (r.system, r.folds) == ("best", folds)).out_of_fold
    places = pd.Series(range(len(table.ids)), index=table.ids)
    errors = np.full(table.labels.shape, np.nan)
    for k, property_ in enumerate(table.properties):
        rows = run.of("competition", property_.name)
        rows = rows[rows["id"].astype(str).isin(places.index)]
        place = places.loc[rows["id"].astype(str)].to_numpy()
        errors[place, k] = np.abs(rows["blend"].to_numpy() - table.labels[place, k])
    assert np.array_equal(np.isfinite(errors), np.isfinite(table.labels))
    figure = wmae(table.labels)
    low, high = interval(np.stack([errors, best.errors]), figure)
    difference = {
        "difference": float(figure(errors) - figure(best.errors)),
        "low": low,
        "high": high,
    }
    rows_ = [
        {"quantity": "wMAE", "all": float(figure(errors)), "best": float(figure(best.errors))}
        | difference
    ]
    for k, property_ in enumerate(table.properties):
        change = errors[:, k] - best.errors[:, k]
        change = change[np.isfinite(change)]
        low, high = interval_of_mean(change)
        rows_.append(
            {
                "quantity": property_.name,
                "all": float(np.nanmean(errors[:, k])),
                "best": float(np.nanmean(best.errors[:, k])),
                "difference": float(change.mean()),
                "low": low,
                "high": high,
            }
        )
    return rows_


def against_alone(run: Kept, folds: str, labels: pd.DataFrame) -> list[dict]:
    """Errors of each source's properties beside those of a run of its table alone, paired."""
    rows = []
    for source in SOURCES:
        if not (_KEPT / f"{source}-alone-{folds}.parquet").exists():
            continue
        alone = Kept(f"{source}-alone-{folds}", labels)
        for quantity in alone.rows["quantity"].unique():
            both = run.of(source, quantity)
            other = alone.of(source, quantity)
            assert both["fold"].nunique() == other["fold"].nunique()
            effect = source_effect(
                quantity,
                source,
                both["label"].to_numpy(),
                other["blend"].reindex(both.index).to_numpy(),
                both["blend"].to_numpy(),
            )
            if effect:
                told = effect.model_dump()
                rows.append({"source": source, "quantity": told.pop("name")} | told)
    return rows or [{"source": "none kept"}]


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
