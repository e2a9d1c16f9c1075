"""What the documentation site needs beyond `mkdocs.yml`, which names this file twice.

As a hook: documents link to each other as they lie in the repository. Those that lie outside
`docs/`, and the result files that are named beside figures, get a place on the site, and links are
led there. A picture of a page is shown in the reader's theme. As an extension of griffe, which
reads docstrings: their examples are shown as code.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from posixpath import relpath
from typing import Any

import griffe
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
_ADDED = {"logo.svg": ROOT / "assets" / "logo-mark.svg", "site.css": ROOT / ".ci" / "site.css"}
_LINK = re.compile(r"\[(?P<words>[^\]]*)\]\((?P<target>[^)\s#]+)(?P<place>#[^)\s]*)?\)")
_OF_A_THEME = re.compile(r"!\[(?P<words>[^\]]*)\]\((?P<name>\S+-)light(?P<ending>\.\w+)\)")
_EXAMPLE = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files outside `docs/` that documents link to, and what those link to in turn."""
    for name, path in _ADDED.items():
        files.append(File.generated(config, name, abs_src_path=str(path)))
    named = {name for entry in config.nav for name in _pages(entry)}
    for name in sorted(named - {*files.src_uris}):
        if (ROOT / name).is_file():
            files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    waiting = [*files.documentation_pages()]
    while waiting:
        path = Path(waiting.pop().abs_src_path)
        for target in _files_linked(path):
            name = _name_on_site(target)
            if name not in files.src_uris:
                file = File.generated(config, name, abs_src_path=str(target))
                files.append(file)
                waiting += [file] if file.is_documentation_page() else []
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to where their files lie on the site; of those to folders the words stay."""
    folder = Path(page.file.abs_src_path).parent

    def led(link: re.Match[str]) -> str:
        target = (folder / link["target"]).resolve()
        if target.is_dir():
            return link["words"]
        if not target.is_file():
            return link[0]  # to the web; anything else is what a strict build complains of
        name = relpath(_name_on_site(target), page.file.src_uri.rpartition("/")[0] or ".")
        return f"[{link['words']}]({name}{link['place'] or ''})"

    pictured = _OF_A_THEME.sub(lambda found: _in_both_themes(found, folder), markdown)
    return _LINK.sub(led, pictured)


def _in_both_themes(picture: re.Match[str], folder: Path) -> str:
    """A picture that was taken in the light theme, and beside it that of the dark one."""
    words, name, ending = picture["words"], picture["name"], picture["ending"]
    if not (folder / f"{name}dark{ending}").is_file():
        return picture[0]
    return "".join(f"![{words}]({name}{theme}{ending}#only-{theme})" for theme in ("light", "dark"))


def _pages(entry: object) -> Iterator[str]:
    """The files that a part of the navigation names."""
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, dict | list):
        for part in entry.values() if isinstance(entry, dict) else entry:
            yield from _pages(part)


def _files_linked(path: Path) -> Iterator[Path]:
    """The repository's files to which a document links."""
    for link in _LINK.finditer(path.read_text(encoding="utf-8")):
        target = (path.parent / link["target"]).resolve()
        if target.is_file() and target.is_relative_to(ROOT):
            yield target


def _name_on_site(path: Path) -> str:
    return path.relative_to(DOCS if path.is_relative_to(DOCS) else ROOT).as_posix()


class ExamplesAsCode(griffe.Extension):
    """Fences the examples of docstrings, from `>>>` to the next empty line."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Change the docstring of an object that was read."""
        if obj.docstring:
            obj.docstring.value = _EXAMPLE.sub(r"```pycon\n\g<0>\n```", obj.docstring.value)
