"""The versions of what is computed from repeat units."""

from engine.chem import descriptors, graphs


def feature_versions() -> dict[str, int]:
    """The version of each kind of feature; a model predicts only from those it learned on."""
    return {"graphs": graphs.VERSION, "descriptors": descriptors.VERSION}
