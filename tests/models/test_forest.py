"""Trees as arrays predict what the libraries predict, to the last bit, and are proven."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from engine.base.manifest import ProvenFiles
from engine.models.boosting import BoostedTrees, BoostingConfig
from engine.models.catboost import CatBoost
from engine.models.forest import Forest, Tree
from engine.models.library_files import convert_library_files
from engine.models.lightgbm import LightGBM
from engine.models.split_tests import ARRAYS, MOST_TREES, at_most
from engine.models.store import Room, load_descriptor_model
from engine.models.symmetric_forest import SymmetricForest
from engine.models.xgboost import XGBoost

KINDS = (LightGBM, XGBoost, CatBoost)


def _rows(count: int, missing: bool) -> np.ndarray:
    random = np.random.default_rng(count)
    rows = random.normal(size=(count, 20)).astype(np.float32)
    rows[:, 10:] = random.poisson(0.6, (count, 10))
    if missing:
        rows[random.random(rows.shape) < 0.1] = np.nan
    return rows


def _labels(rows: np.ndarray) -> np.ndarray:
    values = np.nan_to_num(rows)
    return 50 * values[:, 0] * values[:, 1] + 9 * values[:, 12] + 300


def _library_models(kind: type[BoostedTrees], monkeypatch: pytest.MonkeyPatch) -> list:
    """The library's own models that `fit` grows from now on."""
    kept: list = []
    plain = kind._of.__func__

    def keep(cls, model):
        kept.append(model)
        return plain(cls, model)

    monkeypatch.setattr(kind, "_of", classmethod(keep))
    return kept


def _library_predicts(kind: type[BoostedTrees], model, rows: np.ndarray) -> np.ndarray:
    if kind is XGBoost:
        return model.inplace_predict(rows).astype(np.float64)
    return np.asarray(model.predict(rows))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loss", ["absolute", "squared"])
@pytest.mark.parametrize("depth", [1, 6, 9])
@pytest.mark.parametrize("missing", [False, True])
def test_arrays_predict_what_the_library_predicts_to_the_last_bit(
    kind: type[BoostedTrees], loss: str, depth: int, missing: bool, monkeypatch
) -> None:
    kept, rows = _library_models(kind, monkeypatch), _rows(400, missing)
    config = BoostingConfig(rounds=12, depth=depth, leaves=2**depth, loss=loss, columns=0.8)
    fitted = kind.fit(rows, _labels(rows), config, seed=3)
    again = kind.from_bytes(fitted.to_bytes())
    # Other rows too, some without descriptors that were never missing in training.
    for asked in (rows, _rows(300, True), rows[:1], rows[:0]):
        expected = _library_predicts(kind, kept[0], asked) if len(asked) else np.empty(0)
        np.testing.assert_array_equal(fitted.predict(asked), expected)
        np.testing.assert_array_equal(again.predict(asked), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_labels_that_are_equal_make_trees_of_one_leaf(kind: type[BoostedTrees]) -> None:
    fitted = kind.fit(_rows(40, False), np.full(40, 7.5), BoostingConfig(rounds=5), seed=0)
    np.testing.assert_allclose(fitted.predict(_rows(9, False)), 7.5, rtol=1e-6)
    assert fitted.takes(20, 1)


def test_thresholds_in_half_the_digits_decide_alike() -> None:
    random = np.random.default_rng(0)
    values = np.concatenate([random.normal(size=500), [0.0, 1.0, 1e-35]]).astype(np.float32)
    near = np.concatenate([values.astype(float) + shift for shift in (0, 1e-12, -1e-12)])
    rounded = at_most(near)
    for value in values:
        np.testing.assert_array_equal(value <= rounded, float(value) <= near)


@pytest.fixture
def forest() -> dict[str, np.ndarray]:
    """The arrays of three trees: of two splits, of none, of one."""
    tree = Tree(
        np.array([0, 1], np.int32),
        np.array([0.5, 1.5], np.float32),
        np.array([0, 1], np.uint8),
        np.array([[1, -1], [-2, -3]], np.int32),
        np.array([1.0, 2.0, 4.0]),
    )
    small = Tree(*(each[:1] for each in tree[:3]), np.array([[-1, -2]], np.int32), tree.leaf[:2])
    return Forest.of([tree, Tree.constant(np.array([100.0])), small]).arrays


def test_a_row_goes_the_way_that_the_splits_say(forest: dict[str, np.ndarray]) -> None:
    rows = np.array([[0.5, 1.0], [0.5, 2.0], [1.0, 0.0], [np.nan, 0.0], [0.0, np.nan]], np.float32)
    assert Forest(forest).predict(rows).tolist() == [103.0, 105.0, 103.0, 103.0, 103.0]


@pytest.mark.parametrize(
    ("name", "place", "value", "words"),
    [
        ("children", (0, 0), 0, "twice, or never"),
        ("children", (0, 0), 2, "another one"),
        ("children", (0, 0), 9, "does not exist"),
        ("children", (0, 0), 2**31 - 1, "does not exist"),
        ("children", (0, 1), -(2**31), "does not exist"),
        ("children", (1, 0), -1, "twice, or never"),
        ("split", 0, -1, "does not exist"),
        ("threshold", 0, np.nan, "does not exist"),
        ("missing_left", 0, 7, "does not exist"),
        ("leaf", 2, np.nan, "no number"),
        ("leaf", 2, np.inf, "no number"),
        ("splits", 0, -1, "damaged"),
        ("splits", 0, 1, "do not match"),
        ("splits", 0, 2**31 - 1, "do not match"),
    ],
)
def test_what_is_no_forest_is_refused(forest, name: str, place, value, words: str) -> None:
    damaged = {key: each.copy() for key, each in forest.items()}
    damaged[name][place] = value
    with pytest.raises(ValueError, match=words):
        Forest(damaged)


def test_a_circle_beside_the_root_is_refused(forest: dict[str, np.ndarray]) -> None:
    ring = Tree(
        np.zeros(3, np.int32),
        np.zeros(3, np.float32),
        np.zeros(3, np.uint8),
        np.array([[-1, -2], [2, -3], [1, -4]], np.int32),
        np.zeros(4),
    )
    with pytest.raises(ValueError, match="circle"):
        Forest.of([ring])


@pytest.mark.parametrize("change", ["drop", "add", "type", "shape", "empty"])
def test_other_arrays_are_refused(forest: dict[str, np.ndarray], change: str) -> None:
    damaged = dict(forest)
    if change == "drop":
        del damaged["leaf"]
    if change == "add":
        damaged["more"] = damaged["leaf"]
    if change == "type":
        damaged["children"] = damaged["children"].astype(np.int64)
    if change == "shape":
        damaged["threshold"] = damaged["threshold"][:, None]
    if change == "empty":
        damaged = {key: each[:0] for key, each in damaged.items()}
    with pytest.raises(ValueError, match=r"not the arrays|match|damaged"):
        Forest(damaged)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("levels", lambda each: each + 1, "do not match"),
        ("levels", lambda each: each - 7, "no levels"),
        ("levels", lambda each: each + 40, "more than 16"),
        ("leaf", lambda each: each[1:], "do not match"),
        ("leaf", lambda each: each * np.nan, "no number"),
        ("split", lambda each: each - 100, "does not exist"),
    ],
)
def test_what_are_no_symmetric_trees_is_refused(name: str, change, words: str) -> None:
    rows = _rows(80, False)
    fitted = CatBoost.fit(rows, _labels(rows), BoostingConfig(rounds=5, depth=3), seed=0)
    arrays = dict(fitted._forest.arrays)
    with pytest.raises(ValueError, match=words):
        SymmetricForest({**arrays, name: change(arrays[name])})


