"""The label doctor: planted errors come first, and what is rare but right does not."""

import numpy as np
import pandas as pd
import pytest

from engine.inference.domain import Domain
from engine.inference.label_doctor import DOUBTFUL, doubtful_labels, unlikely_words
from engine.settings.properties import Property
from engine.table import load_table
from tests.conftest import TEXTBOOK

MEMBERS = ("lightgbm", "xgboost", "catboost")


@pytest.fixture(scope="module")
def properties() -> dict[str, Property]:
    return {each.name: each for each in load_table(TEXTBOOK).properties}


@pytest.fixture
def table(random: np.random.Generator) -> pd.DataFrame:
    """Labels of the textbook table with predictions as good as a model's, members alike."""
    textbook, parts = load_table(TEXTBOOK), []
    for k, property_ in enumerate(textbook.properties):
        rows = np.flatnonzero(np.isfinite(textbook.labels[:, k]))
        labels = textbook.labels[rows, k]
        spread = labels.std()
        guess = labels + random.normal(0, 0.3 * spread, len(rows))
        part = pd.DataFrame(
            {
                "row": textbook.rows[rows],
                "id": [textbook.ids[i] for i in rows],
                "smiles": [textbook.smiles[i] for i in rows],
                "fold": np.arange(len(rows)) % 5,
                "property": property_.name,
                "label": labels,
            }
        )
        for member in MEMBERS:
            part[member] = guess + random.normal(0, 0.1 * spread, len(rows))
        parts.append(part.assign(blend=part[list(MEMBERS)].mean(axis=1)))
    return pd.concat(parts, ignore_index=True)


def test_planted_errors_come_first(table, properties) -> None:
    """One label in kelvin, one that lost its sign, one that is shifted, one of another property."""
    rows = table[table["property"] == "Tg"]
    planted = [rows.index[rows["label"].between(*ends)][0] for ends in ((90, 110), (-130, -100))]
    planted.append(rows.index[rows["label"].between(-60, -20)][-1])
    table.loc[planted, "label"] = [
        table.loc[planted[0], "label"] + 273.15,
        -table.loc[planted[1], "label"],
        table.loc[planted[2], "label"] + 250,
    ]
    planted.append(table.index[table["property"] == "Density"][12])
    table.loc[planted[3], "label"] *= 2
    found = doubtful_labels(table, list(properties.values()), MEMBERS)
    assert set(_keys(found.head(4))) == set(_keys(table.loc[planted]))
    assert (found["score"].head(4) >= DOUBTFUL).all()
    one = doubtful_labels(table, [properties["Density"]], MEMBERS)
    assert _keys(one.head(1)) == _keys(table.loc[planted[3:]])
    assert set(one["property"]) == {"Density"}


def test_what_is_rare_but_right_is_not_suspected(table, properties) -> None:
    """The members know a strange polymer; those like it, if there are any, do not."""
    rows = table[table["property"] == "Tg"]
    rare, wrong = rows.index[5], rows.index[25]
    table.loc[rare, ["label", "blend", *MEMBERS]] = [600, 590, 580, 600, 590]
    table.loc[wrong, "label"] += 300
    found = doubtful_labels(table, [properties["Tg"]], MEMBERS)
    assert _keys(found.head(1)) == _keys(table.loc[[wrong]])
    scores = dict(zip(_keys(found), found["score"], strict=True))
    assert scores[_keys(table.loc[[rare]])[0]] < DOUBTFUL


def test_another_label_of_the_same_polymer_is_the_nearest_neighbour(table, properties) -> None:
    """However that polymer is drawn: it backs a label that the members deny."""
    rows = table[(table["property"] == "Tg") & (table["smiles"] == "*CC(*)c1ccccc1")]
    first = rows.index[0]
    table.loc[first, "label"] = 420
    alone = doubtful_labels(table, [properties["Tg"]], MEMBERS)
    assert _keys(alone.head(1)) == _keys(table.loc[[first]])
    again = table.loc[[first]].assign(row=999, smiles="*C(C*)c1ccccc1", label=418)
    both = doubtful_labels(
        pd.concat([table, again], ignore_index=True), [properties["Tg"]], MEMBERS
    )
    twins = both[both["label"] > 400].set_index("row")
    assert twins["same"].tolist() == [1, 1]
    assert twins.loc[999, "neighbours"][0] == 420
    assert twins.loc[999, "similarities"][0] == 1
    assert (twins["score"] < alone["score"][0] / 2).all()


