"""A workspace of its own, so that nothing measured was cached before."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def empty_workspace() -> Iterator[None]:
    """A fresh, temporary workspace, in force for processes started meanwhile too."""
    before = os.environ.get("POLYGIN_HOME")
    with tempfile.TemporaryDirectory(prefix="polygin-bench-") as folder:
        os.environ["POLYGIN_HOME"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["POLYGIN_HOME"]
            else:
                os.environ["POLYGIN_HOME"] = before
