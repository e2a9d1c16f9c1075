"""Errors told apart by what rows differ in, and rows chosen by it."""

import numpy as np
import pandas as pd
import pytest

from engine.inference.error_facets import errors_by, facets_of, group_words
from engine.inference.error_filters import OVER, SEEN, UNDER, UNSEEN, ErrorFilter, chosen_words
from engine.inference.error_traits import similarity_to_other_folds, with_traits
from engine.settings.conditions import Condition
from engine.settings.properties import property_for

TG = property_for("Tg")
CONDITIONS = [
    Condition(name="temperature", kind="number", unit="K", low=290, high=320, usual="300"),
    Condition(name="method", kind="word", usual="DSC", choices=("DSC", "DMA")),
]


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "smiles": ["*CC*", "*CC(*)c1ccccc1", "*CCO*", "*CO*"],
            "fold": [0, 0, 1, 1],
            "label": [10.0, 20.0, 30.0, 40.0],
            "error": [1.0, -3.0, 0.0, 8.0],
            "size": [2, 8, 3, 2],
            "similarity": [0.2, np.nan, 0.6, 0.8],
            "classes": [("polyolefin",), ("styrenic",), ("polyether",), ("polyether", "vinyl")],
            "seen": pd.array([True, False, None, False], dtype="boolean"),
            "condition:temperature": [298.0, 298.0, 310.0, 320.0],
            "condition:method": ["DSC", "DMA", "DSC", "DSC"],
        }
    )


def by(rows: pd.DataFrame, title: str, count: int = 8) -> pd.DataFrame:
    facet = next(each for each in facets_of(rows, CONDITIONS) if each.title == title)
    return errors_by(rows, facet, count)


def test_every_kind_of_difference_is_offered(rows):
    titles = [facet.title for facet in facets_of(rows, CONDITIONS)]
    assert titles == [
        "Label",
        "Size of the repeat unit (heavy atoms)",
        "Similarity to training",
        "Chemical class",
        "Fold",
        "Seen in training",
        "temperature (K)",
        "method",
    ]


def test_what_does_not_differ_is_not_offered(rows):
    alike = rows.assign(fold=0, size=5, similarity=np.nan).drop(columns=["seen", "classes"])
    assert [facet.title for facet in facets_of(alike)] == ["Label"]


def test_errors_by_fold_are_means_of_absolute_errors(rows):
    folds = by(rows, "Fold")
    assert folds["group"].tolist() == [0, 1]
    assert folds["mae"].tolist() == [2.0, 4.0]
    assert folds["bias"].tolist() == [-1.0, 4.0]
    assert folds["rows"].tolist() == [2, 2]


def test_errors_by_label_split_the_range_into_equal_shares(rows):
    sections = by(rows, "Label", 2)
    assert sections["low"].tolist() == [10.0, 30.0]
    assert sections["high"].tolist() == [20.0, 40.0]
    assert sections["mae"].tolist() == [2.0, 4.0]


def test_equal_numbers_are_one_section(rows):
    sections = by(rows, "Size of the repeat unit (heavy atoms)", 4)
    assert sections["rows"].tolist() == [2, 1, 1]
    assert sections["low"].tolist() == sections["high"].tolist() == [2, 3, 8]


def test_rows_without_a_number_are_in_no_section(rows):
    assert by(rows, "Similarity to training", 3)["rows"].tolist() == [1, 1, 1]


def test_a_row_counts_in_each_of_its_classes(rows):
    classes = by(rows, "Chemical class").set_index("group")
    assert classes.index[0] == "vinyl"
    assert classes["rows"].to_dict() == {"vinyl": 1, "polyether": 2, "styrenic": 1, "polyolefin": 1}
    assert classes["mae"]["polyether"] == 4.0


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Label", ["10.0 … 20.0", "30.0 … 40.0"]),
        ("Size of the repeat unit (heavy atoms)", ["2", "3 … 8"]),
        ("Fold", ["1", "2"]),
        ("Seen in training", [UNSEEN, SEEN]),
        ("temperature (K)", ["298", "310 … 320"]),
    ],
)
def test_groups_are_named_for_people(rows, title, words):
    facet = next(each for each in facets_of(rows, CONDITIONS) if each.title == title)
    groups = errors_by(rows, facet, 2).to_dict("records")
    assert [group_words(facet, group, TG) for group in groups] == words


