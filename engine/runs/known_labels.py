"""The labels of a repeat unit that a model learned, for those who may see the training table.

A bundle holds no structure and no label, so that it can be given away. A run's bundle lies beside
the run's table; the shipped one beside a file of values that may be shown.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from ..inference.bundle import BundleInfo
from ..table.duplicates import flat_smiles
from . import folder as files

KNOWN_LABELS = "known_labels.csv"
"""Of a bundle whose training labels may be shown: `smiles`, `property`, `value`, `reference`."""


class KnownLabel(NamedTuple):
    """A label that a model learned.

    Attributes:
        value: in the property's unit.
        reference: where it comes from.
    """

    value: float
    reference: str


KnownLabels = Mapping[str, Mapping[str, list[KnownLabel]]]
"""By repeat unit without stereo marks, and by property."""


def read_known_labels(folder: Path, info: BundleInfo) -> KnownLabels:
    """The labels that a model with several sources learned; empty where they are not at hand.

    Args:
        folder: the bundle's.
        info: its description.
    """
    path, table = folder / KNOWN_LABELS, folder.parent / files.TABLE
    if path.is_file():
        rows = pd.read_csv(path)
    elif info.sources and table.is_file():
        rows = _of_table(pd.read_parquet(table), info)
    else:
        return {}
    known: dict[str, dict[str, list[KnownLabel]]] = {}
    for row in rows.itertuples(index=False):
        of_unit = known.setdefault(str(row.smiles), {})
        of_unit.setdefault(str(row.property), []).append(
            KnownLabel(float(row.value), str(row.reference))
        )
    return known


def _of_table(frame: pd.DataFrame, info: BundleInfo) -> pd.DataFrame:
    """A run's labels, one in each row."""
    references = {source.name: source.reference or source.name for source in info.sources}
    parts = []
    for property_ in info.properties:
        column = files.LABEL_PREFIX + property_.name
        if column not in frame:
            continue
        rows = frame[frame[column].notna()]
        parts.append(
            pd.DataFrame(
                {
                    "smiles": [flat_smiles(unit) for unit in rows["canonical"]],
                    "property": property_.name,
                    "value": rows[column],
                    "reference": references.get(property_.source, ""),
                }
            )
        )
    columns = ["smiles", "property", "value", "reference"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
