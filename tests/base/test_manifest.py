import os
from pathlib import Path

import pytest

from engine.base.errors import UserError
from engine.base.manifest import MANIFEST, ProvenFiles, write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.bin").write_bytes(b"one")
    (tmp_path / "README.md").write_text("a card")
    write_manifest(tmp_path, {"bundle.json": b"{}"})
    (tmp_path / "bundle.json").write_bytes(b"{}")
    return tmp_path


def test_a_file_is_read_as_the_manifest_tells(folder: Path) -> None:
    files = ProvenFiles.of(folder)
    assert files.names == ["bundle.json", "model.bin"]
    assert files.read("model.bin") == b"one"
    assert files.read("bundle.json") == b"{}"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(b"two"), "was changed or damaged"),
        (lambda path: path.write_bytes(b""), "was changed or damaged"),
        (lambda path: path.unlink(), "is missing"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "is a pipe"),
        (lambda path: (path.unlink(), path.mkdir()), "is a folder"),
        (lambda path: (path.unlink(), path.symlink_to("/etc/hostname")), "is a link"),
        (lambda path: (path.unlink(), path.symlink_to("/dev/zero")), "is a link"),
    ],
)
def test_any_other_file_is_refused(folder: Path, damage, words: str) -> None:
    damage(folder / "model.bin")
    with pytest.raises(UserError, match=words):
        ProvenFiles.of(folder).read("model.bin")


def test_a_file_that_the_manifest_does_not_tell_is_refused(folder: Path) -> None:
    (folder / "more.bin").write_bytes(b"three")
    with pytest.raises(UserError, match=r"tells of no more\.bin"):
        ProvenFiles.of(folder).read("more.bin")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"format": 1, "files": {"../secret": "%s"}}' % (b"0" * 64),
        b'{"format": 1, "files": {"/etc/passwd": "%s"}}' % (b"0" * 64),
        b'{"format": 1, "files": {"model.bin": "0"}}',
        b'{"format": 1, "files": {}, "more": 1}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_manifest_is_a_sentence(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(UserError, match="is damaged; copy its folder again"):
        ProvenFiles.of(folder)


def test_a_folder_without_a_manifest_says_how_to_get_one(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    with pytest.raises(UserError, match="command `adopt`"):
        ProvenFiles.of(folder)


def test_a_file_that_is_too_large_is_not_read(folder: Path) -> None:
    with pytest.raises(UserError, match="too much for such a file"):
        ProvenFiles.of(folder).read("model.bin", 2)
