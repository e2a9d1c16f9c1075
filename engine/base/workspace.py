"""Where files lie on disk, and how they are written so that no reader sees half of one."""

import errno
import os
import stat
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from string import hexdigits
from typing import TYPE_CHECKING

from .errors import UserError
from .plain_files import oddity

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from filelock import FileLock

_NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
_SUFFIX = 8
"""So many random characters are in the name of a temporary file."""

PACKAGE = Path(__file__).resolve().parents[1]
"""The engine's folder."""

CHECKOUT = PACKAGE.parent if (PACKAGE.parent / "pyproject.toml").is_file() else None
"""The project's folder; None where the package is installed without it."""

COMMAND = "python -m engine" if CHECKOUT else "polygin"
"""How people start the commands here."""

NODE = "POLYGIN_NODE"
"""Set in the environment of what works on a node of a cluster, which shares files with others: its
name. No SQLite file of the workspace is opened there."""

ASSETS = (CHECKOUT or PACKAGE) / "assets"
"""Files that come with the code: the shipped model, the textbook table, the components of pages."""

DOCS = (CHECKOUT or PACKAGE) / "docs"
"""The documents that the Help page shows, and those for developers."""


def home() -> Path:
    """The workspace folder: `POLYGIN_HOME`, or `./workspace` when it is not set.

    Raises:
        UserError: when it cannot be made.
    """
    return _made(Path(os.environ.get("POLYGIN_HOME") or "workspace").expanduser().resolve())


def subfolder(*names: str) -> Path:
    """A folder of the workspace (`runs`, `models`, `cache`), made when it is missing.

    Args:
        names: its name, and those of the folders in it that lead to the one asked for.

    Raises:
        UserError: when it cannot be made, or one of them is a link.
    """
    folder = home()
    for name in names:
        folder /= name
        if folder.is_symlink():
            raise UserError(
                f"{folder} is a link, and no link is followed in a workspace: put a folder in its "
                "place, or set POLYGIN_HOME to a workspace on the disk where the link leads."
            )
        _made(folder)
    return folder


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"The workspace folder {folder} cannot be made: {error.strerror}. Set POLYGIN_HOME to "
            "a folder that can be written."
        ) from error
    return folder


def synchronise(folder: Path) -> None:
    """Let the disk have a folder and all that lies in it, so that a power cut takes nothing back.

    Args:
        folder: of this workspace; links in it are not followed.

    Raises:
        OSError: when a file cannot be read, or the disk is full.
    """
    for place, folders, names in os.walk(folder):
        for name in names:
            _synchronise(os.path.join(place, name))
        del folders
        synchronise_entries(Path(place))


def synchronise_entries(folder: Path) -> None:
    """Let the disk have the names of the files of a folder: what was made, renamed and removed."""
    if os.name == "posix":  # elsewhere, folders cannot be opened
        _synchronise(folder)


def _synchronise(path: Path | str) -> None:
    if oddity(Path(path)) not in ("", "is a folder"):
        return
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return  # a temporary file that has got its name meanwhile
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock(path: Path) -> "FileLock":
    """A lock of the workspace, whose file is made where it is missing.

    Raises:
        UserError: when something else lies in its place.
    """
    if words := oddity(path):
        raise UserError(f"{path} {words}, where the file of a lock should be: remove it.")
    # Here: a machine that only trains from stored features lacks the library.
    from filelock import FileLock

    return FileLock(path)


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` to write into; it becomes `path` when the block ends well.

    A power cut leaves the old content or the new, too. After an error or an interruption, `path`
    has its old content and the temporary file is gone.

    Raises:
        UserError: when a pipe, a device or a folder lies there: it would be gone afterwards.
    """
    if (words := oddity(path)) not in ("", "is a link"):
        raise UserError(f"{path} {words}, where a file should be: name another one.")
    _remove_abandoned(path)
    with _temporary(path) as temporary:
        try:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
            with suppress(OSError):
                synchronise_entries(path.parent)
        except BaseException as error:
            temporary.unlink(missing_ok=True)
            # The system does not say which file it was that found no room.
            if isinstance(error, OSError) and error.errno in _NO_ROOM and error.filename is None:
                error.filename = str(path)
            raise


@contextmanager
def writing_to(path: Path, inputs: Sequence[Path] = ()) -> Iterator[Path]:
    """Where to write a file that a user named: as `replacing`, and what people expect of names.

    The target of a link is written, and not the link; a pipe or a device gets what is written.

    Args:
        path: as the user named it.
        inputs: files that are read for it, and must not be lost.

    Raises:
        UserError: when it is one of the inputs, or a folder.
    """
    demand_not_read(path, inputs)
    if _is_stream(path):
        yield path
    else:
        with replacing(path.resolve() if path.is_symlink() else path) as temporary:
            yield temporary


def demand_not_read(path: Path, inputs: Sequence[Path]) -> None:
    """Refuse to write a file that is read for it.

    Raises:
        UserError: when it is one of the inputs.
    """
    if any(each.exists() and path.exists() and path.samefile(each) for each in inputs):
        raise UserError(f"{path} is read, and would be lost: name another file to write to.")


def _is_stream(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """A new file beside `path`, which nobody takes for abandoned while the block lasts."""
    while True:
        # `tempfile` is not used, since other users may not read its files.
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:_SUFFIX]}")
        temporary.touch(exist_ok=False)
        # Until it is held, another writer of `path` may take it for abandoned.
        with _held(temporary) as is_ours:
            if is_ours is not False and temporary.exists():
                yield temporary
                return


def _remove_abandoned(path: Path) -> None:
    """Remove what writers of `path` left beside it when they were killed."""
    start = f".{path.name}."
    with suppress(OSError):
        for name in os.listdir(path.parent):
            suffix = name.removeprefix(start)
            if suffix != name and len(suffix) == _SUFFIX and set(suffix) <= set(hexdigits):
                with suppress(OSError), _held(path.with_name(name)) as is_ours:
                    if is_ours:
                        path.with_name(name).unlink()


@contextmanager
def _held(path: Path) -> Iterator[bool | None]:
    """Hold a file while the block lasts, if nobody else does.

    Returns:
        whether it is ours now, which it is not once it is gone; None where that cannot be told, as
        on some network file systems.
    """
    if fcntl is None or oddity(path):
        yield None
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        except OSError:
            yield None
        else:
            yield True
    finally:
        os.close(descriptor)
