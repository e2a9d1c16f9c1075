"""Files that anybody may have put there: no pipe is waited for, no link followed, no bomb read."""

import os
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from .errors import UserError

_KINDS = (
    (stat.S_ISLNK, "is a link"),
    (stat.S_ISDIR, "is a folder"),
    (stat.S_ISFIFO, "is a pipe"),
    (stat.S_ISSOCK, "is a socket"),
    (stat.S_ISCHR, "is a device"),
    (stat.S_ISBLK, "is a device"),
)
_OPENING = (
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
)
_CLOSING = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)
_LONGEST_NUMBER = 100

_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):
    """Refuses a key that is given twice, of which YAML takes the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        given = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        for key, count in given.items():
            if count > 1:
                raise yaml.constructor.ConstructorError(
                    problem=f"“{str(key)[:40]}” is given twice; keep one of them"
                )
        mapping: dict = super().construct_mapping(node, deep)
        return mapping


def oddity(path: Path) -> str:
    """What is in the place of a file, such as `is a link`; empty for a file, or for nothing."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"cannot be used ({error.strerror})"
    return next((words for is_so, words in _KINDS if is_so(mode)), "")


def demand_file(path: Path, mend: str, most: int | None = None) -> None:
    """Refuse what is no file, before somebody opens it.

    Args:
        path: of a file of the workspace.
        mend: a sentence for the user.
        most: bytes that such a file may have.

    Raises:
        UserError: when there is none, it is something else, or it is too large.
    """
    if words := oddity(path):
        raise UserError(f"{path} {words}, where a file should be. {mend}")
    try:
        size = os.lstat(path).st_size
    except OSError as error:
        raise UserError(f"{path} is missing. {mend}") from error
    if most is not None and size > most:
        raise UserError(f"{path} has {size / 2**20:,.1f} MB, too much for such a file. {mend}")


def read_file(path: Path, mend: str, most: int) -> bytes:
    """The content of a file.

    Args:
        path, mend, most: see `demand_file`.

    Raises:
        UserError: when there is no such file, or it cannot be read.
    """
    demand_file(path, mend, most)
    # Without waiting, should it have become a pipe meanwhile.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            return file.read(most)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}. {mend}") from error


def parsed_yaml(text: str, name: str, what: str, deepest: int = 10) -> Any:
    """What a text in YAML says, from whomever it comes.

    Args:
        text: in YAML.
        name: the file's, for messages.
        what: such a file is, for messages: `a file of mends`.
        deepest: how deep it may be nested.

    Raises:
        UserError: when it is no YAML, or stands for more than memory holds.
    """
    try:
        _refuse_bombs(text, name, what, deepest)
        # Of the safe loaders, the quick one.
        return yaml.load(text, _Loader)  # noqa: S506
    # Hostile text also nests too deep, or holds numbers and dates that there are none of.
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise UserError(f"{name} cannot be read as YAML: {first_line(error)}") from error


def _refuse_bombs(text: str, name: str, what: str, deepest: int) -> None:
    """Refuse a short text that stands for more than memory holds, or takes hours to read."""
    depth = 0
    for token in yaml.scan(text, _Loader):
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            raise UserError(f"{name} holds an alias (*name); write out what it stands for.")
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > deepest:
            raise UserError(f"{name} is nested too deep to be {what}.")
        # Numbers of base 60 (`1:30:00`) take time with the square of their length.
        plain = token.value if isinstance(token, yaml.ScalarToken) and token.plain else ""
        if len(plain) > _LONGEST_NUMBER and plain[0] in "+-.0123456789":
            raise UserError(
                f"{name} holds the number {plain[:20]}…, which is too long; texts that look like "
                "numbers need quotation marks."
            )


def first_line(error: Exception) -> str:
    """The first line of an error's words, as a sentence."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(".") + "."
