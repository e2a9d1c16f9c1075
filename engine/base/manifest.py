"""The manifest of a folder: which files belong to it, and the SHA-256 of each.

A file that was cut, changed or swapped since the folder was completed is refused before anything
reads it. A manifest is no signature: who can write the folder can write its manifest too.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import UserError
from .plain_files import demand_place, read_file
from .workspace import write_atomic

MANIFEST, CARD = "manifest.json", "README.md"
MOST_CARD_BYTES = 50_000
"""How large a model's card may be, which is no part of what the manifest proves."""

MOST_FILES = 5000
"""That a folder with a manifest may hold."""

_FORMAT = 1
_MOST_MANIFEST_BYTES = 2**20
_MOST_BYTES = 2**29
_MEND = "Copy the folder of the model again."
_LEFT_OUT = {MANIFEST, CARD}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")

FileName = Annotated[str, Field(pattern=f"^{_NAME.pattern}$")]


def is_file_name(text: str) -> bool:
    """Whether a text can be the name of a file that a manifest proves: no path, no hidden file."""
    return _NAME.fullmatch(text) is not None


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: int = _FORMAT
    files: dict[FileName, Annotated[str, Field(pattern="^[0-9a-f]{64}$")]]


class ProvenFiles:
    """The files of a folder, each read only as the folder's manifest says."""

    def __init__(self, folder: Path, files: Mapping[str, str] | None) -> None:
        """Say what is expected; see `of` and `unproven`.

        Args:
            folder: where they lie.
            files: by name, its SHA-256; None to take whatever lies there.
        """
        self.folder, self._files = folder, files

    @classmethod
    def of(cls, folder: Path) -> "ProvenFiles":
        """The files that a folder's manifest tells.

        Raises:
            UserError: when there is no manifest, or it is damaged.
        """
        path = folder / MANIFEST
        demand_place(path)
        if not path.is_file():
            raise UserError(
                f"{folder} has no {MANIFEST}: a file is missing, or a former version wrote it. "
                f"Copy it again; a model can be completed with the command `adopt`."
            )
        content = read_file(path, _MEND, _MOST_MANIFEST_BYTES)
        try:
            said = _Manifest.model_validate_json(content)
        except ValidationError as error:
            raise UserError(f"{path} is damaged; copy its folder again.") from error
        if said.format != _FORMAT or len(said.files) > MOST_FILES:
            raise UserError(f"{path} is of another version; update PolyGIN Studio.")
        return cls(folder, said.files)

    @classmethod
    def unproven(cls, folder: Path) -> "ProvenFiles":
        """The files of a folder that is not complete yet: whatever lies there."""
        return cls(folder, None)

    @property
    def names(self) -> list[str]:
        """Of all files, in order."""
        if self._files is not None:
            return sorted(self._files)
        return sorted(path.name for path in self.folder.iterdir() if _NAME.fullmatch(path.name))

    @property
    def digest(self) -> str:
        """A digest of all files' digests, which differs where any file does; empty if unproven."""
        if self._files is None:
            return ""
        lines = [f"{name} {digest}\n" for name, digest in sorted(self._files.items())]
        return sha256("".join(lines).encode()).hexdigest()

    def read(self, name: str, most: int = _MOST_BYTES) -> bytes:
        """A file's content.

        Args:
            name: of the file.
            most: greatest size that makes sense, in bytes.

        Raises:
            UserError: when the file is missing, is no plain file, is too large, or is not the one
                of the manifest.
        """
        path = self.folder / name
        if self._files is not None and name not in self._files:
            raise UserError(
                f"The manifest of {self.folder} tells of no {name}; copy the whole folder again."
            )
        content = read_file(path, _MEND, most)
        if self._files is not None and sha256(content).hexdigest() != self._files[name]:
            raise UserError(
                f"{path} was changed or damaged since its folder was completed; copy that again, "
                "or train the model anew."
            )
        return content


def write_manifest(folder: Path, later: Mapping[str, bytes]) -> None:
    """Write the manifest of all files of a folder.

    Args:
        folder: the folder; hidden files, what has no plain name, and the model's card are left out.
        later: content of files that are written after the manifest, by name.

    Raises:
        UserError: when something else than a file lies there, or a file is too large.
    """
    digests = {name: sha256(content).hexdigest() for name, content in later.items()}
    known = {*_LEFT_OUT, *later}
    for path in folder.iterdir():
        if _NAME.fullmatch(path.name) and path.name not in known:
            content = read_file(path, "Remove it.", _MOST_BYTES)
            digests[path.name] = sha256(content).hexdigest()
    manifest = _Manifest(files=dict(sorted(digests.items())))
    demand_place(folder / MANIFEST)
    write_atomic(folder / MANIFEST, manifest.model_dump_json(indent=1))
