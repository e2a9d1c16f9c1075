"""Several repeat units on the Predict page: their amounts, values, curves, and mixing rules."""

import pytest

from engine.candidates import history
from engine.chem.repeat_unit import canonical_unit
from engine.inference import bundle
from engine.inference.predict import Predictor
from pages.parts import address
from pages.parts.predict import units
from tests.copolymers import METHACRYLATE
from tests.pages.conftest import words
from tests.three_units import ACETATE, ACRYLATE, STYRENE

TWO = f"{STYRENE}|{ACRYLATE}|0.75|0.25|random"
THREE = f"{STYRENE}|{ACRYLATE}|{ACETATE}|0.5|0.25|0.25|random"


@pytest.fixture
def learned(copolymer_bundle, empty_workspace, monkeypatch) -> Predictor:
    """The model of copolymers, as the only one there is."""
    monkeypatch.setattr(bundle, "SHIPPED", copolymer_bundle)
    return Predictor(copolymer_bundle)


def _answers(app) -> str:
    found = [part.proto.body for part in app.get("html")]
    return next((body for body in found if 'class="pg-answers"' in body), "")


def _shown(predictor: Predictor, text: str) -> list[str]:
    """What the page says a model predicts of a text."""
    values = predictor.predict([text]).blend.iloc[0]
    return [each.format(values[each.name]).replace("-", "−") for each in predictor.info.answers]


def _table(app, column: str):
    return next(each.value for each in app.dataframe if column in each.value)


def _charts(app) -> str:
    return " ".join(chart.proto.spec for chart in app.get("plotly_chart"))


def test_a_second_unit_makes_a_composition_that_the_address_keeps(
    learned, open_page, monkeypatch
) -> None:
    app = open_page("predict", smiles=STYRENE)
    assert not app.slider
    app.button(key="add unit").click().run()
    assert not app.exception
    assert app.text_input(key="smiles 2").value == ""
    assert "Draw unit 2" in app.info[0].value
    assert not _answers(app)
    app.text_input(key="smiles 2").set_value("poly(butyl acrylate)").run()
    assert app.text_input(key="smiles 2").value == ACRYLATE
    assert app.query_params["smiles"] == f"{STYRENE}|{ACRYLATE}|0.5|0.5|random"
    app.slider(key="fraction slider").set_value(0.25).run()
    assert app.query_params["smiles"] == TWO
    assert app.number_input(key="fraction number").value == 0.25
    for value in _shown(learned, TWO):
        assert value in _answers(app)
    assert canonical_unit(TWO) in [each.value for each in app.code]
    # A reload leads to the same.
    again = open_page("predict", smiles=TWO)
    assert _answers(again) == _answers(app)
    assert again.slider(key="fraction slider").value == 0.25
    # A browser that has not heard of the last change is no Back.
    former = f"{STYRENE}|{ACRYLATE}|0.5|0.5|random"
    app.query_params["smiles"] = former
    assert app.run().slider(key="fraction slider").value == 0.25
    # Back leads to the former amounts, and further back to one unit.
    monkeypatch.setattr(address, "_is_back", lambda _: True)
    app.query_params["smiles"] = former
    assert app.run().slider(key="fraction slider").value == 0.5
    app.query_params["smiles"] = STYRENE
    assert not app.run().slider
    assert app.text_input(key="smiles").value == STYRENE


def test_the_curve_has_the_model_the_table_and_the_rules(learned, open_page) -> None:
    app = open_page("predict", smiles=TWO)
    assert not app.exception
    chart = _charts(app)
    for name in ("model", "training table, random", "training table, block"):
        assert f'"name":"{name}"' in chart
    # Nobody said that the labels of the table are measured.
    assert '"name":"Fox, from predicted homopolymers"' in chart
    assert "Taylor, k = " in chart
    assert "of 0.25, 0.333, 0.5 and 0.75, and on homopolymers" in words(app)
    table = _table(app, "by the rule")
    assert {"Fox", "volume additivity"} <= {*table["rule"]}
    assert table["model"].iloc[0] in _answers(app)
    app.selectbox(key="over property").set_value("Density").run()
    assert '"name":"volume additivity, from predicted homopolymers"' in _charts(app)


