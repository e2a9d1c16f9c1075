"""The Models page: the list, what can be done with a model, two of them on one table."""

import io
import shutil
from pathlib import Path

import pytest

from engine.inference import bundle
from engine.inference.bundle import default_bundle, promote
from engine.inference.packing import pack
from engine.inference.predict import Predictor
from engine.runs import Run, find_run, import_model, is_default, list_imported
from tests.bundles import copied, redescribe
from tests.conftest import TEXTBOOK
from tests.pages.conftest import button, finished, made, spoken, words

DEFAULT = "imported default"
UNITS = ["*CC*", "*CC(*)c1ccccc1"]


@pytest.fixture
def own_run(tiny_run: Run, tmp_path: Path, monkeypatch) -> Run:
    """The finished run in a workspace that the test may change; nothing is shipped."""
    home = tmp_path / "home"
    shutil.copytree(Path(tiny_run.folder).parents[1], home)
    monkeypatch.setenv("POLYGIN_HOME", str(home))
    monkeypatch.setattr(bundle, "SHIPPED", home / "nothing-shipped")
    return find_run(tiny_run.id)


@pytest.fixture
def theirs(own_run: Run, tmp_path: Path) -> bytes:
    """Another model as one file: that of the run, under another name."""
    folder = copied(own_run.bundle, tmp_path / "theirs")
    redescribe(folder, {"name": "Anna's *model*"})
    pack(folder, tmp_path / "theirs.zip")
    return (tmp_path / "theirs.zip").read_bytes()


@pytest.fixture
def imported(theirs: bytes):
    """That model, taken in."""
    return import_model(io.BytesIO(theirs), "theirs.zip").model


def _origins(app) -> dict[str, str]:
    """By name, the words on where a model is from."""
    rows = app.dataframe[0].value
    return {name: " ".join(words) for name, words in zip(rows["Name"], rows["From"], strict=True)}


def _take(app, name: str, data: bytes):
    app.file_uploader[0].upload(name, data, "application/zip").run()
    return button(app, "Check it and add it").click().run()


def test_without_a_model_the_page_says_what_to_do(empty_workspace, open_page):
    app = open_page("models")
    assert not app.exception
    assert "no trained model" in words(app)


def test_each_model_is_a_row_with_its_figures(own_run, imported, open_page):
    app = open_page("models")
    assert not app.exception
    rows = app.dataframe[0].value
    assert rows["Name"].tolist() == ["trained", "Anna's *model*"]
    assert _origins(app) == {"trained": "run", "Anna's *model*": "imported"}
    assert rows["Rows"].tolist() == [70, 70]
    mae = own_run.figures["blend"]["mae"]
    assert float(rows["Tg (°C)"][0]) == pytest.approx(mae["Tg"], abs=0.05)
    assert {"Density (g/cm³)", "Table", "Date", "Size (MB)"} <= {*rows}
    assert "was trained on 70 rows" in words(app)


def test_a_damaged_model_is_a_row_and_a_sentence(own_run, imported, open_page):
    (imported.bundle / "bundle.json").write_text("{")
    app = open_page("models", model=imported.id)
    assert not app.exception
    assert app.dataframe[0].value["Table"].tolist()[1] == "cannot be read"
    assert "was changed or damaged" in words(app)


def test_the_default_is_chosen_and_taken_back(own_run, imported, open_page, tmp_path, monkeypatch):
    shipped = copied(own_run.bundle, tmp_path / "shipped")
    redescribe(shipped, {"name": "shipped"})
    monkeypatch.setattr(bundle, "SHIPPED", shipped)
    app = open_page("models", model=imported.id)
    button(app, "Make this the default model").click().run()
    assert not app.exception
    assert is_default(imported.bundle)
    assert _origins(app) == {"shipped": "shipped", "trained": "run", "Anna's *model*": DEFAULT}
    button(app, "Go back to the shipped model").click().run()
    assert default_bundle() == shipped
    assert _origins(app)["shipped"] == "shipped default"


def test_a_model_gets_another_name_on_all_pages(own_run, imported, open_page):
    app = open_page("models", model=imported.id)
    app.text_input(key=f"model name {imported.id}").set_value("Mine").run()
    assert app.dataframe[0].value["Name"].tolist() == ["trained", "Mine"]
    app.text_input(key=f"model name {imported.id}").set_value("a\u202eb").run()
    assert "each of which can be seen" in words(app)
    assert [each.name for each in list_imported()] == ["Mine"]
    predict = open_page("predict", model=imported.id, smiles="*CC*")
    assert any("Imported: Mine" in option for option in predict.selectbox[0].options)
    assert "By the model “Mine”" in words(predict)
    run = open_page("models", model=own_run.id)
    run.text_input(key=f"model name {own_run.id}").set_value("Its run too").run()
    assert find_run(own_run.id).name == "Its run too"


