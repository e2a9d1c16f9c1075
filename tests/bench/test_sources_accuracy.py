"""What the documents say of sources is what the results file holds."""

import json

from bench.readme_tables import SOURCES, polymers_table
from tests.conftest import ROOT


def test_the_readme_holds_the_table_of_known_polymers() -> None:
    found = json.loads((ROOT / SOURCES).read_text(encoding="utf-8"))["random"]
    assert polymers_table(found) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_page_on_sources_holds_the_figures() -> None:
    found = json.loads((ROOT / SOURCES).read_text(encoding="utf-8"))["random"]
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    for row in found["measured"]:
        assert f"| {row['quantity']} | {row['labels']} | {row['mae']:.4g} |" in page
    for row in found["competition"]:
        assert f"| {row['quantity']} | {row['all']:.4g} | {row['best']:.4g} |" in page
