"""The one kind of error that a user is meant to read."""


class UserError(Exception):
    """A sentence that says what is wrong and how to mend it.

    Pages and commands show its text as it stands; anything else that is raised is a bug.
    """
