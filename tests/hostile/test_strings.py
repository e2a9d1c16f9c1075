"""Strings from outside: whatever is typed is answered or refused with a sentence."""

import random
from contextlib import suppress
from xml.etree import ElementTree

import numpy as np
import pytest

from bench.hostile.hostile_smiles import written
from bench.hostile.strings import Strings
from engine.base.errors import UserError
from engine.chem.descriptors import descriptors
from engine.chem.draw import from_molblock, svg
from engine.chem.inventory import inventory
from engine.chem.pieces import pieces_problem, without_loose_pieces
from engine.chem.polymers import polymer
from engine.chem.small_molecules import small_molecule_descriptors
from engine.chem.smiles import (
    MAX_FUSED_RINGS,
    MAX_LENGTH,
    BadSmilesError,
    canonical,
    parse,
    without_stereo,
)
from engine.inference.seen import Seen, unseen_in, unseen_sentences


def sheet(rows: int, columns: int, atom: str) -> str:
    """A sheet of hexagons."""
    along = [(row, column) for row in range(rows) for column in range(columns - 1)]
    edges = [(row * columns + column, row * columns + column + 1) for row, column in along]
    edges += [
        (row * columns + column, (row + 1) * columns + column)
        for row in range(rows - 1)
        for column in range(columns)
        if (row + column) % 2 == 0
    ]
    return written([atom] * (rows * columns), edges)


def complete(size: int, atom: str) -> str:
    """Every atom bonded to every other."""
    return written([atom] * size, [(a, b) for b in range(size) for a in range(b)])


@pytest.fixture(scope="module")
def strings(tmp_path_factory):
    kind = Strings()
    kind.prepare(tmp_path_factory.mktemp("strings"))
    return kind


@pytest.mark.parametrize("number", range(60))
def test_a_hostile_string_is_answered_or_refused(strings, number, tmp_path):
    content = strings.make(random.Random(f"test {number}"))
    with suppress(UserError):
        assert strings.attempt(content, tmp_path) in ("answered", "set aside")


@pytest.mark.parametrize(
    "smiles",
    [
        "*" + "C1CC1" * 130 + "*",
        "*" + "C12C3C4C1C5C4C3C25" * 20 + "*",
        "*" + "C12CC3CC(C1)CC(C3)(C2)" * 36 + "*",
        "*" + "c1ccc2c(c1)Cc1ccccc1C2" * 18 + "*",
        "*S(=S(=S(S)=S)S(=S(S)S)=S)=S(S(=S(S)S)=S(S)S)=S(=S(*)=S)S(=S)S",
    ],
)
def test_a_drawing_whose_layout_fails_stays_small(smiles):
    drawn = svg(smiles)
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert len(drawn) < 200_000


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("[Fe](" + ")(".join(["*"] * 300) + ")C", "too many neighbours, up to 301"),
        (complete(14, "[U]"), "ring systems has 78 rings"),
        (
            written(["*"] * 24 + ["C"], [(a, 12 + b) for a in range(12) for b in range(12)]),
            "121 ri",
        ),
        (sheet(8, 17, "P"), "ring systems has 53 rings"),
        (sheet(10, 20, "c"), f"the most that is read is {MAX_FUSED_RINGS}"),
        ("*C1CC~1", "takes for a single bond"),
        ("*C" + "C1CC1" * 300 + "*", "the most that is read is 400"),
    ],
)
def test_what_rdkit_takes_minutes_for_is_refused_at_once(smiles, reason):
    with pytest.raises(BadSmilesError, match=reason):
        parse(smiles)


def test_ring_systems_as_chemists_know_them_are_read():
    assert parse("*" + "c1ccc(cc1)" * 60 + "*").GetNumAtoms() == 362
    assert parse(sheet(6, 13, "C")).GetNumAtoms() == 78


def test_a_canonical_form_is_not_longer_than_what_is_read():
    text = "*" + "".join(f"[C@H]{n % 9 + 1}CC{n % 9 + 1}" for n in range(100)) + "*"
    for smiles in (text, "*" + "C12C3C4C1C5C4C3C25" * 49 + "*"):
        with suppress(BadSmilesError):
            assert len(canonical(smiles)) <= MAX_LENGTH


@pytest.mark.parametrize("block", ["", "x" * 300_000, "\x00", "\n\n\n  2  1  0  0", "M  END"])
def test_a_molfile_from_outside_is_read_or_empty(block):
    assert from_molblock(block) == ""


@pytest.mark.parametrize("smiles", ["*P*", "*CC*", "*c1ccc(*)o1", "*N~S*"])
def test_a_solvent_does_not_change_the_numbers_of_a_unit_of_the_same_text(smiles):
    before = descriptors(smiles)
    small_molecule_descriptors([smiles])
    np.testing.assert_array_equal(before, descriptors(smiles))