def test_each_unit_can_be_edited_and_removed(learned, open_page) -> None:
    app = open_page("predict", smiles=TWO)
    assert app.text_input(key="smiles").value == STYRENE
    app.button(key="edit unit 2").click().run()
    assert app.text_input(key="smiles 2").value == ACRYLATE
    # What is chosen below becomes the chosen unit.
    app.button(key="load Polyethylene").click().run()
    assert app.query_params["smiles"] == f"{STYRENE}|*CC*|0.75|0.25|random"
    app.selectbox(key="architecture").set_value("block").run()
    assert app.query_params["smiles"].endswith("|block")
    assert "has the repeat unit *C*" in words(app)
    app.button(key="remove unit 1").click().run()
    assert app.text_input(key="smiles").value == "*CC*"
    assert app.query_params["smiles"] == "*CC*"
    assert not app.slider


def test_nothing_of_a_unit_is_the_other_ones_homopolymer(learned, open_page) -> None:
    app = open_page("predict", smiles=TWO)
    app.slider(key="fraction slider").set_value(0.0).run()
    assert not app.exception
    (value, *_) = _shown(learned, STYRENE)
    assert value in _answers(app)
    assert app.query_params["smiles"] == f"{STYRENE}|{ACRYLATE}|1|0|random"


def test_one_polymer_drawn_twice_is_its_homopolymer(learned, open_page) -> None:
    app = open_page("predict", smiles=f"{STYRENE}|*C(C*)c1ccccc1|0.5|0.5|block")
    assert not app.exception
    (value, *_) = _shown(learned, STYRENE)
    assert value in _answers(app)


def test_amounts_by_weight_are_those_of_the_units_masses(learned, open_page) -> None:
    app = open_page("predict", smiles=f"{STYRENE}|{ACRYLATE}|0.5|0.5|random")
    assert "Mole fraction of Poly(butyl acrylate)" in _charts(app)
    app.segmented_control(key="fractions by").set_value("by weight").run()
    assert "Weight fraction of Poly(butyl acrylate)" in _charts(app)
    assert app.number_input(key="fraction number").value == pytest.approx(0.5517, abs=1e-3)
    app.number_input(key="fraction number").set_value(0.5).run()
    assert app.number_input(key="fraction number").value == 0.5
    assert "55.2 mol%, 44.8 mol%" in words(app)


def test_three_units_make_a_triangle_and_their_amounts_are_normalised(learned, open_page) -> None:
    app = open_page("predict", smiles=THREE)
    assert not app.exception
    assert '"type":"scatterternary"' in _charts(app)
    for value in _shown(learned, THREE):
        assert value in _answers(app)
    app.number_input(key="amount of unit 3").set_value(0.75).run()
    assert "add up to 1.5, and each is divided by that" in words(app)
    shares = f"{STYRENE}|{ACRYLATE}|{ACETATE}|0.333333|0.166667|0.5|random"
    assert app.query_params["smiles"] == shares
    app.button(key="add unit").click().run()
    app.text_input(key="smiles 4").set_value("*CCO*").run()
    assert not app.exception
    assert app.selectbox(key="over unit").value == "Poly(butyl acrylate)"


@pytest.mark.parametrize(
    "text",
    [
        "polystyrene|poly(butyl acrylate)|75|25|stat",
        "{[$]CC(c1ccccc1)[$],[$]CC(C(=O)OCCCC)[$]}|0.75|0.25",
    ],
)
def test_a_pasted_text_opens_as_a_composition(learned, open_page, text) -> None:
    app = open_page("predict", smiles="*CCO*")
    app.text_input(key="smiles").set_value(text).run()
    assert not app.exception
    assert app.slider(key="fraction slider").value == 0.25
    for value in _shown(learned, TWO):
        assert value in _answers(app)


