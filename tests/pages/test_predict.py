"""The Predict page: examples, bad molecules, textbook values, models."""

import re
import subprocess
import sys

from engine.chem.repeat_unit import canonical_unit
from engine.chem.smiles import canonical
from engine.inference import bundle
from engine.inference.predict import Predictor
from engine.settings.conditions import same_for_all
from pages.parts.formatting import plain
from tests.conftest import ROOT
from tests.solubilities import make


def _cards(app) -> str:
    found = [part.proto.body for part in app.get("html")]
    return next((body for body in found if "pg-card" in body), "")


def _draw(app, smiles: str):
    return app.text_input(key="smiles").set_value(smiles).run()


def _textbook_list(app):
    """The list of textbook polymers."""
    (found,) = (box for box in app.selectbox if box.label == "Textbook polymer")
    return found


def test_without_a_model_the_page_says_what_to_do(empty_workspace, open_page):
    app = open_page("predict")
    assert not app.exception
    assert "no trained model" in app.info[0].value
    assert not _cards(app)


def test_the_first_view_shows_polystyrene_with_its_textbook_values(tiny_run, open_page):
    app = open_page("predict")
    assert not app.exception
    assert not app.error
    assert app.text_input(key="smiles").value == "*CC(*)c1ccccc1"
    assert _textbook_list(app).value == canonical("*CC(*)c1ccccc1")
    cards = _cards(app)
    info = bundle.read_info(tiny_run.bundle)
    assert cards.count('class="pg-card"') == len(info.properties)
    for property_ in info.properties:
        assert property_.title in cards
    for words in ("Textbook", "100.0 °C", "Polymer Handbook 1999", "typical error ±", "PolyGIN"):
        assert words in cards


def test_the_cards_hold_the_engines_numbers(tiny_run, open_page):
    app = open_page("predict", smiles="*CCO*", model=tiny_run.id)
    predictor = Predictor(tiny_run.bundle)
    predicted = predictor.predict(["*CCO*"])
    large = re.findall(r'class="pg-value(?: pg-unsure)?">(.*?) <small>', _cards(app))
    expected = [
        property_.number(predicted.blend.at[0, property_.name])
        for property_ in predictor.info.properties
    ]
    assert large == [text.replace("-", "−") for text in expected]
    for property_ in predictor.info.properties:
        for frame in predicted.members.values():
            assert property_.format(frame.at[0, property_.name]).replace("-", "−") in _cards(app)


def test_a_name_leads_to_its_repeat_unit(tiny_run, open_page):
    app = _draw(open_page("predict", model=tiny_run.id), "Plexiglas")
    assert app.text_input(key="smiles").value == "*CC(*)(C)C(=O)OC"
    assert "“Plexiglas” is Poly(methyl methacrylate)." in [each.value for each in app.caption]
    assert _cards(app)
    by_address = open_page("predict", smiles="Kevlar", model=tiny_run.id)
    assert canonical_unit(by_address.text_input(key="smiles").value) == canonical_unit(
        "*Nc1ccc(NC(=O)c2ccc(C(*)=O)cc2)cc1"
    )


def test_a_name_of_several_polymers_offers_each(tiny_run, open_page):
    app = _draw(open_page("predict", model=tiny_run.id), "PVA")
    assert app.text_input(key="smiles").value == "PVA"
    assert "stands for several polymers" in app.info[0].value
    assert not _cards(app)
    next(each for each in app.button if each.label == "Poly(vinyl acetate)").click().run()
    assert app.text_input(key="smiles").value == "*CC(*)OC(C)=O"
    assert _cards(app)


def test_the_editor_changes_no_text_that_is_a_name_or_a_monomer(tiny_run, open_page, monkeypatch):
    shown = []
    monkeypatch.setattr(
        "pages.parts.components.molecule_editor",
        lambda smiles, **how: shown.append(smiles) or canonical_or_empty(smiles),
    )
    app = open_page("predict", model=tiny_run.id)
    for text, drawn in (("PPO", ""), ("c1ccccc1C=C", "c1ccccc1C=C")):
        app = _draw(app, text)
        assert app.text_input(key="smiles").value == text
        assert shown[-1] == drawn
        assert not _cards(app)


def canonical_or_empty(smiles: str) -> str:
    return canonical(smiles) if smiles else ""


