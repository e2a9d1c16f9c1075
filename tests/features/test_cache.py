"""The stores of features: of single repeat units, and of whole tables."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engine.base.errors import UserError
from engine.features import cache
from engine.features.cache import FeatureCache, TableCache

ARRAYS = {
    "small": np.arange(5, dtype=np.uint8),
    "none": np.zeros((0, 4), np.uint8),
    "large": np.linspace(0, 1, 600, dtype=np.float32).reshape(200, 3),
    "starts": np.arange(7, dtype=np.int64),
}


def _files(workspace: Path) -> list[Path]:
    return sorted((workspace / "cache" / "tables").iterdir())


def test_written_arrays_are_mapped(workspace: Path) -> None:
    TableCache().write(["a", "b"], ARRAYS)
    read = TableCache().read(["a", "b"])
    assert set(read) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)
    base = read["large"]
    while not isinstance(base, np.memmap):
        base = base.base
    assert TableCache().read(["b", "a"]) is None
    assert TableCache().read(["ab"]) is None


def test_writing_to_a_mapped_array_leaves_the_file_alone() -> None:
    TableCache().write(["a"], ARRAYS)
    TableCache().read(["a"])["large"][:] = 7
    np.testing.assert_array_equal(TableCache().read(["a"])["large"], ARRAYS["large"])


def _cut(data: bytes) -> bytes:
    return data[:-100]


def _flip(data: bytes) -> bytes:
    return data[:-50] + bytes([data[-50] ^ 1]) + data[-49:]


@pytest.mark.parametrize(
    "damage",
    [
        _cut,
        _flip,
        lambda data: data[:300],
        lambda data: data[:5],
        lambda data: b"",
        lambda data: b"\xff" * len(data),
        lambda data: b"\x02" + bytes(7) + b"{}" + data,
        lambda data: b"\x02" + bytes(7) + b"[]" + data,
    ],
)
def test_a_damaged_file_is_passed_over_and_written_anew(workspace: Path, damage) -> None:
    TableCache().write(["a"], ARRAYS)
    (path,) = _files(workspace)
    path.write_bytes(damage(path.read_bytes()))
    assert TableCache().read(["a"]) is None
    TableCache().write(["a"], ARRAYS)
    assert TableCache().read(["a"]) is not None


def test_the_longest_unused_make_room(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for age, name in enumerate("abc"):
        TableCache().write([name], ARRAYS)
        os.utime(TableCache()._path([name]), (1000 + age, 1000 + age))
    left = workspace / "cache" / "tables" / f".{'0' * 32}.safetensors.12345678"
    left.write_bytes(bytes(100))
    os.utime(left, (1, 1))
    TableCache().read(["a"])
    size = TableCache()._path(["a"]).stat().st_size
    monkeypatch.setattr(cache, "MAX_TABLE_BYTES", 2 * size)
    TableCache().write(["d"], ARRAYS)
    assert [TableCache().read([name]) is None for name in "abcd"] == [False, True, True, False]
    assert len(_files(workspace)) == 2


def test_only_what_the_store_wrote_makes_room(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MAX_TABLE_BYTES", 10_000)
    TableCache().write(["a"], ARRAYS)
    thesis = workspace / "cache" / "tables" / "thesis.pdf"
    thesis.write_bytes(bytes(20_000))
    TableCache().write(["b"], ARRAYS)
    assert thesis.exists()


def test_a_link_in_place_of_the_store_is_not_followed(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (workspace / "cache").mkdir(parents=True)
    (workspace / "cache" / "tables").symlink_to(tmp_path / "photos")
    with pytest.raises(UserError, match="is a link"):
        TableCache()


def test_a_table_that_is_too_large_is_not_stored(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MAX_TABLE_BYTES", 100)
    TableCache().write(["a"], ARRAYS)
    assert TableCache().read(["a"]) is None


def test_a_full_disk_is_ignored(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "save_file", full)
    TableCache().write(["a"], ARRAYS)
    assert TableCache().read(["a"]) is None
    assert _files(workspace) == []


def test_a_store_that_is_busy_is_not_thrown_away(workspace: Path) -> None:
    with FeatureCache("kind", "1") as store:
        store.write({"*CC*": b"1"})
    (path,) = (workspace / "cache").glob("*.sqlite")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with FeatureCache("kind", "1", patience=0) as store:
            assert store.read(["*CC*"]) == {}
            store.write({"*CO*": b"2"})
    with FeatureCache("kind", "1") as store:
        assert store.read(["*CC*", "*CO*"]) == {"*CC*": b"1"}
