"""Several tables as one: names of properties by source, answers, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.settings.sources import Source, source_named
from engine.table import Table, join_tables, leave_out, load_table, split_by_column

UNITS = ["*CC*", "*CC(*)C", "*CC(*)CC", "*CCO*"]


def _table(name: str, smiles: list[str], **columns: list) -> Table:
    frame = pd.DataFrame({"SMILES": smiles, **columns})
    return load_table(frame.to_csv(index=False).encode(), f"{name}.csv")


@pytest.fixture
def measured() -> Table:
    return _table("lab", UNITS[:2], Tg=[-80.0, -10.0], Density=[0.85, 0.86])


@pytest.fixture
def simulated() -> Table:
    return _table("md", UNITS[1:], tg=[20.0, 30.0, 5.0], Cp=[1.5, 1.6, 1.7])


SOURCES = [Source(name="lab", kind="measured"), Source(name="md", kind="simulated")]


def test_the_answer_keeps_the_plain_name(measured: Table, simulated: Table) -> None:
    joined = join_tables([measured, simulated], SOURCES)
    names = [property_.name for property_ in joined.properties]
    assert names == ["Tg", "Density", "Cp", "Tg (md)"]
    assert [property_.source for property_ in joined.properties] == ["lab", "lab", "md", "md"]
    assert [property_.base for property_ in joined.properties] == ["Tg", "Density", "Cp", "Tg"]
    assert [property_.is_answer for property_ in joined.properties] == [True, True, True, False]
    assert joined.properties[3].title == "Glass transition temperature, md"
    assert joined.canonical == measured.canonical + simulated.canonical
    expected = [[-80, 0.85, np.nan, np.nan], [-10, 0.86, np.nan, np.nan]]
    expected += [[np.nan, np.nan, cp, tg] for cp, tg in [(1.5, 20), (1.6, 30), (1.7, 5)]]
    np.testing.assert_array_equal(joined.labels, expected)


def test_another_source_can_answer(measured: Table, simulated: Table) -> None:
    joined = join_tables([measured, simulated], SOURCES, "md")
    # The source has no density: the first one that has some answers.
    assert {p.name: p.source for p in joined.properties} == {
        "Tg": "md",
        "Density": "lab",
        "Cp": "md",
        "Tg (lab)": "lab",
    }
    by_quantity = join_tables([measured, simulated], SOURCES, {"tg": "md"})
    assert [p.name for p in by_quantity.properties] == [p.name for p in joined.properties]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("nobody", "There is no source 'nobody' to answer like; the sources are lab and md"),
        ({"Density": "md"}, "The source 'md' has no labels of 'density'"),
        ({"Rg": "md"}, "An answer is asked for 'rg', which no table has"),
    ],
)
def test_an_answer_that_cannot_be_is_told(
    answer: str | dict, words: str, measured: Table, simulated: Table
) -> None:
    with pytest.raises(UserError, match=words):
        join_tables([measured, simulated], SOURCES, answer)


def test_tables_without_a_common_property_are_refused(measured: Table) -> None:
    other = _table("other", UNITS, Cp=[1.0, 2.0, 3.0, 4.0])
    with pytest.raises(UserError, match=r"has no property in common with the other tables"):
        join_tables([measured, other], SOURCES)


def test_a_table_given_twice_is_refused(measured: Table) -> None:
    with pytest.raises(UserError, match="hold the same labels of the same repeat units"):
        join_tables([measured, measured], SOURCES)


def test_a_source_named_twice_is_refused(measured: Table, simulated: Table) -> None:
    names = [Source(name="lab"), Source(name="Lab")]
    with pytest.raises(UserError, match="both called the source 'Lab'"):
        join_tables([measured, simulated], names)


def test_units_that_cannot_be_reconciled_are_refused() -> None:
    ours = load_table(b"SMILES,E\n*CC*,1\n*CCO*,2\n", "ours.csv", units={"E": "GPa"})
    theirs = load_table(b"SMILES,E\n*CC*,1000\n*CCO*,2000\n", "theirs.csv", units={"E": "MPa"})
    with pytest.raises(UserError, match=r"theirs\.csv gives E in MPa, the source lab in GPa"):
        join_tables([ours, theirs], SOURCES)


def test_a_column_may_name_the_sources() -> None:
    table = _table("all", UNITS, Tg=[1.0, 2.0, 3.0, 4.0], by=["lab", "md", "lab", "md"])
    parts, sources = split_by_column(table, "by")
    assert [source.name for source in sources] == ["lab", "md"]
    assert [part.labels[:, 0].tolist() for part in parts] == [[1, 3], [2, 4]]
    assert [part.rows.tolist() for part in parts] == [[2, 4], [3, 5]]
    assert [p.name for p in join_tables(parts, sources).properties] == ["Tg", "Tg (md)"]
    with pytest.raises(UserError, match="has no column 'who'"):
        split_by_column(table, "who")


@pytest.mark.parametrize("name", ["", "a=b", "x" * 41, "who (1990)"])
def test_a_name_that_cannot_stand_in_a_column_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="cannot name a source"):
        source_named(name)


def test_kinds_of_sources_are_few() -> None:
    assert source_named(" lab ", "measured").words == "lab (measured)"
    with pytest.raises(UserError, match="measured, simulated or computed, not 'guessed'"):
        source_named("lab", "guessed")


def test_what_an_added_source_has_can_be_left_out(measured: Table, simulated: Table) -> None:
    joined = leave_out(join_tables([measured, simulated], SOURCES), ["Tg (md)"])
    assert [property_.name for property_ in joined.properties] == ["Tg", "Density", "Cp"]
    assert joined.labels.shape == (5, 3)
    assert [summary.name for summary in joined.report.properties] == ["Tg", "Density", "Cp"]
    for name in ("Tg", "Tc (md)"):
        with pytest.raises(UserError, match="cannot be left out"):
            leave_out(joined, [name])


def test_a_source_with_too_few_labels_does_not_answer() -> None:
    few, many = UNITS[:2], [f"*{'C' * n}O*" for n in range(1, 13)]
    tables = [_table("lab", few, Tg=[-80.0, -10.0]), _table("md", many, Tg=list(range(12)))]
    joined = join_tables(tables, SOURCES)
    assert {p.name: p.source for p in joined.properties} == {"Tg": "md", "Tg (lab)": "lab"}
    with pytest.raises(UserError, match="too few labels of 'tg' to answer like"):
        join_tables(tables, SOURCES, {"Tg": "lab"})


def test_a_source_of_which_nothing_is_learned_is_gone(measured: Table, simulated: Table) -> None:
    third = _table("old", UNITS[2:], Tg=[1.0, 2.0])
    joined = join_tables([measured, simulated, third], [*SOURCES, Source(name="old")])
    left = leave_out(joined, ["Tg (old)"])
    assert [source.name for source in left.sources] == ["lab", "md"]
    assert len(left.canonical) == len(left.labels) == len(left.rows) == 5
    assert len(left.parts) == 2


def test_columns_that_differ_by_case_are_told() -> None:
    both = _table("lab", UNITS, Tg=[1.0, 2, 3, 4], TG=[1.0, 2, 3, 5])
    with pytest.raises(UserError, match="but for the case of letters"):
        join_tables([both, _table("md", UNITS, Tg=[2.0, 3, 4, 5])], SOURCES)
