"""The files that are screened: tables, folders of them, and compressed ones."""

import bz2
import gzip
import lzma
from collections.abc import Callable, Sequence
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
        visible = [each for each in inside if not each.name.startswith(".")]
        tables = [each for each in visible if _is_table(each)]
        if not tables:
            raise UserError(f"The folder {path} holds no file that ends in {', '.join(SUFFIXES)}.")
        paths += tables
        skipped += [each for each in visible if not _is_table(each)]
    resolved = [path.resolve() for path in paths]
    for place, path in enumerate(resolved):
        if path in resolved[:place]:
            raise UserError(f"{paths[place]} is given twice: its rows would be counted twice.")
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
    size = 0
    try:
        with opened(path) as source, replacing(there) as temporary, temporary.open("wb") as out:
            while data := source.read(_STEP):
                size += len(data)
                if size > _MOST_UNPACKED:
                    raise UserError(f"{path} unpacks to more than 64 GB: split it.")
                out.write(data)
    except (EOFError, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise UserError(
            f"{path} is damaged after {counted(size, 'byte')}: copy it again."
        ) from error
    return there


def _is_table(path: Path) -> bool:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] in SUFFIXES
