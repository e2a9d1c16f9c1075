"""What the domain does to the error, on held-out folds and in words."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from engine.base.workspace import ASSETS
from engine.inference.domain_effect import (
    FEWEST_LABELS,
    HeldOutSides,
    held_out_sides,
    measured_effects,
)
from engine.inference.domain_words import domain_in_words, new_in_words, outside_words
from engine.inference.predict import Predictor
from engine.table import load_table
from tests.bundles import copied, redescribe
from tests.conftest import SLICE

SHIPPED = Path(ASSETS / "model")
IRON, STYRENE = "*CC(*)c1ccccc1[Fe]", "*CC(*)c1ccccc1"


def test_each_fold_is_compared_with_the_units_of_the_others() -> None:
    table = load_table(SLICE.encode(), "slice.csv")
    smiles, labels = table.canonical, table.labels
    folds = np.arange(len(smiles)) % 3
    sides = held_out_sides(smiles, labels, folds)
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    prints = [generator.GetCountFingerprint(Chem.MolFromSmiles(unit)) for unit in smiles]
    tanimoto = np.array([DataStructs.BulkTanimotoSimilarity(one, prints) for one in prints])
    elements = [
        {atom.GetSymbol() for atom in Chem.MolFromSmiles(unit).GetAtoms()} for unit in smiles
    ]
    for k in range(labels.shape[1]):
        labelled = np.isfinite(labels[:, k])
        for fold in range(3):
            others = np.flatnonzero(labelled & (folds != fold))
            own = [1 - np.sort(tanimoto[i, others[others != i]])[-5:].mean() for i in others]
            threshold = np.percentile(own, 95)
            there = set().union(*(elements[i] for i in others))
            for i in np.flatnonzero(labelled & (folds == fold)):
                assert sides.similarity[i, k] == pytest.approx(tanimoto[i, others].max())
                far = 1 - np.sort(tanimoto[i, others])[-5:].mean() > threshold
                assert sides.outside[i, k] == (far or sides.unseen[i, k])
                if not elements[i] <= there:
                    assert sides.unseen[i, k]
        assert np.isnan(sides.similarity[~labelled, k]).all()
    assert sides.unseen.any()
    assert (sides.outside & ~sides.unseen).any()


def test_a_property_none_of_whose_units_was_compared_is_left_out(monkeypatch) -> None:
    """Of a large table some units are compared, which may be none of a rare property's."""
    monkeypatch.setattr("engine.inference.comparison.MOST_MEASURED", 4)
    smiles = [f"*{'C' * n}O*" for n in range(1, 41)]
    labels = np.full((40, 2), np.nan)
    labels[:, 0] = 1.0
    labels[[1, 2, 3], 1] = 1.0
    sides = held_out_sides(smiles, labels, np.arange(40) % 2)
    assert np.isfinite(sides.similarity[:, 0]).any()
    assert np.isnan(sides.similarity[:, 1]).all()


def test_the_errors_of_each_side_are_its_labels_mean() -> None:
    random = np.random.default_rng(0)
    count = 400
    frame = pd.DataFrame(
        {
            "similarity": random.random(count),
            "unseen": random.random(count) < 0.05,
            "fold": random.integers(0, 4, count),
        }
    )
    frame["outside"] = frame["unseen"] | (frame["similarity"] < 0.2)
    frame["error"] = np.where(frame["outside"], 5.0, 1.0) * random.random(count)
    frame.loc[:20, "error"] = np.nan
    sides = HeldOutSides(
        frame[["outside"]].to_numpy(),
        frame[["unseen"]].to_numpy(),
        frame[["similarity"]].to_numpy(),
    )
    spread = np.ones((count, 1))
    effect = measured_effects(
        sides, frame[["error"]].to_numpy(), spread, frame["fold"].to_numpy(), ["a"]
    )["a"]
    known = frame.dropna().copy()
    # Where all intervals are equally wide, each reaches to a quantile of the other folds' errors.
    for fold, own in known.groupby("fold"):
        others = np.sort(known.loc[known["fold"] != fold, "error"])
        width = others[int(np.ceil(0.9 * (len(others) + 1))) - 1]
        known.loc[own.index, "covered"] = own["error"] <= width
    for found, rows in (
        (effect.inside, known[~known["outside"]]),
        (effect.outside, known[known["outside"]]),
        (effect.unseen, known[known["unseen"]]),
    ):
        assert found is not None
        assert found.labels == len(rows)
        assert found.mae == pytest.approx(rows["error"].mean())
        assert found.coverage == pytest.approx(rows["covered"].mean())
    for similarity in (0.05, 0.45, 1.0):
        found = effect.at_similarity(similarity)
        assert found is not None
        within = known["similarity"].between(found.low, found.high, inclusive="left")
        assert found.labels == within.sum() >= FEWEST_LABELS
        assert found.mae == pytest.approx(known.loc[within, "error"].mean())


