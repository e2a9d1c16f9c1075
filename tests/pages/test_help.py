"""The documents in the app: each is shown, its links lead somewhere, and its glossary explains."""

import re

import pytest

from engine.base.workspace import ASSETS, DOCS
from pages.parts.documents import DOCUMENTS, Picture, document, explained

CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


def texts(key: str) -> str:
    """A document's words, without what is written as code."""
    parts = [part for part in document(key) if isinstance(part, str)]
    return CODE.sub("", "\n".join(parts))


@pytest.mark.parametrize("key", DOCUMENTS)
def test_each_link_and_picture_of_a_document_leads_somewhere(key: str) -> None:
    text = texts(key)
    assert re.search(r"^## \S", text, re.MULTILINE)
    assert not re.search(r"\]\((?!https://)", text)
    assert {*re.findall(r'href="\?doc=(\w+)"', text)} <= DOCUMENTS.keys()
    for part in document(key):
        if isinstance(part, Picture):
            assert part.path.is_file()
            assert part.words


def test_every_document_of_the_project_is_shown() -> None:
    shown = {path for _, path in DOCUMENTS.values()}
    # They hold nothing but links, and what is read from docstrings.
    of_the_site = {DOCS / "index.md", DOCS / "reference.md"}
    assert shown >= {*DOCS.glob("*.md"), *ASSETS.glob("*.md")} - of_the_site


def test_the_address_chooses_the_document(open_page) -> None:
    app = open_page("help", doc="sources")
    assert not app.exception
    assert app.button_group[0].value == "sources"
    assert any("## Several tables" in one.value for one in app.markdown)
    app.button_group[0].set_value("presets").run()
    assert app.query_params["doc"] == "presets"
    assert any("## Presets" in one.value for one in app.markdown)


@pytest.mark.parametrize("doc", ["", "../README", "/etc/passwd", "README", "security.md"])
def test_what_is_no_document_shows_the_glossary(open_page, doc: str) -> None:
    app = open_page("help", doc=doc)
    assert not app.exception
    assert app.button_group[0].value == "glossary"


def test_the_glossary_is_in_order_and_explains_in_sentences() -> None:
    terms = re.findall(r"^- \*\*(.+?)\*\*", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    assert terms == sorted(terms, key=str.casefold)
    for term in terms:
        assert explained(term).endswith(".")
        assert "\n" not in explained(term)
    with pytest.raises(KeyError):
        explained("no such word")
