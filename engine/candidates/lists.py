"""The named lists of candidates of a workspace."""

import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

from ..base.errors import DiskFullError, UserError
from ..base.sqlite_files import PARTS, is_database
from ..base.wording import clipped
from ..base.workspace import lock, subfolder
from .rows import LONGEST_NAME
from .store import CandidateList

FIRST = "My candidates"
"""The name of the list that is made for whoever keeps a first candidate."""

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_SUFFIX, _REMOVED = ".db", ".removed"


class ListInfo(NamedTuple):
    """A list, for a chooser.

    Attributes:
        id: by which addresses know it.
        name: by which people do.
        size: how many candidates it has.
        created: when it was made, in seconds since 1970.
    """

    id: str
    name: str
    size: int
    created: float


def folder() -> Path:
    """Where the lists lie."""
    return subfolder("candidates")


def all_lists() -> list[ListInfo]:
    """The lists that can be read, the oldest first."""
    return read_lists()[0]


def read_lists() -> tuple[list[ListInfo], list[str]]:
    """The lists that can be read, the oldest first, and a sentence for each other file.

    Raises:
        DiskFullError: when the disk is full: then none can be read.
    """
    found, sentences = [], []
    for path in sorted(folder().glob(f"*{_SUFFIX}")):
        each = CandidateList(path)
        try:
            if not _ID.fullmatch(path.stem):
                raise UserError(f"{path} has no name that a list of candidates can have.")
            found.append(ListInfo(each.id, each.setting("name"), each.count(), _created(each)))
        except DiskFullError:
            raise
        except UserError as error:
            sentences.append(str(error))
    return sorted(found, key=lambda each: (each.created, each.id)), sentences


def _created(list_: CandidateList) -> float:
    """When a list was made; 0 where its file does not say."""
    try:
        return float(list_.setting("created"))
    except ValueError:
        return 0.0


def open_list(list_id: str) -> CandidateList:
    """The list of that id.

    Raises:
        UserError: when there is none.
    """
    path = folder() / f"{list_id}{_SUFFIX}"
    if not _ID.fullmatch(list_id) or not is_database(path):
        raise UserError(f"There is no list of candidates {clipped(list_id)!r}.")
    return CandidateList(path)


def create_list(name: str) -> CandidateList:
    """Make an empty list.

    Raises:
        UserError: for a name that is empty, too long, or another list's.
    """
    with _one_at_a_time():
        name = _checked_name(name)
        words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24]
        stamp = time.strftime("%Y%m%d-%H%M%S")
        list_id = "-".join(filter(None, [stamp, words, uuid.uuid4().hex[:4]]))
        return CandidateList.create(folder() / f"{list_id}{_SUFFIX}", name)


def free_list_name(wish: str) -> str:
    """A name for a new list: the one that is wished for, or one like it that no list has."""
    wish = clipped(wish.strip(), LONGEST_NAME - 5) or FIRST
    taken = {each.name for each in all_lists()}
    return next(name for name in _names_like(wish) if name not in taken)


def _names_like(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name} {number}" for number in count(2))


def rename_list(list_id: str, name: str) -> None:
    """Give a list another name.

    Raises:
        UserError: as for `create_list`, and when there is no such list.
    """
    list_ = open_list(list_id)
    with _one_at_a_time():
        if name.strip() != list_.setting("name"):
            list_.set("name", _checked_name(name))


def remove_list(list_id: str) -> None:
    """Remove a list; `restore_list` brings it back until the next one is removed.

    Raises:
        UserError: when there is no such list, or its file cannot be moved.
    """
    with _one_at_a_time():
        list_ = open_list(list_id)
        for gone in folder().glob(f"*{_SUFFIX}{_REMOVED}*"):
            gone.unlink()
        _move(list_.path.name, list_.path.name + _REMOVED)


def removed_list() -> str:
    """The id of the list that `restore_list` would bring back; empty without one."""
    gone = [path.name for path in folder().glob(f"*{_SUFFIX}{_REMOVED}")]
    return gone[0].removesuffix(_SUFFIX + _REMOVED) if gone else ""


def restore_list(list_id: str) -> None:
    """Bring back the list that was removed last.

    Raises:
        UserError: when it is not there any more, or its file cannot be moved.
    """
    name = f"{list_id}{_SUFFIX}"
    with _one_at_a_time():
        if not _ID.fullmatch(list_id) or not is_database(folder() / f"{name}{_REMOVED}"):
            raise UserError(f"There is no removed list of candidates {clipped(list_id)!r}.")
        _move(name + _REMOVED, name)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let nobody else remove or restore a list; what the disk refuses becomes a sentence."""
    try:
        with lock(folder() / "lists.lock"):
            yield
    except OSError as error:
        raise UserError(
            f"Lists of candidates in {folder()} cannot be moved: {error.strerror}."
        ) from error


def _move(name: str, target: str) -> None:
    """Rename a list's file, with what lies beside it."""
    for part in (*PARTS, ""):
        path = folder() / f"{name}{part}"
        if path.exists():
            path.rename(folder() / f"{target}{part}")


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UserError(f"Give the list a name of 1 to {LONGEST_NAME} characters.")
    if name in {each.name for each in all_lists()}:
        raise UserError(f"There is a list {name!r} already: give another name.")
    return name
