"""Folds of copolymers: by pair of units, and by a unit that no training row holds."""

from collections import defaultdict
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.chem.smiles import canonical
from engine.table.composition_folds import composition_groups, unit_sets, ways_to_divide
from engine.table.folds import check_folds, check_splitter, folds_made, make_folds
from tests.conftest import SHARED

COMMON = ["*c1ccc(*)cc1", "*CC(*)c1ccccc1", "*CC(*)C#N"]
RARE = [f"*{'C' * n}OC(=O){'C' * m}S*" for n in range(1, 7) for m in range(1, 6)]
TABLE = [
    canonical(f"{common}|{rare}|{fraction}|{1 - fraction}|{architecture}")
    for common in COMMON
    for rare in RARE
    for fraction in (0.25, 0.75)
    for architecture in ("random", "block")
]
LABELS = np.arange(len(TABLE), dtype=float)[:, None]


def _folds(
    spec: str, rows: list[str], seed: int = 0, labels: np.ndarray | None = None
) -> np.ndarray:
    check_splitter(spec, rows)
    labels = np.arange(len(rows), dtype=float)[:, None] if labels is None else labels
    return make_folds(spec, rows, labels, seed)


def _folds_of_units(rows: list[str], folds: np.ndarray) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for units, fold in zip(unit_sets(rows), folds.tolist(), strict=True):
        for unit in units:
            found[unit].add(fold)
    return found


def _all_hold_a_new_unit(rows: list[str], folds: np.ndarray) -> np.ndarray:
    """Whether each row holds a unit that is in its fold alone."""
    of_units = _folds_of_units(rows, folds)
    return np.array([any(len(of_units[unit]) == 1 for unit in units) for units in unit_sets(rows)])


@pytest.mark.parametrize("spec", ["random:5", "similarity:3", "pair:5", "unit:5"])
def test_the_same_seed_makes_the_same_folds(spec: str) -> None:
    folds = _folds(spec, TABLE, 3)
    assert sorted(set(folds)) == list(range(int(spec[-1])))
    np.testing.assert_array_equal(folds, _folds(spec, TABLE, 3))
    assert folds_made(spec) == int(spec[-1])


