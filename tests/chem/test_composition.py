"""Compositions as texts: their notations, and what leaves their canonical form as it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.chem.architectures import architecture_of
from engine.chem.composition import Composition, count_units, is_composition, read, units_in
from engine.chem.fractions import fractions_of
from engine.chem.notations import BadSmilesError
from engine.chem.polymers import polymer
from engine.chem.repeat_unit import canonical_unit
from engine.chem.smiles import canonical, without_stereo

SPELLINGS = {
    "*CC*": ("*CC*", "C(*)C*", "[*]CC[*:2]", "[R1]CC[R2]"),
    "*CC(*)C": ("*CC(*)C", "*C(C)C*", "CC(*)C*"),
    "*CCO*": ("*CCO*", "*OCC*", "C(*)CO*"),
    "*CC(*)c1ccccc1": ("*CC(*)c1ccccc1", "*C(C*)c1ccccc1"),
    "*Nc1ccc(*)cc1": ("*Nc1ccc(*)cc1", "*c1ccc(N*)cc1"),
}
PARTS = st.integers(1, 40)
ARCHITECTURES = st.sampled_from(["", "random", "block", "alternating", "graft"])


@st.composite
def listed(draw: st.DrawFn) -> list[tuple[str, int]]:
    """Two to five different repeat units, each in some spelling, with parts of moles."""
    units = draw(st.lists(st.sampled_from([*SPELLINGS]), min_size=2, max_size=5, unique=True))
    return [(draw(st.sampled_from(SPELLINGS[unit])), draw(PARTS)) for unit in units]


def text_of(units: list[tuple[str, int]], architecture: str = "") -> str:
    total = sum(parts for _, parts in units)
    numbers = [repr(parts / total) for _, parts in units]
    return "|".join([*(unit for unit, _ in units), *numbers, *filter(None, [architecture])])


@settings(max_examples=60, deadline=None)
@given(listed(), ARCHITECTURES, st.randoms(use_true_random=False))
def test_the_order_and_the_spelling_of_units_do_not_matter(units, architecture, random_) -> None:
    form = canonical(text_of(units, architecture))
    shuffled = [(random_.choice(SPELLINGS[canonical(unit)]), parts) for unit, parts in units]
    random_.shuffle(shuffled)
    assert canonical(text_of(shuffled, architecture)) == form
    assert canonical_unit(text_of(shuffled)) == canonical_unit(text_of(units))


@settings(max_examples=60, deadline=None)
@given(listed(), ARCHITECTURES)
def test_a_canonical_form_is_its_own(units, architecture) -> None:
    form = canonical(text_of(units, architecture))
    assert canonical(form) == form
    assert read(form).text == form
    assert canonical(read(text_of(units, architecture)).unrounded) == form
    assert without_stereo(form) == form
    assert canonical_unit(canonical_unit(form)) == canonical_unit(form)
    assert list(units_in(form)) == sorted(canonical(unit) for unit, _ in units)
    assert units_in(form) == read(form).units


@settings(max_examples=60, deadline=None)
@given(listed(), ARCHITECTURES)
def test_the_polymer_of_a_canonical_form_is_that_of_the_text(units, architecture) -> None:
    """Although units of equal fractions stand in another order as canonical repeat units."""
    # Its canonical unit is half of it, and twice a rounded fraction is not twice the fraction.
    units = [each for each in units if canonical(each[0]) != "*CC*"]
    text = text_of(units, architecture)
    assert canonical_unit(canonical(text)) == canonical_unit(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_fractions_that_were_rounded_stay_as_they_are(parts, random_) -> None:
    """Also those of equal parts, in any order."""
    parts = [*parts[:3], *parts[:3]]
    shares = Composition.of([f"*{'C' * n}*" for n in range(len(parts))], parts).millionths
    again = read("|".join([*(f"*{n}*" for n in "abcdef"[: len(shares)]), *map(repr, shares)]))
    assert again.millionths == shares
    assert abs(sum(again.fractions) - 1) < 1e-12
    order = random_.sample(range(len(parts)), len(parts))
    units = [f"*{'C' * place}*" for place in range(len(parts))]
    shuffled = Composition.of([units[n] for n in order], [parts[n] for n in order])
    assert shuffled.millionths == shares


@settings(max_examples=60, deadline=None)
@given(listed(), st.data())
def test_a_unit_may_be_split_in_two(units, data) -> None:
    place = data.draw(st.integers(0, len(units) - 1))
    unit, parts = units[place]
    some = data.draw(st.integers(0, parts))
    other = data.draw(st.sampled_from(SPELLINGS[canonical(unit)]))
    split = [*units[:place], (unit, some), *units[place + 1 :], (other, parts - some)]
    assert canonical(text_of(split)) == canonical(text_of(units))


@settings(max_examples=30, deadline=None)
@given(listed(), st.sampled_from([*SPELLINGS]), ARCHITECTURES)
def test_a_fraction_of_0_drops_and_of_1_is_a_homopolymer(units, unit, architecture) -> None:
    absent = [each for each in units if canonical(each[0]) != unit]
    with_none = [*absent, (unit, 0)]
    if absent:
        assert canonical(text_of(with_none, architecture)) == (
            canonical(text_of(absent, architecture)) if len(absent) > 1 else canonical(absent[0][0])
        )
    alone = [(each, 0) for each, _ in absent] + [(SPELLINGS[unit][-1], 1)]
    assert canonical(text_of(alone, architecture)) == unit


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("*CC*|*CO*|0.25|0.75", "*CC*|*CO*|0.25|0.75"),
        ("*CC*|*CO*|0.25", "*CC*|*CO*|0.25|0.75"),
        ("*CC*|*CO*|25|75|stat", "*CC*|*CO*|0.25|0.75|random"),
        ("*CC*|*CO*|1|3|Block copolymer", "*CC*|*CO*|0.25|0.75|block"),
        ("*CC*|*CO*|25 %|75 %|unknown", "*CC*|*CO*|0.25|0.75"),
        ("*CC*|*CO*|0,25|0,75", "*CC*|*CO*|0.25|0.75"),
        ("*CC*|*CO*|12,500|87,500", "*CC*|*CO*|0.125|0.875"),
        ("*CC*|*CO*|*CN*|0.33|0.33|0.33", "*CC*|*CN*|*CO*|0.333333|0.333333|0.333333"),
        ("{[$]CC[$],[$]CO[$]}|0.25|0.75", "*CC*|*CO*|0.25|0.75|random"),
        (
            "[*:1]CC[*:2].[*:3]CO[*:4]|0.25|0.75|<1-3:0.5:0.5<2-4:0.5:0.5~120",
            "*CC*|*CO*|0.25|0.75|alternating",
        ),
        (
            "[*:1]CC[*:2].[*:3]CO[*:4]|0.5|0.5|<1-2:0.25:0.25<3-4:0.25:0.25<1-3:0.25:0.25"
            "<2-4:0.25:0.25<1-4:0.25:0.25<2-3:0.25:0.25",
            "*CC*|*CO*|0.5|0.5|random",
        ),
    ],
)
def test_notations_are_read(text: str, form: str) -> None:
    assert canonical(text) == form
    assert is_composition(text)
    assert count_units(text) == len(units_in(form))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("*CC*|*CO*|0.5|0.3", "add up to 0.8, not to 1"),
        ("*CC*|*CO*|50|30", "add up to 80"),
        ("*CC*|*CO*|-0.5|1.5", "-0.5 is negative"),
        ("*CC*|*CO*|0.2|0.3|0.5", "3 fractions for 2 repeat units"),
        ("*CC*|*CO*", "0 fractions for 2 repeat units"),
        ("*CC*|*CO*|0|0", "are all 0"),
        ("*CC*|CCO|0.5|0.5", "has no `*`"),
        ("*CC*|*C(O*|0.5|0.5", "its unit"),
        ("*CC*|*CO*|0.5|0.5|zigzag", "no architecture"),
        ("|0.5|0.5", "no repeat unit before"),
        ("*CC*|*CO*|1,250|500", "“1,250” may be 1250 or 1.25: write it without a comma"),
        ("[*:1]CC[*:2].[*:3]CO[*:4]|0.5|0.5|<1-9:0.5:0.5", "joins ends that no unit has"),
        ("[*:1]CC[*:2].[*:3]CO[*:4]|0.5|0.5|<1-3:0.5:0.5foo", "is not written like <1-3:0.5:0.5"),
        ("[*:1]CC[*:2].[*:3]CO[*:4]|0.5|0.5|<foo<1-3:0.5:0.5", "is not written like"),
        ("[*:1]CC[*:2].[*:3]CO[*:4]|0.5|0.5|<1-3:-1:-1<1-2:3:3", "a weight less than 0"),
        ("[*:1]CC[*:2].[*:3]CO[*:4]|0.5|0.5|<1-3:-1:3", "a weight less than 0"),
        ("[*:1]CC[*:2].[*:1]CO[*:2]|0.5|0.5|<1-2:1:1", "two of its ends have the number 1"),
    ],
)
def test_what_is_no_composition_is_told(text: str, words: str) -> None:
    with pytest.raises(BadSmilesError, match=words):
        canonical(text)


def test_a_homopolymer_is_a_composition_of_one() -> None:
    assert Composition.of(["*CC*", "*CO*"], [1, 0], "block").text == "*CC*"
    assert not is_composition("*CC* |$_AP1;;;_AP2$|")
    assert units_in("*CC*") == ("*CC*",)


def test_two_periods_of_a_chain_are_two_moles() -> None:
    assert canonical_unit("*CCCC*|*CO*|0.5|0.5") == canonical_unit("*CC*|*CO*|2|1")
    assert polymer("*CCCC*|*CO*|1|1") == polymer("*OC*|C(*)C*|1|2")


def test_fractions_add_up_to_what_is_said() -> None:
    assert fractions_of([20], 2, 100.0) == [0.2, 0.8]
    with pytest.raises(BadSmilesError, match="not to 100"):
        fractions_of([1, 1], 2, 100.0)
    with pytest.raises(BadSmilesError, match="20 is above 1"):
        fractions_of([20], 2, 1.0)


@pytest.mark.parametrize("word", ["Statistical", "ran", "random copolymer", "gradient"])
def test_words_for_random(word: str) -> None:
    assert architecture_of(word) == "random"


@pytest.mark.parametrize("word", ["wt", "xyz((", "O", "Polystyrene"])
def test_a_word_among_the_units_is_not_passed_over(word: str) -> None:
    with pytest.raises(BadSmilesError, match="is no repeat unit"):
        read(f"*CC*|*CC(*)C|{word}|0.3|0.7")


@given(st.floats(0.001, 0.999))
def test_the_canonical_form_of_units_is_that_of_the_canonical_text(fraction: float) -> None:
    text = f"*CC*|*CC(*)C|{fraction:.9f}|{1 - fraction:.9f}|random"
    assert canonical_unit(text) == canonical_unit(canonical(text))
