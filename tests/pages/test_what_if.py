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


def test_what_is_no_repeat_unit_is_not_mixed(shown) -> None:
    assert "no mixture of it" in words(shown("CCO", "show mixing"))


def test_a_copolymer_is_estimated_from_a_name(shown) -> None:
    app = shown("*CC(*)c1ccccc1", "show mixing")
    assert not app.get("plotly_chart")
    app.text_input(key="mixed unit 2").set_value("cis-polybutadiene").run()
    assert not app.exception
    table = _table(app, "mixture")
    assert table[table["rule"] == "Fox"]["property"].tolist() == ["Tg (°C)"]
    assert table[table["rule"] == "no rule"]["mixture"].eq("–").all()
    assert table["rule"].str.startswith("Gordon–Taylor, k = ").any()
    assert app.get("plotly_chart")
    assert "not* predictions of the model" in " ".join(each.value for each in app.caption)
    # All of one unit is that unit.
    app.slider(key="mixed share 2 2").set_value(100).run()
    fox = _table(app, "mixture").iloc[0]
    assert fox["mixture"] == fox["cis-1,4-Polybutadiene"] != fox["Polystyrene"]


def test_what_is_no_single_unit_gets_a_sentence_and_its_members(shown) -> None:
    app = shown("*CC(*)c1ccccc1", "show mixing")
    app.text_input(key="mixed unit 2").set_value("PB").run()
    assert "stands for several polymers" in words(app)
    next(each for each in app.button if each.label == "1,4-Polybutadiene").click().run()
    assert not app.exception
    assert canonical_unit(app.text_input(key="mixed unit 2").value) == canonical_unit("*CC=CC*")
    assert "mixture" in _table(app, "mixture")
    app.text_input(key="mixed unit 2").set_value("C=CC=C").run()
    assert "1,4-addition of a diene" in words(app)


def test_three_units_have_to_close_and_who_is_outside_is_warned_of(shown) -> None:
    app = shown("*CC(*)c1ccccc1", "show mixing")
    app.text_input(key="mixed unit 2").set_value("*CC(*)C#N").run()
    app.text_input(key="mixed unit 3").set_value("*[Si](CBr)(CBr)OP(=O)(I)O*").run()
    assert "outside the applicability domain" in words(app)
    assert _table(app, "mixture")["Polyacrylonitrile"].notna().all()
    app.slider(key="mixed share 3 2").set_value(80).run()
    app.slider(key="mixed share 3 3").set_value(70).run()
    assert "add up to 100 %, and not to 150 %" in words(app)
