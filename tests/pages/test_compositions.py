"""Compositions on the pages beside Predict and Train."""

from collections.abc import Callable

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from engine.candidates import lists
from engine.candidates.intake import of_lines
from engine.inference import bundle
from engine.runs import Run
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
    assert "1 row could not be predicted" in words(app)
    shown = app.dataframe[-1].value
    assert shown["smiles_B"].tolist() == [METHACRYLATE] * 2


def test_a_model_of_compositions_says_so(fox_run: Run, open_page: Callable[..., AppTest]) -> None:
    app = open_page("models", model=fox_run.id)
    assert not app.exception
    assert "It learned compositions of up to 2 repeat units, and homopolymers" in words(app)
