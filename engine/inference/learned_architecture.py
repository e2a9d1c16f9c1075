"""The architecture that a model was told of all its training rows, for texts that say none."""

from collections.abc import Sequence
from dataclasses import replace

from ..chem.architectures import Architecture, architecture_of
from ..chem.composition import is_composition, read
from ..chem.notations import BadSmilesError
from .bundle import BundleInfo


def learned_architecture(info: BundleInfo) -> Architecture:
    """That of all copolymers that a model learned, where a user said one; else empty."""
    said = info.polymer_columns and info.polymer_columns.others.one_architecture
    return architecture_of(said or "")


def with_learned_architecture(info: BundleInfo, texts: Sequence[str]) -> Sequence[str]:
    """Texts as a model learned such: those of copolymers that say no architecture have its own.

    Args:
        info: of the model.
        texts: N repeat units, or texts of compositions; one that cannot be read stays as it is.
    """
    architecture = learned_architecture(info)
    return [_with(text, architecture) for text in texts] if architecture else texts


def lacks_architecture(text: str) -> bool:
    """Whether a text is that of a copolymer, and says nothing of how its units follow each other.

    Args:
        text: that may be unreadable.
    """
    if not is_composition(text):
        return False
    try:
        known = read(text)
    except BadSmilesError:
        return False
    return len(known.units) > 1 and not known.architecture


def _with(text: str, architecture: Architecture) -> str:
    if not lacks_architecture(text):
        return text
    return replace(read(text), architecture=architecture).unrounded
