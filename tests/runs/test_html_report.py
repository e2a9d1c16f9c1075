"""The report on a run: one file, no script, no network, all texts escaped."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.commands import main
from engine.runs import Run, folder
from engine.runs.html_report import html_report
from engine.runs.svg_charts import parity_svg
from engine.settings.properties import Property, property_for

HOSTILE = "<script>alert(1)</script>&\"'"


class _Reader(HTMLParser):
    """Collects a page's tags, addresses and words."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    return reader


def test_the_report_says_what_was_found(trained: Run) -> None:
    page = read(html_report(trained))
    words = " ".join(" ".join(page.words).split())
    assert "trained" in words
    assert trained.id in words
    for part in ("Tg (°C)", "Density (g/cm³)", "LightGBM", "Chemical class", "Largest errors"):
        assert part in words
    mae = trained.figures["blend"]["mae"]["Tg"]
    assert f"mean absolute error of the blend {mae:.1f} °C" in words
    # Two parity plots, and twelve drawings of each property.
    assert page.tags.count("svg") == 2 + 2 * 12


def test_the_report_needs_neither_scripts_nor_a_network(trained: Run) -> None:
    text = html_report(trained)
    page = read(text)
    assert not page.addresses
    assert not {"script", "link", "iframe", "img"} & {*page.tags}
    assert "url(" not in text
    assert "@import" not in text
    names = {*re.findall(r"https?://[^\s\"'<]+", text)}
    # The names of XML's vocabularies, which nobody fetches.
    assert {name.split("/")[2] for name in names} <= {"www.w3.org", "www.rdkit.org"}


def test_texts_of_a_table_are_escaped(trained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    read_table = folder.read_out_of_fold
    monkeypatch.setattr(
        "engine.runs.html_report.read_out_of_fold", lambda run: read_table(run).assign(id=HOSTILE)
    )
    hostile = trained.model_copy(update={"name": HOSTILE})
    text = html_report(hostile)
    page = read(text)
    assert "script" not in page.tags
    assert "<script" not in text
    assert HOSTILE in "".join(page.words)


def test_a_run_that_has_not_finished_gets_a_sentence(trained: Run) -> None:
    with pytest.raises(UserError, match="has not finished: its state is “stopped”"):
        html_report(trained.model_copy(update={"state": "stopped"}))


def test_the_command_writes_it(trained: Run, tmp_path: Path, capsys) -> None:
    path = tmp_path / "report.html"
    assert main(["report", "trained", "-o", str(path)]) == 0
    assert str(path) in capsys.readouterr().out
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_command_says_what_is_wrong(trained: Run, tmp_path: Path, capsys) -> None:
    assert main(["report", "nobody", "-o", str(tmp_path / "report.html")]) == 1
    assert "nobody" in capsys.readouterr().err
    assert main(["report", "trained", "-o", str(tmp_path / "missing" / "report.html")]) == 1
    assert "cannot be" in capsys.readouterr().err


def test_a_parity_plot_has_a_point_for_each_label() -> None:
    text = parity_svg(
        np.array([0.0, 50.0, 100.0]), np.array([10.0, 40.0, 90.0]), property_for("Tg")
    )
    assert text.count("h0") == 3
    assert "Tg (°C)" in text
    assert ">50<" in text or ">100<" in text


def test_a_parity_plot_over_decades_has_round_decades() -> None:
    property_ = Property(name="P", title="P", unit="barrer", scale="log10")
    values = pd.Series([1e-3, 1.0, 1e3])
    text = parity_svg(values, values, property_)
    assert ">1<" in text


def test_one_label_makes_a_plot_too() -> None:
    assert "h0" in parity_svg(np.array([5.0]), np.array([5.0]), property_for("Tg"))
