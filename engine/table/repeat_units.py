"""Checks of a table's repeat units: which can be read, and which can be units of a chain."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..base.budget import check_time
from ..base.wording import counted, listed, rows_text
from ..chem.notations import stand_in_ends, with_stars
from ..chem.pieces import pieces_problem, without_loose_pieces
from ..chem.polymers import joining_problem
from ..chem.smiles import MAX_LENGTH, BadSmilesError, canonical
from .cells import LONGEST_CELL, is_missing
from .reading import RawTable
from .report import Finding

Progress = Callable[[int, int], None]
"""Called with the rows done and the rows in all."""

_PROGRESS_ROWS = 200


class _Read(NamedTuple):
    """A canonical form, or the kind of fault and the reason that there is none."""

    form: str | None
    reason: tuple[str, str] | None = None


def _read_smiles(text: str) -> _Read:
    if len(text) >= LONGEST_CELL:
        length = f"the SMILES has {LONGEST_CELL:,} characters or more"
        return _Read(
            None, ("long_smiles", f"{length}; the longest that is read has {MAX_LENGTH:,}")
        )
    try:
        form = canonical(text)
        if problem := pieces_problem(form):
            return _Read(None, ("fragments", problem))
        return _Read(form)
    except BadSmilesError as error:
        too_long = len(text) > MAX_LENGTH
        return _Read(None, ("long_smiles" if too_long else "unreadable_smiles", str(error)))


def read_units(
    raw: RawTable, column: str, ids: Sequence[str | None], progress: Progress | None
) -> tuple[list[str | None], pd.DataFrame, list[Finding]]:
    """Each row's canonical SMILES, None for excluded rows; these rows; and the findings."""
    texts = raw.frame[column].tolist()
    forms: list[str | None] = []
    reasons: dict[int, tuple[str, str]] = {}
    # Of each text once: to parse it takes most of the time of a check.
    known: dict[str, _Read] = {}
    for i, text in enumerate(texts):
        if progress and i % _PROGRESS_ROWS == 0:
            progress(i, len(texts))
        check_time("reading its repeat units")
        if text is None or is_missing(text):
            read = _Read(None, ("empty_smiles", "the SMILES is empty"))
        else:
            read = known.get(text) or known.setdefault(text, _read_smiles(text))
        if read.reason:
            reasons[i] = read.reason
        forms.append(read.form)
    if progress:
        progress(len(texts), len(texts))
    excluded = pd.DataFrame(
        {
            "row": raw.rows[list(reasons)],
            "id": [ids[i] or str(raw.rows[i]) for i in reasons],
            "SMILES": [texts[i] or "" for i in reasons],
            "reason": [reason for _, reason in reasons.values()],
        }
    )
    return forms, excluded, _excluded(raw.rows, column, reasons)


def _excluded(rows: np.ndarray, column: str, reasons: dict[int, tuple[str, str]]) -> list[Finding]:
    """One finding for each kind of SMILES that cannot be used."""
    words = {
        "empty_smiles": ("without a SMILES", "Fill in the repeat unit"),
        "unreadable_smiles": ("with a SMILES that cannot be read", "Correct the SMILES"),
        "long_smiles": (
            f"with a SMILES of more than {MAX_LENGTH:,} characters",
            "Give one repeat unit only",
        ),
        "fragments": (
            "with several molecules side by side",
            "Models learn from single repeat units: correct the SMILES, or say `--fragments "
            "leave-out` where counter-ions and solvents are to be left out of them",
        ),
    }
    findings = []
    for kind, (description, advice) in words.items():
        positions = [i for i, (reason_kind, _) in reasons.items() if reason_kind == kind]
        if not positions:
            continue
        numbers = [int(rows[i]) for i in positions]
        named = rows_text(numbers)
        if kind in ("unreadable_smiles", "fragments"):
            named = listed([f"row {rows[i]} ({reasons[i][1]})" for i in positions])
        left = "is left out" if len(positions) == 1 else "are left out"
        findings.append(
            Finding(
                kind=kind,
                severity="excluded",
                column=column,
                count=len(positions),
                rows=numbers,
                message=f"{counted(len(positions), 'row')} {description} {left}: {named}. "
                f"{advice}.",
            )
        )
    return findings


def with_chain_ends(raw: RawTable, column: str, elements: Sequence[str]) -> RawTable:
    """The table in which some elements' atoms are `*`.

    Args:
        raw: the table.
        column: of the repeat units.
        elements: that stand for `*`, such as `Ce` and `Th`.
    """
    frame = raw.frame.copy()
    texts = [text and with_stars(text, elements) for text in frame[column]]
    # Of objects, or pandas would write an empty cell as a number.
    frame[column] = pd.Series(texts, index=frame.index, dtype=object)
    return replace(raw, frame=frame)


def without_fragments(raw: RawTable, column: str) -> RawTable:
    """The table in which repeat units have no molecules beside them, such as counter-ions.

    Args:
        raw: the table.
        column: of the repeat units.
    """
    frame = raw.frame.copy()
    frame[column] = [text and without_loose_pieces(text) for text in frame[column]]
    return replace(raw, frame=frame)


def stand_ins(raw: RawTable, column: str) -> list[Finding]:
    """Whether atoms stand where `*` should."""
    texts = [text for text in raw.frame[column] if text]
    elements = stand_in_ends(texts)
    if not elements:
        return []
    atoms = " and ".join(f"[{element}]" for element in elements)
    option = ",".join(elements)
    return [
        Finding(
            kind="chain_ends",
            severity="error",
            column=column,
            count=len(texts),
            message=f"{atoms} seem to stand where the chain goes on: two in most repeat units, and "
            "no `*`. A model of them would be wrong for repeat units with `*`. If so, say "
            f"`--chain-ends {option}`, or replace them by `*` in the file.",
        )
    ]


def attachment_points(canonical_: Sequence[str], rows: np.ndarray) -> list[Finding]:
    """A finding on repeat units that have not two `*`; rows (n,) are those of a spreadsheet."""
    # In a SMILES `*` stands for nothing but an attachment point, so the text can be counted.
    wrong = [i for i, text in enumerate(canonical_) if text.count("*") != 2]
    if not wrong:
        return []
    named = [f"row {rows[i]} ({canonical_[i].count('*')})" for i in wrong]
    return [
        Finding(
            kind="attachment_points",
            severity="warning",
            count=len(wrong),
            rows=[int(rows[i]) for i in wrong],
            message=f"{counted(len(wrong), 'row')} without exactly two `*`: {listed(named)}. A "
            "repeat unit has two, one where each neighbour joins; the rows are kept.",
        )
    ]


def unjoinable(canonical_: Sequence[str], rows: np.ndarray) -> list[Finding]:
    """A finding on repeat units that cannot be joined; rows (n,) are those of a spreadsheet."""
    problems = {}
    for i, text in enumerate(canonical_):
        check_time("joining its repeat units")
        if text.count("*") == 2 and (problem := joining_problem(text)):
            problems[i] = problem
    if not problems:
        return []
    named = [f"row {rows[i]} ({canonical_[i]}: {problem})" for i, problem in problems.items()]
    return [
        Finding(
            kind="unjoinable",
            severity="warning",
            count=len(problems),
            rows=[int(rows[i]) for i in problems],
            message=f"{counted(len(problems), 'repeat unit')} cannot be joined to a chain: "
            f"{listed(named)}. Draw both ends alike, most often as single bonds; "
            "the rows are kept.",
        )
    ]
