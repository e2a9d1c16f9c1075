"""What a kind of hostile input is."""

import random
from pathlib import Path
from typing import Protocol


class SilentChangeError(Exception):
    """A number came out otherwise than it should, and nothing said so."""


class Kind(Protocol):
    """A generator of hostile inputs, and what the product does with one of them.

    Attributes:
        name: for commands and results.
    """

    name: str

    def prepare(self, folder: Path) -> None:
        """Import what is slow and make valid inputs, once in each process.

        Args:
            folder: empty, kept for the life of the process.
        """
        ...

    def make(self, random: random.Random) -> bytes:
        """One hostile input, wholly determined by `random`."""
        ...

    def attempt(self, content: bytes, folder: Path) -> str:
        """Try an input as the product would.

        Args:
            content: the input, or a description of it.
            folder: empty, removed afterwards.

        Returns:
            A word for the outcome: `answered`, for example.

        Raises:
            UserError: when the input is refused.
            SilentChangeError: when a number moved without a word.
        """
        ...
