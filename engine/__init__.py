"""PolyGIN Studio's engine: everything that is not a page; `polygin` where it is installed.

>>> from polygin import load
>>> model = load()
>>> model.predict(["*CC(*)c1ccccc1"])[["Tg", "FFV", "Tc", "Density", "Rg"]].round(3)
        Tg    FFV    Tc  Density      Rg
0  102.788  0.385  0.19    1.055  14.205
>>> from polygin import find
>>> find("Plexiglas").only.smiles
'*CC(*)(C)C(=O)OC'
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# Threads that wait for one another sleep instead of spinning; read once, when torch is loaded.
# Beside a browser and a web server spinning is what makes training slow: see docs/experiments.md.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if TYPE_CHECKING:
    from .api import (
        Model,
        PolymerRegressor,
        PredictionFrame,
        Source,
        find,
        join_tables,
        load,
        read_table,
    )

__all__ = [
    "Model",
    "PolymerRegressor",
    "PredictionFrame",
    "Source",
    "find",
    "join_tables",
    "load",
    "read_table",
]


def __getattr__(name: str) -> Any:
    """Load what people import from here when they ask for it: processes of runs need none of it."""
    if name in __all__:
        return getattr(import_module(".api", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
