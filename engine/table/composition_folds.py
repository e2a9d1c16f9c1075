"""Folds of copolymers: by pair of units, and by a unit that no training row holds.

A held-out row of `pair` folds has a set of repeat units that no training row has, whatever the
fractions and the architecture; each of its units may be known. A held-out row of `unit` folds has
a repeat unit that no training row holds. Units are the same in all drawings, stereo marks aside.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..base.errors import UserError
from ..base.wording import counted
from ..chem.composition import is_composition
from ..chem.polymers import drawn_units
from .duplicates import drawn_alike, flat_smiles

KINDS = ("pair", "unit")
"""The splitters of copolymers."""

_MOST_OF_KNOWN = 0.5
"""Share of the copolymer rows above which too many are of commoner units alone."""


_NO_KEY = -1


class Groups(NamedTuple):
    """Which of N rows stay together.

    Attributes:
        of_row: shape `(N,)`, int: the group of each row.
        free: shape `(N,)`, bool: rows without a key unit, whose group may go to any fold.
    """

    of_row: np.ndarray
    free: np.ndarray


def holds_compositions(canonical: Sequence[str]) -> bool:
    """Whether any of N canonical texts is that of several repeat units."""
    return any(map(is_composition, canonical))


def ways_to_divide(canonical: Sequence[str], last: str = "or") -> str:
    """The splitters that fit a table, in words.

    Args:
        canonical: N canonical texts of its rows.
        last: the word before the last of them; empty where more ways follow.
    """
    ways = ["random:5", "similarity:5"]
    if holds_compositions(canonical):
        ways += ["pair:5", "unit:5"]
    if not last:
        return ", ".join(ways)
    return f"{', '.join(ways[:-1])} {last} {ways[-1]}"


def composition_groups(kind: str, canonical: Sequence[str], count: int) -> Groups:
    """Which rows of a table with copolymers stay together in `pair` or `unit` folds.

    Of `unit` folds, the rows of each key unit are in one fold, so that it is in no training row of
    that fold; a row of several key units joins their groups. Which units are key units is decided
    from the rarest to the commonest: a unit is one unless it would join groups to one of more rows
    than a fold's share. The others are common units, such as the nine that a table combines with a
    hundred: a row of common units alone has no key, and is free.

    Args:
        kind: `pair` or `unit`.
        canonical: N canonical SMILES, or texts of compositions.
        count: the number of folds.

    Raises:
        UserError: when no row is a copolymer, or the rows cannot be divided so.
    """
    if not holds_compositions(canonical):
        raise UserError(
            f"Folds '{kind}:{count}' divide copolymers, and no row of the table is one: choose "
            "random:5 or similarity:5."
        )
    sets = unit_sets(canonical)
    numbers = {units: number for number, units in enumerate(dict.fromkeys(sets))}
    of_row = np.array([numbers[units] for units in sets])
    if kind == "pair":
        _check_pairs(len(numbers), count)
        return Groups(of_row, np.zeros(len(sets), dtype=bool))
    sizes = np.bincount(of_row)
    keyed = _key_groups(list(numbers), sizes.tolist(), len(sets) / count)
    copolymers = np.array([len(units) > 1 for units in numbers])
    free = keyed == _NO_KEY
    known = sizes[free & copolymers].sum() / sizes[copolymers].sum()
    _check_units(len({*keyed[~free].tolist()}), known, count, len(numbers))
    # Free rows stay with those of the same units: by numbers below those of the groups.
    names = np.where(free, -1 - np.arange(len(free)), keyed)
    return Groups(names[of_row], free[of_row])


def unit_sets(canonical: Sequence[str]) -> list[tuple[str, ...]]:
    """The set of repeat units that each row holds, sorted, however they are drawn.

    Args:
        canonical: N canonical SMILES, or texts of compositions.
    """
    own = {text: drawn_units(flat_smiles(text)) for text in dict.fromkeys(canonical)}
    drawings = list(dict.fromkeys(unit for units in own.values() for unit in units))
    alike = dict(zip(drawings, drawn_alike(drawings).tolist(), strict=True))
    sets = {text: tuple(sorted({alike[unit] for unit in units})) for text, units in own.items()}
    return [sets[text] for text in canonical]


def _key_groups(sets: Sequence[tuple[str, ...]], sizes: Sequence[int], most: float) -> np.ndarray:
    """The group of each set of units, `_NO_KEY` without a key unit; see `composition_groups`.

    Args:
        sets: S different ones.
        sizes: how many rows each of them has.
        most: rows of a group that several key units make.
    """
    holding: dict[str, list[int]] = defaultdict(list)
    rows: Counter[str] = Counter()
    for number, (units, size) in enumerate(zip(sets, sizes, strict=True)):
        for unit in units:
            holding[unit].append(number)
            rows[unit] += size
    of_set = [_NO_KEY] * len(sets)
    members: dict[int, list[int]] = {}  # the sets of each group
    rows_of: dict[int, int] = {}
    for group, unit in enumerate(sorted(holding, key=lambda unit: (rows[unit], unit))):
        joined = {of_set[number] for number in holding[unit]} - {_NO_KEY}
        new = [number for number in holding[unit] if of_set[number] == _NO_KEY]
        together = sum(sizes[number] for number in new) + sum(rows_of[each] for each in joined)
        if joined and together > most:
            continue
        rows_of[group] = together
        members[group] = [*new, *(number for each in joined for number in members.pop(each))]
        for number in members[group]:
            of_set[number] = group
    return np.array(of_set)


def _check_pairs(different: int, count: int) -> None:
    if different < count:
        mend = f"choose {different} folds at most, or random:{count}"
        raise UserError(
            f"Folds 'pair:{count}': rows of the same repeat units stay together, and the table "
            f"holds {counted(different, 'set')} of them: "
            f"{mend if different > 1 else f'choose random:{count}'}."
        )


def _check_units(groups: int, known: float, count: int, different: int) -> None:
    """Refuse to hold out units where that cannot be.

    Args:
        groups: of rows, each with key units of its own.
        known: share of the copolymer rows that hold common units alone.
        count: the number of folds.
        different: sets of units in the table.
    """
    if groups >= count and known <= _MOST_OF_KNOWN:
        return
    other = f"pair:{count}" if different >= count else f"random:{count}"
    if groups < count:
        apart = f"they make {counted(groups, 'group')} that share none, and {count} are needed"
    else:
        apart = f"{known:.0%} of the copolymers would hold no unit that only their fold has"
    fewer = "fewer folds, or " if groups > 1 else ""
    raise UserError(
        f"Folds 'unit:{count}' hold out repeat units that no training row holds, and the rows of "
        f"this table hang together by the units that they share: {apart}. Choose {fewer}{other}."
    )


def with_free_rows(folds: np.ndarray, groups: Groups, count: int) -> np.ndarray:
    """The folds of all rows: each group of free ones goes to the fold with the fewest rows.

    Args:
        folds: of the rows that are not free, shape `(M,)`, int.
        groups: of the N rows.
        count: the number of folds.
    """
    whole = np.zeros(len(groups.free), dtype=int)
    whole[~groups.free] = folds
    sizes = np.bincount(folds, minlength=count)
    names, members = np.unique(groups.of_row[groups.free], return_counts=True)
    for place in np.argsort(-members, kind="stable"):
        fold = int(sizes.argmin())
        whole[groups.of_row == names[place]] = fold
        sizes[fold] += members[place]
    return whole


def known_units_remark(folds: np.ndarray, canonical: Sequence[str]) -> str:
    """How many rows of `unit` folds hold no unit that is new to the models; empty where all do.

    Args:
        folds: shape `(N,)`, int.
        canonical: N canonical SMILES, or texts of compositions.
    """
    sets = unit_sets(canonical)
    folds_of: dict[str, set[int]] = defaultdict(set)
    for units, fold in zip(sets, folds.tolist(), strict=True):
        for unit in units:
            folds_of[unit].add(fold)
    known = sum(all(len(folds_of[unit]) > 1 for unit in units) for units in sets)
    if not known:
        return ""
    hold = "holds" if known == 1 else "hold"
    return (
        f"{known:,} of {counted(len(sets), 'row')} {hold} only repeat units that rows of other "
        "folds hold too, so the errors are partly of units that the models have seen."
    )