def test_the_file_that_is_downloaded_is_the_model(own_run, theirs, open_page):
    app = open_page("models", model=own_run.id)
    button(app, "Download as one file").click().run()
    assert not app.exception
    assert "Save trained.zip" in app.get("download_button")[0].label
    packed = next((own_run.folder.parents[1] / "cache" / "packed").glob("*.zip"))
    app = _take(app, packed.name, packed.read_bytes())
    assert not app.exception
    (model,) = list_imported()
    assert "trained" in app.success[0].value
    assert app.query_params["model"] == model.id
    before, after = (Predictor(each.bundle).predict(UNITS).blend for each in (own_run, model))
    assert before.equals(after)


def test_a_file_that_is_no_model_is_a_sentence(own_run, theirs, open_page):
    app = open_page("models")
    app = _take(app, "x.zip", theirs[:-100])
    assert "no ZIP archive" in words(app)
    assert list_imported() == []


def test_a_removed_model_is_brought_back(own_run, imported, open_page):
    app = open_page("models", model=imported.id)
    app.button(key="remove model").click().run()
    assert list_imported() == []
    assert "is removed" in spoken(app)
    button(app, "Undo").click().run()
    assert list_imported() == [imported]
    assert app.query_params["model"] == imported.id
    app.button(key="remove model").click().run()
    other = open_page("models")
    button(other, "Restore").click().run()
    assert list_imported() == [imported]


def test_two_models_on_one_table(own_run, imported, open_page):
    app = open_page("models", show="Compare two", first=own_run.id, second=imported.id)
    assert "Upload a table" in words(app)
    button(app, "Use the textbook table (155 polymers)").click().run()
    assert not app.exception
    rows = app.dataframe[0].value
    assert rows["Property"].tolist() == ["Tg (°C)", "Density (g/cm³)"]
    assert rows["MAE of A"].tolist() == rows["MAE of B"].tolist()
    assert set(rows["Better"]) == {"no telling difference"}
    few = rows["Labels"].sum()
    app.segmented_control(key="labels").set_value("All labels").run()
    assert app.dataframe[0].value["Labels"].sum() > few
    assert "such errors flatter it" in words(app)


def test_a_table_that_both_models_have_learned(own_run, imported, open_page):
    app = open_page("models", show="Compare two")
    learned = b"".join(TEXTBOOK.read_bytes().splitlines(keepends=True)[:40])
    app.file_uploader[0].upload("learned.csv", learned, "text/csv").run()
    assert "There is no label to compare by" in words(app)


def test_one_model_cannot_be_compared(own_run, open_page):
    assert "fewer than two models" in words(open_page("models", show="Compare two"))


def test_errors_keeps_its_run_on_the_way_to_predict(own_run, imported, open_page):
    promote(imported.bundle)
    app = open_page("errors", run=own_run.id, section="Explore")
    links = [each.proto for each in app.get("page_link")]
    (first, *_) = [each for each in links if each.label == "Open in Predict"]
    assert f"model={own_run.id}" in first.query_string
    assert open_page("predict", model=own_run.id).selectbox[0].value == own_run.id


def test_a_link_to_the_shipped_model_leads_to_it(own_run, open_page, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "SHIPPED", copied(own_run.bundle, tmp_path / "shipped"))
    app = open_page("predict", model="shipped")
    assert app.selectbox[0].value == "default"
    assert "There is no finished model" not in words(app)
    redescribe(bundle.SHIPPED, {"name": "another"})
    promote(own_run.bundle)
    app = open_page("predict", model="shipped")
    assert app.selectbox[0].value == "shipped"
    assert "By the model “another”" in words(app)


def test_a_link_to_no_model_says_so_until_another_is_chosen(own_run, imported, open_page):
    app = open_page("predict", model="nope")
    assert "There is no finished model 'nope'" in words(app)
    # The page has mended its address, and the editor's first answer runs it again.
    assert "model" not in app.query_params
    assert "There is no finished model 'nope'" in words(app.run())
    (other,) = {own_run.id, imported.id} - {app.selectbox[0].value}
    app.selectbox[0].set_value(other).run()
    assert "There is no finished model" not in words(app)


@pytest.mark.usefixtures("no_supervisor")
def test_submission_proposes_the_run_last_finished(own_run, imported, open_page):
    promote(imported.bundle)
    app = open_page("submission")
    assert app.selectbox[0].value == own_run.id
    # What was chosen elsewhere is kept.
    app = open_page("predict")
    assert app.selectbox[0].value == "default"
    app.switch_page("pages/submission.py").run()
    assert app.selectbox[0].value == own_run.id
    app.switch_page("pages/predict.py").run()
    app.selectbox[0].set_value(imported.id).run()
    app.switch_page("pages/submission.py").run()
    assert app.selectbox[0].value == imported.id


@pytest.mark.usefixtures("no_supervisor", "empty_workspace")
def test_runs_that_are_not_done_have_no_model(open_page):
    run = finished()
    made("stopped")
    app = open_page("models", model="nobody")
    assert app.dataframe[0].value["Name"].tolist() == [run.name]
    assert "There is no model" in words(app)
