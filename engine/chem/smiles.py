"""Parsing and canonical forms of repeat units; `*` marks where the chain goes on."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from rdkit import Chem, rdBase

MAX_LENGTH = 4000
"""Longest SMILES that is read, in characters; the longest in public polymer tables has ~500."""

_rdkit_log = logging.getLogger("rdkit")


class BadSmilesError(ValueError):
    """A SMILES that cannot be used; the text is the reason."""


def parse(smiles: str) -> Chem.Mol:
    """Parse a repeat unit.

    Attachment points may be written `*`, `[*]`, `[*:1]` or `[1*]`; all mean the same.

    Raises:
        BadSmilesError: with RDKit's reason, when it cannot be read.
    """
    text = smiles.strip()
    if not text:
        raise BadSmilesError("the SMILES is empty")
    if len(text) > MAX_LENGTH:
        raise BadSmilesError(
            f"the SMILES has {len(text):,} characters; the longest that is read has {MAX_LENGTH:,}"
        )
    if re.search(r"\s", text):
        raise BadSmilesError("the SMILES holds a space or a line break")
    with _rdkit_messages() as messages:
        mol = Chem.MolFromSmiles(text)
    if mol is None:
        raise BadSmilesError(_reason(messages))
    if mol.GetNumAtoms() == attachment_points(mol):
        raise BadSmilesError("the SMILES holds no atom besides `*`")
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum() == 0:
            atom.SetIsotope(0)
        atom.SetAtomMapNum(0)
    return mol


def canonical(smiles: str) -> str:
    """RDKit's canonical SMILES of a repeat unit, the same however its `*` were written.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    return Chem.MolToSmiles(parse(smiles))


def without_stereo(smiles: str) -> str:
    """The canonical SMILES of a repeat unit with its stereo marks left out.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    return Chem.MolToSmiles(parse(smiles), isomericSmiles=False)


def attachment_points(mol: Chem.Mol) -> int:
    """How many `*` a molecule holds."""
    return sum(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms())


@contextmanager
def _rdkit_messages() -> Iterator[list[str]]:
    """Collect what RDKit would otherwise print to the terminal."""
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    rdBase.LogToPythonLogger()
    kept, _rdkit_log.handlers = _rdkit_log.handlers, [handler]
    try:
        yield messages
    finally:
        _rdkit_log.handlers = kept


def _reason(messages: list[str]) -> str:
    """RDKit's first complaint, without its time stamp and without the SMILES repeated."""
    lines = [re.sub(r"^\[[\d:]+\] (SMILES Parse Error: )?", "", line) for line in messages]
    if not lines:
        return "RDKit cannot read it"
    reason = re.sub(r"( while parsing:| for input:).*$", "", lines[0]).strip().rstrip(".")
    position = next((re.search(r"around position (\d+)", line) for line in lines[1:]), None)
    return f"{reason} (near character {position[1]})" if position else reason
