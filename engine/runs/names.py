"""What a run may be called."""

from engine.errors import UserError

LONGEST = 80
"""The most characters of a run's name."""


def checked_name(name: str) -> str:
    """A run's name as a user gave it, without spaces around it.

    Raises:
        UserError: when it is empty or too long.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST:
        raise UserError(f"A run's name has 1 to {LONGEST} characters.")
    return name
