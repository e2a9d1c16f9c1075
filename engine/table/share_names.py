"""What the name of a column says of fractions of repeat units."""

import re
from collections.abc import Iterator, Sequence

from ..settings.polymer_columns import Basis
from .amount_units import amount_unit, without_amount_unit
from .name_families import is_whole, loose_readings, readings, split_name, without_index

_SHARE = "frac|fraction|ratio|percent|percentage|pct|perc|composition|share|content|part|portion"
_OF = "mol|mole|molar|wt|weight|mass|w|feed|monomer|comonomer|unit|repeat_unit|copolymer|smiles"
_SURE = re.compile(rf"(({_OF})_)*({_SHARE})s?(_of)?(_({_OF}))*")
"""Names that say nothing but a share, without what tells one unit's from another's."""
_AMOUNT = re.compile(r"mol|moles?|wt|feed|amount|equiv")
"""Names of fractions, or of parts where there is one for each unit."""
_MAYBE = re.compile(r"r|x|w|f|n|chi|weight|mass|wf|mf|xf")
"""Names of fractions if the numbers add up to a whole."""
_WEIGHT = re.compile(r"(.*_)?(wt|weight|mass|w|wf)(_.*|frac.*)?")
_MOLE = re.compile(r"(.*_)?([kmun]?mol|moles?|molar)(_.*|frac.*)?")
_VOLUME = re.compile(r"(.*_)?(v|vol|volume)(_.*|frac.*)?")
_PERCENT = re.compile(r"%|percent|pct", re.IGNORECASE)
_OF_AMOUNT = r"(_(mass|weight|m|n|amount|feed|moles?|(co)?monomer|unit|of))*"
_SIGN = re.compile(r"\s*[(\[][^)\]]*%[^)\]]*[)\]]")
_PER = re.compile(r"\s*[(\[]\s*(\w{1,4})(?:\s*[:/]\s*\1)+\s*[)\]]")
_KIND = re.compile(r"\s*[(\[]\s*(?:wt|w|weight|mass|mol|mole|molar|by mol|by wt)\.?\s*[)\]]", re.I)
"""What a ratio is of, in brackets behind it."""
_INDICES = re.compile(r"(?:^|_)((?:[a-l]|\d)(?:_(?:[a-l]|\d))+)(?=_|$)")


def basis_of(fractions: Sequence[str]) -> Basis:
    """What fractions are shares of, by the names of their columns."""
    return "weight" if any(map(_is_of_weight, fractions)) else "mole"


def contradiction_in(fractions: Sequence[str]) -> tuple[str, str] | None:
    """A column whose name says weight, and one whose name says mole; None where no two differ."""
    weight = next(filter(_is_of_weight, fractions), None)
    mole = next(filter(says_mole, fractions), None)
    return (weight, mole) if weight and mole else None


def _is_of_weight(name: str) -> bool:
    unit = amount_unit(name)
    return bool((unit and unit.basis == "weight") or _WEIGHT.fullmatch(split_name(name)))


def says_mole(name: str) -> bool:
    """Whether a name says that fractions are of moles, which most that say nothing are too."""
    return not _is_of_weight(name) and bool(_MOLE.fullmatch(split_name(name)))


def says_feed(name: str) -> bool:
    """Whether numbers are of what was fed, which the copolymer need not hold."""
    return "feed" in split_name(name).split("_")


def says_volume(name: str) -> bool:
    """Whether fractions are of volumes, which are not known of repeat units."""
    return bool(_VOLUME.fullmatch(split_name(name)))


def says_percent(name: str) -> bool:
    """Whether numbers are shares of 100."""
    return bool(_PERCENT.search(name))


def says_amount(name: str) -> bool:
    """Whether numbers are amounts in a unit, such as `A (g)`, of which there are any."""
    unit = amount_unit(name)
    if unit is None or not unit.may_be_share:
        return unit is not None
    # `fraction A (mol)` is one of moles, and no amount.
    words = split_name(without_amount_unit(name))
    return not any(_is_named_so(stem, _SURE) for stem in _stems_of(words))


