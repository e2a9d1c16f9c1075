"""Screening: predicting as many repeat units as there are, and keeping those that are asked for.

`inputs` finds the files, `work` and `stages` keep what is done of them, `carry_out` does the rest,
`joining` helps with it from elsewhere, and `output` writes the result.
"""

from .carry_out import Screened, screen
from .joining import join
from .wanted import Wanted

__all__ = ["Screened", "Wanted", "join", "screen"]
