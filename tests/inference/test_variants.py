"""What is predicted of variants of a repeat unit."""

from pathlib import Path

import pytest

from engine.base.workspace import ASSETS
from engine.chem.variants import Variant, places_of, variants_of
from engine.inference.predict import Predictor
from engine.inference.variants import predict_variants
from engine.settings.conditions import same_for_all
from tests.solubilities import make

PMMA = "*CC(*)(C)C(=O)OC"


def test_variants_get_what_the_model_says_of_each_alone() -> None:
    predictor = Predictor(Path(ASSETS / "model"))
    smiles, places = places_of(PMMA)
    (methyl,) = (each for each in places if each.name == "methyl on the backbone")
    variants = [*variants_of(smiles, methyl)[:3], Variant("iron", "*CC(*)([Fe])C(=O)OC")]
    # Its bond is new, and its atoms are not.
    variants.append(Variant("peroxide", "*CC(*)(C)C(=O)OOOC"))
    found = predict_variants(predictor, PMMA, variants)
    alone = [predictor.predict([each.smiles]) for each in variants]
    own = predictor.predict([PMMA]).blend.loc[0]
    assert found.own == own.to_dict()
    for row, each in enumerate(alone):
        assert found.values.loc[row].equals(each.blend.loc[0])
        sure = predictor.uncertainty(each)
        assert found.low.loc[row].equals(sure.low.loc[0])
        assert found.high.loc[row].equals(sure.high.loc[0])
        assert (found.outside.loc[row] == sure.is_outside.loc[0]).all()
    assert found.changes["Tg"].tolist() == (found.values["Tg"] - own["Tg"]).tolist()
    assert found.warnings[:3] == ["", "", ""]
    assert "iron" in found.warnings[3]
    assert "O–O" in found.warnings[4]
    assert found.guesses["Tg"].tolist() == [False, False, False, True, False]
    assert found.outside["Tg"].tolist()[3:] == [True, True]
    # Guesses are last, whichever way the others are ordered.
    by_tg = found.values["Tg"].drop(3).sort_values(kind="stable").index.tolist()
    assert found.order("Tg", ascending=True) == [*by_tg, 3]
    assert found.order("Tg", ascending=False) == [*by_tg[::-1], 3]


def test_variants_are_predicted_at_the_given_conditions(tmp_path: Path) -> None:
    info = make(tmp_path / "made").info
    predictor = Predictor(tmp_path / "made")
    given = {"temperature": 280.0, "solvent": "water"}
    variants = [Variant("methyl", "*CC(*)C"), Variant("fluorine", "*CC(*)F")]
    found = predict_variants(predictor, "*CC*", variants, given)
    units = [each.smiles for each in variants]
    alone = predictor.predict(units, given=same_for_all(info.conditions, 2, given))
    assert found.values.iloc[:, 0].tolist() == pytest.approx(alone.blend.iloc[:, 0].tolist())
