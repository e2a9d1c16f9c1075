"""What a model learned of copolymers, in words."""

from ..base.wording import listed
from ..chem.architectures import Architecture
from .bundle import BundleInfo
from .learned_architecture import lacks_architecture, learned_architecture
from .seen_compositions import MOST_NAMED, SeenCompositions

LEARNED_NONE = "It learned no architecture: its rows named none."
"""Said once of such a model, in place of a warning for each architecture."""


def learned_words(info: BundleInfo) -> str:
    """How many units, which fractions and which architectures the training rows had, as a sentence.

    Args:
        info: of the model.

    Returns:
        Empty for a model that learned homopolymers alone.
    """
    if not info.learned_compositions:
        return ""
    # Those of properties that one table brought are often the same.
    seen = [*(info.domain.compositions.values() if info.domain else ())]
    if not seen:
        return "It learned compositions of several repeat units."
    most = max(each.most for each in seen)
    words = f"It learned compositions of up to {most} repeat units"
    if any(each.fractions[-1] >= 1 for each in seen):
        words = f"{words}, and homopolymers"
    words = f"{words}, with mole fractions {_fractions(seen)}"
    architectures = sorted({name for each in seen for name in each.architectures})
    if architectures:
        many = "s" if len(architectures) > 1 else ""
        return f"{words}, of the architecture{many} {listed(architectures)}.{_averages(info)}"
    return f"{words}. {LEARNED_NONE}{_averages(info)}"


def _averages(info: BundleInfo) -> str:
    """A sentence on the properties whose models average descriptors by weight, if there are any."""
    names = [name for name, basis in info.averaged_by.items() if basis == "weight"]
    if not names:
        return ""
    return f" For {listed(names, most=MOST_NAMED)} it averages units' descriptors by weight."


def architecture_words(info: BundleInfo, architecture: Architecture) -> str:
    """That a model learned no architecture, where one is asked for; else empty.

    Args:
        info: of the model.
        architecture: of the composition that is asked for.
    """
    seen = info.domain.compositions.values() if info.domain else ()
    learned = any(each.architectures for each in seen)
    if not architecture or learned or not info.learned_compositions or not seen:
        return ""
    return (
        f"This model learned no architecture: it cannot tell “{architecture}” from another one, "
        "and small differences between them mean nothing."
    )


def assumed_words(info: BundleInfo, text: str) -> str:
    """Which architecture is taken for one that a text does not say, as a sentence; else empty.

    Args:
        info: of the model.
        text: that is asked for.
    """
    architecture = learned_architecture(info)
    if not architecture or not lacks_architecture(text):
        return ""
    return (
        f"No architecture is said: it is taken to be {architecture}, as all copolymers that this "
        "model learned."
    )


def _fractions(seen: list[SeenCompositions]) -> str:
    """The mole fractions of all properties' rows, without those of homopolymers."""
    fractions = sorted({each for own in seen for each in own.fractions})
    if not all(each.few for each in seen) or len(fractions) > MOST_NAMED:
        return f"from {fractions[0]:.3g} to {fractions[-1]:.3g}"
    shares = [f"{each:.3g}" for each in fractions if each < 1]
    return f"of {listed(shares, most=MOST_NAMED)}"
