"""Drawings of repeat units: pictures for pages, and molfiles for the molecule editor."""

import re
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdCoordGen, rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D
from rdkit.Geometry import Point2D

from ..base.limited import LimitedProcess, LimitError
from .composition import Composition, is_composition, read
from .panels import LINE, Panel, panels_of
from .smiles import (
    MAX_ATOMS,
    MAX_FUSED_RINGS,
    BadSmilesError,
    bonds_of,
    canonical,
    fused_rings,
    parse,
)

MAX_PIXELS = 2000
"""Largest width and height of a picture, in pixels."""

MAX_MOLBLOCK = 200_000
"""Longest molfile that is read, in characters; an atom has 70 and a bond 22."""

_PLAIN_ATOMS, _PLAIN_RINGS = 170, 30
"""A molecule with no more of both is drawn in this process; the largest units of the competition
have 166 and 18. What RDKit needs for others grows fast, and not in a way that can be foretold."""

# A bond's usual length in a laid-out molecule, and one that is not drawn as others.
_BOND, _TOO_SHORT = 1.5, 0.1

_FONT = 15  # of what is written below units, in pixels

_DARK = {0: (0.62, 0.66, 0.72), 1: (0.85, 0.87, 0.90), 6: (0.90, 0.92, 0.94)}
"""Light grey for what RDKit's dark palette draws too dim; by atomic number, RGB 0 to 1."""

# RDKit's type stubs do not allow for plain assignment to these options.
_OPTIONS = {
    "padding": 0.06,
    "bondLineWidth": 1.6,
    # A small molecule blown up to the whole picture would look like another kind of drawing.
    "fixedBondLength": 34,
    "legendFontSize": _FONT,
}
T = TypeVar("T")

_ATTACHMENT = re.compile(r"(?m)^((?:[ \d.-]{10}){3}) R#?( +)")


Colour = tuple[float, float, float]
"""RGB, 0 to 1."""

Colours = tuple[tuple[int, Colour], ...]
"""Atoms by their numbers, and the colour behind each."""


class Drawing(NamedTuple):
    """A drawn repeat unit, or composition.

    Attributes:
        svg: the picture.
        points: where its atoms lie, in pixels from the left and from the top; those of a
            composition's units one after the other.
    """

    svg: str
    points: list[tuple[float, float]]


def behind(colour: Colour, share: float, dark: bool) -> Colour:
    """A colour to stand behind atoms, mixed with the ground that it lies on.

    Args:
        colour: RGB 0 to 1.
        share: of the colour, 0 to 1.
        dark: whether it is shown on a dark ground.
    """
    ground = 0.1 if dark else 1.0
    red, green, blue = (ground + share * (value - ground) for value in colour)
    return red, green, blue


def svg(
    smiles: str,
    width: int = 320,
    height: int = 240,
    dark: bool = False,
    colours: Colours = (),
) -> str:
    """Draw a repeat unit as SVG text; see `drawing`."""
    return drawing(smiles, width, height, dark, colours).svg


def drawing(
    smiles: str,
    width: int = 320,
    height: int = 240,
    dark: bool = False,
    colours: Colours = (),
) -> Drawing:
    """Draw a repeat unit as SVG on a transparent ground, with a wavy mark at each `*`.

    The units of a composition stand side by side, each above its share of the moles.

    Args:
        smiles: the repeat unit, or the text of a composition.
        width: in pixels, 40 to `MAX_PIXELS`; other values are brought into that range.
        height: as the width.
        dark: whether it is shown on a dark ground.
        colours: behind some atoms; those of a composition's units are counted on.

    Raises:
        BadSmilesError: when the SMILES cannot be read, or RDKit cannot draw it within its limits.
    """
    return Drawing(*_within_limits(_drawn, smiles, _size(width), _size(height), dark, colours))


def png(smiles: str, width: int = 320, height: int = 240) -> bytes:
    """The same on a white ground, as the bytes of a PNG file.

    Args:
        smiles, width, height: see `svg`.

    Raises:
        BadSmilesError: as `svg` does.
    """
    return _within_limits(_png, smiles, _size(width), _size(height))


