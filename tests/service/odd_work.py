"""Work that takes long, for processes of a line."""

import os
import time

from engine.base.errors import UserError


def wait(seconds: float, rows: list[str]) -> list:
    """Each row, and how many were answered together, after some seconds."""
    time.sleep(seconds)
    return [[row, len(rows)] for row in rows]


def write(file: str, rows: list[str]) -> list:
    """Each row, after it was written down; never ends for one of them."""
    with open(file, "a") as out:
        out.writelines(f"{row}\n" for row in rows)
    return spin(rows)


def spin(rows: list[str]) -> list:
    """Never ends for one of the rows."""
    while "endless" in rows:
        pass
    if "fatal" in rows:
        os._exit(1)
    if "refused" in rows:
        raise UserError("It is refused.")
    return rows
