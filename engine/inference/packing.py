"""A model as one file: a ZIP archive of what its manifest proves.

An archive may come from anybody. It is looked into before anything is unpacked, and nothing but
plain files of a model ever is.
"""

import errno
import stat
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..base.errors import DiskFullError, UserError
from ..base.manifest import CARD, MANIFEST, MOST_CARD_BYTES, MOST_FILES, ProvenFiles, is_file_name
from ..base.plain_files import read_file
from ..base.wording import clipped
from ..base.workspace import writing_to
from .bundle import INFO, bundle_files, info_of

if TYPE_CHECKING:
    from .predict import Progress

MOST_UNPACKED = 2**30
"""Bytes that the files of an archive may unpack to, all together."""

_KINDS = (".json", ".csv", ".safetensors", ".safetensors.gz")
"""How the names of a model's files end; its card has a name of its own."""
_BESIDE = {MANIFEST, CARD}
"""Files that a manifest does not tell of."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENTRY = b"PK\x01\x02"
_PIECE = 2**20
_MOST_RATIO = 200
"""To which a file may be packed; numbers that were fitted hardly become smaller at all."""
_SMALL = 2**20
"""Bytes of a file whose ratio does not matter."""
_MOST_TEXT_BYTES = 2**22
"""Of a table of known labels, each row of which is looked at when the model is opened."""
_WHEN = (1980, 1, 1, 0, 0, 0)
"""The date of all files, so that one model makes one archive, bit for bit."""
_MEND = "Ask for the file again, made with “Download as one file” on the Models page."


def pack(folder: Path, target: Path, progress: "Progress | None" = None) -> None:
    """Write a model as one file.

    Args:
        folder: the bundle's.
        target: the archive, which is whole or not there.
        progress: told how many files are done.

    Raises:
        UserError: when the folder holds no bundle, a file of it is missing or changed, or the
            archive cannot be written.
    """
    files = bundle_files(folder)
    info_of(files)
    beside = [name for name in (MANIFEST, CARD) if (folder / name).is_file()]
    try:
        # Not packed any tighter: fitted numbers have no pattern, and most of them are packed.
        with writing_to(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            for done, name in enumerate(files.names, start=1):
                archive.writestr(zipfile.ZipInfo(name, _WHEN), files.read(name))
                if progress:
                    progress("packing", done, len(files.names))
            for name in beside:
                content = read_file(folder / name, "Remove it.", max(MOST_CARD_BYTES, _SMALL))
                archive.writestr(zipfile.ZipInfo(name, _WHEN), content)
    except OSError as error:
        raise _unwritten(target, error) from error


def unpack(
    file: BinaryIO, name: str, folder: Path, progress: "Progress | None" = None
) -> ProvenFiles:
    """Unpack a model that somebody has made to one file; it is not opened yet.

    Args:
        file: the archive, which can be read at any place.
        name: of the file, for messages.
        folder: a new one, into which it is unpacked.
        progress: told how many bytes are done.

    Returns:
        The files, each of which its manifest tells of.

    Raises:
        UserError: when it is no such archive, holds anything else than a model's files, or cannot
            be written.
    """
    said = clipped(repr(name), 60)
    try:
        with _opened(file, said) as archive:
            parts = _demand_parts(archive, said)
            folder.mkdir(parents=True)
            total, done = sum(part.file_size for part in parts), 0
            for part in parts:
                with archive.open(part) as source, (folder / part.filename).open("xb") as target:
                    while piece := source.read(_PIECE):
                        target.write(piece)
                        done += len(piece)
                        if progress:
                            progress("unpacking", done, total)
    except UserError:
        raise
    except OSError as error:
        raise _unwritten(folder, error) from error
    # A damaged archive makes its reader raise nearly anything, and all of it means the same.
    except Exception as error:
        raise UserError(f"{said} is damaged, and cannot be unpacked. {_MEND}") from error
    return _demand_told(folder, {part.filename for part in parts}, said)


def _opened(file: BinaryIO, said: str) -> zipfile.ZipFile:
    """The archive; nothing is unpacked."""
    if file.seek(0, 2) > MOST_UNPACKED:
        raise UserError(f"{said} is larger than a model may be. {_MEND}")
    # Counted first: the archive's own list makes an object of each.
    if _count_entries(file) > MOST_FILES:
        raise UserError(f"{said} holds more files than a model may have. {_MEND}")
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise UserError(f"{said} is no ZIP archive, or only a part of one. {_MEND}") from error


def _count_entries(file: BinaryIO) -> int:
    """How often a file holds the mark of an entry; it stands once before each."""
    count, end = 0, b""
    file.seek(0)
    while piece := file.read(_PIECE):
        count += (end + piece).count(_ENTRY)
        end = piece[1 - len(_ENTRY) :]
    return count


def _demand_parts(archive: zipfile.ZipFile, said: str) -> list[zipfile.ZipInfo]:
    """The archive's files, if all of them may be unpacked."""
    parts = archive.infolist()
    known: set[str] = set()
    for part in parts:
        name = part.filename
        if words := _oddity(part):
            raise UserError(f"{said} holds {clipped(repr(name), 60)}, which {words}. {_MEND}")
        # On some machines, names that differ in their case alone are one.
        if name.casefold() in known:
            raise UserError(f"{said} holds {name!r} twice. {_MEND}")
        known.add(name.casefold())
    for name in (MANIFEST, INFO):
        if name not in {part.filename for part in parts}:
            raise UserError(f"{said} holds no whole model: it has no {name}. {_MEND}")
    if (size := sum(part.file_size for part in parts)) > MOST_UNPACKED:
        most = f"{MOST_UNPACKED / 2**20:,.0f} MB"
        raise UserError(
            f"{said} unpacks to {size / 2**20:,.0f} MB, and a model may have {most}. {_MEND}"
        )
    return parts


def _oddity(part: zipfile.ZipInfo) -> str:
    """Why an entry of an archive is not unpacked; empty where it is a plain file of a model."""
    name, mode = part.filename, part.external_attr >> 16
    # What was read is compared, too: what follows a zero byte is left out of the name.
    if not is_file_name(name) or part.orig_filename != name:
        return "is not the name of a file alone"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "is no plain file"
    if not name.endswith(_KINDS) and name != CARD:
        return "is no file of a model"
    if part.compress_type not in _METHODS or part.flag_bits & 0x1:
        return "is packed in a way that is not read"
    if part.file_size > max(_SMALL, _MOST_RATIO * part.compress_size):
        return "unpacks to far more than a model's numbers do"
    if name.endswith(".csv") and part.file_size > _MOST_TEXT_BYTES:
        return "is too long for a table of known labels"
    if name == CARD and part.file_size > MOST_CARD_BYTES:
        return "is too long for a model's card"
    return ""


def _demand_told(folder: Path, names: set[str], said: str) -> ProvenFiles:
    """The unpacked files, if the manifest tells of all of them and of no others."""
    try:
        files = ProvenFiles.of(folder)
    except UserError as error:
        raise UserError(f"The manifest of {said} cannot be read. {_MEND}") from error
    told = {*files.names}
    if more := sorted(names - told - _BESIDE):
        raise UserError(f"{said} holds {more[0]}, of which its manifest does not tell. {_MEND}")
    if missing := sorted(told - names):
        raise UserError(f"{said} lacks {missing[0]}, of which its manifest tells. {_MEND}")
    return files


def _unwritten(place: Path, error: OSError) -> UserError:
    if error.errno == errno.ENOSPC:
        return DiskFullError()
    return UserError(f"{place} cannot be written: {error.strerror or error}.")
