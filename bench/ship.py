"""Makes a finished run the shipped model: `python -m bench.ship RUN NAME`.

The run's bundle goes to `assets/model` under the name NAME, with the values that the Predict page
may show: measured ones, and RadonPy's simulated ones. The card there stays, and is written by hand.
Its student is made afterwards: `python -m engine distil shipped ../shared/data/train.csv`.
`python -m bench.ship --labels-only` writes these values anew beside the model that is there.
"""

import argparse
import shutil
from collections.abc import Sequence

import numpy as np
import pandas as pd

from bench.shipped_tables import DATA, measured
from engine.inference.bundle import SHIPPED, read_info, write_info
from engine.runs import find_run
from engine.runs.known_labels import KNOWN_LABELS
from engine.settings.properties import Property
from engine.settings.sources import Source
from engine.table import Table, load_table
from engine.table.duplicates import flat_smiles

_CARD = "README.md"
_RADONPY = "radonpy"
_OF_RADONPY = {
    "Cp": ("Heat capacity", "J/(kg·K)"),
    "bulk_modulus": ("Bulk modulus", "Pa"),
    "linear_expansion": ("Linear expansion coefficient", "1/K"),
    "refractive_index": ("Refractive index", ""),
    "static_dielectric_const": ("Static dielectric constant", ""),
    "self_diffusion": ("Self-diffusion coefficient", "m²/s"),
}
"""Columns that the registry does not know, since other tables may have them in other units."""
_PUBLISHED = {
    "competition": (
        "NeurIPS – Open Polymer Prediction 2025, train.csv and its supplements (FFV, Tc, Density "
        "and Rg simulated; Tg from journals)",
        "The competition's rules; its licence is stated differently in different places",
    ),
    "measured": (
        "Bicerano 2002 and Afzal et al. 2021 as collected by Choi et al., Sci. Data 11:371 (2024); "
        "textbook values as named in assets/textbook.csv",
        "facts from the literature; CC BY 4.0",
    ),
    "radonpy": (
        "RadonPy PI1070, Hayashi et al., npj Comput. Mater. 8:222 (2022)",
        "BSD-3-Clause",
    ),
}
"""The reference and the terms of each source."""


def main() -> None:
    """Copy the bundle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", nargs="?")
    parser.add_argument("name", nargs="?")
    parser.add_argument("--labels-only", action="store_true")
    arguments = parser.parse_args()
    if arguments.labels_only:
        info = read_info(SHIPPED)
        shown_labels(info.properties).to_csv(SHIPPED / KNOWN_LABELS, index=False)
        write_info(SHIPPED, info)
        return
    if not arguments.name:
        parser.error("say which run, and the name of the model")
    bundle = find_run(arguments.run).bundle
    info = read_info(bundle)
    properties = [_described(each) for each in info.properties]
    changes = {
        "name": arguments.name,
        "properties": properties,
        "sources": [_with_reference(each) for each in info.sources],
        # Without the path of somebody's file.
        "folds": info.folds.rpartition("/")[2],
    }
    known = shown_labels(properties)
    # Nothing is deleted before all of the above could be made.
    for path in SHIPPED.iterdir():
        if path.name != _CARD:
            path.unlink()
    for path in bundle.iterdir():
        if path.name != _CARD:
            shutil.copy(path, SHIPPED)
    known.to_csv(SHIPPED / KNOWN_LABELS, index=False)
    write_info(SHIPPED, info.model_copy(update=changes))
    size = sum(path.stat().st_size for path in SHIPPED.iterdir()) / 1e6
    print(f"{SHIPPED}: {size:.1f} MB")


def _with_reference(source: Source) -> Source:
    reference, terms = _PUBLISHED[source.name]
    return source.model_copy(update={"reference": reference, "terms": terms})


def _described(property_: Property) -> Property:
    """A property with what is known of it but not in its table: title, unit, origin."""
    if property_.name == "Tg (competition)":
        return property_.model_copy(update={"origin": "collected"})
    if property_.name not in _OF_RADONPY:
        return property_
    title, unit = _OF_RADONPY[property_.name]
    return property_.model_copy(update={"title": title, "unit": unit})


def shown_labels(properties: Sequence[Property]) -> pd.DataFrame:
    """The labels with their references, as `engine.runs.known_labels` reads them."""
    radonpy = {each.base: each.name for each in properties if each.source == _RADONPY}
    frame = measured().reset_index(drop=True)
    rows = _rows(load_table(frame.to_csv(index=False).encode(), "measured.csv"))
    # The header is row 1 of a table.
    rows["reference"] = [
        frame[f"{name}_reference"][row - 2]
        for name, row in zip(rows["property"], rows["row"], strict=True)
    ]
    simulated = _rows(load_table(DATA / "open" / "pi1070.csv"))
    simulated["property"] = simulated["property"].map(radonpy)
    simulated["reference"] = "RadonPy PI1070 (Hayashi 2022)"
    kinds = [rows.assign(kind="measured"), simulated.dropna().assign(kind="simulated")]
    return pd.concat(kinds, ignore_index=True).drop(columns="row")


def _rows(table: Table) -> pd.DataFrame:
    """A table's labels: `smiles`, `property`, `value`, and the `row` of the file."""
    rows = [
        (flat_smiles(table.canonical[n]), property_.name, _short(table.labels[n, k]), table.rows[n])
        for k, property_ in enumerate(table.properties)
        for n in np.flatnonzero(np.isfinite(table.labels[:, k])).tolist()
    ]
    return pd.DataFrame(rows, columns=["smiles", "property", "value", "row"])


def _short(value: float) -> float:
    return float(f"{value:.5g}")


if __name__ == "__main__":
    main()
