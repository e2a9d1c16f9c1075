"""Pictures of compositions, and compositions in words."""

import re
from xml.etree import ElementTree

import pytest

from engine.chem.composition import read
from engine.chem.description import described
from engine.chem.draw import drawing, molblock, png, svg
from engine.chem.panels import panels_of, percent_words
from engine.chem.smiles import BadSmilesError

STYRENE, METHACRYLATE = "*CC(*)c1ccccc1", "*CC(*)(C)C(=O)OC"
TWO = f"{STYRENE}|{METHACRYLATE}|0.25|0.75|random"
SIX = f"{STYRENE}|{METHACRYLATE}|*CC*|*c1ccc(*)cc1|*CC(*)C|*CO*|3|1|1|1|1|1|block"


@pytest.mark.parametrize("dark", [False, True])
def test_units_stand_side_by_side_on_a_transparent_ground(dark: bool) -> None:
    drawn = drawing(TWO, 360, 240, dark)
    root = ElementTree.fromstring(drawn.svg)
    assert (root.get("width"), root.get("height")) == ("360px", "240px")
    assert "<rect" not in drawn.svg
    # Of the methacrylate, which comes first in order, then of styrene.
    first, second = drawn.points[:9], drawn.points[9:]
    assert len(second) == 10
    assert max(x for x, _ in first) < 180 < min(x for x, _ in second)


def test_fractions_and_the_architecture_are_written_as_glyphs() -> None:
    plain = svg(TWO.removesuffix("|random"), 360, 240)
    assert svg(TWO, 360, 240).count("<path") > plain.count("<path")
    assert plain != svg(TWO.replace("0.25|0.75|random", "0.35|0.65"), 360, 240)


def test_colours_are_those_of_the_atoms_counted_on() -> None:
    red = (1.0, 0.0, 0.0)
    marked = drawing(TWO, 360, 240, colours=((9, red),))
    ellipse = re.search(r"<ellipse cx='([\d.]+)'", marked.svg)
    assert ellipse
    assert float(ellipse[1]) == pytest.approx(marked.points[9][0], abs=1)


@pytest.mark.parametrize(("width", "height"), [(40, 40), (120, 80), (2000, 40), (40, 2000)])
def test_six_units_find_place_in_any_picture(width: int, height: int) -> None:
    panels = panels_of(read(SIX), width, height)
    assert len({(panel.left, panel.top) for panel in panels}) == 6
    assert svg(SIX, width, height).startswith("<?xml")
    assert png(SIX, width, height).startswith(b"\x89PNG")


def test_a_composition_of_one_unit_is_drawn_as_that_unit() -> None:
    assert svg(f"{STYRENE}|{STYRENE}|0.5|0.5|random") == svg(STYRENE)


def test_a_composition_has_no_molfile() -> None:
    with pytest.raises(BadSmilesError, match="one structure"):
        molblock(TWO)


@pytest.mark.parametrize("text", [f"{STYRENE}|C(C|0.5|0.5", "|" * 10_000, f"{STYRENE}|0.5|0.5"])
def test_what_is_no_composition_is_refused(text: str) -> None:
    for refused in (svg, png, described):
        with pytest.raises(BadSmilesError):
            refused(text)


def test_a_composition_in_words() -> None:
    assert described(TWO) == (
        "Random copolymer of 2 repeat units. 75 mol%: Repeat unit of Poly(methyl "
        "methacrylate): C5H8O2, 2 attachment points, with 1 methyl ester group and 1 methyl group. "
        f"25 mol%: {described(STYRENE)}"
    )


@pytest.mark.parametrize(
    ("fraction", "words"),
    [(0.25, "25 mol%"), (1 / 3, "33.3 mol%"), (0.99999, "99.999 mol%"), (0.000001, "0.0001 mol%")],
)
def test_no_share_of_several_units_is_written_as_all(fraction: float, words: str) -> None:
    assert percent_words(fraction) == words
