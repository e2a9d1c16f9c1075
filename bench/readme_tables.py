"""Prints the README's tables from committed results: `python -m bench.readme_tables`.

The first is a run's report from `results/`; for the second, the shipped model predicts.
"""

import json
from pathlib import Path

import pandas as pd

from bench.reporting import markdown_table
from engine.base.workspace import ASSETS
from engine.chem.smiles import canonical
from engine.inference.bundle import SHIPPED
from engine.inference.predict import Predictor
from engine.models.members import title_of
from engine.settings.properties import property_for

RESULT = Path("results/accuracy/best-random.json")
POLYMERS = {
    "Polystyrene": "*CC(*)c1ccccc1",
    "Poly(methyl methacrylate)": "*CC(*)(C)C(=O)OC",
    "Polyethylene": "*CC*",
    "Bisphenol-A polycarbonate": "*Oc1ccc(cc1)C(C)(C)c1ccc(cc1)OC(*)=O",
    "Kapton (PMDA-ODA polyimide)": "*c1ccc(cc1)Oc1ccc(cc1)N1C(=O)c2cc3c(cc2C1=O)C(=O)N(*)C3=O",
}


def figures_table(report: dict) -> str:
    """The out-of-fold error of each member and of the blend."""
    figures = {**report["figures"]["members"], "blend": report["figures"]["blend"]}
    names = list(figures["blend"]["mae"])
    heads = ["", *(property_for(name).label for name in names), "wMAE", "wMAE by row"]
    rows = [
        [
            "Blend" if member == "blend" else title_of(member),
            *(f"{scores['mae'][name]:.4g}" for name in names),
            f"{scores['wmae']:.4f}",
            f"{scores['wmae_row']:.4f}",
        ]
        for member, scores in figures.items()
    ]
    counts = ["labels", *(f"{figures['blend']['n'][name]:,}" for name in names), "", ""]
    return markdown_table(heads, [*rows, counts])


def polymers_table() -> str:
    """The shipped model's predictions of five polymers beside the textbook's values."""
    predictor = Predictor(SHIPPED)
    predicted = predictor.predict(list(POLYMERS.values())).blend
    textbook = pd.read_csv(ASSETS / "textbook.csv")
    by_unit = textbook.set_index(textbook["SMILES"].map(canonical))
    heads = [""]
    for property_ in predictor.info.properties:
        heads.append(property_.label)
        if property_.name in textbook:
            heads.append("textbook")
    rows = []
    for position, (name, smiles) in enumerate(POLYMERS.items()):
        row = [name]
        for property_ in predictor.info.properties:
            row.append(property_.number(predicted.at[position, property_.name]))
            if property_.name in textbook:
                value = by_unit[property_.name].get(canonical(smiles))
                row.append("" if value is None or pd.isna(value) else property_.number(value))
        rows.append(row)
    return markdown_table(heads, rows)


if __name__ == "__main__":
    print(figures_table(json.loads(RESULT.read_text())["report"]), end="\n\n")
    print(polymers_table())
