"""What is worth knowing of rows that hold several repeat units."""

from collections.abc import Sequence

import numpy as np

from ..base.wording import counted, listed, rows_text
from ..chem.composition import BAR, units_in
from .columns import Columns
from .compositions import PolymerText
from .reading import RawTable
from .report import Finding


def composition_findings(
    raw: RawTable, columns: Columns, given: Sequence[PolymerText], forms: Sequence[str | None]
) -> list[Finding]:
    """Notes on compositions: how they are read, and which units are merged.

    Args:
        raw: the table.
        columns: that are used.
        given: what each of n rows holds.
        forms: n canonical texts, None where a row cannot be used.
    """
    read = [(i, form) for i, form in enumerate(forms) if form]
    several = [i for i, form in read if BAR in form]
    if not several and not columns.says_more:
        return []
    merged = [i for i, form in read if given[i].given > len(units_in(form))]
    rows = raw.rows
    notes = [
        Finding(
            kind="compositions",
            severity="note",
            column=columns.smiles,
            count=len(several),
            message=f"{counted(len(several), 'row')} of several repeat units: "
            f"{composition_words(columns)}.",
        )
    ]
    if columns.basis == "weight" and (columns.fractions or several):
        notes.append(_weights(columns, several))
    if merged:
        notes.append(_merged(merged, rows))
    return notes


def composition_words(columns: Columns) -> str:
    """In which columns compositions are read."""
    of_all = columns.one_architecture and f"all {columns.one_architecture} where nothing is said"
    words = [f"units in {_named(columns.structures)}"]
    if not columns.units:
        by_weight = ", by weight" if columns.basis == "weight" else ""
        words = [f"compositions in “{columns.smiles}”{by_weight}"]
    if columns.fractions:
        whole = {"one": ", of 1", "hundred": ", in %", "parts": ", in parts"}[columns.whole]
        words.append(f"{columns.basis} fractions in {_named(columns.fractions)}{whole}")
    if columns.architecture:
        words.append(f"the architecture in “{columns.architecture}”")
    return "; ".join(filter(None, [*words, of_all]))


def _named(columns: Sequence[str]) -> str:
    return listed([f"“{name}”" for name in columns], "columns")


def _weights(columns: Columns, several: Sequence[int]) -> Finding:
    names = columns.fractions or (columns.smiles,)
    return Finding(
        kind="weight_fractions",
        severity="note",
        column=names[0],
        count=len(several),
        message=f"{_named(names)}: weight fractions of {counted(len(several), 'row')} "
        "are turned into mole fractions with the masses of the repeat units as drawn. Say "
        "`--fractions mole` if they are moles.",
    )


def _merged(merged: Sequence[int], rows: np.ndarray) -> Finding:
    numbers = [int(rows[i]) for i in merged]
    return Finding(
        kind="merged_units",
        severity="note",
        count=len(numbers),
        rows=numbers,
        message=f"{counted(len(numbers), 'row')} with the same repeat unit more than once, whose "
        f"fractions are added up: {rows_text(numbers)}.",
    )
