"""Makes a finished run the shipped model: `python -m bench.ship RUN NAME`.

The run's bundle goes to `assets/model` under the name NAME, with the measured values that the
Predict page may show; the card there stays, and is written by hand.
"""

import argparse
import shutil

import numpy as np
import pandas as pd

from bench.shipped_tables import measured
from engine.inference.bundle import SHIPPED, read_info, write_info
from engine.runs import find_run
from engine.runs.known_labels import KNOWN_LABELS
from engine.settings.properties import Property
from engine.settings.sources import Source
from engine.table import load_table
from engine.table.duplicates import flat_smiles

_CARD = "README.md"
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
    parser.add_argument("run")
    parser.add_argument("name")
    arguments = parser.parse_args()
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
    known = measured_labels()
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


def measured_labels() -> pd.DataFrame:
    """The measured labels with their references, as `engine.runs.known_labels` reads them."""
    frame = measured().reset_index(drop=True)
    table = load_table(frame.to_csv(index=False).encode(), "measured.csv")
    rows = []
    for k, property_ in enumerate(table.properties):
        references = frame[f"{property_.name}_reference"]
        for n in np.flatnonzero(np.isfinite(table.labels[:, k])):
            # The header is row 1 of a table.
            reference = references[table.rows[n] - 2]
            label = round(float(table.labels[n, k]), 4)
            rows.append((flat_smiles(table.canonical[n]), property_.name, label, reference))
    return pd.DataFrame(rows, columns=["smiles", "property", "value", "reference"])


if __name__ == "__main__":
    main()
