"""Where files lie on disk, and how they are written so that no reader sees half of one."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import UserError

PACKAGE = Path(__file__).resolve().parents[1]
"""The engine's folder."""

CHECKOUT = PACKAGE.parent if (PACKAGE.parent / "pyproject.toml").is_file() else None
"""The project's folder; None where the package is installed without it."""

COMMAND = "python -m engine" if CHECKOUT else "polygin"
"""How people start the commands here."""

ASSETS = (CHECKOUT or PACKAGE) / "assets"
"""Files that come with the code: the shipped model, the textbook table, the components of pages."""


def home() -> Path:
    """The workspace folder: `POLYGIN_HOME`, or `./workspace` when it is not set.

    Raises:
        UserError: when it cannot be made.
    """
    return _made(Path(os.environ.get("POLYGIN_HOME") or "workspace").expanduser().resolve())


def subfolder(name: str) -> Path:
    """A folder of the workspace (`runs`, `models`, `cache`), made when it is missing.

    Raises:
        UserError: when it cannot be made.
    """
    return _made(home() / name)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"The workspace folder {folder} cannot be made: {error.strerror}. Set POLYGIN_HOME to "
            "a folder that can be written."
        ) from error
    return folder


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` to write into; it becomes `path` when the block ends well.

    After an error or an interruption, `path` has its old content and the temporary file is gone.
    """
    # `tempfile` is not used, since other users may not read its files.
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    temporary.touch(exist_ok=False)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
