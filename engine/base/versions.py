"""The versions of all that a prediction depends on."""

from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

FEATURES = {
    **{"graphs": 1, "descriptors": 2, "repeat_units": 1, "chain_graphs": 1},
    "compositions": 2,
}
"""The version of each kind of feature. Raise one whenever a code of a graph, the value of a
descriptor, or a canonical repeat unit changes: stored features of that kind are then made anew, and
a model trained on another version no longer predicts."""

_PACKAGES = ("rdkit", "torch", "lightgbm", "xgboost", "catboost", "numpy", "scipy")


def package_versions() -> dict[str, str]:
    """The versions of packages, features and repeat units on which a prediction may depend.

    A package that is not installed is left out: a machine that only trains networks lacks some.
    """
    versions = {}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions | {kind: str(number) for kind, number in FEATURES.items()}


def other_versions(there: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """What has another version here: its name, the version there, and that here.

    Args:
        there: versions by name, as `package_versions` has them; what is not installed here is left
            out.
    """
    here = package_versions()
    return [
        (name, version, here[name])
        for name, version in there.items()
        if here.get(name, version) != version
    ]


def kinds_of_features(canonical_units: bool) -> tuple[str, ...]:
    """The kinds of single units: of canonical repeat units, or of units as drawn."""
    if canonical_units:
        return "repeat_units", "chain_graphs", "descriptors"
    return "graphs", "descriptors"
