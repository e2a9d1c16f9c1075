"""The molecule editor in a real browser: text → editor → text, and edits by mouse."""

import json
import time

import pytest

from engine.chem.draw import from_molblock
from engine.chem.smiles import canonical
from tests.browser.conftest import PATIENCE, click_atom, editor_frame

REPEAT_UNITS = {
    "imide with an azine": (
        "*Oc1ccc(C=NN=Cc2ccc(Oc3ccc(C(c4ccc(*)cc4)(C(F)(F)F)C(F)(F)F)cc3)cc2)cc1"
    ),
    "polyether ketone": ("*Oc1ccc(C(C)(C)c2ccc(Oc3ccc(C(=O)c4cccc(C(=O)c5ccc(*)cc5)c4)cc3)cc2)cc1"),
    "biphenyl diimide": (
        "*c1cccc(OCCCCCCCCOc2cccc(N3C(=O)c4ccc(-c5cccc6c5C(=O)N(*)C6=O)cc4C3=O)c2)c1"
    ),
    "bracketed stars": "[*]CC([*])C",
    "numbered stars": "[*:1]CC([*:2])c1ccccc1",
    "trans": "*C/C=C/C*",
    "cis": "*C/C=C\\C*",
    "geometry left open": "*CC=CC*",
    "one of two geometries open": "*/C=C/C=CC*",
    "one stereo centre": "*O[C@@H](C)C(*)=O",
    "neighbouring stereo centres": "*C[C@@H](C(=O)OC)[C@H](F)*",
    "cellulose": "*[C@@H]1O[C@H](CO)[C@@H](O*)[C@H](O)[C@H]1O",
    "ring in the chain": "*C1CCC(*)CC1",
    "fused": "*c1ccc2c(c1)C(=O)N(*)C2=O",
    "spiro": "*C1CC2(C1)CC(*)C2",
    "bridged with stereo": "*C[C@@]12CC[C@@H](C1)C(*)C2",
    "triptycene": "*Nc1ccc2c(c1)[C@H]1c3ccccc3[C@@H]2c2ccc(N*)cc21",
    "aromatic NH": "*c1ccc2[nH]c(-c3ccc4nc(*)[nH]c4c3)nc2c1",
    "ammonium": "*CC(*)C[N+](C)(C)C.[Cl-]",
    "carboxylate": "*CC(*)C(=O)[O-].[Na+]",
    "sulfonate": "*CC(*)c1ccc(S(=O)(=O)[O-])cc1.[Na+]",
    "pyridinium": "*CC(*)c1cc[n+](C)cc1.[I-]",
    "nitro and azide": "*CC(*)C(N=[N+]=[N-])C[N+](=O)[O-]",
    "siloxane": "*O[Si](C)(C)*",
    "polysilane": "*[Si](*)(c1ccccc1)c1ccccc1",
    "boron": "*B(*)c1ccccc1",
    "phosphazene": "*N=P(*)(Oc1ccccc1)Oc1ccccc1",
    "stereo at phosphorus and sulfur": "*C[P@](=O)(C)C(*)C[S@](C)=O",
    "selenophene": "*c1ccc(*)[se]1",
    "halogens": "*C(F)(F)C(*)(Cl)C(Br)I",
    "four stars, ladder": "*c1c(*)c2c(*)c(*)c1OCO2",
    "one star": "*CCCCO",
    "long side chain": "*CC(*)C(=O)OCCCCCCCCCCCCCCCCCCCCCC",
    "isotope": "*C([2H])([2H])C(*)[13CH3]",
}
HARNESS = "tests/browser/harness_editor.py"


@pytest.fixture(scope="module")
def app(start_app, tmp_path_factory):
    return start_app(HARNESS, tmp_path_factory.mktemp("browser") / "workspace")


@pytest.fixture
def editor(app, page):
    page.goto(app.url)
    _wait(page, lambda now: now["value"] and now["drawn"] == canonical("*CC(*)c1ccccc1"))
    return page


@pytest.mark.slow
def test_thirty_repeat_units_come_back_as_they_went_in(editor):
    for name, smiles in REPEAT_UNITS.items():
        load = _state(editor)["value"]["load"]
        _type(editor, smiles)
        now = _wait(
            editor,
            lambda now, load=load: now["value"]["load"] > load,
            f"{name} was not loaded: {smiles}",
        )
        assert now["drawn"] == canonical(smiles), name
        assert now["returned"] == canonical(smiles), name
        assert from_molblock(_canvas(editor)) == canonical(smiles), name
    assert editor.get_by_text("cannot draw every detail").count() == 0