def _png(smiles: str, width: int, height: int) -> bytes:
    composition = read(smiles)
    panels = panels_of(composition, width, height)
    drawer = rdMolDraw2D.MolDraw2DCairo(width, height, panels[0].width, panels[0].height)
    _draw(drawer, composition, panels, clear=True)
    return drawer.GetDrawingText()


def _drawn(
    smiles: str, width: int, height: int, dark: bool, colours: Colours
) -> tuple[str, list[tuple[float, float]]]:
    composition = read(smiles)
    panels = panels_of(composition, width, height)
    drawer = rdMolDraw2D.MolDraw2DSVG(width, height, panels[0].width, panels[0].height)
    points = _draw(drawer, composition, panels, dark, colours)
    return drawer.GetDrawingText(), points


def _draw(
    drawer: rdMolDraw2D.MolDraw2D,
    composition: Composition,
    panels: list[Panel],
    dark: bool = False,
    colours: Colours = (),
    clear: bool = False,
) -> list[tuple[float, float]]:
    """Draw repeat units, on a white ground where that is asked for; returns where atoms lie."""
    options = drawer.drawOptions()
    if dark:
        rdMolDraw2D.SetDarkMode(drawer)
        options.updateAtomPalette(_DARK)
        options.setAnnotationColour(_DARK[6])
        options.setLegendColour(_DARK[6])
    points: list[tuple[float, float]] = []
    for number, panel in enumerate(panels):
        mol = _laid_out(parse(panel.unit))
        # RDKit's waves grow without end as the bond that they mark gets shorter: 12 GB were seen.
        waves = _shortest_bond(mol) > _TOO_SHORT
        own = {
            "dummiesAreAttachments": waves,
            "clearBackground": clear and not number,
            "legendFraction": min(LINE / panel.height, 0.5),
        }
        for name, value in {**_OPTIONS, **own}.items():
            setattr(options, name, value)
        first = len(points)
        within = range(first, first + mol.GetNumAtoms())
        marked = {atom - first: colour for atom, colour in colours if atom in within}
        drawer.SetOffset(panel.left, panel.top)
        rdMolDraw2D.PrepareAndDrawMolecule(
            drawer,
            mol,
            legend=panel.legend,
            highlightAtoms=[*marked],
            highlightAtomColors=marked,
            kekulize=True,
        )
        places = map(drawer.GetDrawCoords, range(mol.GetNumAtoms()))
        points += [(place.x, place.y) for place in places]
    if composition.architecture:
        drawer.SetOffset(0, 0)
        drawer.SetColour(_DARK[6] if dark else (0.0, 0.0, 0.0))
        drawer.SetFontSize(_FONT)
        middle = Point2D(drawer.Width() / 2, drawer.Height() - LINE / 2)
        drawer.DrawString(composition.architecture, middle, rawCoords=True)
    drawer.FinishDrawing()
    return points


def molblock(smiles: str) -> str:
    """A V2000 molfile with 2D coordinates, kekulised, its attachment points written `*`.

    Raises:
        BadSmilesError: when the SMILES cannot be read, or RDKit cannot lay it out within its
            limits; a composition has no molfile.
    """
    if is_composition(smiles):
        raise BadSmilesError("a molfile holds one structure, and no fractions of several")
    return _within_limits(_molblock, smiles)


def _molblock(smiles: str) -> str:
    mol = _laid_out(parse(smiles))
    _mark_open_stereo(mol)
    # RDKit writes an attachment point `R`, which the editor takes for a substituent's name.
    try:
        block = Chem.MolToMolBlock(mol)
    except Chem.MolSanitizeException:
        # RDKit's search for single and double bonds gives up in large systems of aromatic rings.
        block = Chem.MolToMolBlock(mol, kekulize=False)
    return _ATTACHMENT.sub(lambda match: f"{match[1]} *{match[2]}".ljust(len(match[0])), block)


