"""The applicability domain."""

from pathlib import Path

import numpy as np
import pytest
from rdkit import DataStructs
from rdkit.Chem import rdFingerprintGenerator
from safetensors.numpy import load_file, save_file

from engine.base.errors import UserError
from engine.base.manifest import ProvenFiles
from engine.chem.smiles import parse
from engine.inference import comparison
from engine.inference.domain import FILE, Domain, DomainInfo, write_domain
from engine.table import load_table
from tests.conftest import TEXTBOOK

NAMES = ["Tg", "Density"]


@pytest.fixture(scope="module")
def table() -> tuple[list[str], np.ndarray]:
    read = load_table(TEXTBOOK)
    return read.canonical, read.labels


def _mean_of_nearest(units: list[str], others: list[str]) -> np.ndarray:
    """By RDKit's own count Tanimoto, one pair after the other."""
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    fingerprints = {text: generator.GetCountFingerprint(parse(text)) for text in {*units, *others}}
    means = []
    for unit in units:
        rest = [fingerprints[text] for text in others if text != unit]
        similarities = DataStructs.BulkTanimotoSimilarity(fingerprints[unit], rest)
        means.append(np.mean(sorted(1 - np.array(similarities))[:5]))
    return np.array(means)


def test_distances_are_to_the_units_that_label_the_property(table) -> None:
    smiles, labels = table
    asked = ["*C(F)(F)C(*)(F)Br", "[*]CC([*:2])c1ccc(I)cc1", "*[Si](C)(CCBr)O*"]
    distances = Domain.of(smiles, labels).distances(asked)
    for k in range(2):
        labelled = [smiles[i] for i in np.flatnonzero(np.isfinite(labels[:, k]))]
        np.testing.assert_allclose(distances[:, k], _mean_of_nearest(asked, labelled), atol=1e-6)


def test_the_threshold_leaves_one_in_twenty_training_units_outside(table) -> None:
    smiles, labels = table
    thresholds = Domain.of(smiles, labels).thresholds()
    for k in range(2):
        labelled = [smiles[i] for i in np.flatnonzero(np.isfinite(labels[:, k]))]
        own = _mean_of_nearest(labelled, labelled)
        assert thresholds[k] == pytest.approx(np.percentile(own, 95), abs=1e-6)
        assert 0.02 < np.mean(own > thresholds[k]) < 0.08


def test_it_is_the_same_however_many_are_measured_at_once(table, monkeypatch) -> None:
    smiles, labels = table
    whole = Domain.of(smiles, labels)
    distances, thresholds = whole.distances(smiles), whole.thresholds()
    monkeypatch.setattr(comparison, "_MOST_DISTANCES", 7 * len(smiles))
    np.testing.assert_array_equal(whole.distances(smiles), distances)
    np.testing.assert_array_equal(whole.thresholds(), thresholds)


def test_a_unit_that_is_measured_often_is_no_neighbour_of_itself(table) -> None:
    smiles, labels = table
    once, often = Domain.of(smiles, labels), Domain.of(smiles * 6, np.tile(labels, (6, 1)))
    np.testing.assert_array_equal(once.thresholds(), often.thresholds())
    np.testing.assert_array_equal(once.distances(["*CC*"]), often.distances(["*CC*"]))


def test_it_is_one_polymer_however_written(table) -> None:
    drawings = ["*CC(*)C(=O)OC", "COC(=O)C([*])C[*]", "[*:1]CC([*:2])C(=O)OC"]
    distances = Domain.of(*table).distances(drawings)
    assert (distances == distances[0]).all()


def test_a_bundles_file_holds_no_structure_no_label_and_no_order(table, tmp_path: Path) -> None:
    smiles, labels = table
    domain_of_table = Domain.of(smiles, labels)
    info = write_domain(tmp_path, smiles, labels, NAMES)
    read = Domain.load(ProvenFiles.unproven(tmp_path), info, 2)
    np.testing.assert_array_equal(read.distances(smiles[:9]), domain_of_table.distances(smiles[:9]))
    np.testing.assert_array_equal(read.thresholds(), domain_of_table.thresholds())
    assert list(info.thresholds.values()) == domain_of_table.thresholds().tolist()
    arrays = load_file(tmp_path / FILE)
    assert {str(array.dtype) for array in arrays.values()} == {"int64", "uint16", "uint8"}
    other = tmp_path / "other"
    other.mkdir()
    write_domain(other, smiles[::-1], 7 * labels[::-1], NAMES)
    assert (other / FILE).read_bytes() == (tmp_path / FILE).read_bytes()


def test_a_property_with_one_label_has_no_domain(tmp_path: Path) -> None:
    labels = np.array([[1.0, np.nan, 2], [2, np.nan, np.nan], [3, np.nan, np.nan]])
    info = write_domain(tmp_path, ["*CC*", "*CO*", "*CCO*"], labels, ["a", "b", "c"])
    assert list(info.thresholds) == ["a"]
    distances = Domain.load(ProvenFiles.unproven(tmp_path), info, 3).distances(["*CC*"])
    assert np.isfinite(distances).tolist() == [[True, False, True]]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("starts", lambda array: array + 1),
        ("starts", lambda array: array[::-1].copy()),
        ("bits", lambda array: array + np.uint16(60_000)),
        ("counts", lambda array: array[1:]),
        ("labelled", lambda array: array[:, :1].copy()),
        ("labelled", None),
    ],
)
def test_a_damaged_file_is_a_sentence(table, tmp_path: Path, name: str, change) -> None:
    info = write_domain(tmp_path, *table, NAMES)
    arrays = load_file(tmp_path / FILE)
    changed = {} if change is None else {name: change(arrays[name])}
    others = {key: array for key, array in arrays.items() if key != name}
    save_file({**others, **changed}, tmp_path / FILE)
    with pytest.raises(UserError, match="damaged"):
        Domain.load(ProvenFiles.unproven(tmp_path), info, 2)


def test_a_file_that_is_no_file_of_ours_or_missing(table, tmp_path: Path) -> None:
    info = write_domain(tmp_path, *table, NAMES)
    (tmp_path / FILE).write_bytes(b"\x80\x04\x95" * 50)
    with pytest.raises(UserError, match="damaged"):
        Domain.load(ProvenFiles.unproven(tmp_path), info, 2)
    (tmp_path / FILE).unlink()
    with pytest.raises(UserError, match="is missing"):
        Domain.load(ProvenFiles.unproven(tmp_path), info, 2)
    with pytest.raises(UserError, match="by 'MACCS', this version by"):
        Domain.load(ProvenFiles.unproven(tmp_path), DomainInfo(kind="MACCS", thresholds={}), 2)
