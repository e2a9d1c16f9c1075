"""Files that anybody may have put there: no pipe is waited for, no link followed."""

import os
import stat
from pathlib import Path

from .errors import UserError

_KINDS = (
    (stat.S_ISLNK, "is a link"),
    (stat.S_ISDIR, "is a folder"),
    (stat.S_ISFIFO, "is a pipe"),
    (stat.S_ISSOCK, "is a socket"),
    (stat.S_ISCHR, "is a device"),
    (stat.S_ISBLK, "is a device"),
)


def oddity(path: Path) -> str:
    """What is in the place of a file, such as `is a link`; empty for a file, or for nothing."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"cannot be used ({error.strerror})"
    return next((words for is_so, words in _KINDS if is_so(mode)), "")


def demand_place(path: Path, mend: str = "Remove it.") -> None:
    """Refuse what lies in the place of a file and is none; there may be nothing.

    Args:
        path: of the file.
        mend: a sentence for the user.

    Raises:
        UserError: when a folder, a link, a pipe or a device lies there.
    """
    if words := oddity(path):
        raise UserError(f"{path} {words}, where a file should be. {mend}")


def demand_file(path: Path, mend: str, most: int | None = None) -> None:
    """Refuse what is no file, before somebody opens it.

    Args:
        path: of a file of the workspace.
        mend: a sentence for the user.
        most: bytes that such a file may have.

    Raises:
        UserError: when there is none, it is something else, or it is too large.
    """
    demand_place(path, mend)
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


def first_line(error: Exception) -> str:
    """The first line of an error's words, as a sentence."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(".") + "."
