"""What kind of table a file is, by its content."""

from typing import Literal

from ..base.errors import UserError
from . import structures

Format = Literal["csv", "parquet", "xlsx", "mol", "smiles"]

_BINARIES = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"BZh", "a bzip2 archive: unpack it first"),
    (b"\xfd7zXZ", "an xz archive: unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an old or locked Excel file: save it as XLSX without a password"),
    (b"SQLite format 3", "a SQLite database"),
)


def format_of(data: bytes, name: str) -> Format:
    """The format of a file, by its first bytes.

    Raises:
        UserError: when it is not a table.
    """
    if data.startswith(b"PAR1"):
        return "parquet"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "xlsx"
    for magic, description in _BINARIES:
        # Two printable letters may begin a text too; in a program, zero bytes follow soon.
        if data.startswith(magic) and (len(magic) > 2 or b"\0" in data[:64] or magic[1] > 127):
            raise UserError(
                f"{name} is not a table but {description}. CSV, TSV, Parquet, XLSX, SDF and MOL "
                "work."
            )
    return "csv"


def format_of_text(text: str, name: str) -> Format:
    """The format of a text, by its beginning and the file's name."""
    if structures.is_mol_file(text):
        return "mol"
    return "smiles" if structures.is_smiles_list(text, name) else "csv"
