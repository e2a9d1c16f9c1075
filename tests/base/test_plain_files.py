"""Files that anybody may have put there."""

import os
from pathlib import Path

import pytest

from engine.base.errors import UserError
from engine.base.plain_files import oddity, read_file
from engine.base.plain_yaml import parsed_yaml


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.mkdir(), "is a folder"),
        (os.mkfifo, "is a pipe"),
        (lambda path: path.symlink_to("/etc/hostname"), "is a link"),
        (lambda path: path.symlink_to(path.name), "is a link"),
        (lambda path: None, "is missing"),
    ],
)
def test_what_is_no_file_is_not_opened(tmp_path: Path, make, words: str) -> None:
    path = tmp_path / "config.yaml"
    make(path)
    with pytest.raises(UserError, match=f"config.yaml {words}.*Do this"):
        read_file(path, "Do this.", 10)


def test_a_file_is_read_up_to_a_size(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert oddity(path) == ""
    assert read_file(path, "", 10) == b"0123456789"
    with pytest.raises(UserError, match="too much"):
        read_file(path, "", 9)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [1]\nb: *a\n",
        "".join(f"{' ' * depth}a:\n" for depth in range(30)),
        "a: [1",
        "!!python/object/apply:os.getcwd []",
        "a: 9999-99-99",
        "a: !!bool x",
        'a: !!int ""',
        "a: !!timestamp x",
        "!!set [a]",
        'a: !!float "_"',
        'a: !!int "' + ":".join(["1"] * 200_000) + '"',
        "\0",
    ],
)
def test_hostile_yaml_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"mine\.yaml"):
        parsed_yaml(text, "mine.yaml", "anything")
