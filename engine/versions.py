"""The versions of what a prediction depends on."""

from importlib.metadata import version


def package_versions() -> dict[str, str]:
    """The packages, and the kinds of features, whose version a prediction may depend on."""
    from engine.chem.versions import feature_versions

    packages = ("rdkit", "torch", "lightgbm", "xgboost", "catboost", "numpy", "scipy")
    features = {kind: str(number) for kind, number in feature_versions().items()}
    return {name: version(name) for name in packages} | features
