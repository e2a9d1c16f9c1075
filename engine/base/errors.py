"""Errors that a user is meant to read."""


class UserError(Exception):
    """A sentence that says what is wrong and how to mend it.

    Pages and commands show its text as it stands; anything else that is raised is a bug.
    """


class LockedError(UserError):
    """Another program holds a file of the workspace."""


class DiskFullError(UserError):
    """Something could not be written because the disk is full."""

    def __init__(self) -> None:
        super().__init__(
            "The disk is full. Free some space, for example by deleting old runs; nothing that was "
            "written before is lost."
        )