def test_what_is_wrong_with_a_composition_is_said(learned, open_page) -> None:
    app = open_page("predict", smiles=f"{STYRENE}|{ACRYLATE}|0.5|0.9")
    assert "its fractions add up to 1.4, not to 1" in app.error[0].value
    assert not _answers(app)
    app = open_page("predict", smiles=f"{STYRENE}|CCO|0.5|0.5")
    assert any("Unit 2, “CCO”, is no repeat unit" in each.value for each in app.warning)
    assert not _answers(app)
    app = open_page("predict", smiles=f"{STYRENE}||0.5|0.5")
    assert not app.exception
    assert not _answers(app)


def test_a_model_that_learned_no_architecture_says_so_once(
    copolymers, monkeypatch, open_page
) -> None:
    monkeypatch.setattr(bundle, "SHIPPED", copolymers.folder / "nothing-shipped")
    text = f"{STYRENE}|{METHACRYLATE}|0.4|0.6"
    app = open_page("predict", smiles=f"{text}|block", model=copolymers.id)
    assert not app.exception
    assert "learned no architecture: it cannot tell “block” from" in words(app)
    assert not any("architecture" in each.value for each in app.warning)
    assert "outside the domain" not in _answers(app)
    app = open_page("predict", smiles=text, model=copolymers.id)
    assert "cannot tell" not in words(app)


def test_a_composition_is_kept_and_remembered(learned, open_page) -> None:
    app = open_page("predict", smiles=TWO)
    next(each for each in app.button if each.label == "Keep").click().run()
    assert not app.exception
    assert "is now on" in " ".join(link.proto.label for link in app.get("page_link"))
    (known, *_) = history.remembered("")
    assert canonical_unit(known.unit) == canonical_unit(TWO)
    assert known.name == "Poly(butyl acrylate) 0.25, Polystyrene 0.75, random"
    (near,) = (each for each in app.expander if each.label.startswith("Nearest polymers"))
    assert any("random" in each.value for each in near.markdown)


def test_a_model_of_homopolymers_has_mixing_rules_and_no_prediction(open_page) -> None:
    app = open_page("predict", smiles=TWO, model="shipped")
    assert not app.exception
    assert "learned homopolymers only, so it predicts no copolymer" in app.info[0].value
    # Of poly(butyl acrylate) and polystyrene, glass transitions were measured.
    assert "Fox equation from measured homopolymers" in _answers(app)
    assert "from predicted homopolymers" in _answers(app)
    assert "· in domain" not in _answers(app)
    assert '"name":"Fox, from measured homopolymers"' in _charts(app)
    assert '"name":"measured homopolymer"' in _charts(app)
    assert '"name":"model"' not in _charts(app)
    table = _table(app, "mixture")
    assert "model" not in table
    tg = table[table["rule"] == "Fox"].iloc[0]
    assert tg["Polystyrene"].endswith(", measured")
    assert "measured for Polystyrene and Poly(butyl acrylate)" in words(app)
    # At an end the model answers itself.
    app.slider(key="fraction slider").set_value(0.0).run()
    assert "in domain" in _answers(app)
    tg = _table(app, "by the rule").iloc[0]
    assert f"{tg['by the rule']}, measured" == tg["Polystyrene"]


def test_rules_on_predicted_homopolymers_have_the_band_of_their_intervals(open_page) -> None:
    app = open_page("predict", smiles=TWO, model="shipped")
    app.selectbox(key="over property").set_value("Fractional free volume (FFV)").run()
    assert not app.exception
    chart = _charts(app)
    assert '"name":"volume additivity, from the model' in chart
    assert '"name":"predicted homopolymer"' in chart
    assert "Band: the first rule, from the model’s 90 % intervals" in words(app)
    table = _table(app, "mixture").set_index("property")
    assert table.loc["FFV", "range"] != "–"


def test_somebodys_k_is_that_of_gordon_and_taylor(open_page) -> None:
    app = open_page("predict", smiles=TWO, model="shipped")
    app.number_input(key="mixed k").set_value(0.3).run()
    assert "Gordon–Taylor, k = 0.30" in {*_table(app, "mixture")["rule"]}


