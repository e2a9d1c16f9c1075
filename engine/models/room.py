"""How large the files of a bundle's members may be, and reading them within that."""

import gzip
import io
import zlib
from pathlib import Path

from ..base.errors import UserError

_MOST_MODEL_BYTES = 2**26
_ROOM, _ROOM_OF_PROPERTY = 2**27, 2**24
"""Bytes, unpacked, that all members of a bundle may have together, and as many more for each
property; one on 7,000 repeat units has 5 · 2**20 of a property. In memory they take up to five
times as much."""


class Room:
    """The memory that the members of a bundle may still take, unpacked, in bytes."""

    def __init__(self, properties: int) -> None:
        """Begin with what a bundle of so many properties may take."""
        self._left = _ROOM + properties * _ROOM_OF_PROPERTY

    @property
    def of_one_model(self) -> int:
        """What the next model of one or several properties may take, in bytes."""
        return min(self._left, _MOST_MODEL_BYTES)

    @property
    def left(self) -> int:
        """What is left, in bytes."""
        return self._left

    def take(self, size: int) -> None:
        """Take a file of so many bytes, unpacked, which `left` had room for."""
        self._left -= size


def unpacked(content: bytes, path: Path, most: int) -> bytes:
    """The content of a gzip file.

    Args:
        content: of the file.
        path: where it lies, for sentences.
        most: greatest size that makes sense, in bytes.

    Raises:
        UserError: when it is damaged or too large.
    """
    try:
        with gzip.open(io.BytesIO(content)) as file:
            inside = file.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read; copy the model's folder again.") from error
    if len(inside) > most:
        raise UserError(f"{path} is too large to be a model.")
    return inside