def from_molblock(block: str) -> str:
    """The canonical SMILES of a molfile (V2000 or V3000); `R` and `R1` count as `*`.

    A structure that breaks the rules of valence is written all the same: parsing that SMILES tells
    what is wrong with it. A molfile that is empty, or cannot be read, gives an empty text.
    """
    if len(block) > MAX_MOLBLOCK:
        return ""
    # A damaged block can make the parser raise nearly anything, and all of it means the same.
    try:
        raw = Chem.MolFromMolBlock(block, sanitize=False)
        if not raw or raw.GetNumAtoms() > MAX_ATOMS or fused_rings(raw) > MAX_FUSED_RINGS:
            return ""
        mol = Chem.MolFromMolBlock(block) or Chem.MolFromMolBlock(block, sanitize=False)
        text = Chem.MolToSmiles(mol)
    except Exception:
        return ""
    if not text:
        return ""
    try:
        return canonical(text)
    except BadSmilesError:
        return text


def _within_limits(make: Callable[..., T], smiles: str, *arguments: object) -> T:
    """What `make` makes of a readable SMILES, in a process with limits where it may run away."""
    mols = [parse(unit) for unit in read(smiles).units]
    is_plain = all(
        mol.GetNumAtoms() <= _PLAIN_ATOMS and mol.GetRingInfo().NumRings() <= _PLAIN_RINGS
        for mol in mols
    )
    try:
        return make(smiles, *arguments) if is_plain else _process.run(make, smiles, *arguments)
    except BadSmilesError:
        raise
    except LimitError as error:
        raise BadSmilesError(f"it cannot be drawn: {error}") from error
    # RDKit raises nearly anything where a layout fails: an odd stereo mark is enough.
    except (RuntimeError, ValueError) as error:
        raise BadSmilesError("RDKit finds no drawing of it") from error


def _started() -> None:
    """By the time that this is called, the process has imported RDKit."""


_process = LimitedProcess(cpu_seconds=5, memory=500 * 2**20, first=_started)


def _size(pixels: int) -> int:
    return min(max(int(pixels), 40), MAX_PIXELS)


def _laid_out(mol: Chem.Mol) -> Chem.Mol:
    """A copy with 2D coordinates, its long axis lying flat, as a chain is read.

    Raises:
        BadSmilesError: when RDKit finds no coordinates.
    """
    mol = Chem.Mol(mol)
    rdDepictor.Compute2DCoords(mol, canonOrient=True)
    if _overlaps(mol):
        # RDKit's own layout of cages such as triptycene puts atoms on top of each other, where
        # neither a person nor the editor can tell stereo centres. CoordGen is slower.
        other = Chem.Mol(mol)
        rdCoordGen.AddCoords(other)
        # It gives up on large ring systems, and leaves all atoms in one place.
        if _shortest_bond(other) > _TOO_SHORT:
            mol = other
    if np.isnan(_shortest_bond(mol)):
        raise BadSmilesError("RDKit finds no drawing of it")
    rdDepictor.StraightenDepiction(mol, minimizeRotation=True)
    return mol


def _shortest_bond(mol: Chem.Mol) -> float:
    """The length of a laid-out molecule's shortest bond; NaN where a coordinate is no number."""
    points = mol.GetConformer().GetPositions()[:, :2]
    ends = np.array([(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in bonds_of(mol)])
    if not np.isfinite(points).all():
        return np.nan
    if not len(ends):
        return _BOND
    return float(np.linalg.norm(points[ends[:, 0]] - points[ends[:, 1]], axis=1).min())


def _overlaps(mol: Chem.Mol) -> bool:
    """Whether two atoms lie within 0.3 of a laid-out molecule's length unit (a bond is 1.5)."""
    points = mol.GetConformer().GetPositions()[:, :2]
    gaps = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(gaps, np.inf)
    return bool(gaps.min() < 0.3)


def _mark_open_stereo(mol: Chem.Mol) -> None:
    """Mark double bonds of unknown geometry, or their drawn geometry would be read as meant."""
    Chem.FindPotentialStereoBonds(mol, cleanIt=False)
