"""The versions of what a prediction depends on."""

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

FEATURES = {"graphs": 1, "descriptors": 2}
"""Of each kind of feature. Raise one whenever a code of a graph, or the value of a descriptor,
changes: what is kept of that kind is then made anew, and a model predicts from its own alone."""

_PACKAGES = ("rdkit", "torch", "lightgbm", "xgboost", "catboost", "numpy", "scipy")


def package_versions() -> dict[str, str]:
    """The packages, and the kinds of features, whose version a prediction may depend on.

    A package that is not installed is left out: a machine that only trains networks lacks some.
    """
    found = {}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found | {kind: str(number) for kind, number in FEATURES.items()}
