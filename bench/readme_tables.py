"""Prints the README's tables from committed results: `python -m bench.readme_tables`.

The first is a run's report as it lies in `results/`; the second asks the shipped model.
"""

import json
from pathlib import Path

import pandas as pd
from engine.settings.members import MEMBER_TITLES

from engine.base.workspace import ASSETS
from engine.chem.smiles import canonical
from engine.inference.bundle import SHIPPED
from engine.inference.predict import Predictor
from engine.settings.properties import property_for

RESULT = Path("results/accuracy/best-random.json")
KNOWN = {
    "Polystyrene": "*CC(*)c1ccccc1",
    "Poly(methyl methacrylate)": "*CC(*)(C)C(=O)OC",
    "Polyethylene": "*CC*",
    "Bisphenol-A polycarbonate": "*Oc1ccc(cc1)C(C)(C)c1ccc(cc1)OC(*)=O",
    "Kapton (PMDA-ODA polyimide)": "*c1ccc(cc1)Oc1ccc(cc1)N1C(=O)c2cc3c(cc2C1=O)C(=O)N(*)C3=O",
}


def figures_table(result: dict) -> str:
    """Out-of-fold error of each member and of the blend."""
    figures = {**result["figures"]["members"], "blend": result["figures"]["blend"]}
    names = list(figures["blend"]["mae"])
    heads = ["", *(property_for(name).label for name in names), "wMAE", "wMAE by row"]
    rows = [
        [
            MEMBER_TITLES.get(member, "Blend"),
            *(f"{one['mae'][name]:.4g}" for name in names),
            f"{one['wmae']:.4f}",
            f"{one['wmae_row']:.4f}",
        ]
        for member, one in figures.items()
    ]
    counts = ["labels", *(f"{figures['blend']['n'][name]:,}" for name in names), "", ""]
    return _markdown(heads, [*rows, counts])


def known_polymers_table() -> str:
    """The shipped model's predictions of five polymers beside the textbook table's values."""
    predictor = Predictor(SHIPPED)
    predicted = predictor.predict(list(KNOWN.values())).blend
    textbook = pd.read_csv(ASSETS / "textbook.csv")
    by_unit = textbook.set_index(textbook["SMILES"].map(canonical))
    heads = [""]
    for known in predictor.info.properties:
        heads.append(known.label)
        if known.name in textbook:
            heads.append("textbook")
    rows = []
    for position, (name, smiles) in enumerate(KNOWN.items()):
        row = [name]
        for known in predictor.info.properties:
            row.append(known.number(predicted.at[position, known.name]))
            if known.name in textbook:
                value = by_unit[known.name].get(canonical(smiles))
                row.append("" if value is None or pd.isna(value) else known.number(value))
        rows.append(row)
    return _markdown(heads, rows)


def _markdown(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(figures_table(json.loads(RESULT.read_text())["report"]), end="\n\n")
    print(known_polymers_table())
