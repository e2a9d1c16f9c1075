"""Pictures and molfiles of repeat units."""

import re
from xml.etree import ElementTree

import pytest

from engine.chem.draw import MAX_PIXELS, from_molblock, molblock, svg
from engine.chem.smiles import BadSmilesError, canonical

ATOM_LINE = re.compile(r"^ *-?\d+\.\d{4} +-?\d+\.\d{4} +0\.0000 (.{3})")


@pytest.mark.parametrize("dark", [False, True])
def test_a_picture_is_small_valid_and_transparent(dark):
    picture = svg("*CC(*)c1ccccc1", width=300, height=200, dark=dark)
    root = ElementTree.fromstring(picture)
    assert (root.get("width"), root.get("height")) == ("300px", "200px")
    assert "<rect" not in picture
    assert len(picture) < 20_000
    assert picture != svg("*CC(*)c1ccccc1", width=300, height=200, dark=not dark)


def test_a_picture_has_a_largest_and_a_smallest_size():
    assert f"width='{MAX_PIXELS}px'" in svg("*CC*", width=10**6)
    assert "width='40px'" in svg("*CC*", width=-3)


def test_an_attachment_point_is_a_wavy_mark():
    # A wave is a path of curves; a plain bond has none.
    assert " C" in svg("*CC*") or " Q" in svg("*CC*")


def test_a_molfile_names_attachment_points_with_a_star_in_its_column():
    lines = molblock("*C[Si](C)(*)CCl.[Na+]").splitlines()
    names = [match[1] for line in lines if (match := ATOM_LINE.match(line))]
    assert names.count("*  ") == 2
    assert "Si " in names
    assert "Na " in names
    assert len({len(line) for line in lines if ATOM_LINE.match(line)}) == 1


@pytest.mark.parametrize(
    "smiles",
    [
        "*CC(*)c1ccccc1",
        "*/C=C/C=CC*",
        "*CC=CC*",
        "*C[C@@H](C(=O)OC)[C@H](F)*",
        "*CC(*)c1ccc(S(=O)(=O)[O-])cc1.[Na+]",
        "*Nc1ccc2c(c1)[C@H]1c3ccccc3[C@@H]2c2ccc(N*)cc21",
        "*C[CH]C*",
    ],
)
def test_a_molfile_says_the_same_as_its_smiles(smiles):
    assert from_molblock(molblock(smiles)) == canonical(smiles)


def test_reading_a_molfile_takes_r_groups_for_attachment_points():
    block = molblock("*CC*").replace(" *  ", " R1 ", 1).replace(" *  ", " R  ", 1)
    assert from_molblock(block) == canonical("*CC*")


def test_a_drawing_that_breaks_valence_is_still_written_down():
    block = molblock("*C(C)(C)C").replace("  1  2  1  0", "  1  2  3  0")
    text = from_molblock(block)
    with pytest.raises(BadSmilesError, match="valence"):
        canonical(text)


@pytest.mark.parametrize(
    "block", ["", "nonsense", "\n\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n"]
)
def test_an_empty_drawing_is_an_empty_text(block):
    assert from_molblock(block) == ""


def test_a_bad_smiles_is_refused():
    with pytest.raises(BadSmilesError):
        svg("*C(C")
    with pytest.raises(BadSmilesError):
        molblock("")
