"""How often the shipped model's intervals hold on tables that it was not trained on.

`python -m bench.coverage_elsewhere` prints a table of `docs/intervals.md` and writes
`results/coverage-elsewhere.json`. Polymers whose label the model was trained on are left out,
whatever part of their chain was drawn there.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.out_of_fold import TABLE
from bench.polymers import polymer
from engine.base.workspace import ASSETS
from engine.inference.bundle import SHIPPED
from engine.inference.predict import Predictor
from engine.inference.uncertainty import INSIDE
from engine.table import Table, check_table, guess_columns, load_table, read_table

RESULTS = Path("results/coverage-elsewhere.json")
_MORE = TABLE.parent / "train_supplement"
_TABLES = (
    ("textbook, experimental", ASSETS / "textbook.csv", "Tg", "Tg"),
    ("textbook, experimental", ASSETS / "textbook.csv", "Density", "Density"),
    ("competition's supplement 3", _MORE / "dataset3.csv", "Tg", "Tg"),
    ("competition's supplement 4", _MORE / "dataset4.csv", "FFV", "FFV"),
    ("competition's supplement 1, older simulations", _MORE / "dataset1.csv", "TC_mean", "Tc"),
)


def measure(predictor: Predictor, table: Table, name: str, seen: set[frozenset]) -> dict:
    """Coverage, width and error of one property on the polymers that were not seen.

    Args:
        predictor: the model.
        table: with one property, in the unit of the model's property `name`.
        name: the model's property.
        seen: the polymers with a training label of it.
    """
    labelled = np.flatnonzero(np.isfinite(table.labels[:, 0]))
    rows = [i for i in labelled if polymer(table.canonical[i]) not in seen]
    predicted = predictor.predict([table.canonical[i] for i in rows])
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
    lines = [
        "| table | property | labels | coverage | mean width | MAE | outside the domain | "
        "coverage inside, outside |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in measured:
        outside = one["coverage_outside"]
        lines.append(
            f"| {one['table']} | {one['property']} | {one['labels']} | {one['coverage']:.1%} | "
            f"{one['width']:.3g} | {one['mae']:.3g} | {one['outside']} | "
            f"{one['coverage_inside']:.1%}, {'–' if outside is None else f'{outside:.1%}'} |"
        )
    return "\n".join(lines)


def _one_property(path: Path, column: str) -> Table:
    raw = read_table(path)
    return check_table(raw, guess_columns(raw, properties=[column]))


def main() -> None:
    """Measure, write, print."""
    predictor = Predictor(SHIPPED)
    train = load_table(TABLE)
    names = [known.name for known in train.properties]
    measured = []
    for words, path, column, name in _TABLES:
        labelled = np.isfinite(train.labels[:, names.index(name)])
        seen = {polymer(train.canonical[i]) for i in np.flatnonzero(labelled)}
        one = measure(predictor, _one_property(path, column), name, seen)
        measured.append({"table": words, **one})
    result = {
        "command": "python -m bench.coverage_elsewhere",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "tables": measured,
    }
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(markdown(measured))


if __name__ == "__main__":
    main()