def test_errors_by_a_condition(rows):
    assert by(rows, "method")["rows"].tolist() == [1, 3]
    assert by(rows, "temperature (K)", 2)["rows"].tolist() == [2, 2]
    assert "condition:method" in rows


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({}, [0, 1, 2, 3]),
        ({"label": (20.0, None)}, [1, 2, 3]),
        ({"label": (None, 20.0)}, [0, 1]),
        ({"size": (2, 3)}, [0, 2, 3]),
        ({"similarity": (0.5, 1.0)}, [2, 3]),
        ({"classes": ("styrenic", "vinyl")}, [1, 3]),
        ({"folds": (1,)}, [2, 3]),
        ({"sign": OVER}, [0, 3]),
        ({"sign": UNDER}, [1]),
        ({"seen": SEEN}, [0]),
        ({"seen": UNSEEN}, [1, 3]),
        ({"folds": (1,), "sign": OVER, "size": (2, 2)}, [3]),
    ],
)
def test_filters_leave_what_all_of_them_ask_for(rows, asked, left):
    assert ErrorFilter(**asked).chosen(rows).index.tolist() == left


def test_what_is_filtered_is_said_in_words(rows):
    asked = ErrorFilter(
        label=(-20.0, 30.5),
        size=(4, None),
        similarity=(None, 0.5),
        classes=("polyimide", "vinyl"),
        folds=(0, 2),
        sign=OVER,
    )
    assert chosen_words(183, 5402, asked.words(TG)) == (
        "183 of 5,402 labels: label −20.0 to 30.5 °C; size from 4 heavy atoms; similarity to "
        "training up to 0.50; polyimide or vinyl; fold 1 or 3; predicted too high."
    )
    assert chosen_words(1, 1, ErrorFilter().words(TG)) == "All 1 label."


def test_traits_are_size_classes_and_similarity(rows):
    told = with_traits(rows[["smiles", "fold", "label", "error"]])
    assert told["size"].tolist() == [2, 8, 3, 2]
    assert told["classes"][1] == ("styrenic",)
    assert told["similarity"].between(0, 1).all()


def test_similarity_is_to_other_folds_alone():
    units = ["*CC*", "*CC*", "*CC(*)c1ccccc1", "*CC(*)c1ccccc1"]
    similar = similarity_to_other_folds(units, np.array([0, 0, 0, 1]))
    assert similar[3] == similar[2] == pytest.approx(1)
    assert similar[0] == similar[1] < 1
    assert np.isnan(similarity_to_other_folds(units, np.zeros(4, dtype=int))).all()


def test_how_far_it_is_is_told():
    told = []
    rows = pd.DataFrame({"smiles": ["*CC*", "*CO*"], "fold": [0, 1]})
    with_traits(rows, lambda *words: told.append(words))
    assert told == [("chemical classes", 2, 2), ("similarity to training", 2, 2)]


def test_labels_are_filtered_by_their_conditions(rows):
    temperature, method = CONDITIONS
    warm = ErrorFilter(ranges=((temperature, (300, None)),))
    assert warm.chosen(rows).index.tolist() == [2, 3]
    assert warm.words(TG) == ["temperature from 300 K"]
    both = ErrorFilter(
        ranges=((temperature, (None, 310)),), choices=((method, ("DSC",)), (method, ()))
    )
    assert both.chosen(rows).index.tolist() == [0, 2]
    assert both.words(TG) == ["temperature up to 310 K", "method DSC"]
    assert len(both.chosen(rows.drop(columns=["condition:method"]))) == 3