def test_a_monomer_offers_the_units_that_it_makes(tiny_run, open_page):
    app = _draw(open_page("predict", model=tiny_run.id), "C=CC=C")
    assert "is a monomer of" in app.info[0].value
    assert not _cards(app)
    assert "1,4-Polybutadiene" in [each.label for each in app.button]
    assert "1,4-addition of a diene" in [each.value for each in app.caption]
    next(each for each in app.button if each.label == "1,2-Polybutadiene").click().run()
    assert app.text_input(key="smiles").value == "*CC(*)C=C"
    assert _cards(app)


def test_the_nearest_measured_polymers_stand_with_values_and_references(open_page):
    app = open_page("predict", smiles="*CC(*)c1ccc(C)cc1", model="shipped")
    (near,) = (each for each in app.expander if each.label == "Nearest measured polymers")
    words = [each.value for each in near.markdown]
    assert "**Poly(4-chlorostyrene)**" in words
    assert any(each.startswith("115.8 °C · Afzal 2021") for each in words), words
    assert "similarity 0.67" in [each.value for each in near.caption]


def test_a_bond_that_no_training_unit_has_is_outside_and_unknown_atoms_are_a_guess(open_page):
    for smiles, short, long in (
        ("*CC(*)OCl", "outside the domain", "a bond Cl–O. There the unit lies outside"),
        ("*CC(*)[Fe]", "a guess", "iron. There the model can only guess"),
    ):
        app = open_page("predict", smiles=smiles, model="shipped")
        body = next(part.proto.body for part in app.get("html") if "pg-answers" in part.proto.body)
        assert f">{short}</span>" in body
        assert any(long in each.value for each in app.warning), [w.value for w in app.warning]


def test_a_simulated_value_of_the_training_table_stands_after_measured_ones(open_page):
    app = open_page("predict", smiles="*CC(*)c1ccccc1", model="shipped")
    answers = next(part.proto.body for part in app.get("html") if "pg-answers" in part.proto.body)
    for body in (answers, _cards(app)):
        assert "simulated value (radonpy): 3342 J/(kg·K)" in body
    measured, simulated = "Polymer Handbook 1999", "simulated value (radonpy): 0.991 g/cm³"
    assert _cards(app).index(measured) < _cards(app).index(simulated)
    assert "3342 J/(kg·K), RadonPy PI1070 (Hayashi 2022); the model has seen it" in _cards(app)
    # What was collected is no simulated value.
    assert "value (competition)" not in answers


def test_what_is_simulated_says_how_far_it_was_from_measured_values(open_page):
    app = open_page("predict", smiles="*CC(*)c1ccc(C)cc1", model="shipped")
    answers = next(part.proto.body for part in app.get("html") if "pg-answers" in part.proto.body)
    # FFV, Tc, Rg and the six properties of RadonPy alone.
    assert _cards(app).count("never compared with measured values") == 9
    assert "on average for 70 measured polymers, mostly too low" in _cards(app)
    (told,) = (each.value for each in app.caption if each.value.startswith("Never compared"))
    assert told.count(",") + 1 == 8, "and one more behind “and”"
    assert "never compared" not in answers


def test_the_groups_that_make_a_value_are_shown_on_demand(open_page):
    app = open_page("predict", smiles="*CC(*)(C)C(=O)OC", model="shipped")
    words = "Each group is replaced alone"
    assert not any(each.value.startswith(words) for each in app.caption)
    app.toggle(key="show groups").set_value(True).run()
    assert not app.exception
    assert any(each.value.startswith(words) for each in app.caption)


def test_another_drawing_of_a_chain_is_read_as_its_canonical_unit(tiny_run, open_page):
    app = open_page("predict", smiles="*CCCC*", model=tiny_run.id)
    assert "*C*" in [each.value for each in app.code]


def test_a_model_of_units_as_drawn_says_so(tiny_run, open_page, monkeypatch):
    real = bundle.read_info
    changes = {"canonical_units": False}
    monkeypatch.setattr(bundle, "read_info", lambda folder: real(folder).model_copy(update=changes))
    app = open_page("predict", smiles="*CCCC*", model=tiny_run.id)
    assert any("as they are drawn" in each.value for each in app.caption)
    assert "*CCCC*" in [each.value for each in app.code]


