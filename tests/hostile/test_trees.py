"""Trees of any shape predict as they are read; arrays of any content are refused, or predict."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.models.forest import Forest, Tree

_WIDTH = 5
_ODD = st.one_of(
    st.integers(-3, 12),
    st.sampled_from([2**31 - 1, -(2**31), 2**30]),
    st.sampled_from([np.nan, np.inf, -np.inf, 1e300]),
)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A tree that grew by splitting one leaf after another."""
    splits = draw(st.integers(0, 12))
    places: list[tuple[int, int]] = []
    children: list[list[int]] = []
    # Where each leaf hangs: the split and the side; the root hangs nowhere.
    for split in range(splits):
        if places:
            above, side = places.pop(draw(st.integers(0, len(places) - 1)))
            children[above][side] = split
        children.append([0, 0])
        places += [(split, 0), (split, 1)]
    for leaf, (above, side) in enumerate(places):
        children[above][side] = -1 - leaf
    numbers = st.floats(-2, 2, width=32)
    asked = [draw(st.integers(0, _WIDTH - 1)) for _ in range(splits)]
    return Tree(
        np.array(asked, np.int32),
        np.array([draw(numbers) for _ in range(splits)], np.float32),
        np.array([draw(st.integers(0, 1)) for _ in range(splits)], np.uint8),
        np.array(children, np.int32).reshape(splits, 2),
        np.array([draw(numbers) for _ in range(splits + 1)], np.float64),
    )


rows = st.lists(
    st.lists(st.one_of(st.floats(-2, 2, width=32), st.just(np.nan)), min_size=5, max_size=5),
    min_size=1,
    max_size=4,
)


def _walked(tree: Tree, row: np.ndarray) -> float:
    """What a tree adds to a row, one split after another."""
    place = 0 if len(tree.split) else -1
    while place >= 0:
        value = row[tree.split[place]]
        missing = np.isnan(value)
        left = bool(tree.missing_left[place]) if missing else value <= tree.threshold[place]
        place = int(tree.children[place, 0 if left else 1])
    return float(tree.leaf[-1 - place])


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.lists(trees(), min_size=1, max_size=4), rows)
def test_a_forest_predicts_what_walking_its_trees_gives(grown, given_rows) -> None:
    descriptors = np.array(given_rows, np.float32)
    expected = []
    for row in descriptors:
        total = 0.0
        for tree in grown:
            total += _walked(tree, row)
        expected.append(total)
    np.testing.assert_array_equal(Forest.of(grown).predict(descriptors), expected)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(trees(), min_size=1, max_size=3), st.data())
def test_a_changed_array_is_refused_or_predicts_numbers(grown, data) -> None:
    arrays = {name: each.copy() for name, each in Forest.of(grown).arrays.items()}
    name = data.draw(st.sampled_from(sorted(arrays)))
    if arrays[name].size:
        place = data.draw(st.integers(0, arrays[name].size - 1))
        with np.errstate(all="ignore"):
            arrays[name].flat[place] = np.array(data.draw(_ODD), float).astype(arrays[name].dtype)
    try:
        forest = Forest(arrays)
    except ValueError:
        return
    if forest.width <= _WIDTH:
        assert np.isfinite(forest.predict(np.zeros((3, _WIDTH), np.float32))).all()
