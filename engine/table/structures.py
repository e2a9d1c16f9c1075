"""Files of structures: SDF and MOL files, and lists of SMILES."""

import re
from collections.abc import Iterator
from typing import Any

from rdkit import Chem

from ..base.errors import UserError
from ..chem.smiles import MAX_ATOMS, MAX_FUSED_RINGS, BadSmilesError, fused_rings, parse

Rows = Iterator[tuple[int, list[Any]]]
"""Each row's number and its cells; the first is the header."""

_MOL_BLOCK = re.compile(r"^.{0,40}V[23]000\s*$", re.MULTILINE)
_RECORD = re.compile(r"^\$\$\$\$\s*$", re.MULTILINE)
_FIELD = re.compile(r"^>.*?<(?P<name>[^<>]+)>.*?$\n(?P<value>.*?)(?=^\s*$|^>|\Z)", re.M | re.S)
_UNREADABLE = "unreadable"
"""Stands for a structure that cannot be read, and cannot be read either."""

_LONG = 2_000
"""Characters below which a structure has no more rings than are read."""

MOST_FIELDS = 500


def is_mol_file(text: str) -> bool:
    """Whether a text is an SDF or MOL file, V2000 or V3000."""
    return "M  END" in text[:1_000_000] and bool(_MOL_BLOCK.search(text[:10_000]))


def is_smiles_list(text: str, name: str) -> bool:
    """Whether a text is a list of SMILES without a header, such as an `.smi` file."""
    if name.lower().endswith((".smi", ".smiles")):
        return True
    first = text.lstrip().split(maxsplit=1)
    if not first or "*" not in first[0] or re.search(r"[,;\t|]", text.strip().partition("\n")[0]):
        return False
    try:
        parse(first[0])
    except BadSmilesError:
        return False
    return True


def smiles_rows(text: str) -> Rows:
    """The rows of a list of SMILES: on each line one, and its name behind a blank."""
    yield 0, ["SMILES", "name"]
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split(maxsplit=1)
        if not words or words[0].startswith("#") or words[0].lower() in ("smiles", "psmiles"):
            continue
        yield number, [words[0], words[1].strip() if len(words) > 1 else None]


def mol_rows(text: str, name: str) -> Rows:
    """The rows of an SDF or MOL file: each structure as SMILES, its name, and its fields.

    Attachment points are `*`, `R#` and the ends of a structural repeating unit (SRU) in brackets.

    Args:
        text: of the file.
        name: of the file, for messages.

    Raises:
        UserError: when it has too many fields.
    """
    first, *others = _RECORD.split(text.replace("\r\n", "\n"))
    # One line break belongs to the sign between records; the next line, the name, may be empty.
    records = [first, *(record.removeprefix("\n") for record in others)]
    records = [record for record in records if record.strip()]
    fields = [dict(_fields(record)) for record in records]
    names = list(dict.fromkeys(field for record in fields for field in record))
    if len(names) > MOST_FIELDS:
        raise UserError(f"{name} has {len(names):,} fields; at most {MOST_FIELDS} are read.")
    smiles_name = "SMILES" if "SMILES" not in names else "structure SMILES"
    yield 1, [smiles_name, "name", *names]
    for number, (record, values) in enumerate(zip(records, fields, strict=True), start=2):
        title = record.partition("\n")[0].strip() or None
        yield number, [_smiles(record), title, *(values.get(each) for each in names)]


def _fields(record: str) -> Iterator[tuple[str, str]]:
    _, _, below = record.partition("M  END")
    for match in _FIELD.finditer(below):
        yield match["name"].strip(), " ".join(match["value"].split())


def _smiles(record: str) -> str:
    block = record.partition("M  END")[0] + "M  END\n"
    # A record that lost its empty first lines when the file was cut.
    counts = next((i for i, line in enumerate(block.split("\n")) if _MOL_BLOCK.match(line)), 3)
    # A damaged block can make the parser raise nearly anything, and all of it means the same.
    block = "\n" * max(0, 3 - counts) + block
    try:
        if len(block) > _LONG and _is_too_large(block):
            return _UNREADABLE
        mol = Chem.MolFromMolBlock(block)
    except Exception:
        return _UNREADABLE
    if mol is None:
        return _UNREADABLE
    if not any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        mol = _cut_from_brackets(mol) or mol
    for atom in mol.GetAtoms():
        atom.SetAtomMapNum(0)
        if atom.GetAtomicNum() == 0:
            atom.SetIsotope(0)
    return Chem.MolToSmiles(mol)


def _is_too_large(block: str) -> bool:
    """Whether RDKit could need minutes to understand a structure."""
    mol = Chem.MolFromMolBlock(block, sanitize=False)
    return bool(mol) and (mol.GetNumAtoms() > MAX_ATOMS or fused_rings(mol) > MAX_FUSED_RINGS)


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
