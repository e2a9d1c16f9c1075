"""Graphs and descriptors of single repeat units."""

import random

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem

from engine.base.packed import Graph
from engine.base.vocabulary import ATOM_FIELDS, BOND_FIELDS
from engine.chem import descriptors, graphs
from engine.chem.backbone import NAMES, backbone_descriptors
from engine.chem.graphs import chain_graph, graph
from engine.chem.skeleton import skeleton
from engine.chem.smiles import parse, without_stereo
from tests.conftest import TEXTBOOK
from tests.drawings import drawings_of

UNITS = ["*CC*", "*CC(*)c1ccccc1", "*O[Si](*)(C)C", "*C/C=C/C*", "*CC(*)[N+](C)(C)C.[Cl-]", "*C"]


@pytest.mark.parametrize("smiles", UNITS)
def test_codes_stay_within_their_tables(smiles: str) -> None:
    made = graph(smiles)
    assert (made.atoms < np.array(list(ATOM_FIELDS.values()))).all()
    assert (made.bonds < np.array(list(BOND_FIELDS.values()))).all()
    assert made.ends.size == 0 or made.ends.max() < len(made.atoms)


@pytest.mark.parametrize("smiles", UNITS)
def test_a_graph_is_the_same_after_its_bytes(smiles: str) -> None:
    made = graph(smiles)
    again = Graph.from_bytes(made.to_bytes())
    for before, after in zip(made, again, strict=True):
        np.testing.assert_array_equal(before, after)


def test_attachment_points_stay_atoms() -> None:
    elements = graph("*CC*").atoms[:, 0].tolist()
    assert sorted(elements) == [0, 0, 6, 6]


def test_a_graph_in_its_chain_has_no_ends_and_closes_on_itself() -> None:
    made = chain_graph("*CC(*)Cl")
    assert made.atoms[:, 0].tolist() == [6, 6, 17]
    assert sorted(map(sorted, made.ends.tolist())) == [[0, 1], [0, 1], [1, 2]]
    assert chain_graph("*C*").ends.tolist() == [[0, 0]]


@pytest.mark.parametrize("smiles", ["*C", "*CC(*)(*)C", "*CC(*)[N+](C)(C)C.[Cl-]", "*CC=*"])
def test_a_unit_without_a_chain_keeps_its_ends(smiles: str) -> None:
    assert chain_graph(smiles).to_bytes() == graph(smiles).to_bytes()


def test_bonds_are_as_they_are_in_the_chain() -> None:
    # On its own, the nitrogen's neighbour is `*`, and no carbonyl.
    alone, chained = graph("*NCCCCCC(*)=O"), chain_graph("*NCCCCCC(*)=O")
    conjugated = list(BOND_FIELDS).index("conjugated")
    hybridisation = list(ATOM_FIELDS).index("hybridisation")
    assert (alone.bonds[:, conjugated].sum(), chained.bonds[:, conjugated].sum()) == (0, 2)
    (nitrogen,) = chained.atoms[chained.atoms[:, 0] == 7]
    assert nitrogen[hybridisation] == int(Chem.HybridizationType.SP2)


def test_cis_and_trans_are_told_apart_in_the_chain() -> None:
    cis, trans = chain_graph("*C/C=C\\C*"), chain_graph("*C/C=C/C*")
    assert not np.array_equal(cis.bonds, trans.bonds)
    one, other = chain_graph("*O[C@@H](C)C(*)=O"), chain_graph("*O[C@H](C)C(*)=O")
    assert one.to_bytes() == other.to_bytes()


def test_every_cut_of_a_chain_gives_one_graph() -> None:
    chance = random.Random(0)
    for smiles in pd.read_csv(TEXTBOOK)["SMILES"]:
        unit = without_stereo(smiles)
        size = parse(unit).GetNumAtoms()
        for drawing in drawings_of(unit, chance):
            # Twice the unit has twice as many atoms.
            if parse(drawing).GetNumAtoms() == size:
                assert _bonded(chain_graph(drawing)) == _bonded(chain_graph(unit)), drawing


def test_a_ring_of_few_copies_gives_the_graph_of_a_long_chain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short = ["*C*", "*O*", "*N*", "*CC*", "*C(*)=O", "*NC(*)=O", "*N(C)C(=O)*"]
    units = [*short, *pd.read_csv(TEXTBOOK)["SMILES"]]
    in_rings = [chain_graph(unit).to_bytes() for unit in units]
    monkeypatch.setattr(graphs, "_can_be_closed", lambda unit: False)
    assert in_rings == [chain_graph(unit).to_bytes() for unit in units]


def _bonded(graph: Graph) -> list[tuple]:
    """Each bond with its two atoms, in an order that is not that of the drawing."""
    atoms = [tuple(row) for row in graph.atoms.tolist()]
    return sorted(
        (tuple(bond), *sorted((atoms[first], atoms[second])))
        for (first, second), bond in zip(graph.ends.tolist(), graph.bonds.tolist(), strict=True)
    )


def test_cis_and_trans_have_different_graphs() -> None:
    assert not np.array_equal(graph("*C/C=C/C*").bonds, graph("*C/C=C\\C*").bonds)


@pytest.mark.parametrize("smiles", [*UNITS, "[Se]1*C=CC=1*", "*=C", "*#C*"])
def test_every_unit_gets_a_full_vector(smiles: str) -> None:
    vector = descriptors.descriptors(smiles)
    assert vector.shape == (len(descriptors.names()),)
    assert len(set(descriptors.names())) == len(vector)
    assert not np.isinf(vector).any()


def test_charges_have_numbers_although_there_are_attachment_points() -> None:
    values = dict(zip(descriptors.names(), descriptors.descriptors("*CC(*)C(=O)OC"), strict=True))
    assert -1 < values["MinPartialCharge"] < 0 < values["MaxPartialCharge"] < 1


def _backbone(smiles: str) -> dict[str, float]:
    mol = parse(smiles)
    values = backbone_descriptors(mol, skeleton(mol), Chem.GetDistanceMatrix(mol))
    return dict(zip(NAMES, values, strict=True))


def test_backbone_and_side_chains_are_told_apart() -> None:
    polystyrene = _backbone("*CC(*)c1ccccc1")
    assert polystyrene["backbone_path_atoms"] == 2
    assert polystyrene["side_chain_atoms"] == 6
    assert polystyrene["side_chains"] == 1
    assert polystyrene["backbone_rings"] == 0
    assert polystyrene["side_chain_rings"] == 1


def test_rings_in_the_chain_belong_to_the_backbone() -> None:
    terephthalate = _backbone("*OCCOC(=O)c1ccc(cc1)C(*)=O")
    assert terephthalate["backbone_rings"] == 1
    assert terephthalate["ring_para_links"] == 1
    assert terephthalate["backbone_path_atoms"] == 10
    assert terephthalate["backbone_carbonyls"] == 2
    isophthalate = _backbone("*OCCOC(=O)c1cccc(c1)C(*)=O")
    assert isophthalate["ring_meta_links"] == 1
    assert isophthalate["ring_para_links"] == 0
