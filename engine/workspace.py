"""Where things lie on disk, and how they are written so that no reader sees a half."""

import os
import tempfile
from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"


def home() -> Path:
    """The workspace folder: `POLYGIN_HOME`, or `./workspace` when it is not set."""
    folder = Path(os.environ.get("POLYGIN_HOME") or "workspace").expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def subfolder(name: str) -> Path:
    """A folder of the workspace (`runs`, `models`, `cache`), made when it is missing."""
    folder = home() / name
    folder.mkdir(exist_ok=True)
    return folder


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    data = content.encode() if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