def test_the_cards_hold_intervals_and_say_who_is_outside_the_domain(tiny_run, open_page):
    predictor = Predictor(tiny_run.bundle)
    units = ["*CC(*)C", "*[Si](CBr)(CBr)OP(=O)(I)O*"]
    uncertainty = predictor.uncertainty(predictor.predict(units))
    for row, unit in enumerate(units):
        app = open_page("predict", smiles=unit, model=tiny_run.id)
        assert not app.exception
        for property_ in predictor.info.properties:
            low = property_.number(uncertainty.low.at[row, property_.name])
            high = property_.format(uncertainty.high.at[row, property_.name])
            assert f"90 %: {low} to {high}".replace("-", "−") in _cards(app)
        outside = uncertainty.is_outside.iloc[row].sum()
        assert _cards(app).count("outside the applicability domain") == outside == 2 * row
        assert _cards(app).count('class="pg-value pg-unsure"') == outside
        legend = " ".join(part.value for part in app.caption)
        assert "about 90 % of values lay" in legend
        assert ("Outside the applicability domain" in legend) == bool(outside)
    assert {"90 % interval", "coverage"} <= set(app.dataframe[0].value)


def test_a_model_from_before_intervals_shows_none(old_bundle, open_page, monkeypatch):
    monkeypatch.setattr(bundle, "SHIPPED", old_bundle)
    app = open_page("predict", smiles="*[Si](CBr)(CBr)OP(=O)(I)O*")
    assert not app.exception
    assert not app.error
    assert "pg-card" in _cards(app)
    assert "90 %" not in _cards(app) + " ".join(part.value for part in app.caption)
    assert "applicability" not in _cards(app)
    assert "coverage" not in app.dataframe[0].value


def test_a_bad_smiles_gets_a_reason_and_no_numbers(tiny_run, open_page):
    app = _draw(open_page("predict"), "*CC(*)C1CC(")
    assert not app.exception
    assert "no SMILES that can be read" in app.error[0].value
    assert not _cards(app)
    app = _draw(app, "*C(C)(C)(C)(C)*")
    assert "valence" in app.error[0].value
    assert _cards(_draw(app, "*CC*"))


def test_attachment_points_other_than_two_are_warned_of(tiny_run, open_page):
    app = _draw(open_page("predict"), "CCO")
    assert "no attachment points" in app.warning[0].value
    assert _cards(app)
    app = _draw(app, "*CC")
    assert "1 attachment point " in app.warning[0].value
    # What it may have been meant as is offered.
    (offer,) = (each for each in app.button if each.label == "Polyethylene" and "offer" in each.key)
    offer.click().run()
    assert app.text_input(key="smiles").value == "*CC*"
    app = _draw(app, "[*:1]CC[*:2]")
    assert not any("attachment point" in each.value for each in app.warning)
    assert _textbook_list(app).value == canonical("*CC*")


def test_an_empty_field_says_what_to_do(tiny_run, open_page):
    app = _draw(open_page("predict"), "  ")
    assert not app.exception
    assert "Draw a repeat unit" in app.info[0].value


def test_a_polymer_is_chosen_from_the_list_and_from_the_gallery(tiny_run, open_page):
    app = open_page("predict")
    chosen = canonical("*CC(*)Cl")
    _textbook_list(app).set_value(chosen).run()
    assert app.text_input(key="smiles").value == chosen
    app.button(key="load Polyethylene").click().run()
    assert app.text_input(key="smiles").value == "*CC*"
    assert app.query_params["smiles"] == "*CC*"
    assert _textbook_list(app).value == "*CC*"


def test_back_to_the_bare_address_leads_to_what_it_showed(tiny_run, open_page):
    app = open_page("predict")
    first = app.text_input(key="smiles").value
    # What is shown without being asked for is no entry of the browser's history.
    assert "smiles" not in app.query_params
    app = _draw(app, "*CC*")
    assert app.query_params["smiles"] == "*CC*"
    del app.query_params["smiles"]
    assert app.run().text_input(key="smiles").value == first
    assert "smiles" not in app.query_params


def test_the_address_says_which_molecule_and_which_model(tiny_run, open_page):
    app = open_page("predict", smiles="*CC(*)F", model=tiny_run.id)
    assert app.text_input(key="smiles").value == "*CC(*)F"
    assert app.selectbox(key="model on predict").value == tiny_run.id
    unknown = open_page("predict", model="nobody")
    assert "nobody" in unknown.warning[0].value
    assert not unknown.exception


