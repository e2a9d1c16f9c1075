"""Texts of compositions from outside: read, or refused with a sentence, in no time worth a word."""

from contextlib import suppress
from random import Random

import pytest

from engine.candidates.added import tell_added
from engine.candidates.intake import of_lines
from engine.chem.classes import chemical_classes, heavy_atoms
from engine.chem.composition import is_composition, read
from engine.chem.description import described
from engine.chem.draw import svg
from engine.chem.finding import find, told
from engine.chem.fractions import number_of
from engine.chem.listed_units import name_of
from engine.chem.repeat_unit import canonical_unit
from engine.chem.smiles import BadSmilesError, canonical

LONG = 300_000
"""Signs: a search with the square of their number would not end while a test runs."""

REFUSED = {
    "bars alone": "|" * 10_000,
    "units without end": "*CC*|" * LONG,
    "many units": "|".join([f"*{'C' * n}*" for n in range(1, 100)] + ["1"] * 99),
    "huge fractions": "*CC*|*CO*|1e308|1e308",
    "digits": f"*CC*|*CO*|{'9' * 5_000}|1",
    "digits without end": f"*CC*|*CO*|{'1' * LONG}x",
    "not a number": "*CC*|*CO*|nan|0.5",
    "infinite": "*CC*|*CO*|inf|0.5",
    "negative": "*CC*|*CO*|-1|2",
    "nothing of all": "*CC*|*CO*|0|0",
    "a composition of compositions": "*CC*|*CO*|0.5|0.5|*CN*|0.5|0.5",
    "braces": f"{'{' * 3_000}|0.5|0.5",
    "a sheet of bonds": f"[*:1]CC[*:2].[*:3]C[*:4]|1|1|{'<1-3:1:1' * LONG}",
    "endless bonds": "[*:1]CC[*:2].[*:3]C[*:4]|1|1|<1-3:1e400:1",
    "an architecture without end": f"*CC*|*CO*|0.5|0.5|{'r' * LONG}",
    "blanks": f"*CC*|{' ' * LONG}|0.5|0.5",
    "a long unit": f"*CC*|*{'C' * 1_900}*|0.5|0.5",
    "a null": "\x00|*CC*|1|1",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=[*REFUSED])
def test_a_hostile_composition_is_refused_with_a_sentence(text: str) -> None:
    assert is_composition(text)
    for form in (canonical, canonical_unit, described):
        with pytest.raises(BadSmilesError) as caught:
            form(text)
        assert 10 < len(str(caught.value)) < 300
    assert find(text).how == "nothing"
    assert len(told(find(text))) < 400


@pytest.mark.parametrize("text", [f"|{' ' * LONG}", f"{' ' * LONG}x|", " |a" * LONG])
def test_bars_are_counted_in_a_time_with_the_length_of_the_text(text: str) -> None:
    assert is_composition(text)


@pytest.mark.parametrize("cell", [f"{'1' * LONG}x", f"1{' ' * LONG}x", f"1e{'1' * LONG}x"])
def test_so_are_digits(cell: str) -> None:
    with pytest.raises(BadSmilesError, match="no fraction"):
        number_of(cell)


def test_many_spellings_of_one_unit_are_that_unit() -> None:
    assert canonical("*CC*|" * 1_500 + "|".join(["1"] * 1_500)) == "*CC*"
    assert read("*CC*|*CO*|1e9|1e9").fractions == (0.5, 0.5)


UNITS = (
    *("*CC*", "*CC(*)c1ccccc1", "*C[Fe]C*", "*CC*.[Na+]", "CCO", "*C", "*C(*)*", "", "C(C", "*[H]"),
    *("[R1]CC[R2]", "[d]CC[t]", "{[$]CC[$]}", "*/C=C/C*", "∗CC∗", "[*:1]CC[*:2]", "PMMA", "**"),
    *("*C#C*", "*=CC=*", "*CC*|*CO*", "*CC* name", f"{'*C' * 50}"),
)
NUMBERS = (
    *("0.5", "1", "0", "-1", "nan", "inf", "1e9", "1e10", "1e-9", "0,5", "50 %", "½", "1.0.0", ""),
    *("0.333", "99", "x", "１", "1e", " .5 "),
)
WORDS = ("random", "block", "alt", "gyroid", "", "r", "<1-3:0.5:0.5", "<1-2:1:1<3-4:1:1", "|")


def _text(random: Random) -> str:
    """A text that is like one of a composition, every third of which can be read."""
    count = random.choice((1, 2, 2, 2, 3, 7))
    fields = [random.choice(UNITS) for _ in range(count)]
    if random.random() < 0.6:
        fields += [f"{1 / count:.3f}"] * count
    else:
        fields += [random.choice(NUMBERS) for _ in range(random.choice((0, count - 1, count)))]
    if random.random() < 0.4:
        fields.append(random.choice(WORDS))
    between = random.choice(("|", "|", "|", " | ", "||", "\t|"))
    return between.join(fields)


@pytest.mark.parametrize("seed", range(10))
def test_any_text_is_read_or_refused_by_all_alike(seed: int) -> None:
    random = Random(seed)
    for text in (_text(random) for _ in range(30)):
        try:
            form = canonical(text)
        except BadSmilesError:
            form = None
        for step in (described, svg, chemical_classes, heavy_atoms, name_of):
            with suppress(BadSmilesError):
                step(text)
        assert told(find(text))
        assert len(of_lines(text)) < 2
        tell_added([text], [text, None])
        if form is None:
            with pytest.raises(BadSmilesError):
                canonical_unit(text)
        else:
            assert canonical(form) == form
            assert canonical_unit(text)
