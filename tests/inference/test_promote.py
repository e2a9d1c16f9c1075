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
        patch.setattr(shutil, "copytree", until_killed(shutil.copytree))
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


def test_a_bundle_that_cannot_be_copied_is_a_sentence(first: Path, tmp_path: Path) -> None:
    second = _bundle(tmp_path / "second", "second")
    (second / "network-0.safetensors").symlink_to(tmp_path / "gone")
    with pytest.raises(UserError, match=r"stays as it was: .*No such file"):
        promote(second)
    assert _default() == "first"
    assert not default_bundle().with_name("default.new").exists()
