"""Compositions on the pages beside Predict and Train."""

import shutil
from collections.abc import Callable

import pandas as pd
import pytest
import yaml
from streamlit.testing.v1 import AppTest

from engine.candidates import lists
from engine.candidates.intake import of_lines
from engine.inference import bundle
from engine.runs import Run, store
from tests.copolymers import METHACRYLATE, STYRENE, TWO, WRONG
from tests.pages.conftest import button, spoken, words


@pytest.fixture
def fox_run(copolymers: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The run, in a workspace without a shipped model."""
    monkeypatch.setattr(bundle, "SHIPPED", copolymers.folder / "nothing-shipped")
    return copolymers


def test_candidates(fox_run: Run, open_page: Callable[..., AppTest]) -> None:
    made = lists.create_list("Of compositions")
    made.add(of_lines(f"{TWO} my own\n{STYRENE}\n{TWO}|0.4"))
    app = open_page("candidates", list=made.id, model=fox_run.id)
    assert not app.exception
    table = app.dataframe[0].value
    assert table["structure"].notna().tolist() == [True, True, False]
    assert table["name"][0] == "Poly(methyl methacrylate) 0.75, Polystyrene 0.25 · my own"
    assert table["Tg"].notna().tolist() == [True, True, False]
    assert "3 fractions for 2 repeat units" in table["remark"][2]
    app.selectbox(key="candidates file form").set_value("SDF, structures with all columns").run()
    assert "1 of 3 is a composition, which an SDF cannot hold" in words(app)
    button(app, "Make the file").click().run()
    assert not app.exception


def test_an_sdf_of_compositions_alone_is_refused(
    fox_run: Run, open_page: Callable[..., AppTest]
) -> None:
    made = lists.create_list("Compositions alone")
    made.add(of_lines(TWO))
    app = open_page("candidates", list=made.id, model=fox_run.id)
    app.selectbox(key="candidates file form").set_value("SDF, structures with all columns").run()
    assert not app.exception
    assert "An SDF of these candidates would be empty" in words(app)
    assert not [each for each in app.button if each.label == "Make the file"]


def test_a_file_of_which_nothing_is_predicted_is_no_success(
    fox_run: Run, open_page: Callable[..., AppTest]
) -> None:
    app = open_page("submission", model=fox_run.id)
    csv = f"SMILES\n{STYRENE}|{METHACRYLATE}|0.5|0.9\n"
    app.file_uploader[0].upload("mine.csv", csv.encode(), "text/csv").run()
    button(app, "Predict the table").click().run()
    assert not app.exception
    assert not app.success
    assert "none of them predicted" in app.error[0].value


def test_a_run_and_its_clone_have_the_same_columns(
    fox_run: Run, open_page: Callable[..., AppTest]
) -> None:
    config = fox_run.folder / "config.yaml"
    clone = fox_run.folder.parent / "20260101-000000-clone-abcd"
    shutil.copytree(fox_run.folder, clone)
    settings = yaml.safe_load(config.read_text())
    columns = {"smiles": "composition", "id": "batch", "properties": ["Tg"]}
    settings["columns"] = columns
    (clone / "config.yaml").write_text(yaml.safe_dump(settings))
    store.insert(fox_run.model_copy(update={"id": clone.name, "name": "fox (copy)"}))
    app = open_page("compare", runs=f"{fox_run.id},{clone.name}")
    assert not app.exception
    assert "None: these runs were asked to do the same." in words(app)


def test_errors_are_told_apart_and_drawn(fox_run: Run, open_page: Callable[..., AppTest]) -> None:
    app = open_page("errors", run=fox_run.id, section="Explore")
    assert not app.exception
    said = spoken(app)
    assert f"row {WRONG}" in said
    assert "methacrylic" in said
    app.pills(key="units").set_value([1]).run()
    assert not app.exception
    assert "6 of 66 labels: 1 repeat unit" in spoken(app)
    app.segmented_control(key="section").set_value("Label doctor").run()
    assert not app.exception
    first = next(each.value for each in app.markdown if "row" in each.value)
    assert f"row {WRONG}" in first
    assert any("The most similar polymers have" in each.value for each in app.markdown)


def test_a_file_is_predicted(fox_run: Run, open_page: Callable[..., AppTest]) -> None:
    app = open_page("submission", model=fox_run.id)
    rows = [("a", STYRENE, METHACRYLATE, 0.25, "x"), ("b", STYRENE, METHACRYLATE, 7, "y")]
    frame = pd.DataFrame(rows, columns=["id", "smiles_A", "smiles_B", "frac_A", "note"])
    app.file_uploader[0].upload("mine.csv", frame.to_csv(index=False).encode(), "text/csv").run()
    button(app, "Predict the table").click().run()
    assert not app.exception
    columns = "Columns: id, smiles_A, smiles_B, frac_A, note, Tg, warning, problem."
    assert columns in app.success[0].value.replace("\\", "")
    assert "2 rows** from mine.csv, 1 of them predicted" in app.success[0].value
    assert "1 row could not be predicted" in words(app)
    shown = app.dataframe[-1].value
    assert shown["smiles_B"].tolist() == [METHACRYLATE] * 2


def test_a_model_of_compositions_says_so(fox_run: Run, open_page: Callable[..., AppTest]) -> None:
    app = open_page("models", model=fox_run.id)
    assert not app.exception
    assert "It learned compositions of up to 2 repeat units, and homopolymers" in words(app)
