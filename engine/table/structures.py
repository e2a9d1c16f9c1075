"""Files of structures: SDF and MOL files, and lists of SMILES."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from rdkit import Chem

from ..base.errors import UserError
from ..chem.composition import is_composition
from ..chem.smiles import (
    MAX_ATOMS,
    MAX_FUSED_RINGS,
    BadSmilesError,
    canonical,
    fused_rings,
    parse,
)
from .cells import LONGEST_CELL

Rows = Iterator[tuple[int, list[Any]]]
"""Each row's number and its cells; the first is the header."""

_MOL_BLOCK = re.compile(r"^.{0,40}V[23]000\s*$", re.MULTILINE)
_FIELD = re.compile(r">[^<]*<(?P<name>[^<>]+)>")
_UNREADABLE = "unreadable"
"""Stands for a structure that cannot be read, and cannot be read either."""

_LONG = 2_000
"""Characters below which a structure has no more rings than are read."""

MOST_FIELDS = 500

_AT_BARS = re.compile(r"\s*\|\s*")

_LONGEST_BLOCK = 500_000
_MOST_ATOMS = 4 * MAX_ATOMS
"""With the hydrogens."""


def is_mol_file(text: str) -> bool:
    """Whether a text is an SDF or MOL file, V2000 or V3000."""
    return "M  END" in text[:1_000_000] and bool(_MOL_BLOCK.search(text[:10_000]))


def is_smiles_list(text: str, name: str) -> bool:
    """Whether a text is a list of SMILES without a header, such as an `.smi` file.

    Compositions, such as `*CC*|*CO*|0.5|0.5`, may stand in it too.
    """
    if name.lower().endswith((".smi", ".smiles")):
        return True
    first = text.lstrip().split(maxsplit=1)
    line = text.strip().partition("\n")[0]
    if not first or "*" not in first[0] or re.search(r"[,;\t]", line):
        return False
    if "|" in line and not is_composition(first[0]):
        return False
    try:
        canonical(first[0]) if is_composition(first[0]) else parse(first[0])
    except BadSmilesError:
        return False
    return True


def smiles_rows(lines: Iterator[str]) -> Rows:
    """The rows of a list of SMILES: on each line one, and its name behind a blank."""
    yield 0, ["SMILES", "name"]
    for number, line in enumerate(lines, start=1):
        words = _without_blanks_at_bars(line).split(maxsplit=1)
        if not words or words[0].startswith("#") or words[0].lower() in ("smiles", "psmiles"):
            continue
        yield number, [words[0], words[1].strip() if len(words) > 1 else None]


def _without_blanks_at_bars(line: str) -> str:
    """A line whose composition is one word; all others, with a CXSMILES say, as they are."""
    if "|" not in line:
        return line
    joined = _AT_BARS.sub("|", line)
    first = joined.split(maxsplit=1)
    return joined if first and "*" in line.split("|")[1] and is_composition(first[0]) else line


def mol_rows(lines: Callable[[], Iterator[str]], name: str) -> Rows:
    """The rows of an SDF or MOL file: each structure as SMILES, its name, and its fields.

    Attachment points are `*`, `R#` and the ends of a structural repeating unit (SRU) in brackets.

    Args:
        lines: begins to read the file's lines; it is read twice, since the fields of all records
            come first.
        name: of the file, for messages.

    Raises:
        UserError: when it has too many fields.
    """
    names = list(_field_names(lines(), name))
    smiles_name = "SMILES" if "SMILES" not in names else "structure SMILES"
    yield 1, [smiles_name, "name", *names]
    for number, record in enumerate(_records(lines()), start=2):
        values = record.fields
        cells = [values.get(each) for each in names]
        yield number, [_smiles(record.block), record.title, *cells]


def _field_names(lines: Iterator[str], name: str) -> dict[str, None]:
    """The names of all fields, in order of first mention."""
    names: dict[str, None] = {}
    for record in _records(lines):
        names.update(dict.fromkeys(record.fields))
        if len(names) > MOST_FIELDS:
            raise UserError(f"{name} has more than {MOST_FIELDS} fields; leave some out.")
    return names