def test_about_this_model_tells_table_and_error(tiny_run, open_page):
    app = open_page("predict")
    table = app.dataframe[0].value
    assert "textbook-slice.csv" in "".join(part.value for part in app.markdown)
    assert table["unit"].tolist() == ["°C", "g/cm³"]
    assert table["typical error"].str.startswith("±").all()


def test_a_damaged_model_is_a_sentence_not_a_traceback(empty_workspace, open_page, monkeypatch):
    broken = empty_workspace / "broken"
    broken.mkdir(parents=True)
    (broken / bundle.INFO).write_text("{}")
    monkeypatch.setattr(bundle, "SHIPPED", broken)
    app = open_page("predict")
    assert not app.exception
    assert "The default model cannot be used" in app.warning[0].value
    assert "manifest.json" in app.warning[0].value


def test_plain_leaves_code_and_escapes_markdown():
    assert plain("*CC(*)C costs $1, say `--unit a*b=K`, with two `*`") == (
        r"\*CC(\*)C costs \$1, say `--unit a*b=K`, with two `*`"
    )


def test_pages_paint_before_torch_is_loaded():
    words = (
        "import sys, engine.inference.submission, engine.inference.error_analysis, "
        "pages.parts.models, pages.parts.predict.cards, pages.parts.components; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", words], cwd=ROOT).returncode == 0


def test_each_textbook_polymer_has_a_list_of_its_own(tiny_run, open_page):
    """A late browser sends the former choice again, which must not be taken for a new one."""
    app = open_page("predict")
    app.text_input(key="smiles").set_value("*CC*").run()
    polyethylene = _textbook_list(app).key
    app.text_input(key="smiles").set_value("*C*C*").run()
    assert _textbook_list(app).value is None
    assert _textbook_list(app).key != polyethylene
    assert app.text_input(key="smiles").value == "*C*C*"


def test_a_unit_that_cannot_be_joined_is_mended_with_a_click(tiny_run, open_page):
    app = _draw(open_page("predict"), "*CCCC(=*)Cl")
    assert any("cannot be joined" in one.value for one in app.warning)
    mend = next(one for one in app.button if one.label.startswith("Draw both ends"))
    app = mend.click().run()
    assert not app.exception
    assert app.text_input(key="smiles").value == canonical("*CCCC(*)Cl")
    assert not any("cannot be joined" in one.value for one in app.warning)


def test_other_notations_are_drawn(tiny_run, open_page):
    app = _draw(open_page("predict"), "{[$]CC([$])C}")
    assert not app.exception
    assert not app.error
    assert "*CC(*)C" in [one.value for one in app.code]


def test_a_model_of_conditions_asks_for_them_and_draws_a_curve(empty_workspace, open_page):
    made = make(empty_workspace / "made")
    bundle.promote(empty_workspace / "made")
    app = open_page("predict", smiles="*CCCC*")
    assert not app.exception
    predictor = Predictor(bundle.default_bundle())

    def answer(**given) -> str:
        at = same_for_all(made.info.conditions, 1, given)
        value = predictor.predict(["*CCCC*"], given=at).blend.iloc[0, 0]
        return f'class="pg-value">{predictor.info.properties[0].number(value)} '

    assert answer(temperature=320, solvent="toluene") in _cards(app)
    temperature = next(box for box in app.number_input if box.label == "temperature (K)")
    temperature.set_value(280.0)
    next(box for box in app.selectbox if box.label == "solvent").set_value("water")
    app.run()
    assert answer(temperature=280, solvent="water") in _cards(app)
    assert not any("beyond it" in warning.value for warning in app.warning)
    assert app.query_params["at temperature"] == "280"
    assert app.query_params["at solvent"] == "water"
    assert app.get("plotly_chart"), "the property against the temperature"
    next(box for box in app.number_input if box.label == "temperature (K)").set_value(500.0).run()
    assert any("beyond it the model is guessing" in warning.value for warning in app.warning)
    asked = {"at temperature": "300", "at solvent": "water"}
    linked = open_page("predict", smiles="*CCCC*", **asked)
    assert answer(temperature=300, solvent="water") in _cards(linked)
    odd = open_page("predict", smiles="*CCCC*", **{"at temperature": "inf", "at solvent": "<b>"})
    assert not odd.exception
    assert answer(temperature=320, solvent="toluene") in _cards(odd)