def test_labels_of_compositions_are_compared_however_they_are_drawn(table, properties) -> None:
    rows = table[table["property"] == "Tg"].head(40).copy()
    twins = "*CC(*)C|*CCO*|0.25|0.75|random", "*OCC*|*C(C)C*|3|1|stat", "*CC(*)C|*CCO*|1|1"
    planted, others = rows.index[5], rows.index[6:8]
    rows.loc[[planted, *others], "smiles"] = twins
    rows.loc[[planted, *others], ["label", "blend", *MEMBERS]] = 20.0
    rows.loc[planted, "label"] = 320.0
    found = doubtful_labels(rows, [properties["Tg"]], MEMBERS)
    assert _keys(found.head(1)) == _keys(rows.loc[[planted]])
    assert found["same"].iloc[0] == 1
    assert found["neighbours"].iloc[0][0] == 20.0
    assert found["similarities"].iloc[0][0] == 1.0


def test_values_over_decades_are_judged_in_decades(table) -> None:
    """A tenth of a typical value is as far off as ten times it, and values stay in the unit."""
    property_ = Property(name="P", title="P", unit="Barrer", scale="log10")
    rows = table[table["property"] == "Tg"].assign(property="P").reset_index(drop=True)
    values = ["label", "blend", *MEMBERS]
    rows[values] = 10 ** (rows[values] / 50)
    rows.loc[7, "label"] = rows.loc[7, "blend"] * 1e-5
    found = doubtful_labels(rows, [property_], MEMBERS)
    assert _keys(found.head(1)) == _keys(rows.loc[[7]])
    assert found["least"][0] == pytest.approx(rows.loc[7, list(MEMBERS)].min())
    assert min(found["neighbours"][0]) > 0


def test_neighbours_are_judged_under_the_labels_own_conditions(table, properties) -> None:
    """Each polymer at two temperatures that 100 degrees lie between; one label is 150 off."""
    cold = table[table["property"] == "Tg"]
    values = ["label", "blend", *MEMBERS]
    both = pd.concat([cold, cold.assign(row=cold["row"] + 1000)], ignore_index=True)
    both.loc[len(cold) :, values] += 100
    both.loc[3, "label"] += 300
    found = doubtful_labels(both, [properties["Tg"]], MEMBERS, conditions=True)
    assert _keys(found.head(1)) == _keys(both.loc[[3]])
    # The other one of its polymer, as it would be in the cold.
    assert found["neighbours"][0][0] == pytest.approx(both.loc[3, "label"] - 300, abs=60)
    assert (found["score"][1:] < 0.5 * found["score"][0]).all()


def test_progress_is_told_to_its_end(table, properties) -> None:
    told: list[tuple[int, ...]] = []
    every = list(properties.values())
    doubtful_labels(table, every, MEMBERS, progress=lambda *step: told.append(step))
    shares = [done / total for done, total in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_table_with_nothing_to_compare_has_no_doubtful_label(table, properties) -> None:
    few = table[table["property"] == "Tg"].head(1)
    for rows in (few, few.iloc[:0], few.assign(blend=np.nan)):
        found = doubtful_labels(rows, list(properties.values()), MEMBERS)
        assert found.empty
        assert "score" in found


def test_one_odd_label_among_equal_ones_is_found(table, properties) -> None:
    """Intervals have no width there, and nothing is divided by it."""
    rows = table[table["property"] == "Tg"].reset_index(drop=True)
    rows[["label", "blend", *MEMBERS]] = 100.0
    rows.loc[9, "label"] = 130
    found = doubtful_labels(rows, [properties["Tg"]], MEMBERS)
    assert _keys(found.head(1)) == _keys(rows.loc[[9]])
    assert np.isfinite(found["score"]).all()


def test_neighbours_are_those_of_all_pairs(table) -> None:
    units = table["smiles"].drop_duplicates().tolist()
    labelled = np.full((len(units), 2), np.nan)
    labelled[::2, 0] = labelled[:3, 1] = 1
    first, second = Domain.of(units, labelled).neighbours(5)
    assert first[0].shape == (len(labelled[::2]), 5)
    assert second[0].shape == (3, 2)
    assert (np.diff(first[1], axis=1) >= 0).all()
    assert not (first[0] == np.arange(len(first[0]))[:, None]).any()
    # The mean over all others is the domain's distance once a unit is left out.
    rest = np.delete(labelled, 4, axis=0)
    others = Domain.of([unit for i, unit in enumerate(units) if i != 4], rest)
    assert others.distances(units[4:5])[0, 0] == pytest.approx(first[1][2].mean())


def test_how_unlikely_is_said_in_words() -> None:
    assert [unlikely_words(score) for score in (9, 2.5, 1, 0.2)] == [
        *("very unlikely", "unlikely", "doubtful", "likely")
    ]


def _keys(rows: pd.DataFrame) -> list[tuple[int, str]]:
    return list(zip(rows["row"].tolist(), rows["property"], strict=True))
