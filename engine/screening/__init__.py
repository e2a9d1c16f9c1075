"""Screening: predicting as many repeat units as there are, and keeping those that are asked for.

`inputs` finds the files, `work` and `stages` keep what is done of them, `screen` does the rest,
`joining` helps with it from elsewhere, and `output` writes the result.
"""

from .joining import join
from .screen import Screened, Wanted, screen

__all__ = ["Screened", "Wanted", "join", "screen"]
