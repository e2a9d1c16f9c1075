"""Keeps the garbage collector off what never becomes garbage."""

import gc
import sys

_settled = 0


def settle() -> None:
    """Put what the libraries have loaded out of the garbage collector's sight.

    Streamlit collects all garbage after each refresh of each page. Looking through the hundreds
    of thousands of objects that belong to libraries took four fifths of a live page's time.
    """
    global _settled
    if len(sys.modules) > _settled:
        _settled = len(sys.modules)
        gc.collect()
        gc.freeze()
