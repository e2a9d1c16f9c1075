"""The files that are screened: tables, folders of them, and compressed ones."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator, Sequence
from hashlib import file_digest
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from ..base.errors import UserError
from ..base.plain_files import oddity
from ..base.wording import counted
from ..base.workspace import replacing

SUFFIXES = (".csv", ".tsv", ".txt", ".smi", ".smiles", ".parquet", ".xlsx", ".sdf", ".mol")
"""Names of files that are tables; of a folder, only such files are read."""

_COMPRESSED: dict[str, tuple[bytes, Callable[..., Any]]] = {
    ".gz": (b"\x1f\x8b", gzip.open),
    ".bz2": (b"BZh", bz2.open),
    ".xz": (b"\xfd7zXZ\0", lzma.open),
}
_MOST_UNPACKED = 64 * 2**30
"""Bytes that a compressed file may have: a few kB can unpack to all that a disk holds."""

_STEP = 2**22

WORK_SUFFIX = ".parts"
"""How folders end that hold what is done of a screening."""


class InputFile(BaseModel):
    """One file that is screened.

    Attributes:
        name: the path as it was given, which is shown and written.
        digest: of its content, SHA-256.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    digest: str


class FoundFiles(NamedTuple):
    """The files of some paths.

    Attributes:
        paths: of the files, those of a folder sorted by name.
        skipped: files in folders whose names are not those of tables.
    """

    paths: list[Path]
    skipped: list[Path]


def find_files(given: Sequence[Path]) -> FoundFiles:
    """The files that are named, and those in the folders that are.

    Raises:
        UserError: when a path does not exist, is named twice, or holds no table.
    """
    paths: list[Path] = []
    skipped: list[Path] = []
    for path in given:
        if not path.is_dir():
            if words := oddity(path) or ("" if path.exists() else "does not exist"):
                raise UserError(f"{path} {words}: give tables, or folders of them.")
            paths.append(path)
            continue
        inside = [each for each in sorted(path.rglob("*")) if each.is_file()]
        visible = [each for each in inside if not _is_hidden(each.relative_to(path))]
        tables = [each for each in visible if _is_table(each)]
        if not tables:
            raise UserError(f"The folder {path} holds no file that ends in {', '.join(SUFFIXES)}.")
        paths += tables
        skipped += [each for each in visible if not _is_table(each)]
    known: set[Path] = set()
    for path in paths:
        if path.resolve() in known:
            raise UserError(f"{path} is given twice: its rows would be counted twice.")
        known.add(path.resolve())
    return FoundFiles(paths, skipped)


def described(path: Path) -> InputFile:
    """What tells a file from all others."""
    with path.open("rb") as file:
        return InputFile(name=str(path), digest=file_digest(file, "sha256").hexdigest())


def unpacked(path: Path, file: InputFile, folder: Path) -> Path:
    """The file itself, or what a compressed one holds, written to a folder.

    Raises:
        UserError: when it is damaged, or unpacks to too much.
    """
    suffix = path.suffix.lower()
    if suffix not in _COMPRESSED:
        return path
    magic, opened = _COMPRESSED[suffix]
    with path.open("rb") as raw:
        if raw.read(len(magic)) != magic:
            return path
    # Named as the table is, for messages; apart from others of that name.
    there = folder / file.digest[:16] / path.stem
    if there.exists():
        return there
    there.parent.mkdir(parents=True, exist_ok=True)
    with replacing(there) as temporary, temporary.open("wb") as out:
        for data in _unpacked_bytes(path, opened):
            out.write(data)
    return there


def _unpacked_bytes(path: Path, opened: Callable[..., Any]) -> Iterator[bytes]:
    """What a compressed file holds, some at a time."""
    size = 0
    with opened(path) as source:
        while True:
            try:
                data = source.read(_STEP)
            except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
                raise UserError(
                    f"{path} is damaged after {counted(size, 'byte')}: copy it again."
                ) from error
            size += len(data)
            if size > _MOST_UNPACKED:
                raise UserError(f"{path} unpacks to more than 64 GB: split it.")
            if not data:
                return
            yield data


def _is_hidden(path: Path) -> bool:
    """Whether a file in a folder is not meant: it is hidden, or a part of a screening's work."""
    return any(part.startswith(".") for part in path.parts) or any(
        part.endswith(WORK_SUFFIX) for part in path.parts[:-1]
    )


def _is_table(path: Path) -> bool:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] in SUFFIXES