def says_share(name: str, sure: bool = False, alone: bool = False) -> bool:
    """Whether numbers are fractions, or amounts, by the name of their column.

    Args:
        name: of the column, which may tell one unit's from another's.
        sure: whether no other numbers are called so, such as `r`.
        alone: whether another unit may have the rest, so that they are no amounts.
    """
    kinds = [_SURE, *([] if alone else [_AMOUNT]), *([] if sure else [_AMOUNT, _MAYBE])]
    return any(_is_named_so(stem, *kinds) for stem in _stems_of(share_words(name)))


def is_lone_fraction(name: str) -> bool:
    """Whether a name is that of a fraction, and of no unit."""
    words = share_words(name)
    return words == "x" or _is_named_so(words, _SURE)


def is_fraction(name: str) -> bool:
    """Whether a name says a fraction, of any unit, and nothing else: `second fraction`, `wt% B`."""
    marked = says_percent(name) or says_feed(name) or says_amount(name)
    return says_share(name, sure=True, alone=True) or (marked and says_share(name))


def is_ratio(name: str) -> bool:
    """Whether a name is one of ratios of all units, in their order: `A : B (w/w)`, `feed ratio`."""
    if says_volume(name):
        return False
    plain = _KIND.sub("", _SIGN.sub("", _PER.sub("", name)))
    words = split_name(without_amount_unit(plain))
    if found := _INDICES.search(words):
        indices, words = found[1].split("_"), _INDICES.sub("", words, count=1)
        words = words.replace("_by_", "_").strip("_")
        if indices != sorted({*indices}):
            return False
        return not words or _is_named_so(words, _SURE, _AMOUNT)
    return _is_named_so(words, _SURE)


def says_ratio(name: str) -> bool:
    """Whether a column's name says that `1/3` is one part to three, and no third."""
    return bool(re.search(r"[:/]|ratio", _PER.sub("", name), re.IGNORECASE))


def share_families(names: Sequence[str]) -> Iterator[dict[int, str]]:
    """Columns of fractions whose names differ in a letter, a number, or a word that counts.

    By the places of their units; a single column is a family too, but for one such as `f_i`.
    """
    families: dict[tuple[str, str], dict[int, str]] = {}
    for name in names:
        words = share_words(name)
        for stem, place, kind in (*readings(words), *loose_readings(words)):
            if _is_named_so(without_index(stem), _SURE, _AMOUNT, _MAYBE):
                # A copolymer's `F_a` beside the feed's `f_a` is another family.
                case = stem if len(stem) > 3 else f"{stem} {name[:1]}"
                families.setdefault((case, kind), {}).setdefault(place, name)
    for (_, kind), family in families.items():
        if kind in ("letter", "number", "ordinal") or is_whole(family, kind):
            yield dict(sorted(family.items()))


def share_words(name: str) -> str:
    """The words of a name without a sign in brackets: `frac A (mol%)` is as `frac A`."""
    if unit := amount_unit(name):
        words = split_name(without_amount_unit(name))
        kind = "wt" if unit.basis == "weight" else "mol"
        # `A (g)` and `mass of A (g)` are amounts by this unit.
        for stem, place, is_letter in readings(f"{kind}_{words}"):
            if re.fullmatch(rf"{kind}{_OF_AMOUNT}", without_index(stem)):
                return f"{kind}_{chr(ord('a') + place - 1) if is_letter else place}"
    plain = _SIGN.sub("", name)
    words = split_name(plain)
    # `monomer 1 (wt%)` and `A (wt%)` are shares by this sign alone.
    says = any(_is_named_so(each, _SURE, _AMOUNT, _MAYBE) for each in _stems_of(words))
    return words if plain == name or says else f"pct_{words}"


def _is_named_so(words: str, *patterns: re.Pattern[str]) -> bool:
    return any(pattern.fullmatch(words) for pattern in patterns)


def _stems_of(words: str) -> list[str]:
    """The words of a name, and these without an index of a unit."""
    read = (*readings(words), *loose_readings(words))
    return [words, *(without_index(stem) for stem, _, _ in read)]
