"""Says what the shipped model's training units are made of: `python -m bench.ship_seen TABLES`.

TABLES is the folder that `python -m bench.shipped_tables` wrote. A model trained now says so
by itself; this adds it to one that was trained before, and touches nothing else. It is refused when
the tables are not those that the model's domain was made of.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from bench.shipped_tables import SOURCES
from engine.inference.bundle import SHIPPED, read_info, write_info
from engine.inference.domain import FILE, Domain, seen_in_table
from engine.settings.sources import Source
from engine.table import Table, join_tables, load_table


def main() -> None:
    """Write the shipped model's description anew, with what its training units are made of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", type=Path)
    folder = parser.parse_args().tables
    tables = [load_table(folder / f"{name}.csv") for name in SOURCES]
    answers = {"Tg": "measured", "Density": "measured"}
    joined = join_tables(tables, [Source(name=name) for name in SOURCES], answers)
    info = read_info(SHIPPED)
    labels = _labels(joined, info.names)
    _check(joined, labels)
    assert info.domain is not None
    seen = seen_in_table(joined.canonical, labels, info.names)
    domain = info.domain.model_copy(update={"seen": seen})
    write_info(SHIPPED, info.model_copy(update={"domain": domain}))


def _labels(table: Table, names: list[str]) -> np.ndarray:
    """The labels of some properties, in their order."""
    own = [property_.name for property_ in table.properties]
    return table.labels[:, [own.index(name) for name in names]]


def _check(table: Table, labels: np.ndarray) -> None:
    """Stop where the shipped domain was made of other units or labels."""
    with tempfile.TemporaryDirectory() as folder:
        Domain.of(table.canonical, labels).save(Path(folder))
        made, shipped = load_file(Path(folder) / FILE), load_file(SHIPPED / FILE)
    if any(not np.array_equal(made[name], shipped[name]) for name in shipped):
        raise SystemExit("These are not the tables of the shipped model: its domain differs.")


if __name__ == "__main__":
    main()
