"""Polymers that a table holds more than once, and whether their labels agree."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from ..base.budget import check_time
from ..base.wording import SHOWN, counted, rows_text
from ..chem.polymers import polymer_keys
from ..chem.repeat_unit import canonical_unit
from ..chem.smiles import without_stereo
from ..settings.properties import Property
from .report import Finding

CONFLICT_SHARE = 0.01
"""Labels of one polymer conflict when they differ by more than this share of the range."""

Groups = list[list[int]]
"""Positions of the rows of each group."""


def find_duplicates(
    canonical: Sequence[str],
    ids: Sequence[str | None],
    labels: np.ndarray,
    properties: Sequence[Property],
    rows: np.ndarray,
    settings: Sequence[str] | None = None,
) -> list[Finding]:
    """Find repeated polymers, those that differ only in stereochemistry, and repeated ids.

    Args:
        canonical: (n,) canonical SMILES.
        ids: (n,) the text of the id column, None where it is empty or there is none.
        labels: (n, K) with NaN where one is missing.
        properties: the K properties.
        rows: (n,) spreadsheet rows.
        settings: (n,) conditions and other things in which rows of one polymer may differ; such
            rows are no duplicates.
    """
    settings = settings or [""] * len(canonical)
    flat = drawn_alike(canonical)
    polymers = _with_stereo(canonical, flat)
    same = _groups(list(zip(polymers, settings, strict=True)))
    # Of at least two stereoisomers: groups of a single one are in `same`.
    stereo = [
        group
        for group in _groups(list(zip(flat, settings, strict=True)))
        if len({polymers[i] for i in group}) > 1
    ]
    findings = [
        _repeated("duplicate", "the same polymer", same, rows),
        *_conflicts("conflict", "the same polymer", same, labels, properties, rows),
        _repeated("stereo_duplicate", "polymers that differ only in stereochemistry", stereo, rows),
        *_conflicts("stereo_conflict", "stereoisomers", stereo, labels, properties, rows),
        _repeated_ids(ids, rows),
    ]
    return [finding for finding in findings if finding]


def flat_smiles(canonical: str) -> str:
    """A canonical SMILES without its stereo marks; one that has none is not parsed."""
    return without_stereo(canonical) if any(mark in canonical for mark in "@/\\") else canonical


def drawn_alike(
    canonical: Sequence[str], progress: Callable[[int, int], None] | None = None
) -> np.ndarray:
    """For each repeat unit the first drawing of its polymer, without stereo marks; `(N,)`.

    Args:
        canonical: N of them.
        progress: told how many different ones were looked at.
    """
    flat = [flat_smiles(smiles) for smiles in canonical]
    return np.array(polymer_keys(flat, progress), dtype=object)


def polymers_of(canonical: Sequence[str]) -> list[str]:
    """For each of N repeat units a text that all drawings of its polymer share, stereo kept.

    Args:
        canonical: N canonical SMILES.
    """
    return _with_stereo(canonical, drawn_alike(canonical))


def _with_stereo(canonical: Sequence[str], flat: np.ndarray) -> list[str]:
    """See `polymers_of`; `flat` is from `drawn_alike`."""
    forms = defaultdict(set)
    for smiles, polymer in zip(canonical, flat, strict=True):
        forms[polymer].add(smiles)
    # Only what is drawn in several ways needs the form that all of them share.
    return [
        smiles if len(forms[polymer]) == 1 else canonical_unit(smiles)
        for smiles, polymer in zip(canonical, flat, strict=True)
    ]


def _groups(keys: Sequence[Hashable | None]) -> Groups:
    """Positions that share a key, for the keys that occur more than once."""
    positions = defaultdict(list)
    for i, key in enumerate(keys):
        if key is not None:
            positions[key].append(i)
    return [group for group in positions.values() if len(group) > 1]


def _repeated(kind: str, words: str, groups: Groups, rows: np.ndarray) -> Finding | None:
    if not groups:
        return None
    hold = "group of rows holds" if len(groups) == 1 else "groups of rows hold"
    return Finding(
        kind=kind,
        severity="warning",
        count=len(groups),
        rows=_sorted_rows(groups, rows),
        message=f"{len(groups):,} {hold} {words}: {_named(groups, rows)}. All are kept, and "
        "random and similarity folds keep each group together; delete the rows that are not "
        "wanted, or average them: `--replicates median`, or below on the Train page.",
    )


def _conflicts(
    kind: str,
    words: str,
    groups: Groups,
    labels: np.ndarray,
    properties: Sequence[Property],
    rows: np.ndarray,
) -> list[Finding]:
    """A finding for each property whose labels conflict in some groups, the widest gap first."""
    findings = []
    for column, property_ in enumerate(properties):
        check_time("comparing its rows")
        values = property_.scaled(labels[:, column])
        present = values[np.isfinite(values)]
        span = present.max() - present.min() if len(present) else 0.0
        conflicts: list[tuple[float, list[int]]] = []
        for group in groups:
            labelled = [i for i in group if np.isfinite(values[i])]
            gap = np.ptp(values[labelled]) if len(labelled) > 1 else 0.0
            if gap > CONFLICT_SHARE * span:
                conflicts.append((gap, labelled))
        if not conflicts:
            continue
        conflicts.sort(key=lambda conflict: -conflict[0])
        conflicting = [group for _, group in conflicts]
        findings.append(
            Finding(
                kind=kind,
                severity="warning",
                column=property_.name,
                count=len(conflicts),
                rows=_sorted_rows(conflicting, rows),
                message=f"{property_.name}: labels of {words} conflict in "
                f"{counted(len(conflicts), 'group')}, by up to "
                f"{property_.errors.format(conflicts[0][0])}: {_named(conflicting, rows)}. All are "
                "kept; correct or delete the wrong ones.",
            )
        )
    return findings


def _repeated_ids(ids: Sequence[str | None], rows: np.ndarray) -> Finding | None:
    groups = _groups(ids)
    if not groups:
        return None
    shown = [f"“{ids[group[0]]}” in {rows_text(rows[group].tolist())}" for group in groups[:SHOWN]]
    rest = f"; and {len(groups) - SHOWN:,} more" if len(groups) > SHOWN else ""
    occur = "id occurs" if len(groups) == 1 else "ids occur"
    return Finding(
        kind="duplicate_id",
        severity="warning",
        count=len(groups),
        rows=_sorted_rows(groups, rows),
        message=f"{len(groups):,} {occur} more than once: {'; '.join(shown)}{rest}. "
        "All rows are kept; give each its own id to tell them apart.",
    )


def _named(groups: Groups, rows: np.ndarray) -> str:
    shown = [rows_text(rows[group].tolist()) for group in groups[:SHOWN]]
    rest = f"; and {len(groups) - SHOWN:,} more" if len(groups) > SHOWN else ""
    return "; ".join(shown) + rest


def _sorted_rows(groups: Groups, rows: np.ndarray) -> list[int]:
    return sorted(int(rows[i]) for group in groups for i in group)
