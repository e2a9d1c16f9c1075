"""The versions of all that a prediction depends on."""

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

FEATURES = {"graphs": 1, "descriptors": 2}
"""The version of each kind of feature. Raise one whenever a code of a graph, or the value of a
descriptor, changes: stored features of that kind are then made anew, and a model trained on another
version no longer predicts."""

_PACKAGES = ("rdkit", "torch", "lightgbm", "xgboost", "catboost", "numpy", "scipy")


def package_versions() -> dict[str, str]:
    """The packages, and the kinds of features, whose version a prediction may depend on.

    A package that is not installed is left out: a machine that only trains networks lacks some.
    """
    versions = {}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions | {kind: str(number) for kind, number in FEATURES.items()}
