"""Prints the README's tables from committed results: `python -m bench.readme_tables`.

The first is a run's report, the second what `bench.sources_accuracy` found.
"""

import json
from pathlib import Path

from bench.reporting import markdown_table
from engine.models.members import title_of
from engine.settings.properties import property_for

RESULT = Path("results/accuracy/best-random.json")
SOURCES = Path("results/sources.json")
_MEASURED = ("Tg", "Density")


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


def polymers_table(found: dict) -> str:
    """Measured values of well-known polymers beside what models said that had not seen them.

    Args:
        found: as `bench.sources_accuracy` writes it, of one set of folds.
    """
    heads = [""]
    for name in _MEASURED:
        heads += [property_for(name).label, "predicted"]
    rows = []
    for polymer in found["known"]:
        row = [polymer["polymer"]]
        for name in _MEASURED:
            own, property_ = polymer.get(name), property_for(name)
            if own is None:
                row += ["", ""]
                continue
            measured = sorted({property_.number(value) for value in own["measured"]}, key=float)
            row += [" to ".join(dict.fromkeys([measured[0], measured[-1]]))]
            row += [property_.number(own["predicted"])]
        rows.append(row)
    return markdown_table(heads, rows)


if __name__ == "__main__":
    print(figures_table(json.loads(RESULT.read_text())["report"]), end="\n\n")
    print(polymers_table(json.loads(SOURCES.read_text())["random"]))
