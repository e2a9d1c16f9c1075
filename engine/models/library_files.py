"""Models in a library's own format, as bundles of former versions hold them, become plain arrays.

Such a file may come from anywhere, and the libraries may end the process at a damaged one, or never
come back: they read it in a process with limits.
"""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from ..base.errors import UserError
from ..base.limited import LimitedProcess, LimitError
from ..base.manifest import ProvenFiles
from .boosting import BoostedTrees
from .members import MEMBERS
from .store import save_descriptor_model, unpacked

_NAME = re.compile(r"([a-z0-9_]+)-(\d{3})\.([a-z]+)(?:\.gz)?")
_CPU_SECONDS = 30
_MEMORY = 2**30
_MOST_BYTES = 2**27


def convert_library_files(folder: Path) -> int:
    """Replace all files of a bundle that are in a library's own format.

    Args:
        folder: the bundle's; where it is cut off, it can be called again.

    Returns:
        How many files were replaced.

    Raises:
        UserError: when a library cannot read a file, or what it reads are no trees.
    """
    files = ProvenFiles.unproven(folder)
    found = [(name, *known) for name in files.names if (known := _of(name))]
    process = LimitedProcess(_CPU_SECONDS, _MEMORY)
    try:
        for name, member, column in found:
            content = _converted(process, member, files, name)
            save_descriptor_model(folder, member.name, column, member.from_bytes(content))
            (folder / name).unlink()
    except ValueError as error:
        raise UserError(
            f"{folder / name} holds no trees ({error}); train the model anew."
        ) from error
    finally:
        process.close()
    return len(found)


def _of(name: str) -> tuple[type[BoostedTrees], int] | None:
    """The member whose library wrote a file of that name, and the column; None for other files."""
    match = _NAME.fullmatch(name)
    member = MEMBERS.get(match[1]) if match else None
    if match is None or member is None or not issubclass(member, BoostedTrees):
        return None
    return (member, int(match[2])) if match[3] == member.library_suffix else None


def _converted(
    process: LimitedProcess, member: type[BoostedTrees], files: ProvenFiles, name: str
) -> bytes:
    """The content of a library's file as arrays, not proven yet."""
    content, path = files.read(name, _MOST_BYTES), files.folder / name
    with TemporaryDirectory() as folder:
        source, target = Path(folder) / "library", Path(folder) / "arrays"
        packed = path.suffix == ".gz"
        source.write_bytes(unpacked(content, path, _MOST_BYTES) if packed else content)
        try:
            process.run(write_arrays, member.name, str(source), str(target))
        except (LimitError, RuntimeError) as error:
            raise UserError(
                f"{path} cannot be read by {member.title}: {error}. Copy it again, or train the "
                "model anew."
            ) from error
        return target.read_bytes()


def write_arrays(member: str, source: str, target: str) -> None:
    """Read a file in a library's own format and write it as arrays; runs in the child."""
    kind = MEMBERS[member]
    assert issubclass(kind, BoostedTrees)
    Path(target).write_bytes(kind.from_library(Path(source).read_bytes()).to_bytes())
