"""The documentation site: built strictly, without a network, and with what it should hold."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import engine
from tests.conftest import ROOT

needs_mkdocs = pytest.mark.skipif(
    not all(find_spec(name) for name in ("mkdocs", "material", "mkdocstrings")),
    reason="mkdocs-material and mkdocstrings are not installed: requirements-dev.txt has them",
)
# What a browser loads by itself, not what is clicked.
LOADED = re.compile(r"<(?:script|img|iframe|source)[^>]*\bsrc=\"?(https?:)?//[^>]*>")
STYLES = re.compile(r"<link[^>]*\brel=\"?(?:stylesheet|preload|preconnect)[^>]*(https?:)?//[^>]*>")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site's folder."""
    folder = tmp_path_factory.mktemp("site")
    ended = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": ""},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return folder


@needs_mkdocs
def test_the_site_is_built_strictly_and_is_whole(site: Path) -> None:
    built = {path.stem for path in site.glob("*.html")}
    assert built >= {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert built >= {"CHANGELOG", "CONTRIBUTING", "NOTICE"}
    assert (site / "assets" / "model" / "index.html").is_file()
    assert (site / "results" / "coverage-random.json").is_file()


@needs_mkdocs
def test_home_leads_to_each_way_of_use(site: Path) -> None:
    navigation, table = (site / "index.html").read_text(encoding="utf-8").split("<article", 1)
    for name in ("tutorial", "how-to", "reference", "server", "scale", "kaggle"):
        assert re.search(rf'href="?{name}.html\b', table), name
    assert "server.html#http-service" in table
    assert "@software" in table
    assert (site / "CITATION.cff").is_file()
    # In the reader's theme.
    assert all(f"predict-{theme}.png#only-{theme}" in table for theme in ("light", "dark"))
    # Each page's navigation says so, too.
    assert "HTTP service" in navigation


@needs_mkdocs
def test_no_page_loads_anything_from_the_network(site: Path) -> None:
    pages = [*site.rglob("*.html")]
    assert len(pages) > 20
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not LOADED.search(text), page
        assert not STYLES.search(text), page
    for style in site.rglob("*.css"):
        assert "url(http" not in style.read_text(encoding="utf-8")


@needs_mkdocs
def test_the_reference_holds_what_is_public_with_its_examples(site: Path) -> None:
    text = (site / "reference.html").read_text(encoding="utf-8")
    for name in engine.__all__:
        assert f'id="engine.api.{name}"' in text
    assert "&gt;&gt;&gt;" in text
    assert "<blockquote>" not in text  # what Markdown makes of `>>>` that is not fenced


@needs_mkdocs
def test_a_link_to_what_is_not_there_fails(tmp_path: Path) -> None:
    """What strict means: nobody has to look for dead links."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Home\n[gone](gone.md)\n")
    settings = f"site_name: x\nnav: [index.md]\nhooks: [{ROOT / '.ci' / 'site.py'}]\n"
    (tmp_path / "mkdocs.yml").write_text(settings)
    ended = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "gone.md" in ended.stderr