@pytest.fixture(scope="module")
def shipped() -> Predictor:
    return Predictor(SHIPPED)


def test_a_unit_with_an_element_of_no_training_unit_is_outside_and_not_ranked(
    shipped: Predictor,
) -> None:
    predicted = shipped.predict([IRON, STYRENE, "no", "*NN=Nc1ccc(*)cc1"])
    uncertainty = shipped.uncertainty(predicted)
    words = domain_in_words(shipped.info, uncertainty, predicted.unseen, 0, "Tg")
    assert (words.outside, words.guess) == (True, True)
    assert words.brief == "no training unit has iron"
    assert shipped.info.domain is not None
    effect = shipped.info.domain.effects["Tg"]
    assert effect.outside is not None
    assert f"±{effect.outside.mae:.1f} °C outside the domain" in words.effect
    # A bond that no training unit has is outside too, but its atoms are known.
    assert predicted.rankable.all(axis=1).tolist() == [False, True, False, True]
    assert not predicted.rankable.iloc[0].any()
    bond = domain_in_words(shipped.info, uncertainty, predicted.unseen, 3, "Tg")
    assert (bond.outside, bond.guess) == (True, False)
    told = outside_words(shipped.info, uncertainty, predicted.unseen, ["Tg", "Density"])
    assert told[0] == "Tg and Density: no training unit has iron"
    assert "N=N" in told[3]
    assert set(told) == {0, 3}


def test_only_of_unknown_atoms_a_model_is_said_to_guess() -> None:
    unseen = {"a bond O–O": ["Tg", "Rg"], "iron": ["Rg"], "a ring of 3 atoms": ["Cp"]}
    assert new_in_words(unseen, ["Tg"]) == (
        "No training unit has a bond O–O. There the unit lies outside the applicability domain: "
        "values can be further off than their intervals say."
    )
    both = new_in_words(unseen, ["Tg", "Rg"])
    guess = "No training unit with a label of Rg has iron. There the model can only guess"
    assert both.startswith(guess)
    assert "No training unit has a bond O–O. There the unit lies outside" in both
    assert new_in_words(unseen, ["FFV"]) == ""


def test_a_unit_of_the_training_table_has_itself_as_the_nearest(shipped: Predictor) -> None:
    predicted = shipped.predict([STYRENE])
    uncertainty = shipped.uncertainty(predicted)
    words = domain_in_words(shipped.info, uncertainty, predicted.unseen, 0, "Tg")
    assert (words.outside, words.brief, words.new, words.far) == (False, "", "", "")
    assert words.similarity == 1
    assert shipped.info.domain is not None
    like = shipped.info.domain.effects["Tg"].at_similarity(1.0)
    assert like is not None
    assert words.typical == f"±{like.mae:.1f} °C at this similarity"


def test_an_old_bundle_says_why_but_not_how_far_off(tmp_path: Path, shipped: Predictor) -> None:
    folder = copied(SHIPPED, tmp_path / "old")
    domain = shipped.info.model_dump(mode="json")["domain"]
    seen = {name: {**own, "bonds": None, "rings": None} for name, own in domain["seen"].items()}
    redescribe(folder, {"domain": {**domain, "effects": {}, "seen": seen}})
    old = Predictor(folder)
    predicted = old.predict([IRON, "*NN=Nc1ccc(*)cc1"])
    assert set(predicted.unseen) == {0}
    words = domain_in_words(old.info, old.uncertainty(predicted), predicted.unseen, 0, "Tg")
    assert words.brief == "no training unit has iron"
    assert (words.typical, words.effect) == ("", "")
