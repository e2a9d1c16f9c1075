"""How often the intervals of a model of `train.csv` hold on tables that it was not trained on.

`python -m bench.coverage_elsewhere MODEL` prints a table of `docs/intervals.md` and writes
`results/coverage-elsewhere.json`. Polymers whose label the model was trained on are left out,
whichever part of the chain the training table draws as their repeat unit.
"""

import sys
from pathlib import Path

import numpy as np

from bench.out_of_fold import TABLE
from bench.reporting import markdown_table, stamp, write_json
from engine.base.workspace import ASSETS
from engine.chem.polymers import polymer
from engine.inference.predict import Predictor
from engine.inference.uncertainty import INSIDE
from engine.runs import find_model
from engine.table import Table, check_table, guess_columns, load_table, read_table

RESULTS = Path("results/coverage-elsewhere.json")
_SUPPLEMENT = TABLE.parent / "train_supplement"
_TABLES = (
    ("textbook, experimental", ASSETS / "textbook.csv", "Tg", "Tg"),
    ("textbook, experimental", ASSETS / "textbook.csv", "Density", "Density"),
    ("competition's supplement 3", _SUPPLEMENT / "dataset3.csv", "Tg", "Tg"),
    ("competition's supplement 4", _SUPPLEMENT / "dataset4.csv", "FFV", "FFV"),
    (
        "competition's supplement 1, older simulations",
        _SUPPLEMENT / "dataset1.csv",
        "TC_mean",
        "Tc",
    ),
)
"""A title, the file, the column of labels, and the model's property."""


def measure(predictor: Predictor, table: Table, name: str, trained_on: set[str]) -> dict:
    """Coverage, width and error of one property on polymers that the model was not trained on.

    Args:
        predictor: the model.
        table: with one property, in the unit of the model's property `name`.
        name: the model's property.
        trained_on: the polymers with a training label of it.
    """
    labelled = np.flatnonzero(np.isfinite(table.labels[:, 0]))
    rows = [row for row in labelled if polymer(table.canonical[row]) not in trained_on]
    predicted = predictor.predict([table.canonical[row] for row in rows])
    uncertainty = predictor.uncertainty(predicted)
    labels = table.labels[rows, 0]
    low, high = uncertainty.low[name].to_numpy(), uncertainty.high[name].to_numpy()
    covered = (low <= labels) & (labels <= high)
    inside = (uncertainty.domain[name] == INSIDE).to_numpy()
    return {
        "property": name,
        "labels": len(rows),
        "seen": len(labelled) - len(rows),
        "mae": float(np.abs(labels - predicted.blend[name]).mean()),
        "width": float((high - low).mean()),
        "coverage": float(covered.mean()),
        "outside": int((~inside).sum()),
        "coverage_inside": float(covered[inside].mean()),
        "coverage_outside": float(covered[~inside].mean()) if not inside.all() else None,
    }


def markdown(measured: list[dict]) -> str:
    """The table of `docs/intervals.md`."""
    heads = [
        *("table", "property", "labels", "coverage", "mean width", "MAE", "outside the domain"),
        "coverage inside, outside",
    ]
    rows = []
    for figures in measured:
        outside = figures["coverage_outside"]
        rows.append(
            [
                *(figures["table"], figures["property"], str(figures["labels"])),
                *(f"{figures['coverage']:.1%}", f"{figures['width']:.3g}"),
                *(f"{figures['mae']:.3g}", str(figures["outside"])),
                f"{figures['coverage_inside']:.1%}, {'–' if outside is None else f'{outside:.1%}'}",
            ]
        )
    return markdown_table(heads, rows)


def _one_property(path: Path, column: str) -> Table:
    raw = read_table(path)
    return check_table(raw, guess_columns(raw, properties=[column]))


def main() -> None:
    """Measure, write, print."""
    model = sys.argv[1]
    predictor = Predictor(find_model(model))
    train = load_table(TABLE)
    names = [property_.name for property_ in train.properties]
    measured = []
    for title, path, column, name in _TABLES:
        labelled = np.isfinite(train.labels[:, names.index(name)])
        trained_on = {polymer(train.canonical[row]) for row in np.flatnonzero(labelled)}
        figures = measure(predictor, _one_property(path, column), name, trained_on)
        measured.append({"table": title, **figures})
    write_json(
        RESULTS, {**stamp(f"python -m bench.coverage_elsewhere {model}"), "tables": measured}
    )
    print(markdown(measured))


if __name__ == "__main__":
    main()