def test_three_units_of_a_model_of_homopolymers_are_coloured_by_a_rule(open_page) -> None:
    app = open_page("predict", smiles=THREE, model="shipped")
    assert not app.exception
    assert '"name":"Fox, from ' in _charts(app)
    assert not [each.key for each in app.number_input if each.key == "mixed k"]


def test_a_single_unit_has_no_more_than_the_button(learned, open_page) -> None:
    app = open_page("predict", smiles=STYRENE)
    assert "Over the composition" not in [each.value for each in app.subheader]
    assert [each.key for each in app.button if each.key and "unit" in each.key] == ["add unit"]


def test_late_amounts_of_other_units_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units.st, "session_state", {})
    units.open_text(THREE)
    units._take([0.4, 0.6], by_weight=False)
    assert units.shown().shares == (0.5, 0.25, 0.25)
    units._take([0.2, 0.2, 0.6], by_weight=False)
    assert units.shown().shares == (0.2, 0.2, 0.6)


def _offer(app, label: str):
    (button,) = (each for each in app.button if each.label == label and "offer" in each.key)
    return button


def test_a_copolymers_name_offers_a_composition(learned, open_page) -> None:
    app = open_page("predict", smiles="poly(styrene-stat-butyl acrylate)")
    assert not app.exception
    assert "How much there is of each is not said" in words(app)
    _offer(app, "0.5 Polystyrene + 0.5 Poly(butyl acrylate) (random)").click().run()
    assert not app.exception
    assert app.query_params["smiles"] == f"{STYRENE}|{ACRYLATE}|0.5|0.5|random"
    for value in _shown(learned, f"{STYRENE}|{ACRYLATE}|0.5|0.5|random"):
        assert value in _answers(app)


def test_each_monomer_of_a_composition_offers_its_unit(learned, open_page) -> None:
    app = open_page("predict", smiles="C=Cc1ccccc1|C=CC(=O)OCCCC|0.75|0.25|random")
    assert not app.exception
    assert not _answers(app)
    assert "Unit 2: “C=CC(=O)OCCCC” is a monomer of Poly(butyl acrylate)." in words(app)
    _offer(app, "Poly(butyl acrylate)").click().run()
    _offer(app, "Polystyrene").click().run()
    assert not app.exception
    assert app.query_params["smiles"] == TWO
    for value in _shown(learned, TWO):
        assert value in _answers(app)


def test_an_event_between_two_steps_leaves_units_and_text_in_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Interrupted(dict):
        """A session in which another event ends the script when a text field is told."""

        def __setitem__(self, key: str, value: object) -> None:
            if key == "smiles" and value == STYRENE:
                raise InterruptedError
            super().__setitem__(key, value)

    session = Interrupted({"smiles": ACETATE})
    monkeypatch.setattr(units.st, "session_state", session)
    with pytest.raises(InterruptedError):
        units.open_text(TWO)
    assert units.shown().texts == (STYRENE, ACRYLATE)
    # What the field held before is nobody's, and is not taken for an entry either.
    session["smiles"] = THREE
    units.take_entered()
    assert units.shown().texts == (STYRENE, ACRYLATE)
    monkeypatch.setattr(units.st, "session_state", {**session})
    units.tell_field()
    assert units.st.session_state["smiles"] == STYRENE
    assert units.shown().texts == (STYRENE, ACRYLATE)


def test_fields_drawn_twice_have_what_they_show_as_their_default(learned, open_page) -> None:
    """A browser that hears of the second time alone would else send 0 as if it was entered."""
    app = open_page("predict", smiles=TWO).run()
    assert app.slider(key="fraction slider").proto.default == [0.25]
    assert app.number_input(key="fraction number").proto.default == 0.25
    assert app.selectbox(key="architecture").proto.default == 1
    app = open_page("predict", smiles=THREE).run()
    shown = [app.number_input(key=f"amount of unit {n}").proto.default for n in (1, 2, 3)]
    assert shown == [0.5, 0.25, 0.25]
