"""The project's documents as the Help page shows them, and what its glossary says of a word."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from engine.base.workspace import ASSETS, DOCS

DOCUMENTS = {
    "glossary": ("Glossary", DOCS / "glossary.md"),
    "tutorial": ("Tutorial", DOCS / "tutorial.md"),
    "how-to": ("How to …", DOCS / "how-to.md"),
    "presets": ("Presets", DOCS / "presets.md"),
    "intervals": ("Intervals and the domain", DOCS / "intervals.md"),
    "models": ("The models, and why these", DOCS / "theory-models.md"),
    "uncertainty": ("How sure an answer is", DOCS / "theory-uncertainty.md"),
    "sources": ("Several tables", DOCS / "sources.md"),
    "compositions": ("Copolymers and mixtures", DOCS / "compositions.md"),
    "accuracy": ("Accuracy", DOCS / "accuracy.md"),
    "speed": ("Speed, devices, memory", DOCS / "speed.md"),
    "reliability": ("Reliability", DOCS / "reliability.md"),
    "model": ("The shipped model", ASSETS / "model" / "README.md"),
    "encoder": ("The pretrained encoder", ASSETS / "encoder" / "README.md"),
    "textbook": ("The textbook table", ASSETS / "textbook.md"),
    "names": ("The list of names", ASSETS / "polymer_names.md"),
    "server": ("On a server", DOCS / "server.md"),
    "scale": ("On a Slurm cluster", DOCS / "scale.md"),
    "kaggle": ("On Kaggle", DOCS / "kaggle.md"),
    "security": ("Security", DOCS / "security.md"),
    "architecture": ("How it is built", DOCS / "architecture.md"),
    "experiments": ("Experiments", DOCS / "experiments.md"),
}
"""Titles and files of the documents, by what the address calls them; those for developers last."""

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
_PICTURE = re.compile(r"^!\[([^\]]*)\]\(([^)\s]+)\)$", re.MULTILINE)
_CODE = re.compile(r"(```.*?```|`[^`]*`)", re.DOTALL)
_HEADING = re.compile(r"^(#{1,5} )", re.MULTILINE)
_TERM = re.compile(r"^- \*\*(.+?)\*\*: (.+(?:\n  .+)*)", re.MULTILINE)


class Picture(NamedTuple):
    """A picture of a document.

    Attributes:
        path: of its file.
        words: what it shows.
    """

    path: Path
    words: str


def document(key: str) -> Iterator[str | Picture]:
    """A document in its parts: Markdown, and the pictures between.

    Links to other documents lead to them on the Help page, those to the web stay, and of those to
    other files the words do. Headings are one level lower, under the page's own.

    Args:
        key: of `DOCUMENTS`.
    """
    path = DOCUMENTS[key][1]
    # Text and pictures in turns: the words and the file of each picture lie between two texts.
    parts = _PICTURE.split(path.read_text(encoding="utf-8"))
    for text, words, name in zip(parts[::3], [*parts[1::3], ""], [*parts[2::3], ""], strict=True):
        yield _for_the_page(text, path.parent)
        if name:
            yield Picture(path.parent / name, words)


def _for_the_page(text: str, folder: Path) -> str:
    """Markdown whose links and headings fit the page; what is written as code stays as it is."""
    parts = _CODE.split(text)
    parts[::2] = [
        _HEADING.sub(r"#\1", _LINK.sub(lambda link: _led(link, folder), part))
        for part in parts[::2]
    ]
    return "".join(parts)


def _led(link: re.Match[str], folder: Path) -> str:
    """A link to where the page can lead; else its words."""
    words, target = link[1], link[2]
    if target.startswith("https://"):
        return link[0]
    file = (folder / target.partition("#")[0]).resolve()
    key = next((key for key, (_, path) in DOCUMENTS.items() if path.resolve() == file), None)
    # Streamlit opens Markdown's links in another tab.
    return f'<a href="?doc={key}" target="_self">{words}</a>' if key else words


def explained(term: str) -> str:
    """What the glossary says of a word, for the hint beside it.

    Raises:
        KeyError: when it says nothing.
    """
    return _glossary()[term]


@functools.cache
def _glossary() -> dict[str, str]:
    text = DOCUMENTS["glossary"][1].read_text(encoding="utf-8")
    return {term: " ".join(words.split()) for term, words in _TERM.findall(text)}
