"""The versions of all that a prediction depends on."""

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

FEATURES = {"graphs": 1, "descriptors": 2}
"""The version of each kind of feature. Raise one whenever a code of a graph, or the value of a
descriptor, changes: stored features of that kind are then made anew, and a model trained on another
version no longer predicts."""

REPEAT_UNITS = 1
"""The version of canonical repeat units. Raise it whenever one changes: stored ones are then made
anew, and a model trained on another version no longer predicts."""

_PACKAGES = ("rdkit", "torch", "lightgbm", "xgboost", "catboost", "numpy", "scipy")


def package_versions() -> dict[str, str]:
    """The versions of packages, features and repeat units on which a prediction may depend.

    A package that is not installed is left out: a machine that only trains networks lacks some.
    """
    versions = {}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    kinds = {**FEATURES, "repeat_units": REPEAT_UNITS}
    return versions | {kind: str(number) for kind, number in kinds.items()}