def test_more_trees_than_any_model_has_are_refused() -> None:
    asked = {name: np.empty(0, kind) for name, kind in ARRAYS.items()}
    none, children = np.zeros(MOST_TREES + 1, dtype=np.int32), np.empty((0, 2), dtype=np.int32)
    with pytest.raises(ValueError, match="more than 131,072"):
        Forest({**asked, "children": children, "leaf": none * 1.0, "splits": none})
    with pytest.raises(ValueError, match="more than 131,072"):
        SymmetricForest({**asked, "levels": none, "leaf": none * 1.0})


@pytest.mark.parametrize("content", [b"", b"tree\nversion=v4\n", b"\xff" * 100, bytes(5000)])
def test_bytes_that_are_no_forest_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"not the arrays|deserializing"):
        LightGBM.from_bytes(content)


def test_files_of_the_libraries_are_read_once_more(tmp_path: Path, monkeypatch) -> None:

    # A folder of its own: the workspace lies beside it.
    folder, rows = tmp_path / "bundle", _rows(60, False)
    folder.mkdir()
    for kind in KINDS:
        kept = _library_models(kind, monkeypatch)
        fitted = kind.fit(rows, _labels(rows), BoostingConfig(rounds=5, depth=2), seed=0)
        _write_library_file(kind, kept[0], folder)
        assert convert_library_files(folder) == 1
        again = load_descriptor_model(ProvenFiles.unproven(folder), kind.name, 0, Room(1))
        np.testing.assert_array_equal(again.predict(rows), fitted.predict(rows))
    assert len(list(folder.iterdir())) == 3


def _write_library_file(kind: type[BoostedTrees], model, folder: Path) -> None:
    path = folder / f"{kind.name}-000.{kind.library_suffix}"
    if kind is CatBoost:
        model.save_model(str(path))
        return
    content = model.save_raw("ubj") if kind is XGBoost else model.model_to_string().encode()
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(content))
