"""What axe-core finds on every page, empty and with content, in both themes; and the keyboard.

Also that none of them is wider than a telephone.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.kaggle import kit as making
from engine.kaggle import wheels
from engine.kaggle.workspace_kits import make_workspace_kit, remove_workspace_kit
from engine.runs import find_run
from tests.browser.conftest import PATIENCE, App
from tests.conftest import TEXTBOOK

axe = pytest.importorskip("axe_playwright_python", reason="no axe-playwright-python")
AXE = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")

PAGES = (
    *("Predict", "Candidates", "Train", "Monitor", "Compare", "Submission", "Errors", "Models"),
    "Help",
)
SERIOUS = ("serious", "critical")
STREAMLITS_OWN = {
    # Blocks of code that are higher than their place scroll. Chromium and Firefox lead Tab to
    # whatever scrolls; the attribute that axe looks for would be Streamlit's to set.
    ("scrollable-region-focusable", "pre"),
}
"""Rule and selector of what cannot be mended from here."""

IS_STILL = """() => document.querySelector('[data-test-script-state="notRunning"]')
    && !document.querySelector('[data-testid="stSkeleton"], [data-testid="stSpinner"]')"""
OPEN_ALL = """() => document.querySelectorAll('[data-testid="stMain"] details > summary')
    .forEach(summary => summary.parentElement.open || summary.click())"""
IS_THEME = """theme => {
    const [red] = getComputedStyle(document.querySelector('.stApp')).backgroundColor.match(/\\d+/);
    return (red > 127) === (theme === 'light') }"""
WIDTHS = """() => { const main = document.querySelector('[data-testid="stMain"]');
    return [main.scrollWidth, main.clientWidth] }"""
"""Of what the page holds, and of its place, in pixels."""
DESK, TELEPHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
FOUND = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations"""
FOCUSED = """() => { const own = document.activeElement;
    return own.getAttribute('aria-label') || own.textContent }"""


@pytest.fixture(scope="module")
def empty(start_app: Callable[..., App], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the app in a workspace where nothing has happened yet."""
    return start_app("app.py", tmp_path_factory.mktemp("empty") / "workspace").url


@pytest.fixture
def page(browser):
    """A page that holds axe-core in each of its frames."""
    context = browser.new_context(viewport=DESK)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(AXE)
    opened = context.new_page()
    yield opened
    context.close()


@pytest.fixture
def kit(trained_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A kit for Kaggle of nothing, in the workspace of the finished run."""
    monkeypatch.setenv("POLYGIN_HOME", str(trained_home))
    monkeypatch.setattr(wheels, "_pip", lambda words: [])
    monkeypatch.setattr(making, "own_wheel", lambda folder: folder)
    model = find_run("trained").bundle
    make_workspace_kit(model)
    yield
    remove_workspace_kit(model)


@pytest.mark.slow
def test_empty_pages_have_no_serious_finding(page, empty: str) -> None:
    page.goto(empty)
    for name in PAGES:
        _go_to(page, name)
        # In one theme, for the sake of time: with content, both are looked at.
        _look(page, f"{name}, empty", themes=("light",))


def test_pages_with_content_have_no_serious_finding(
    page, start_app: Callable[..., App], trained_home: Path, kit: None
) -> None:
    run = find_run("trained").id
    url = start_app("app.py", trained_home).url
    page.goto(f"{url}/?model={run}&smiles=*CC(*)c1ccccc1")
    page.get_by_text("°C").first.wait_for()
    page.frame_locator("iframe").first.locator("#canvas svg").first.wait_for()
    assert page.locator("iframe").first.get_attribute("title") == "Molecule editor"
    page.get_by_role("img", name="Repeat unit of Polystyrene: C8H8, 2 attachment").first.wait_for()
    _look(page, "Predict")
    page.get_by_role("button", name="Keep", exact=True).click()
    _go_to(page, "Candidates")
    page.get_by_text("1 of 1 candidates").first.wait_for()
    _look(page, "Candidates")
    _go_to(page, "Models")
    page.get_by_role("button", name="Download as one file").first.wait_for()
    _look(page, "Models")
    _go_to(page, "Train")
    page.locator("input[type=file]").first.set_input_files(TEXTBOOK)
    page.get_by_role("button", name="Train", exact=True).first.wait_for()
    _look(page, "Train")
    _go_to(page, "Monitor")
    page.frame_locator("iframe").first.locator(".js-plotly-plot").first.wait_for()
    _look(page, "Monitor")
    _go_to(page, "Submission")
    page.locator("input[type=file]").first.set_input_files(TEXTBOOK)
    page.get_by_role("button", name="Predict the table").first.wait_for()
    page.get_by_text("scp -r").first.wait_for(state="attached")
    _look(page, "Submission")
    for section in ("Overview", "Explore", "Label doctor"):
        page.goto(f"{url}/errors?run={run}&section={section.replace(' ', '+')}")
        page.get_by_role("radio", name=section).first.wait_for()
        _look(page, f"Errors, {section}")


def test_the_keyboard_alone_predicts_and_prepares_a_run(page, empty: str) -> None:
    page.goto(empty)
    field = page.get_by_role("textbox", name="Repeat unit as SMILES, or a name")
    field.wait_for()
    _still(page)
    _tab_to(page, "Repeat unit as SMILES, or a name")
    page.keyboard.press("Control+A")
    page.keyboard.type("PMMA")
    page.keyboard.press("Enter")
    page.get_by_text("is Poly(methyl methacrylate)").first.wait_for()
    _tab_to(page, "model_trainingTrain")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Use the sample table").first.wait_for()
    _still(page)
    _tab_to(page, "menu_bookUse the sample table")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Train", exact=True).first.wait_for()
    _still(page)
    _tab_to(page, "play_arrowTrain")


def _go_to(page, name: str) -> None:
    page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
    page.get_by_role("heading", name=name, exact=True, level=1).first.wait_for()


def _still(page) -> None:
    page.wait_for_function(IS_STILL)
    page.wait_for_timeout(300)


def _look(page, where: str, themes: tuple[str, ...] = ("dark", "light")) -> None:
    """Open what is folded, ask axe in each theme, and see that a telephone shows all of it."""
    _still(page)
    page.evaluate(OPEN_ALL)
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(IS_THEME, arg=theme)
        _still(page)
        # Colours change little by little.
        page.wait_for_timeout(700)
        found = [
            f"{rule['id']} at {node['target']}: {node['html'][:200]}: {node['failureSummary']}"
            for rule in page.evaluate(FOUND)
            if rule["impact"] in SERIOUS
            for node in rule["nodes"]
            if (rule["id"], node["target"][-1]) not in STREAMLITS_OWN
        ]
        assert not found, f"{where}, {theme}: {found}"
    page.set_viewport_size(TELEPHONE)
    page.wait_for_timeout(500)
    held, place = page.evaluate(WIDTHS)
    assert held <= place, f"{where} scrolls sideways on a telephone: {held} of {place} pixels"
    page.set_viewport_size(DESK)


def _tab_to(page, name: str) -> None:
    """Press Tab until what has the focus is called so."""
    reached: list[str] = []
    while not reached or not reached[-1].startswith(name):
        assert len(reached) < 100, f"Tab does not lead to {name!r}: {reached}"
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
