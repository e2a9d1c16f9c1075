"""Made-up units hold only what known ones hold."""

from itertools import islice

import pandas as pd

from engine.chem.recombined import Recombiner, blocks_of
from engine.chem.repeat_unit import canonical_unit
from engine.chem.smiles import parse, without_stereo
from tests.conftest import TEXTBOOK


def _known() -> list[str]:
    units = pd.read_csv(TEXTBOOK)["SMILES"]
    return sorted({canonical_unit(without_stereo(smiles)) for smiles in units})


def test_made_up_units_are_new_canonical_and_the_same_for_a_seed() -> None:
    known = _known()
    made = list(islice(Recombiner(known, 0).units(), 200))
    assert len({*made} | {*known}) == len(made) + len(known)
    assert made == [canonical_unit(unit) for unit in made]
    assert made == list(islice(Recombiner(known, 0).units(), 200))
    assert made != list(islice(Recombiner(known, 1).units(), 200))


def test_it_ends_when_nothing_else_can_be_made_up() -> None:
    known = [canonical_unit(f"*{'C' * n}O*") for n in range(1, 4)]
    assert len(list(Recombiner(known, 0).units())) < 1000


def test_no_atoms_are_bonded_that_are_bonded_in_no_known_unit() -> None:
    known = _known()
    pairs = {pair for unit in known for pair in _pairs(unit)}
    made = list(islice(Recombiner(known, 0).units(), 200))
    assert len(made) == 200
    for unit in made:
        assert _pairs(unit) <= pairs, unit


def test_the_blocks_of_a_unit_make_it_again() -> None:
    known = _known()
    recombiner = Recombiner(known, 0)
    in_blocks = {unit: blocks for unit in known if (blocks := list(blocks_of(unit)))}
    assert len(in_blocks) > 0.9 * len(known)
    for unit, blocks in in_blocks.items():
        assert canonical_unit(recombiner.joined(blocks)) == unit


def test_what_is_no_chain_lends_no_blocks() -> None:
    assert list(Recombiner(["*C", "CCO", "*CC(*)(*)C"], 0).units()) == []


def _pairs(smiles: str) -> set[tuple[int, int]]:
    """The elements that are bonded in a unit; its ends are bonded to each other."""
    mol = parse(smiles)
    ends = [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]
    beside = [end.GetNeighbors()[0].GetAtomicNum() for end in ends if end.GetDegree()]
    pairs = [
        (bond.GetBeginAtom().GetAtomicNum(), bond.GetEndAtom().GetAtomicNum())
        for bond in mol.GetBonds()
    ]
    return {
        tuple(sorted(pair)) for pair in [*pairs, tuple(beside)] if 0 not in pair and len(pair) == 2
    }
