"""Checks of a table's repeat units: which can be read, and which can be units of a chain."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..base.budget import check_time
from ..base.wording import counted, listed, rows_text
from ..chem.comonomers import explained, is_of_monomer, with_units_made
from ..chem.composition import BAR, is_composition, units_in
from ..chem.notations import stand_in_ends, with_stars
from ..chem.pieces import pieces_problem, without_loose_pieces
from ..chem.polymers import joining_problem
from ..chem.smiles import MAX_LENGTH, BadSmilesError, canonical
from .cells import LONGEST_CELL
from .columns import Columns
from .composition_findings import composition_findings
from .compositions import polymer_texts
from .polymer_text import PolymerText, Problem
from .reading import RawTable
from .report import Finding

Progress = Callable[[int, int], None]
"""Called with the rows done and the rows in all."""

_PROGRESS_ROWS = 200


class _Read(NamedTuple):
    """A canonical form, or the fault for which there is none."""

    form: str | None
    problem: Problem | None = None


class UnitsRead(NamedTuple):
    """The repeat units, or compositions of such, of a table's n rows.

    Attributes:
        texts: as given; of several columns, put together. None where a row has none.
        forms: canonical, None for excluded rows.
        excluded: these rows.
        findings: what is odd about them.
    """

    texts: list[str | None]
    forms: list[str | None]
    excluded: pd.DataFrame
    findings: list[Finding]


def _read_smiles(text: str) -> _Read:
    several = is_composition(text)
    if len(text) >= LONGEST_CELL and not several:
        length = f"the SMILES has {LONGEST_CELL:,} characters or more"
        return _Read(
            None, Problem("long_smiles", f"{length}; the longest that is read has {MAX_LENGTH:,}")
        )
    try:
        form = canonical(text)
        if problem := pieces_problem(form):
            return _Read(None, Problem("fragments", problem))
        return _Read(form)
    except BadSmilesError as error:
        if several:
            kind = "monomers" if is_of_monomer(error) else "composition"
            return _Read(None, Problem(kind, explained(error)))
        kind = "long_smiles" if len(text) > MAX_LENGTH else "unreadable_smiles"
        return _Read(None, Problem(kind, str(error)))


def read_units(
    raw: RawTable, columns: Columns, ids: Sequence[str | None], progress: Progress | None
) -> UnitsRead:
    """Read the repeat unit, or the composition, of each row.

    Args:
        raw: the table.
        columns: that are used.
        ids: of the rows, None where one has none.
        progress: called every 200 rows and at the end.
    """
    rows: list[PolymerText] = []
    forms: list[str | None] = []
    problems: dict[int, Problem] = {}
    # Of each text once: to parse it takes most of the time of a check.
    known: dict[str, _Read] = {}
    for i, row in enumerate(polymer_texts(raw, columns)):
        if progress and i % _PROGRESS_ROWS == 0:
            progress(i, len(raw.rows))
        check_time("reading its repeat units")
        if row.text is None:
            read = _Read(None, row.problem)
        else:
            read = known.get(row.text) or known.setdefault(row.text, _read_smiles(row.text))
        if read.problem:
            problems[i] = read.problem
        rows.append(row)
        forms.append(read.form)
    if progress:
        progress(len(rows), len(rows))
    excluded = pd.DataFrame(
        {
            "row": raw.rows[list(problems)],
            "id": [ids[i] or str(raw.rows[i]) for i in problems],
            "SMILES": [rows[i].shown for i in problems],
            "reason": [problem.reason for problem in problems.values()],
        }
    )
    # Of several columns, each reason names its own.
    findings = _excluded(raw.rows, None if columns.units else columns.smiles, problems)
    findings += composition_findings(raw, columns, rows, forms)
    return UnitsRead([row.text for row in rows], forms, excluded, findings)


def _excluded(rows: np.ndarray, column: str | None, problems: dict[int, Problem]) -> list[Finding]:
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
        "monomers": (
            "with monomers in place of repeat units",
            "Write the units that they make, or say `--monomers make-units`, which does so where "
            "one can be made alone; a salt or a solvent is a condition, in a column of its own",
        ),
        "composition": (
            "whose composition cannot be used",
            "Correct these cells",
        ),
    }
    findings = []
    for kind, (description, advice) in words.items():
        positions = [i for i, problem in problems.items() if problem.kind == kind]
        if not positions:
            continue
        numbers = [int(rows[i]) for i in positions]
        named = rows_text(numbers)
        if kind in ("unreadable_smiles", "fragments", "monomers", "composition"):
            named = listed([f"row {rows[i]} ({problems[i].reason})" for i in positions])
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


def with_chain_ends(raw: RawTable, columns: Sequence[str], elements: Sequence[str]) -> RawTable:
    """The table in which some elements' atoms are `*`.

    Args:
        raw: the table.
        columns: of the repeat units.
        elements: that stand for `*`, such as `Ce` and `Th`.
    """
    frame = raw.frame.copy()
    for column in columns:
        texts = [text and with_stars(text, elements) for text in frame[column]]
        # Of objects, or pandas would write an empty cell as a number.
        frame[column] = pd.Series(texts, index=frame.index, dtype=object)
    return replace(raw, frame=frame)


def without_fragments(raw: RawTable, columns: Sequence[str]) -> RawTable:
    """The table in which repeat units have no molecules beside them, such as counter-ions.

    Args:
        raw: the table.
        columns: of the repeat units.
    """
    frame = raw.frame.copy()
    for column in columns:
        frame[column] = [text and without_loose_pieces(text) for text in frame[column]]
    return replace(raw, frame=frame)


def without_monomers(raw: RawTable, columns: Sequence[str]) -> RawTable:
    """The table with the repeat unit that a monomer makes, where it makes one alone.

    Args:
        raw: the table.
        columns: of the repeat units, or compositions.
    """
    frame = raw.frame.copy()
    for column in columns:
        made: list[str | None] = []
        for text in frame[column]:
            check_time("making repeat units of its monomers")
            made.append(text and with_units_made(text))
        frame[column] = pd.Series(made, index=frame.index, dtype=object)
    return replace(raw, frame=frame)


def stand_ins(raw: RawTable, columns: Sequence[str]) -> list[Finding]:
    """Whether atoms stand where `*` should."""
    cells = [text for column in columns for text in raw.frame[column] if text]
    texts = [unit for text in cells for unit in text.split(BAR) if BAR not in text or "[" in unit]
    elements = stand_in_ends(texts)
    if not elements:
        return []
    atoms = " and ".join(f"[{element}]" for element in elements)
    option = ",".join(elements)
    return [
        Finding(
            kind="chain_ends",
            severity="error",
            column=columns[0],
            count=len(texts),
            message=f"{atoms} seem to stand where the chain goes on: two in most repeat units, and "
            "no `*`. A model of them would be wrong for repeat units with `*`. If so, say "
            f"`--chain-ends {option}`, or replace them by `*` in the file.",
        )
    ]


def attachment_points(canonical_: Sequence[str], rows: np.ndarray) -> list[Finding]:
    """A finding on repeat units that have not two `*`; rows (n,) are those of a spreadsheet."""
    # In a SMILES `*` stands for nothing but an attachment point, so the text can be counted.
    counts = {
        i: unit.count("*")
        for i, text in enumerate(canonical_)
        for unit in units_in(text)
        if unit.count("*") != 2
    }
    if not counts:
        return []
    wrong = list(counts)
    named = [f"row {rows[i]} ({count})" for i, count in counts.items()]
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
        for unit in units_in(text):
            if unit.count("*") == 2 and (problem := joining_problem(unit)):
                problems[i] = f"{unit}: {problem}"
    if not problems:
        return []
    named = [f"row {rows[i]} ({problem})" for i, problem in problems.items()]
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