@pytest.mark.parametrize(
    ("smiles", "words"),
    [
        ("*C[Fe]C*", "iron"),
        ("*CC(*)[N+](C)(C)C", "nitrogen of charge +1"),
        ("*CS(=O)(=O)C*", "sulfur of valence 6"),
        ("*C[CH]C*", "an unpaired electron"),
        ("*[13CH2]C*", "a named isotope"),
        ("CCC", "0 attachment points (*)"),
        ("*CC(*)(*)C", "3 attachment points (*)"),
        ("*CC*.CC", "2 pieces"),
        ("*" + "C" * 40 + "*", "as many as 40 atoms besides hydrogen"),
    ],
)
def test_what_no_training_unit_has_is_named(smiles, words):
    trained = ["*CC*", "*CCO*", "*CSC*", "*CNC(*)=O"]
    own = Seen.of([inventory(each) for each in trained])
    seen = {"Tg": own, "FFV": Seen.of([inventory(smiles)])}
    (unseen,) = unseen_in(seen, [inventory(smiles)])
    assert unseen[words] == ["Tg"]
    (sentence,) = unseen_sentences(unseen, ["Tg", "FFV"])
    assert words in sentence
    assert "with a label of Tg has" in sentence
    assert unseen_sentences(unseen, ["FFV"]) == []
    assert words not in unseen_in(seen, [inventory("*CC*")])[0]


@pytest.mark.parametrize(
    ("smiles", "problem", "whole"),
    [
        ("*CC*.[Na+].[Cl-]", "are no part of the repeat unit", "*CC*"),
        ("*CC(*)C(=O)[O-].[Na+]", "[Na+] is no part", "*CC(*)C(=O)[O-]"),
        ("*CC*.O.O.O", "3 × O are no part", "*CC*"),
        ("*CC*.*CO*", "2 molecules side by side", "*CC*.*CO*"),
        ("CCO.O", "2 molecules side by side", "CCO.O"),
        ("*C1.C1*", None, "*C1.C1*"),
    ],
)
def test_molecules_beside_a_repeat_unit(smiles, problem, whole):
    said = pieces_problem(smiles)
    assert said is None if problem is None else problem in (said or "")
    assert canonical(without_loose_pieces(smiles)) == canonical(whole)


def test_a_model_refuses_molecules_beside_a_unit_or_leaves_them_out(strings):
    predictor = strings._predictor
    refused = predictor.predict(["*CC*", "*CC*.[Na+].[Cl-]"])
    assert list(refused.problems) == [1]
    assert refused.blend.iloc[1].isna().all()
    left_out = predictor.predict(["*CC*", "*CC*.[Na+].[Cl-]"], fragments="leave-out")
    assert not left_out.problems
    assert (left_out.blend.iloc[0] == left_out.blend.iloc[1]).all()


@pytest.mark.parametrize("smiles", ["*C[Fe]C*", "[He]", "[Og]", "*[U]*", "*CC(*)[N+](C)(C)C"])
def test_nonsense_is_outside_the_domain_of_the_shipped_model(strings, smiles):
    predicted = strings._predictor.predict([smiles])
    assert "No training unit" in predicted.warnings(["Tg"])[0]
    assert strings._predictor.uncertainty(predicted).is_outside.at[0, "Tg"]


def test_ordinary_polymers_are_not_warned_of(strings):
    units = ["*CC*", "*CC(*)c1ccccc1", "*CC(*)(C)C(=O)OC", "*O[Si](*)(C)C"]
    predicted = strings._predictor.predict(units)
    assert predicted.warnings(["Tg", "Density"]) == {}


@pytest.mark.parametrize("text", ["C[P@TB](C)(C(F))*", "*[P@OH26](F)(F)(F)(F)C*"])
def test_an_odd_stereo_mark_is_drawn_or_said_to_have_no_drawing(text: str) -> None:
    with suppress(BadSmilesError):
        assert "<svg" in svg(text)


@pytest.mark.parametrize("text", ["B6~FC6", "*C~1CC~1*", "*C1~CC1*"])
def test_a_canonical_form_can_be_read_again(text: str) -> None:
    try:
        written = canonical(text)
    except BadSmilesError:
        return  # refused at once
    assert parse(written)


def test_a_ladder_of_many_rings_keeps_its_form() -> None:
    rungs = 30
    ladder = "*P1PP" + "".join(f"{closed(n)}P(PP" for n in range(2, rungs)) + f"{closed(rungs)}P*"
    unit = ladder + "".join(f"P{closed(n)}" + ")" * (n > 2) for n in range(rungs, 1, -1)) + "P1"
    assert polymer(canonical(unit)) == without_stereo(canonical(unit))


def closed(number: int) -> str:
    """A ring closure of that number."""
    return str(number) if number < 10 else f"%{number}"
