"""Numbers and lists in words."""

from engine.base.wording import distinct


def test_distinct_titles_are_numbered_only_where_several_are_the_same() -> None:
    assert distinct(["a", "b", "a"]) == ["a (1)", "b", "a (2)"]
    assert distinct(["a", "a", "a (1)"]) == ["a (1)", "a (2)", "a (1) (1)"]
    assert distinct([]) == []
