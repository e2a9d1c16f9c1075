"""The labels of a repeat unit that a model learned, for those who may see the training table.

A bundle holds no structure and no label, so that it can be given away, unless its owner puts them
there. A run's bundle lies beside the run's table; the shipped one beside a file of values that may
be shown.
"""

import io
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..base.plain_files import first_line
from ..base.workspace import write_atomic
from ..chem.composition import is_composition
from ..chem.fingerprints import Neighbours
from ..chem.repeat_unit import canonical_unit
from ..chem.smiles import canonical, parse
from ..features.compute import canonical_units
from ..inference.bundle import BundleInfo, bundle_files, info_of, write_info
from ..inference.learned_architecture import with_learned_architecture
from ..settings.sources import SourceKind
from ..table.duplicates import flat_smiles
from . import folder as files

_COLUMNS = ["smiles", "property", "value", "reference", "kind"]
_MEASURED = "measured"
KNOWN_LABELS = "known_labels.csv"
"""Of a bundle whose training labels may be shown: `smiles`, `property`, `value`, `reference` and
`kind`, which is `measured` where the file has no such column."""


class KnownLabel(NamedTuple):
    """A label that a model learned.

    Attributes:
        value: in the property's unit.
        reference: where it comes from.
        any_stereo: whether stereo marks were asked for that it does not tell.
        kind: how it was obtained: `measured`, `simulated`, `computed`; empty where nobody said.
    """

    value: float
    reference: str
    any_stereo: bool = False
    kind: str = _MEASURED


class NearPolymer(NamedTuple):
    """A polymer that is like another one, and has labels.

    Attributes:
        smiles: its repeat unit or composition, without stereo marks.
        similarity: Tanimoto similarity of Morgan counts of the canonical repeat units, 0 to 1; the
            units of a composition count by their fractions.
        labels: of one property.
    """

    smiles: str
    similarity: float
    labels: list[KnownLabel]


class KnownLabels:
    """Labels that a model learned, by polymer.

    Attributes:
        names: of the properties that there are labels of.
    """

    def __init__(self, rows: pd.DataFrame) -> None:
        """Sort them.

        Args:
            rows: columns `smiles`, of parsable units without stereo marks or compositions of them,
                `property`, `value`, `reference`, and `kind` where not all were measured.
        """
        self.names = [str(name) for name in rows["property"].unique()]
        self._rows = rows if "kind" in rows else rows.assign(kind=_MEASURED)
        drawings = [str(unit) for unit in rows["smiles"].unique()]
        keys = canonical_units(drawings) if drawings else []
        self._drawn = dict(zip(reversed(keys), reversed(drawings), strict=True))
        polymers = rows["smiles"].map(dict(zip(drawings, keys, strict=True)))
        self._places = {str(key): own for key, own in polymers.groupby(polymers).indices.items()}
        self._having = {
            str(name): {*polymers.iloc[own]}
            for name, own in rows.groupby("property").indices.items()
        }

    def of(self, smiles: str) -> dict[str, list[KnownLabel]]:
        """The labels of a polymer by property, however its repeat unit is drawn.

        Args:
            smiles: of a repeat unit that can be read. The labels are of polymers without stereo
                marks.
        """
        flat = flat_smiles(smiles)
        return self.of_polymer(canonical_unit(flat), any_stereo=flat != smiles)

    def of_polymer(self, unit: str, any_stereo: bool = False) -> dict[str, list[KnownLabel]]:
        """The labels of a polymer by property, without parsing its repeat unit.

        Args:
            unit: its canonical repeat unit, without stereo marks.
            any_stereo: whether it was drawn with such marks.
        """
        known: dict[str, list[KnownLabel]] = {}
        if unit not in self._places:
            return known
        for row in self._rows.iloc[self._places[unit]].itertuples(index=False):
            label = KnownLabel(float(row.value), str(row.reference), any_stereo, str(row.kind))
            if label not in known.setdefault(str(row.property), []):
                known[str(row.property)].append(label)
        return known

    @property
    def polymers(self) -> list[str]:
        """The canonical repeat units, or compositions, that there are labels of."""
        return [*self._places]

    def nearest(self, smiles: str, property_: str, count: int = 3) -> list[NearPolymer]:
        """The most similar polymers with a label of a property, the most similar first.

        Args:
            smiles: of a repeat unit that can be read; its own polymer is left out.
            property_: the property's name.
            count: so many at most.
        """
        having = self._having.get(property_, set())
        similarities = self._compared.similarities(smiles)
        polymers, own = [*self._drawn], canonical_unit(flat_smiles(smiles))
        near: list[NearPolymer] = []
        for place in np.argsort(-similarities, kind="stable"):
            polymer = polymers[place]
            if len(near) == count or not similarities[place]:
                break
            if polymer in having and polymer != own:
                unit = self._drawn[polymer]
                labels = self.of(unit)[property_]
                near.append(NearPolymer(unit, float(similarities[place]), labels))
        return near

    @cached_property
    def _compared(self) -> Neighbours:
        """The fingerprints of the canonical units, in their order."""
        return Neighbours([*self._drawn])


def names_as_measured(info: BundleInfo) -> list[str]:
    """The properties that a model answers as they are measured.

    Args:
        info: of the model.
    """
    kinds = {source.name: source.kind for source in info.sources}
    return [each.name for each in info.properties if kinds.get(each.source) == _MEASURED]


def measured_values(
    known: KnownLabels, info: BundleInfo, units: Sequence[str]
) -> list[dict[str, list[float]]]:
    """The measured values of some homopolymers by property, where a model answers as measured.

    Args:
        known: all labels that may be shown.
        info: of the model.
        units: repeat units that can be read.

    Returns:
        Of each, in its order; those of one property as they are shown.
    """
    names = names_as_measured(info)
    of_units = [known.of(unit) for unit in units]
    return [
        {name: [label.value for label in own[name]] for name in names if name in own}
        for own in of_units
    ]


