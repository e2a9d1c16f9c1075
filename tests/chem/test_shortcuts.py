"""Descriptors made by shortcuts equal RDKit's own."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import Descriptors, Fragments
from threadpoolctl import ThreadpoolController

from engine.chem import descriptors, fragments, rdkit_2d
from engine.chem.capped import Capped
from engine.chem.draw import molblock, svg
from engine.chem.fingerprints import count_fingerprints
from engine.chem.graphs import graph
from engine.chem.skeleton import skeleton
from engine.chem.smiles import canonical, forget, parse, without_stereo

RDKIT = dict(Descriptors.descList)
BINS = ("EState_VSA", "VSA_EState", "SlogP_VSA", "SMR_VSA", "PEOE_VSA")
USUAL = [
    "*CC*",
    "*CC(*)c1ccccc1",
    "*CC(*)(C)C(=O)OC",
    "*CC(*)C#N",
    "*C/C=C/C*",
    "*OCCOC(=O)c1ccc(C(*)=O)cc1",
    "*Nc1ccc(NC(=O)c2ccc(C(*)=O)cc2)cc1",
    "*CC(*)n1ccnc1",
    "*c1ccc(-c2ccc(*)s2)cc1",
    "*CC(F)(*)C(F)(F)Cl",
    "*CC(*)C(=O)N(C)C",
    "*Oc1ccc(S(=O)(=O)c2ccc(*)cc2)cc1",
    "*N1C(=O)c2ccc(Oc3ccc4c(c3)C(=O)N(*)C4=O)cc2C1=O",
    "*O[Si](*)(C)C",
    "*N=P(*)(OCC(F)(F)F)OCC(F)(F)F",
    "*CC(*)c1ccc([N+](=O)[O-])cc1",
    "*[C@@H](C)C(=O)O*",
    "*SCCCCBr",
]
RARE = [
    "*CC(*)O",
    "*CC(*)C(=O)O",
    "*c1cc(*)c[nH]1",
    "*CC1(CO1)C*",
    "*C1CCC1*",
    "*CC(*)[N+](C)(C)C.[Cl-]",
    "[Se]1*C=CC=1*",
    "*=C",
    "*#C*",
    "*C[CH]C*",
    "*[2H]",
    "C",
    "[Na+].[Cl-]",
    "*O->[Fe]*",
]


_BCUT = ("MWHI", "MWLOW", "CHGHI", "CHGLO", "LOGPHI", "LOGPLOW", "MRHI", "MRLOW")


def _with_carbons(smiles: str) -> Chem.Mol:
    mol = Chem.RWMol(parse(smiles))
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum() == 0:
            atom.SetAtomicNum(6)
            atom.SetNoImplicit(False)
    Chem.SanitizeMol(mol)
    return mol.GetMol()


def _by_rdkit(name: str, mol: Chem.Mol) -> float:
    block, _, number = name.rpartition("_")
    if block == "BCUT2D":
        name = f"BCUT2D_{_BCUT[int(number) - 1]}"
    elif number.isdigit():
        name = block + number
    try:
        return RDKIT[name](mol)
    except (ValueError, ZeroDivisionError):
        return np.nan


def _capped(smiles: str) -> Capped:
    mol = parse(smiles)
    return Capped(mol, skeleton(mol))


@pytest.mark.parametrize("smiles", [*USUAL, *RARE])
def test_descriptors_are_those_of_rdkit(smiles: str) -> None:
    made = rdkit_2d.rdkit_2d([_capped(smiles)])[0]
    plain = _with_carbons(smiles)
    for name, value in zip(rdkit_2d.NAMES, made, strict=True):
        expected = _by_rdkit(name, plain)
        np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-9, err_msg=name)


def test_only_the_descriptors_named_are_left_out() -> None:
    binned = sum(name.rpartition("_")[2].isdigit() for name in rdkit_2d.NAMES)
    assert len(rdkit_2d.NAMES) == len(RDKIT) - len(rdkit_2d.LEFT_OUT)
    assert binned == sum(name.startswith(("BCUT2D_", *BINS)) for name in RDKIT)


@pytest.mark.parametrize("smiles", USUAL)
def test_usual_units_take_the_shortcuts(smiles: str) -> None:
    assert _capped(smiles).plain


def test_a_vector_is_the_same_alone_and_among_others() -> None:
    units = [*USUAL, *RARE]
    together = descriptors.descriptor_matrix([parse(smiles) for smiles in units])
    for smiles, row in zip(units, together, strict=True):
        forget()
        np.testing.assert_array_equal(descriptors.descriptors(smiles), row)


@pytest.mark.parametrize("smiles", [*USUAL, *RARE])
def test_a_molecule_that_is_remembered_gives_the_same_as_a_new_one(smiles: str) -> None:
    forget()
    molecule = parse(smiles)
    content, new = _content(molecule), _all_of(smiles)
    assert parse(f" {smiles}") is molecule
    assert _all_of(smiles) == new
    assert _content(molecule) == content


def _content(molecule: Chem.Mol) -> tuple:
    """All that a molecule holds but what RDKit computed from it."""
    owners = [molecule, *molecule.GetAtoms(), *molecule.GetBonds()]
    return molecule.ToBinary(), *(owner.GetPropsAsDict(True, False) for owner in owners)


def _all_of(smiles: str) -> tuple:
    """All that is made of a unit, the drawings first, since they change a copy the most."""
    return (
        svg(smiles),
        molblock(smiles),
        canonical(smiles),
        without_stereo(smiles),
        *(array.tobytes() for array in count_fingerprints([smiles])),
        graph(smiles).to_bytes(),
        descriptors.descriptors(smiles).tobytes(),
    )


@pytest.mark.parametrize(
    ("smarts", "needed"),
    [
        ("[CX4]", [[{("Type", 6)}]]),
        ("[n;H1]", [[{("Type", 1007)}]]),
        ("[O,#7]", [[{("Type", 8)}, {("AtomicNum", 7)}]]),
        ("[!N]", [[set()]]),
        (
            "[$(P=O),$(cS);!$(CF)]",
            [[{("Type", 15), ("Type", 8)}, {("Type", 1006), ("Type", 16)}], [set()]],
        ),
    ],
)
def test_the_atoms_that_a_pattern_needs_are_read_from_it(
    smarts: str, needed: list[list[set]]
) -> None:
    assert fragments._needed(Chem.MolFromSmarts(smarts)) == needed


def test_fragment_counts_are_those_of_rdkit() -> None:
    for smiles in [*USUAL, *RARE]:
        unit = _capped(smiles)
        expected = [count(unit.mol) for _, count in Fragments.fns]
        assert fragments.fragments(unit.mol, unit.atoms).tolist() == expected


def test_the_matrices_of_a_large_unit_are_solved_by_one_thread(monkeypatch) -> None:
    threads, solve = [], np.linalg.eigvalsh

    def spy(matrices: np.ndarray) -> np.ndarray:
        threads.extend(each["num_threads"] for each in blas.info())
        return solve(matrices)

    monkeypatch.setattr(np.linalg, "eigvalsh", spy)
    blas = ThreadpoolController().select(user_api="blas")
    with blas.limit(limits=2):
        descriptors.descriptors("*" + "CC(C(=O)OC)" * 60 + "*")
        assert {each["num_threads"] for each in blas.info()} == {2}
    assert {*threads} == {1}
