"""How repeat units follow each other along a chain, and the words for it."""

import re
from typing import Literal, get_args

from .notations import BadSmilesError

Architecture = Literal["", "random", "alternating", "block", "graft"]
"""How units follow each other along the chain; empty where it is not known."""

ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)

_WORDS: dict[str, Architecture] = {
    **{word: "random" for word in ("random", "statistical", "stat", "ran", "r")},
    **{word: "random" for word in ("gradient", "grad")},
    **{word: "alternating" for word in ("alternating", "alternate", "alt", "a", "periodic", "per")},
    **{word: "block" for word in ("block", "blocky", "b", "diblock", "triblock", "multiblock")},
    **{word: "graft" for word in ("graft", "grafted", "g", "comb", "brush")},
    **{word: "" for word in ("", "unknown", "unspecified", "copolymer", "co", "ter")},
    **{word: "" for word in ("homopolymer", "homo", "linear", "none", "nan", "na")},
}
_OF_ONE_UNIT = ("homopolymer", "homo")


def architecture_of(word: str, count: int = 1) -> Architecture:
    """The architecture that a word names, such as `stat` or `alternating`.

    Args:
        word: as people write it.
        count: of the different repeat units that it is said of.

    Raises:
        BadSmilesError: when it names none, or a homopolymer's for several units.
    """
    plain = re.sub(r"[\W_]+|copolymer$|poly$", "", word.strip().lower()) if word.strip() else ""
    plain = plain.removesuffix("copolymer") if plain != "copolymer" else plain
    if plain not in _WORDS:
        raise BadSmilesError(
            f"“{word[:40]}” is no architecture: write random, alternating, block, graft, or unknown"
        )
    if plain in _OF_ONE_UNIT and count > 1:
        raise BadSmilesError(
            f"“{word[:40]}” is said of {count} different repeat units: give one of them, or the "
            "architecture of a copolymer"
        )
    return _WORDS[plain]


def is_word(text: str) -> bool:
    """Whether a text is one of the words for an architecture, as it is."""
    return text.lower().replace(" ", "") in _WORDS