def test_an_edit_by_mouse_is_returned_and_outlives_reruns(editor):
    _type(editor, "*CC*")
    _wait(editor, lambda now: now["drawn"] == canonical("*CC*"))
    click_atom(editor, 0, 1)  # the bond tool is on from the start
    after = _wait(editor, lambda now: now["returned"] == canonical("*CC(*)C"))
    assert after["value"]["edited"]
    for _ in range(2):
        editor.get_by_role("button", name="Run again").click()
        editor.get_by_text("ran again").first.wait_for()
        editor.wait_for_timeout(600)
    assert _state(editor)["returned"] == after["returned"]
    assert from_molblock(_canvas(editor)) == after["returned"]

    editor_frame(editor, 0).locator("#attach").click()
    click_atom(editor, 0, 4)
    _wait(editor, lambda now: now["returned"] == canonical("*CC(*)*"))
    assert editor_frame(editor, 0).locator(".mosaic-WindowPanel").count() == 0

    # The first text again, after another one: it is asked anew, so it is loaded.
    _type(editor, "*CCO*")
    _wait(editor, lambda now: now["drawn"] == canonical("*CCO*"))
    _type(editor, "*CC*")
    _wait(editor, lambda now: now["drawn"] == canonical("*CC*") and not now["value"]["edited"])


def test_a_repeat_unit_is_drawn_from_an_empty_canvas(editor):
    _type(editor, "")
    _wait(editor, lambda now: now["drawn"] == "" and now["value"]["load"] == 2)
    x, y = _middle(editor, 0)
    editor.mouse.click(x, y)
    _wait(editor, lambda now: now["returned"] == "CC")
    click_atom(editor, 0, 1)
    _wait(editor, lambda now: now["returned"] == "CCC")
    editor_frame(editor, 0).locator("#attach").click()
    click_atom(editor, 0, 0)
    click_atom(editor, 0, 2)
    _wait(editor, lambda now: now["returned"] == "*C*")


def test_what_the_editor_returns_can_be_fed_back(editor):
    start = _wait(editor, lambda now: now["load"] == 1, where="third-state")
    assert start["returned"] == canonical("*CC*")
    for atom, grown in ((1, "*CC(*)C"), (2, "*C(C)C(*)C")):
        click_atom(editor, 2, atom)
        now = _wait(
            editor,
            lambda now, grown=grown: now["returned"] == canonical(grown),
            where="third-state",
        )
        editor.wait_for_timeout(800)
        assert _state(editor, "third-state") == now
        assert now["load"] == 1
    assert _state(editor, "second-state")["returned"] == canonical("*CCO*")


def test_a_lost_detail_is_said_and_an_unreadable_text_clears_the_canvas(editor):
    _type(editor, "*C[CH]C*")
    editor.get_by_text("cannot draw every detail").first.wait_for()
    assert _state(editor)["returned"] == canonical("*C[CH]C*")
    _type(editor, "*C(C")
    _wait(editor, lambda now: now["returned"] is None and now["drawn"] == "")
    _type(editor, "")
    _wait(editor, lambda now: now["returned"] == "" and now["drawn"] == "")


def _type(page, smiles: str) -> None:
    page.get_by_label("SMILES").fill(smiles)
    page.get_by_label("SMILES").press("Enter")
    _wait(page, lambda now: now["asked"] == smiles)


def _state(page, where: str = "state") -> dict:
    return json.loads(page.locator(f".st-key-{where} code").inner_text())


def _wait(page, wanted, why: str = "", where: str = "state") -> dict:
    page.locator(f".st-key-{where} code").first.wait_for()
    deadline = time.monotonic() + PATIENCE / 1000
    while not wanted(now := _state(page, where)):
        assert time.monotonic() < deadline, f"{why} (the page shows {now})"
        page.wait_for_timeout(50)
    return now


def _canvas(page) -> str:
    return editor_frame(page, 0).locator("#canvas").evaluate("() => timeless(applet.molFile())")


def _middle(page, number: int) -> tuple[float, float]:
    """The middle of a drawing, in pixels of the page."""
    box = editor_frame(page, number).locator("#paper").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.slow
def test_groups_are_attached_where_one_clicks(editor):
    for group, unit in (
        ("Benzene", "*CC(*)Cc1ccccc1"),
        ("Cyclohexane", "*CC(*)CC1CCCCC1"),
        ("Thiophene", "*CC(*)Cc1cccs1"),
        ("Imide (phthalimide)", "*CC(*)CN1C(=O)c2ccccc2C1=O"),
        ("Ether", "*CC(*)COC"),
        ("Ester", "*CC(*)CC(=O)OC"),
        ("Amide", "*CC(*)CC(=O)NC"),
        ("Sulfone", "*CC(*)CS(C)(=O)=O"),
    ):
        _type(editor, "")
        _wait(editor, lambda now: now["drawn"] == "")
        _type(editor, "*CC(*)C")
        _wait(editor, lambda now: now["drawn"] == canonical("*CC(*)C"))
        editor_frame(editor, 0).get_by_label("Attach a group").select_option(group)
        click_atom(editor, 0, 4)
        _wait(editor, lambda now, unit=unit: now["drawn"] == canonical(unit), group)