class _Record:
    """One structure of a file, put together line by line.

    Attributes:
        fields: their values by their names; long values are cut.
    """

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self._block: list[str] = []
        self._length = 0
        self._ended = False
        self._field = ""

    def add(self, line: str) -> None:
        """Take the next line."""
        if not self._ended:
            self._length += len(line)
            # What is longer is no repeat unit, and the beginning of it cannot be read.
            if self._length <= _LONGEST_BLOCK:
                self._block.append(line)
            self._ended = line.startswith("M  END")
        elif line.startswith(">"):
            match = _FIELD.match(line[:LONGEST_CELL])
            self._field = match["name"].strip() if match else ""
            if self._field:
                self.fields[self._field] = ""
        elif not line.strip():
            self._field = ""
        elif self._field:
            value = self.fields[self._field]
            if len(value) <= LONGEST_CELL:
                more = " ".join(line[: 2 * LONGEST_CELL].split())
                self.fields[self._field] = f"{value} {more}".strip()

    @property
    def is_empty(self) -> bool:
        return not self._ended and not any(line.strip() for line in self._block)

    @property
    def title(self) -> str | None:
        return (self._block[0].strip() or None) if self._block else None

    @property
    def block(self) -> str | None:
        """The structure's own lines; None where there are too many."""
        return None if self._length > _LONGEST_BLOCK else "\n".join(self._block)


def _records(lines: Iterator[str]) -> Iterator[_Record]:
    """The records of a file, one in memory at a time."""
    record = _Record()
    for line in lines:
        line = line.rstrip("\r\n")
        if line.rstrip() == "$$$$":
            if not record.is_empty:
                yield record
            record = _Record()
        else:
            record.add(line)
    if not record.is_empty:
        yield record


def _smiles(block: str | None) -> str:
    if block is None:
        return _UNREADABLE
    block = block.partition("M  END")[0] + "M  END\n"
    # A record that lost its empty first lines when the file was cut.
    counts = next((i for i, line in enumerate(block.split("\n")) if _MOL_BLOCK.match(line)), 3)
    # A damaged block can make the parser raise nearly anything, and all of it means the same.
    block = "\n" * max(0, 3 - counts) + block
    try:
        mol = _parsed(block)
        return _UNREADABLE if mol is None else _written(mol)
    except Exception:
        return _UNREADABLE


def _parsed(block: str) -> Chem.Mol | None:
    """A molecule; None where it cannot be read, or is too large for a repeat unit."""
    # To look at its size first: large ones take long to put in order.
    mol = Chem.MolFromMolBlock(block, sanitize=False, removeHs=False)
    heavy = 0 if mol is None else sum(atom.GetAtomicNum() != 1 for atom in mol.GetAtoms())
    if not heavy or heavy > MAX_ATOMS or mol.GetNumAtoms() > _MOST_ATOMS:
        return None
    # RDKit could need minutes to understand it.
    if len(block) > _LONG and fused_rings(mol) > MAX_FUSED_RINGS:
        return None
    return Chem.MolFromMolBlock(block)


def _written(mol: Chem.Mol) -> str:
    if not any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        mol = _cut_from_brackets(mol) or mol
    for atom in mol.GetAtoms():
        atom.SetAtomMapNum(0)
        if atom.GetAtomicNum() == 0:
            atom.SetIsotope(0)
    return Chem.MolToSmiles(mol)


def _cut_from_brackets(mol: Chem.Mol) -> Chem.Mol | None:
    """The repeat unit within polymer brackets, with `*` where its two bonds cross them."""
    for group in Chem.GetMolSubstanceGroups(mol):
        crossing = list(group.GetBonds())
        if group.GetProp("TYPE") != "SRU" or len(crossing) != 2:
            continue
        inside = set(group.GetAtoms())
        parts = Chem.FragmentOnBonds(mol, crossing)
        for atoms, part in zip(
            Chem.GetMolFrags(parts), Chem.GetMolFrags(parts, asMols=True), strict=True
        ):
            if inside & set(atoms):
                return part
    return None
