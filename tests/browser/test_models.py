"""The Models page in a browser: a model goes out as one file and comes back as another's."""

import pytest

from engine.base.manifest import ProvenFiles
from engine.inference.bundle import SHIPPED
from engine.runs import list_imported


@pytest.mark.slow
def test_a_model_goes_out_as_one_file_and_comes_back(app, page, tmp_path) -> None:
    page.goto(f"{app.url}/models")
    page.get_by_role("button", name="Download as one file").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save").click()
    saved.value.save_as(tmp_path / "theirs.zip")

    page.get_by_text("Take a model from a colleague").click()
    page.locator("input[type=file]").set_input_files(tmp_path / "theirs.zip")
    page.get_by_role("button", name="Check it and add it").click()
    page.get_by_text("is here now").first.wait_for()
    (model,) = list_imported()
    assert f"model={model.id}" in page.url
    assert ProvenFiles.of(model.bundle).digest == ProvenFiles.of(SHIPPED).digest

    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("Anna’s")
    page.get_by_label("Name", exact=True).press("Enter")
    page.get_by_role("heading", name="Anna’s").first.wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Predict with it").click()
    page.get_by_text("By the model “Anna’s”").first.wait_for()
    assert f"model={model.id}" in page.url
