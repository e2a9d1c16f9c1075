"""Promoting a model: the default is whole at any moment."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.base.errors import UserError
from engine.inference.bundle import (
    SHIPPED,
    default_bundle,
    promote,
    read_info,
    reset_default,
    write_info,
)


def _bundle(folder: Path, name: str) -> Path:
    """A bundle with a name, and one more file that holds the name."""
    folder.mkdir()
    (folder / "weights").write_text(name)
    write_info(folder, read_info(SHIPPED).model_copy(update={"name": name}))
    return folder


def _default() -> str:
    """The name of the default model, which has to be whole."""
    folder = default_bundle()
    name = read_info(folder).name
    assert folder == SHIPPED or (folder / "weights").read_text() == name
    return name


@pytest.fixture
def first(tmp_path: Path, workspace: Path) -> Path:
    """A bundle that is the default."""
    bundle = _bundle(tmp_path / "first", "first")
    promote(bundle)
    return bundle


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("steps", range(10))
def test_a_promotion_that_is_killed_leaves_a_whole_default(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    second = _bundle(tmp_path / "second", "second")
    done: list[object] = []

    def until_killed(step: Callable) -> Callable:
        def counted(*args: object, **settings: object) -> object:
            done.append(step)
            if len(done) > steps:
                raise Killed
            return step(*args, **settings)

        return counted

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", until_killed(Path.write_bytes))
        patch.setattr(shutil, "rmtree", until_killed(shutil.rmtree))
        patch.setattr(Path, "rename", until_killed(Path.rename))
        try:
            promote(second)
        except Killed:
            assert _default() in ("first", "second")
        else:
            assert steps >= len(done)
            assert _default() == "second"
    # What was left over is in nobody's way.
    promote(default_bundle())
    promote(second)
    assert _default() == "second"
    assert {path.name for path in default_bundle().parent.iterdir()} <= {"default", "default.lock"}
    reset_default()
    assert default_bundle() == SHIPPED


def test_two_promotions_at_once_wait_for_each_other(first: Path, tmp_path: Path) -> None:
    bundles = [_bundle(tmp_path / f"model {n}", f"model {n}") for n in range(8)]
    with ThreadPoolExecutor(len(bundles)) as pool:
        list(pool.map(promote, bundles))
    assert _default().startswith("model")


def test_a_bundle_that_is_not_whole_is_refused(first: Path, tmp_path: Path) -> None:
    second = _bundle(tmp_path / "second", "second")
    (second / "weights").write_text("others")
    with pytest.raises(UserError, match="weights was changed or damaged"):
        promote(second)
    (second / "weights").unlink()
    with pytest.raises(UserError, match="weights is missing"):
        promote(second)
    assert _default() == "first"
    assert not default_bundle().with_name("default.new").exists()


def test_only_what_the_manifest_tells_becomes_the_default(first: Path, tmp_path: Path) -> None:
    second = _bundle(tmp_path / "second", "second")
    (tmp_path / "elsewhere").mkdir()
    (second / "link").symlink_to(tmp_path / "elsewhere")
    (second / "README.md").write_text("a card")
    promote(second)
    names = {path.name for path in default_bundle().iterdir()}
    assert names == {"bundle.json", "manifest.json", "weights", "README.md"}


def test_a_bundle_that_cannot_be_copied_is_a_sentence(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = _bundle(tmp_path / "second", "second")
    (default_bundle().with_name("default.new")).touch()
    with pytest.raises(UserError, match=r"stays as it was: File exists"):
        promote(second)
    assert _default() == "first"