def nearest_of_answers(
    known: KnownLabels, info: BundleInfo, smiles: str, count: int = 3
) -> dict[str, list[NearPolymer]]:
    """Of each quantity that a model answers, the most similar polymers with a label of it.

    Where there is none of the source that answers are like, another source's stand for it.

    Args:
        known: all labels that may be shown.
        info: of the model.
        smiles: of a repeat unit that can be read.
        count: so many of each at most.

    Returns:
        By the name of the property that the labels are of.
    """
    (smiles,), found = with_learned_architecture(info, [smiles]), {}
    for answer in info.answers:
        own = [each.name for each in info.properties if each.base == answer.base]
        for name in sorted(own, key=lambda each: each != answer.name):
            if near := known.nearest(smiles, name, count):
                found[name] = near
                break
    return found


def read_all_labels(folder: Path, info: BundleInfo) -> KnownLabels:
    """The labels that a model learned, however obtained, where they are at hand and may be shown.

    Args:
        folder: the bundle's.
        info: its description.

    Raises:
        UserError: when the file of values is gone, is not the one that the bundle was completed
            with, or cannot be read.
    """
    return _read(folder, info, measured=False)


def read_measured_labels(folder: Path, info: BundleInfo) -> KnownLabels:
    """Those of measured sources, which stand before a prediction; see `read_all_labels`."""
    return _read(folder, info, measured=True)


def _read(folder: Path, info: BundleInfo, measured: bool) -> KnownLabels:
    path, table, proven = folder / KNOWN_LABELS, folder.parent / files.TABLE, bundle_files(folder)
    rows = pd.DataFrame(columns=_COLUMNS)
    if KNOWN_LABELS in proven.names or path.is_file():
        rows = _of_csv(proven.read(KNOWN_LABELS), path, measured)
    elif table.is_file() and (not measured or any(s.kind == _MEASURED for s in info.sources)):
        rows = _of_table(table, info)
    return KnownLabels(rows[rows["kind"] == _MEASURED] if measured else rows)


def with_neighbours(folder: Path, target: Path) -> int:
    """Put the training labels of a run's bundle into a copy of it, to be shown beside predictions.

    Only its owner should ask for it: whoever has the copy reads the structures and the values.

    Args:
        folder: of the run's bundle, beside the run's table.
        target: of a complete copy of the bundle, whose manifest is written anew.

    Returns:
        How many labels there are.

    Raises:
        UserError: when the table is not at hand, its labels depend on conditions, or the copy is
            not that of the bundle.
    """
    table, origin = folder.parent / files.TABLE, info_of(bundle_files(folder))
    info = info_of(bundle_files(target))
    if not table.is_file():
        raise UserError(
            f"The table that {info.name!r} was trained on is not beside it in {folder.parent}: "
            "only a run's own model can be given away with its neighbours."
        )
    if info.conditions:
        raise UserError(
            f"The labels of {info.name!r} depend on conditions, and neighbours are shown without."
        )
    if (info.created, info.names) != (origin.created, origin.names):
        raise UserError(f"{target} is no copy of the model in {folder}.")
    rows = _of_table(table, info)
    write_atomic(target / KNOWN_LABELS, rows.to_csv(index=False))
    write_info(target, info)
    return len(rows)


def _of_csv(content: bytes, path: Path, measured: bool) -> pd.DataFrame:
    """The labels in the file of a bundle, which anybody may have written.

    Raises:
        UserError: when it cannot be read, or holds what is no repeat unit, value or kind.
    """
    text = dict.fromkeys(("smiles", "property", "reference", "kind"), str)
    try:
        rows = pd.read_csv(io.BytesIO(content), dtype=text, keep_default_na=False)
        rows = rows if "kind" in rows else rows.assign(kind=_MEASURED)
        rows = rows[_COLUMNS].astype({"value": float})
        if not np.isfinite(rows["value"]).all():
            raise ValueError("a value is no number.")
        if unknown := {*rows["kind"]}.difference(get_args(SourceKind)):
            raise ValueError(f"{min(unknown)!r} is no kind of label.")
        rows = rows[rows["kind"] == _MEASURED] if measured else rows
        for unit in map(str, rows["smiles"].unique()):
            # A composition's units are looked at as well.
            canonical(unit) if is_composition(unit) else parse(unit)
        return rows
    except (KeyError, ValueError) as error:  # pandas' own, and that a SMILES cannot be read
        raise UserError(f"{path} cannot be read: {first_line(error)}") from error


def _of_table(path: Path, info: BundleInfo) -> pd.DataFrame:
    """A run's labels, one in each row; none where they depend on conditions.

    A value under other conditions is not that of the molecule as it is predicted.
    """
    if info.conditions:
        return pd.DataFrame(columns=_COLUMNS)
    frame, sources = files.read_parquet(path), {source.name: source for source in info.sources}
    units = np.array([flat_smiles(unit) for unit in frame["canonical"]], dtype=object)
    parts = [pd.DataFrame(columns=_COLUMNS)]
    for property_ in info.properties:
        column, source = files.LABEL_PREFIX + property_.name, sources.get(property_.source)
        if column not in frame:
            continue
        known = frame[column].notna().to_numpy()
        parts.append(
            pd.DataFrame(
                {
                    "smiles": units[known],
                    "property": property_.name,
                    "value": frame[column][known],
                    "reference": (source.reference or source.name) if source else info.table,
                    "kind": source.kind if source else "",
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
