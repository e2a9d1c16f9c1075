"""How far the shipped model's answers as simulated lie from measured values.

`python -m bench.against_measured TABLES`, with the tables as `bench.shipped_tables` writes them.
Measured values are those of the open collections and of our textbook table, of the same quantity
and polymer; answers are out of fold, as `bench.sources_accuracy` kept them, so that neither the
simulated nor the measured value of the polymer had been seen. What is found goes to
`results/against-measured.json`, and into `bundle.json` for the Predict page.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from bench.reporting import markdown_table, stamp, write_json
from bench.shipped_domain import proven_out_of_fold
from engine.inference.against_measured import AgainstMeasured, against_measured, is_simulated
from engine.inference.bundle import SHIPPED, BundleInfo, read_info, write_info
from engine.settings.properties import Property

RESULTS = Path("results/against-measured.json")
_MEASURED = "measured"
_HEADS = (
    "property",
    "source",
    "polymers",
    "answer − measured, median",
    "mean absolute",
    "simulated − measured, median",
    "mean absolute",
)


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", type=Path)
    folder = parser.parse_args().tables
    info = read_info(SHIPPED)
    units, out_of_fold = proven_out_of_fold(folder, info)
    simulated = [each for each in info.properties if is_simulated(info, each)]
    answers, values = (
        _all_against_measured(info, simulated, units, of, out_of_fold.labels)
        for of in (out_of_fold.blended, out_of_fold.labels)
    )
    figures = {
        each.name: {
            "quantity": each.base,
            "source": each.source,
            "unit": each.errors.unit,
            "answers": _plain(answers.get(each.name)),
            "simulated_values": _plain(values.get(each.name)),
        }
        for each in simulated
    }
    command = "python -m bench.against_measured TABLES"
    write_json(RESULTS, {**stamp(command), "properties": figures})
    write_info(SHIPPED, info.model_copy(update={"against_measured": answers}))
    print(markdown(figures))


def markdown(figures: dict[str, dict]) -> str:
    """The table of the page on sources."""
    rows = []
    for each in figures.values():
        cells = [each["quantity"], each["source"]]
        if each["answers"] is None:
            rows.append([*cells, "0", "–", "–", "–", "–"])
            continue
        cells.append(str(each["answers"]["polymers"]))
        for found in (each["answers"], each["simulated_values"]):
            cells += [f"{found['median']:+.3g}".replace("-", "−"), f"{found['mae']:.3g}"]
        rows.append(cells)
    return markdown_table(_HEADS, rows)


def _all_against_measured(
    info: BundleInfo,
    simulated: list[Property],
    units: list[str],
    values: np.ndarray,
    labels: np.ndarray,
) -> dict[str, AgainstMeasured]:
    """By property, how far values lie from measured ones; nothing for one without any.

    Args:
        info: of the model.
        simulated: the properties that are answered as simulated.
        units: the canonical units of N rows.
        values: shape `(N, K)`, NaN where there is none.
        labels: shape `(N, K)`, from which the measured ones are taken.
    """
    measured = {each.base: each.name for each in info.properties if each.source == _MEASURED}
    found = {}
    for each in simulated:
        if each.base in measured:
            column, true = info.names.index(each.name), info.names.index(measured[each.base])
            distance = against_measured(
                each, _by_polymer(units, values[:, column]), _by_polymer(units, labels[:, true])
            )
            if distance:
                found[each.name] = distance
    return found


def _by_polymer(units: list[str], values: np.ndarray) -> dict[str, float]:
    """The mean value of each polymer that has one."""
    means = pd.Series(values).groupby(units).mean().dropna()
    return {str(unit): float(value) for unit, value in means.items()}


def _plain(found: AgainstMeasured | None) -> dict | None:
    return found.model_dump() if found else None


if __name__ == "__main__":
    main()
