"""The labels of a repeat unit that a model learned, for those who may see the training table.

A bundle holds no structure and no label, so that it can be given away. A run's bundle lies beside
the run's table; the shipped one beside a file of values that may be shown.
"""

import io
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..base.plain_files import first_line
from ..chem.fingerprints import Neighbours
from ..chem.polymers import outline, polymer
from ..chem.repeat_unit import canonical_unit
from ..inference.bundle import BundleInfo, bundle_files
from ..table.duplicates import flat_smiles
from . import folder as files

_COLUMNS = ["smiles", "property", "value", "reference"]
KNOWN_LABELS = "known_labels.csv"
"""Of a bundle whose training labels may be shown: `smiles`, `property`, `value`, `reference`."""


class KnownLabel(NamedTuple):
    """A label that a model learned.

    Attributes:
        value: in the property's unit.
        reference: where it comes from.
        any_stereo: whether stereo marks were asked for that it does not tell.
    """

    value: float
    reference: str
    any_stereo: bool = False


class NearPolymer(NamedTuple):
    """A polymer that is like another one, and was measured.

    Attributes:
        smiles: its repeat unit, without stereo marks.
        similarity: Tanimoto similarity of Morgan counts of the canonical repeat units, 0 to 1.
        labels: of one property.
    """

    smiles: str
    similarity: float
    labels: list[KnownLabel]


class KnownLabels:
    """The measured labels that a model learned, by polymer.

    Attributes:
        names: of the properties that there are labels of.
    """

    def __init__(self, rows: pd.DataFrame) -> None:
        """Sort them.

        Args:
            rows: columns `smiles`, without stereo marks, `property`, `value` and `reference`.
        """
        self.names = [str(name) for name in rows["property"].unique()]
        self._rows = dict(list(rows.groupby("smiles", sort=False)))
        self._alike: dict[frozenset, list[str]] = {}
        for unit in self._rows:
            self._alike.setdefault(outline(unit), []).append(unit)

    def of(self, smiles: str) -> dict[str, list[KnownLabel]]:
        """The labels of a polymer by property, however its repeat unit is drawn.

        Args:
            smiles: of a repeat unit that can be read. The labels are of polymers without stereo
                marks.
        """
        flat = flat_smiles(smiles)
        drawings = [
            unit
            for unit in self._alike.get(outline(flat), [])
            if unit == flat or polymer(unit) == polymer(flat)
        ]
        known: dict[str, list[KnownLabel]] = {}
        for unit in drawings:
            for row in self._rows[unit].itertuples(index=False):
                label = KnownLabel(float(row.value), str(row.reference), flat != smiles)
                if label not in known.setdefault(str(row.property), []):
                    known[str(row.property)].append(label)
        return known

    def nearest(self, smiles: str, property_: str, count: int = 3) -> list[NearPolymer]:
        """The most similar polymers with a label of a property, the most similar first.

        Args:
            smiles: of a repeat unit that can be read; its own polymer is left out.
            property_: the property's name.
            count: so many at most.
        """
        units, neighbours = self._compared
        polymers = [*units]
        similarities = neighbours.similarities(smiles)
        near: list[NearPolymer] = []
        own = canonical_unit(flat_smiles(smiles))
        for place in np.argsort(-similarities, kind="stable"):
            unit = units[polymers[place]]
            if len(near) == count or not similarities[place]:
                break
            labels = self.of(unit).get(property_, [])
            if labels and own != polymers[place]:
                near.append(NearPolymer(unit, float(similarities[place]), labels))
        return near

    @cached_property
    def _compared(self) -> tuple[dict[str, str], Neighbours]:
        """By canonical unit, the first drawing of each polymer; and their fingerprints."""
        units = {canonical_unit(unit): unit for unit in reversed([*self._rows])}
        return units, Neighbours([*units])


def read_known_labels(folder: Path, info: BundleInfo) -> KnownLabels:
    """The measured labels that a model of several sources learned; none where not at hand.

    Args:
        folder: the bundle's.
        info: its description.

    Raises:
        UserError: when the file of values is gone, is not the one that the bundle was completed
            with, or cannot be read.
    """
    path, table, proven = folder / KNOWN_LABELS, folder.parent / files.TABLE, bundle_files(folder)
    if KNOWN_LABELS in proven.names or path.is_file():
        return _of_csv(proven.read(KNOWN_LABELS), path)
    # A value measured under other conditions is not that of the molecule as it is predicted.
    if info.sources and not info.conditions and table.is_file():
        return KnownLabels(_of_table(files.read_parquet(table), info))
    return KnownLabels(pd.DataFrame(columns=_COLUMNS))


def _of_csv(content: bytes, path: Path) -> KnownLabels:
    """The labels in the file of a bundle, which anybody may have written."""
    try:
        rows = pd.read_csv(io.BytesIO(content), dtype={"smiles": str, "reference": str})
        return KnownLabels(rows[_COLUMNS].astype({"value": float}))
    except (KeyError, ValueError) as error:  # pandas' own, and that a SMILES cannot be read
        raise UserError(f"{path} cannot be read: {first_line(error)}") from error


def _of_table(frame: pd.DataFrame, info: BundleInfo) -> pd.DataFrame:
    """A run's measured labels, one in each row."""
    references = {
        source.name: source.reference or source.name
        for source in info.sources
        if source.kind == "measured"
    }
    parts = []
    for property_ in info.properties:
        column = files.LABEL_PREFIX + property_.name
        if column not in frame or property_.source not in references:
            continue
        rows = frame[frame[column].notna()]
        parts.append(
            pd.DataFrame(
                {
                    "smiles": [flat_smiles(unit) for unit in rows["canonical"]],
                    "property": property_.name,
                    "value": rows[column],
                    "reference": references[property_.source],
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_COLUMNS)
