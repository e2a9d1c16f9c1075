"""No text of a user is Markdown or HTML anywhere on a page."""

import pytest

from engine.inference.bundle import read_info
from engine.inference.packing import pack
from engine.runs import delete_run, import_model, remove_imported
from engine.runs.html_report import html_report
from pages.parts.formatting import plain, plain_in_chart
from tests.hostile.conftest import copied
from tests.hostile.names import STRANGER, TAG, hostile, raw_texts, shown_texts, table_text
from tests.pages.conftest import upload

PAGES = [
    ("predict", {"model": "RUN"}),
    ("predict", {"model": hostile("model"), "smiles": hostile("smiles")}),
    ("monitor", {"run": "RUN"}),
    ("monitor", {"run": hostile("run")}),
    ("compare", {}),
    ("submission", {"model": "RUN"}),
    ("errors", {"section": "Overview"}),
    ("errors", {"section": "Explore", "run": hostile("run")}),
    ("errors", {"section": "Label doctor"}),
    ("models", {"model": "RUN"}),
    ("models", {"model": hostile("model")}),
    ("models", {"show": "Compare two", "first": "RUN", "second": hostile("second")}),
]


def is_plain(app) -> None:
    """Nothing hostile is read as more than text, and something hostile is shown."""
    assert not app.exception
    assert not (raw := raw_texts(app)), "\n".join(raw)
    assert "![i]" in shown_texts(app)


@pytest.mark.parametrize(("name", "query"), PAGES)
def test_a_page_shows_hostile_names_as_they_stand(hostile_run, open_page, name, query) -> None:
    query = {key: hostile_run.id if value == "RUN" else value for key, value in query.items()}
    is_plain(open_page(name, **query))


def test_models_from_strangers_have_hostile_names(
    hostile_run, own_home, open_page, tmp_path
) -> None:
    pack(hostile_run.bundle, tmp_path / "theirs.zip")
    with (tmp_path / "theirs.zip").open("rb") as file:
        model = import_model(file, hostile("file"), hostile("owner")).model
    is_plain(open_page("models", model=model.id))
    is_plain(open_page("submission", model=model.id))
    remove_imported(model)
    is_plain(open_page("models"))


def test_charts_show_hostile_names_as_they_stand(hostile_run, open_page) -> None:
    conditions = [each.label for each in read_info(hostile_run.bundle).conditions]
    for facet in ("Chemical class", *conditions):
        is_plain(open_page("errors", section="Explore", property=hostile("property"), by=facet))


def test_runs_in_every_state_have_hostile_names(
    hostile_run, own_home, no_supervisor, open_page
) -> None:
    delete_run(copied(hostile_run, "stopped", "trash"))
    runs = [copied(hostile_run, state) for state in ("running", "failed", "stopped", "queued")]
    runs.append(copied(hostile_run, "queued", "second"))
    for run in runs:
        is_plain(open_page("monitor", run=run.id))


def test_a_table_with_hostile_names_is_read_as_it_stands(
    empty_workspace, open_page, measured
) -> None:
    name = f"{hostile('table').replace('/', ' ')}.csv"
    content = table_text() + b"C[not,SMILES,> 5,400 K,12 to 15,x\n" + table_text().splitlines()[1]
    app = upload(open_page("train"), name, content)
    is_plain(app)
    for each in [one for one in app.button if one.label == "Edit"]:
        is_plain(each.click().run())
    further = app.file_uploader[1]
    further.upload(f"{hostile(chr(102))}.csv".replace("/", " "), table_text(20), "text/csv").run()
    is_plain(app)


def test_the_report_of_a_run_shows_hostile_names_as_they_stand(hostile_run) -> None:
    text = html_report(hostile_run)
    assert "![i]" in text
    assert TAG not in text
    assert f'"{STRANGER}' not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`[x](http://evil.example)``", r"\`\[x\](http\://evil.example)\`\`"),
        ("``--unit [x](y)`", r"\`\`--unit \[x\](y)\`"),
        ("- item", r"\- item"),
        ("-3.2", "-3.2"),
        ("2. item", r"2\. item"),
        ("0.5 MB", "0.5 MB"),
        ("a\r\n\t# b\n---", "a\n\\# b\n-\u2060--"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        (":material/star: :streamlit:", "\\:\u2060material/star\\: \\:\u2060streamlit\\:"),
        ("T -> K", "T -\u2060\\> K"),
        ("lone \ud800", "lone ?"),
    ],
)
def test_plain_leaves_nothing_to_be_read_as_markdown(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_plain_in_chart_leaves_neither_tags_nor_references() -> None:
    assert plain_in_chart("<b>%{x}</b>") == "&lt;b&gt;%&#123;x}&lt;/b&gt;"
