"""Screening: predicting as many repeat units as there are, and keeping those that are asked for.

`inputs` finds the files, `work` keeps what is done of them, `screen` does the rest, and `output`
writes the result.
"""

from .screen import Screened, Wanted, screen

__all__ = ["Screened", "Wanted", "screen"]
