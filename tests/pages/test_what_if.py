"""Variants and mixtures on the Predict page."""

import pytest

from engine.chem.repeat_unit import canonical_unit
from engine.chem.variants import places_of, variants_of
from tests.pages.conftest import words


@pytest.fixture
def shown(open_page):
    """Opens a molecule with a part of the page switched on."""

    def opened(smiles: str, toggle: str):
        app = open_page("predict", smiles=smiles, model="shipped")
        return app.toggle(key=toggle).set_value(True).run()

    return opened


def _table(app, column: str):
    return next(each.value for each in app.dataframe if column in each.value)


@pytest.mark.slow
def test_variants_of_a_place_are_listed_and_sorted(shown) -> None:
    app = shown("*CC(*)c1ccccc1", "show variants")
    assert not app.exception
    places = places_of("*CC(*)c1ccccc1")
    labels = app.selectbox(key="variants at").options
    assert [each.split(" · ")[1].split(",")[0] for each in labels] == [
        each.name.split(",")[0] for each in places.places
    ]
    table = _table(app, "variant")
    assert set(table["variant"]) == {
        each.by for each in variants_of(places.smiles, places.places[0])
    }
    assert set(table["repeat unit"]) == {
        canonical_unit(each.smiles) for each in variants_of(places.smiles, places.places[0])
    }
    # No training unit of Tg has a nitro group's charges.
    assert table["Tg (°C)"][:-1].is_monotonic_decreasing
    assert table["variant"].iloc[-1] == "nitro"
    assert "No training unit" in table["domain"].iloc[-1]
    assert all(each.startswith("data:image/svg+xml;base64,") for each in table["drawing"])
    assert {"change of Tg (°C)", "Tg, 90%", "Density (g/cm³)", "domain"} <= set(table)
    app.selectbox(key="variants by").set_value("Density")
    app.selectbox(key="variants order").set_value("lowest first")
    para = next(each for each in labels if "para" in each)
    app.selectbox(key="variants at").set_value(para).run()
    assert _table(app, "variant")["Density (g/cm³)"][:-1].is_monotonic_increasing
    assert "hydrogen on the ring, para" in words(app)


@pytest.mark.slow
def test_all_alike_places_may_be_changed(shown) -> None:
    app = shown("*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1", "show variants")
    methyl = next(each for each in app.selectbox(key="variants at").options if "methyl" in each)
    app.selectbox(key="variants at").set_value(methyl).run()
    one = _table(app, "variant")
    app.checkbox(key="variants everywhere").set_value(True).run()
    assert not app.exception
    both = _table(app, "variant")
    trifluoro = [
        each[each["variant"] == "trifluoromethyl"]["drawing"].item() for each in (one, both)
    ]
    assert trifluoro[0] != trifluoro[1]


def test_a_molecule_without_places_says_so(shown) -> None:
    app = shown("CCO", "show variants")
    assert not app.exception
    assert "no place at which a group can be exchanged" in words(app)