@pytest.mark.parametrize("spec", ["random:5", "pair:5", "unit:5"])
def test_another_seed_makes_other_folds_of_the_same_size(spec: str) -> None:
    folds = _folds(spec, TABLE)
    assert not np.array_equal(folds, _folds(spec, TABLE, 1))
    assert np.bincount(folds).tolist() == [len(TABLE) // 5] * 5


def test_rows_of_one_composition_stay_together_in_random_folds() -> None:
    rows = TABLE * 2
    folds = _folds("random:5", rows)
    np.testing.assert_array_equal(folds[: len(TABLE)], folds[len(TABLE) :])
    # Other fractions of a pair need not.
    sets = pd.Series(folds).groupby(pd.Series(unit_sets(rows)).map(str))
    assert (sets.nunique() > 1).any()


def test_a_pair_is_held_out_whole_and_most_units_are_known() -> None:
    folds = _folds("pair:5", TABLE)
    sets = pd.Series(folds).groupby(pd.Series(unit_sets(TABLE)).map(str))
    assert (sets.nunique() == 1).all()
    # By chance all pairs of a rare unit may lie in one fold.
    assert _all_hold_a_new_unit(TABLE, folds).mean() < 0.2


def test_each_held_out_row_has_a_unit_that_is_in_no_training_row() -> None:
    folds = _folds("unit:5", TABLE)
    assert _all_hold_a_new_unit(TABLE, folds).all()
    of_units = _folds_of_units(TABLE, folds)
    assert all(len(of_units[canonical(unit)]) == 5 for unit in COMMON)
    assert check_folds(folds, TABLE, LABELS, ["Tg"], "unit:5") == []


def test_drawings_and_stereo_marks_make_no_new_unit() -> None:
    rows = [*TABLE]
    for common, rare in (
        (COMMON[0], "*C(C)C*"),
        (COMMON[0], "*CC(C)CC(*)C"),
        (COMMON[1], "*CC(*)C"),
    ):
        rows.append(canonical(f"{common}|{rare}|0.5|0.5"))
    for mark in ("\\", "/"):
        rows.append(canonical(f"{COMMON[2]}|*C/C=C{mark}C*|0.5|0.5"))
    for spec in ("pair:5", "unit:5"):
        folds = _folds(spec, rows)
        assert folds[-1] == folds[-2]
        assert folds[-5] == folds[-4]
        if spec == "unit:5":
            assert folds[-3] == folds[-4]


def test_a_row_of_two_rare_units_joins_their_rows() -> None:
    rows = [*TABLE, canonical(f"{RARE[0]}|{RARE[-1]}|0.5|0.5")]
    folds = _folds("unit:5", rows)
    assert _all_hold_a_new_unit(rows, folds).all()
    own = [i for i, text in enumerate(rows) if canonical(RARE[0]) in text]
    others = [i for i, text in enumerate(rows) if canonical(RARE[-1]) in text]
    assert len({*folds[own + others]}) == 1


def test_homopolymers_go_with_their_unit_where_it_is_a_key() -> None:
    rows = [*TABLE, *map(canonical, RARE), *map(canonical, COMMON)]
    folds = _folds("unit:5", rows)
    new = _all_hold_a_new_unit(rows, folds)
    assert new[: -len(COMMON)].all()
    assert not new[-len(COMMON) :].any()
    remark = check_folds(folds, rows, np.zeros((len(rows), 1)), ["Tg"], "unit:5")
    assert remark == [
        "3 of 393 rows hold only repeat units that rows of other folds hold too, so the errors are "
        "partly of units that the models have seen."
    ]
    groups = composition_groups("unit", rows, 5)
    assert groups.free.sum() == len(COMMON)
    pairs = _folds("pair:5", [*rows, canonical(RARE[0])])
    assert pairs[-1] == pairs[len(TABLE)]


def test_terpolymers_hold_a_new_unit() -> None:
    rows = [
        *TABLE,
        *(canonical(f"{COMMON[0]}|{COMMON[1]}|{rare}|0.25|0.25|0.5") for rare in RARE),
    ]
    for spec in ("pair:4", "unit:4"):
        folds = _folds(spec, rows)
        assert len(set(folds)) == 4
    assert _all_hold_a_new_unit(rows, folds).all()
    assert np.ptp(np.bincount(folds)) <= len(rows) // 20


def test_a_table_in_which_hubs_meet_is_held_out_by_the_rarer_units() -> None:
    random = np.random.default_rng(0)
    units = [canonical(f"*{'C' * (n % 9 + 1)}O{'C' * (n // 9 + 1)}N*") for n in range(80)]
    chance = 1 / np.arange(1, 81)
    rows = []
    for _ in range(250):
        first, second = random.choice(80, 2, replace=False, p=chance / chance.sum())
        rows.append(canonical(f"{units[first]}|{units[second]}|{random.random():.2f}"))
    folds = _folds("unit:5", rows)
    new = _all_hold_a_new_unit(rows, folds)
    free = composition_groups("unit", rows, 5).free
    assert new[~free].all()
    assert free.mean() < 0.5
    assert np.ptp(np.bincount(folds)) <= 15
    assert all(new[folds == fold].sum() >= 10 for fold in range(5))


def test_folds_are_balanced_for_each_property() -> None:
    labels = np.column_stack([LABELS, LABELS])
    labels[np.arange(len(TABLE)) % 4 > 0, 1] = np.nan
    for spec in ("pair:5", "unit:5"):
        folds = _folds(spec, TABLE, labels=labels)
        assert np.ptp(np.bincount(folds[np.isfinite(labels[:, 1])])) <= 3


def test_similarity_folds_keep_equal_sets_of_units_together() -> None:
    folds = _folds("similarity:3", TABLE)
    sets = pd.Series(folds).groupby(pd.Series(unit_sets(TABLE)).map(str))
    assert (sets.nunique() == 1).all()


@pytest.mark.parametrize("spec", ["pair:5", "unit:5"])
def test_homopolymers_alone_are_refused(spec: str) -> None:
    with pytest.raises(UserError, match=f"Folds '{spec}' divide copolymers, and no row"):
        check_splitter(spec, [canonical(unit) for unit in RARE])


def test_ways_are_named_where_they_fit() -> None:
    homopolymers = [canonical(unit) for unit in RARE]
    assert ways_to_divide(homopolymers) == "random:5 or similarity:5"
    with pytest.raises(UserError, match="give random:5 or similarity:5, or a fold for each"):
        check_splitter("units:5", homopolymers)
    with pytest.raises(UserError, match="give random:5, similarity:5, pair:5 or unit:5, or a fold"):
        check_splitter("units:5", TABLE)
    with pytest.raises(UserError, match="choose between 2 and 20 folds"):
        check_splitter("unit:1", TABLE)


def test_few_pairs_are_refused() -> None:
    one = TABLE[:4]
    with pytest.raises(UserError, match=r"holds 1 set of them: choose random:2\."):
        check_splitter("pair:2", one)
    with pytest.raises(UserError, match=r"holds 3 sets .*: choose 3 folds at most, or random:5\."):
        check_splitter("pair:5", TABLE[:12])


def test_rows_that_hang_together_are_refused() -> None:
    every_pair = [canonical(f"{a}|{b}|0.5|0.5") for a, b in combinations(RARE[:20], 2)]
    with pytest.raises(UserError, match=r"hang together .* they make 1 group .* Choose pair:5\."):
        check_splitter("unit:5", every_pair)
    with pytest.raises(UserError, match=r"Choose random:2\."):
        check_splitter("unit:2", TABLE[:4])
    # Homopolymers beside them do not make up for it.
    beside = [canonical(f"*{'C' * n}Cl*".replace("Cl*", "[Si]*")) for n in range(1, 9)]
    with pytest.raises(UserError, match=r"\d\d% of the copolymers .* Choose fewer folds, or pair"):
        check_splitter("unit:5", every_pair + beside)


def test_a_composition_in_several_folds_is_reported() -> None:
    rows = [TABLE[0], TABLE[0], *TABLE[1:5]]
    remarks = check_folds(np.array([0, 1, 0, 1, 0, 0]), rows, LABELS[:6], ["Tg"])
    assert remarks[0].startswith("1 composition of the table is in more than one fold")


def test_the_open_table_is_divided_by_its_rarer_column() -> None:
    path = SHARED / "open" / "copolymers.csv"
    if not path.is_file():
        pytest.skip("the open table of copolymers is not in ../shared/data")
    frame = pd.read_csv(path)
    columns = ["smiles_A", "smiles_B", "rA", "rB", "architecture"]
    rows = [canonical("|".join(map(str, row))) for row in frame[columns].to_numpy()]
    folds = _folds("unit:5", rows, labels=frame[["EA", "IP"]].to_numpy())
    assert np.bincount(folds).tolist() == [1260] * 5
    new = _all_hold_a_new_unit(rows, folds)
    # Five structures of smiles_B are polymers of smiles_A too, and known everywhere.
    held = pd.Series(folds).groupby(frame["smiles_B"]).nunique()
    assert (held == 1).sum() == 95
    assert (~new).sum() == 5 * 63
    assert len(set(unit_sets(rows))) >= 850
