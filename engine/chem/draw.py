"""Drawings of repeat units: pictures for pages, and molfiles for the molecule editor."""

import re

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdCoordGen, rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from .smiles import BadSmilesError, canonical, parse

MAX_PIXELS = 2000
"""Largest width and height of a picture, in pixels."""

_DARK = {0: (0.62, 0.66, 0.72), 1: (0.85, 0.87, 0.90), 6: (0.90, 0.92, 0.94)}
"""Light grey for what RDKit's dark palette draws too dim; by atomic number, RGB 0 to 1."""

# RDKit's type stubs do not allow for plain assignment to these options.
_OPTIONS = {
    "clearBackground": False,
    "dummiesAreAttachments": True,
    "padding": 0.06,
    "bondLineWidth": 1.6,
    # A small molecule blown up to the whole picture would look like another kind of drawing.
    "fixedBondLength": 34,
}
_ATTACHMENT = re.compile(r"(?m)^((?:[ \d.-]{10}){3}) R#?( +)")


def svg(smiles: str, width: int = 320, height: int = 240, dark: bool = False) -> str:
    """Draw a repeat unit as SVG text on a transparent ground, with a wavy mark at each `*`.

    Args:
        smiles: the repeat unit.
        width: in pixels, 40 to `MAX_PIXELS`; other values are brought into that range.
        height: as the width.
        dark: whether it is shown on a dark ground.

    Raises:
        BadSmilesError: when the SMILES cannot be read.
    """
    drawer = rdMolDraw2D.MolDraw2DSVG(_size(width), _size(height))
    options = drawer.drawOptions()
    if dark:
        rdMolDraw2D.SetDarkMode(drawer)
        options.updateAtomPalette(_DARK)
        options.setAnnotationColour(_DARK[6])
    for name, value in _OPTIONS.items():
        setattr(options, name, value)
    rdMolDraw2D.PrepareAndDrawMolecule(drawer, _laid_out(parse(smiles)), kekulize=True)
    drawer.FinishDrawing()
    return drawer.GetDrawingText()


def molblock(smiles: str) -> str:
    """A V2000 molfile with 2D coordinates, kekulised, its attachment points written `*`.

    Raises:
        BadSmilesError: when the SMILES cannot be read.
    """
    mol = _laid_out(parse(smiles))
    _mark_open_stereo(mol)
    # RDKit writes an attachment point `R`, which the editor takes for a substituent's name.
    return _ATTACHMENT.sub(
        lambda match: f"{match[1]} *{match[2]}".ljust(len(match[0])), Chem.MolToMolBlock(mol)
    )


def from_molblock(block: str) -> str:
    """The canonical SMILES of a molfile (V2000 or V3000); `R` and `R1` count as `*`.

    A structure that breaks the rules of valence is written all the same: parsing that SMILES tells
    what is wrong with it. An empty molfile gives an empty text.
    """
    mol = Chem.MolFromMolBlock(block) or Chem.MolFromMolBlock(block, sanitize=False)
    if mol is None or mol.GetNumAtoms() == 0:
        return ""
    text = Chem.MolToSmiles(mol)
    try:
        return canonical(text)
    except BadSmilesError:
        return text


def _size(pixels: int) -> int:
    return min(max(int(pixels), 40), MAX_PIXELS)


def _laid_out(mol: Chem.Mol) -> Chem.Mol:
    """A copy with 2D coordinates, its long axis lying flat, as a chain is read."""
    mol = Chem.Mol(mol)
    rdDepictor.Compute2DCoords(mol, canonOrient=True)
    if _overlaps(mol):
        # RDKit's own layout of cages such as triptycene puts atoms on top of each other, where
        # neither a person nor the editor can tell stereo centres. CoordGen is slower.
        rdCoordGen.AddCoords(mol)
    rdDepictor.StraightenDepiction(mol, minimizeRotation=True)
    return mol


def _overlaps(mol: Chem.Mol) -> bool:
    """Whether two atoms lie within 0.3 of a laid-out molecule's length unit (a bond is 1.5)."""
    points = mol.GetConformer().GetPositions()[:, :2]
    gaps = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(gaps, np.inf)
    return bool(gaps.min() < 0.3)


def _mark_open_stereo(mol: Chem.Mol) -> None:
    """Mark double bonds of unknown geometry, or their drawn geometry would be read as meant."""
    Chem.FindPotentialStereoBonds(mol, cleanIt=False)
