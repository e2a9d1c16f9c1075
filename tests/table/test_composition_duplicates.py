"""Compositions that a table holds more than once, in another order or another drawing."""

import numpy as np
import pandas as pd
import pytest

from engine.chem.polymers import polymer, polymer_keys
from engine.chem.smiles import canonical
from engine.settings.properties import property_for
from engine.settings.sources import Source
from engine.table import Table, average_replicates, join_tables, load_table
from engine.table.duplicates import drawn_alike, find_duplicates, polymers_of
from engine.table.folds import given_folds
from engine.table.source_report import compare_sources

SAME = [
    "*CC(*)C|*CCO*|0.25|0.75|random",
    "*CCO*|*CC(*)C|3|1|random",
    "*C(C)C*|[*:1]OCC[*:2]|0.25|0.75|stat",
    "*CC(C)CC(*)C|*CCO*|1|6|random",  # two periods: half the moles
    "*CC(*)C|*C(C)C*|*CCO*|0.125|0.125|0.75|random",
]
OTHERS = [
    "*CC(*)C|*CCO*|0.75|0.25|random",
    "*CC(*)C|*CCO*|0.25|0.75|block",
    "*CC(*)C|*CCO*|0.25|0.75",
    "*CC(*)C|*CCCO*|0.25|0.75|random",
    "*CC(*)C|*CCO*|*CS*|0.25|0.5|0.25|random",
    "*CC(*)C",
    "*CCO*",
]


def test_twins_are_found_in_other_order_and_other_drawing() -> None:
    rows = [canonical(text) for text in [*OTHERS, *SAME]]
    keys = drawn_alike(rows).tolist()
    assert keys[: len(OTHERS)] == rows[: len(OTHERS)]
    assert set(keys[len(OTHERS) :]) == {rows[len(OTHERS)]}
    assert len({polymer(text) for text in rows}) == len(OTHERS) + 1
    assert len(set(polymers_of(rows))) == len(OTHERS) + 1


def test_texts_need_not_be_canonical() -> None:
    assert len(set(polymer_keys([text for text in SAME if ":" not in text]))) == 1


def test_two_drawings_of_one_unit_are_its_homopolymer() -> None:
    rows = [canonical(text) for text in ("*CCO*", "*CC(*)C|*CC(C)CC(*)C|0.5|0.5", "*C(C)C*")]
    keys = drawn_alike(rows).tolist()
    assert keys[1] == keys[2] == rows[1]
    assert keys[0] == rows[0]


def test_stereo_marks_are_kept_where_they_are_to_be_told() -> None:
    rows = [canonical(f"*C/C=C{mark}C*|*CCO*|0.5|0.5") for mark in ("/", "\\")]
    assert len(set(drawn_alike(rows))) == 1
    assert len(set(polymers_of(rows))) == 2


def test_keys_are_those_of_each_composition() -> None:
    units = ["*CC*", "*CCCC*", "*CC(*)C", "*C(C)C*", "*CCO*", "*CC(*)CC", "*C/C=C/C*"]
    rows = [
        canonical(f"{a}|{b}|{fraction}|{how}")
        for a in units
        for b in units
        for fraction in (0.25, 0.5)
        for how in ("random", "block")
    ] + [canonical(unit) for unit in units]
    keys = drawn_alike(rows)
    expected = [polymer(text) for text in rows]
    for key in set(expected):
        places = [place for place, own in enumerate(expected) if own == key]
        assert len(set(keys[places])) == 1
    assert len(set(keys)) == len(set(expected))


def test_progress_counts_the_different_units() -> None:
    told: list[tuple[int, int]] = []
    polymer_keys([canonical(text) for text in SAME[:2] + OTHERS], lambda *each: told.append(each))
    assert told == [(4, 4)]


@pytest.mark.parametrize("settings", [None, ["298", "298", "298", "350"]])
def test_the_findings_name_the_rows(settings: list[str] | None) -> None:
    rows = [canonical(text) for text in (SAME[0], OTHERS[0], SAME[1], SAME[3])]
    labels = np.array([[1.0], [5.0], [1.0], [3.0]])
    findings = find_duplicates(
        rows, [None] * 4, labels, [property_for("Tg")], np.arange(2, 6), settings
    )
    kinds = {finding.kind: finding.rows for finding in findings}
    if settings:
        assert kinds == {"duplicate": [2, 4]}
    else:
        assert kinds == {"duplicate": [2, 4, 5], "conflict": [2, 4, 5]}


def _table(name: str, smiles: list[str], labels: list[float]) -> Table:
    frame = pd.DataFrame({"SMILES": smiles, "Tg": labels})
    return load_table(frame.to_csv(index=False).encode(), f"{name}.csv")


def test_sources_share_compositions_however_they_are_drawn() -> None:
    shared = [f"*CC(*)C|*CCO*|{n}|{10 - n}|random" for n in range(1, 6)]
    redrawn = [f"*OCC*|*C(C)C*|{10 - n}|{n}|stat" for n in range(1, 6)]
    lab = _table("lab", [*shared, "*CC*", "*CCS*"], [float(n) for n in range(7)])
    md = _table("md", [*redrawn, "*CC*|*CCS*|0.5|0.5"], [n + 0.5 for n in range(6)])
    (pair,) = compare_sources(join_tables([lab, md], [Source(name="lab"), Source(name="md")]))
    assert [each.first for each in pair.shared] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert pair.offset == pytest.approx(0.5)


def test_given_folds_keep_compositions_of_all_sources_together() -> None:
    shared = [f"*CC(*)C|*CCO*|{n}|{20 - n}|random" for n in range(1, 13)]
    redrawn = [f"*OCC*|*C(C)C*|{20 - n}|{n}|stat" for n in range(1, 13)]
    frame = pd.DataFrame({"SMILES": shared, "Tg": range(12), "part": [n % 3 for n in range(12)]})
    lab = load_table(frame.to_csv(index=False).encode(), "lab.csv")
    md = _table("md", redrawn, [float(n) for n in range(12)])
    folds = given_folds("column:part", join_tables([lab, md], [Source(name="a"), Source(name="b")]))
    assert folds is not None
    assert folds[:12].tolist() == folds[12:].tolist() == [n % 3 for n in range(12)]


def test_replicates_of_a_composition_are_averaged() -> None:
    table = average_replicates(_table("lab", [*SAME, *OTHERS], [*range(5), *range(7)]), "median")
    assert len(table.canonical) == len(OTHERS) + 1
    assert table.labels[0, 0] == 2.0
