"""Parsing and canonical forms of repeat units; `*` marks where the chain goes on."""

import logging
import re
import signal
import threading
import unicodedata
from functools import lru_cache

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import rdqueries

from .composition import of_each_unit
from .notations import BadSmilesError as BadSmilesError
from .notations import as_smiles

MAX_LENGTH = 2000
"""Longest SMILES that is read, in characters; the longest of the competition has 306."""

MAX_ATOMS = 400
"""Most atoms that are read; the most in the competition is 166, and descriptors of a unit of
1,000 atoms take 40 seconds (docs/experiments.md, RDKit's AvgIpc)."""

MAX_PATHS = 15_000
"""Most paths of two, three or four bonds that are read. RDKit lists them for its Chi indices, in a
time with the square of their number: 45,000 take 20 seconds. Atoms of up to four neighbours cannot
make many more than this in a SMILES of that length; units of the competition have at most 600."""

MAX_FUSED_RINGS = 37
"""Most rings of one ring system that are read: C70 has 36, one more where something is added to it.
RDKit tries joint rings for aromaticity in a time that grows exponentially with them: a sheet of 53
rings of phosphorus takes 9 seconds."""

_IS_STAR = rdqueries.AtomNumEqualsQueryAtom(0)
_IS_CROWDED = rdqueries.ExplicitDegreeGreaterQueryAtom(4)
_CHARGE = re.compile(r"\[[^\]]*?([+-]\d{2,})[^\]]*\]")
_NOT_IN_SMILES = re.compile(r"[^\x21-\x7e]")
_LOST = re.compile(r"~[\d%]")
_RISKY = re.compile(r"~|[bp]|\[[^\]]*[+-]|[st]e|as|si")
"""Signs of what RDKit may write and then not read: unusual aromatic atoms, charges, `~`."""
_IN_BRACKETS = re.compile(r"\[[^\]]*\]")
_CLOSURE = re.compile(r"%\(\d+\)|%\d\d|\d")
_NUMBERS = re.compile(r"(?<=\[)\d+(?=\*)|:\d+(?=])")
"""Atom map numbers, and isotopes of attachment points."""
_STEREO = re.compile(r"[@/\\]")
_FLAT = "_flat"
"""A property of molecules without any mark of stereo, which their copies keep."""
_MANY_FUSED = 5  # in one system: 136 of 11,409 real units have as many, and each of them one form
_SPELLINGS = 2
_AROUND = "\u200b\u2060\ufeff\"'“”„‘’‚ "
"""Signs without a width, and quotation marks, which come along when a SMILES is copied."""
_REMEMBERED = 768  # the texts of a chunk of a file, and forms of them on the way

# RDKit's complaints go to this logger instead of the terminal. `_reason` listens to it for a
# moment, in one thread at a time, or two threads of the app would read each other's complaints.
rdBase.LogToPythonLogger()
_rdkit_log = logging.getLogger("rdkit")
_rdkit_log.handlers = [logging.NullHandler()]
_rdkit_log.propagate = False
_capturing = threading.Lock()


def parse(smiles: str) -> Chem.Mol:
    """Parse a repeat unit.

    Attachment points may be written `*`, `[*]`, `[*:1]` or `[1*]`; all mean the same, and other
    notations are read where they leave no doubt (`engine.chem.notations`). Each thread
    remembers the last molecules it parsed and gives them out again: whoever changes one has to
    change a copy.

    Raises:
        BadSmilesError: with RDKit's reason, when it cannot be read.
    """
    return _molecules.parse(smiles.strip().strip(_AROUND))


def release_interrupts() -> None:
    """Give Ctrl-C back to Python: RDKit's searches leave a handler of their own, which drops it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.getsignal(signal.SIGINT) or signal.SIG_DFL)


def forget() -> None:
    """Drop the molecules that this thread remembers, so that parsing can be measured."""
    _molecules.parse.cache_clear()


@of_each_unit
def canonical(smiles: str) -> str:
    """RDKit's canonical SMILES of a repeat unit, the same however its `*` were written.

    Args:
        smiles: of a unit, or the text of a composition, which has a canonical form of its own.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    return _written(parse(smiles))


@of_each_unit
def without_stereo(smiles: str) -> str:
    """The canonical SMILES of a repeat unit, or of a composition, without its stereo marks.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    return _written(parse(smiles), isomericSmiles=False)


def _written(mol: Chem.Mol, **how: bool) -> str:
    try:
        text = Chem.MolToSmiles(mol, **how)
    except Exception as error:
        raise BadSmilesError("RDKit reads it, and cannot write it again") from error
    # It is the key by which the unit is read again.
    if len(text) > MAX_LENGTH:
        raise BadSmilesError(
            f"its canonical SMILES has {len(text):,} characters; the longest that is read has "
            f"{MAX_LENGTH:,}"
        )
    if _RISKY.search(text):
        parse(text)
    many = _may_have_many_fused(mol) and fused_rings(Chem.Mol(mol)) >= _MANY_FUSED
    if many and not _has_one_form(text, _aromatic_bonds(mol)):
        raise BadSmilesError(
            "RDKit reads its fused rings otherwise when the same molecule is spelled in another "
            "way, so its values would depend on the spelling"
        )
    return text


def _may_have_many_fused(mol: Chem.Mol) -> bool:
    """Whether `fused_rings` of a sanitised molecule can be as many; quick, and seldom in vain."""
    rings = mol.GetRingInfo().AtomRings()
    if len(rings) < _MANY_FUSED:
        return False
    # Atoms as bits of a number, which takes a sixth of the time of sets.
    systems: list[tuple[int, int]] = []
    for ring in rings:
        atoms, count = sum(1 << atom for atom in ring), 1
        apart = []
        for others, rings_of_others in systems:
            if others & atoms:
                atoms, count = atoms | others, count + rings_of_others
            else:
                apart.append((others, rings_of_others))
        systems = [*apart, (atoms, count)]
    return max(count for _, count in systems) >= _MANY_FUSED


@lru_cache(maxsize=_REMEMBERED)
def _has_one_form(text: str, aromatic_bonds: int) -> bool:
    """Whether RDKit reads other spellings of a molecule as the same molecule.

    Of some sheets and cages of rings it takes others for aromatic in each spelling, or has another
    order of the atoms by which stereo marks are written.

    Args:
        text: its canonical SMILES.
        aromatic_bonds: how many it has, as it was spelled before.
    """
    # The order of atoms alone, which RDKit does not find for some cages, changes no value.
    matters = aromatic_bonds > 0 or "@" in text
    try:
        mol = parse(text)
        spelled = map(_parse, Chem.MolToRandomSmilesVect(mol, _SPELLINGS, randomSeed=1))
        return _aromatic_bonds(mol) == aromatic_bonds and all(
            _aromatic_bonds(other) == aromatic_bonds
            and not (matters and Chem.MolToSmiles(other) != text)
            for other in spelled
        )
    except BadSmilesError:
        return False


def _aromatic_bonds(mol: Chem.Mol) -> int:
    return sum(bond.GetIsAromatic() for bond in bonds_of(mol))


def is_flat(mol: Chem.Mol) -> bool:
    """Whether a molecule that `parse` gave, or what was made of it, was written without stereo.

    False where that is not known; to look at each atom and bond takes a hundred times as long.
    """
    return bool(mol.HasProp(_FLAT))


def update_beside_single_bonds(mol: Chem.RWMol) -> None:
    """What SanitizeMol does, for a molecule in which only single bonds outside rings have changed.

    They change no ring and no aromatic atom, so the costly half of SanitizeMol can be left out.
    """
    mol.UpdatePropertyCache()
    Chem.SetConjugation(mol)
    Chem.SetHybridization(mol)


def stars_of(mol: Chem.Mol) -> list[Chem.Atom]:
    """The `*` of a molecule."""
    return matching_atoms(mol, _IS_STAR)


def matching_atoms(mol: Chem.Mol, query: Chem.QueryAtom) -> list[Chem.Atom]:
    """The atoms of a molecule that match a query; many times as fast as to ask each of them."""
    found = mol.GetAtomsMatchingQuery(query)
    # RDKit's own iterator takes five times as long.
    return [found[i] for i in range(len(found))]


def attachment_points(mol: Chem.Mol) -> int:
    """How many `*` a molecule holds."""
    return len(stars_of(mol))


def atoms_of(mol: Chem.Mol) -> list[Chem.Atom]:
    """All atoms; to loop over RDKit's own sequence takes time with the square of their number."""
    return [mol.GetAtomWithIdx(i) for i in range(mol.GetNumAtoms())]


def bonds_of(mol: Chem.Mol) -> list[Chem.Bond]:
    """All bonds; see `atoms_of`."""
    return [mol.GetBondWithIdx(i) for i in range(mol.GetNumBonds())]


def _parse(text: str) -> Chem.Mol:
    """Parse a text without blanks at its ends."""
    if not text:
        raise BadSmilesError("the SMILES is empty")
    if len(text) > MAX_LENGTH:
        raise BadSmilesError(
            f"the SMILES has {len(text):,} characters; the longest that is read has {MAX_LENGTH:,}"
        )
    text = as_smiles(text)
    if re.search(r"\s", text):
        raise BadSmilesError("the SMILES holds a space or a line break")
    # RDKit cuts its complaints inside a character of several bytes, which Python cannot read.
    if strange := _NOT_IN_SMILES.search(text):
        sign = strange[0] if strange[0].isprintable() else f"U+{ord(strange[0]):04X}"
        # Some letters of other alphabets look like Latin ones.
        alphabet = unicodedata.name(strange[0], "").lower()
        which = f", {alphabet}" if "letter" in alphabet else ""
        raise BadSmilesError(
            f"“{sign}” (character {strange.start() + 1}{which}) cannot stand in a SMILES"
        )
    if charge := _CHARGE.search(text):
        raise BadSmilesError(f"no atom has the charge {charge[1]}")
    if _LOST.search(text):
        raise BadSmilesError(
            "it has `~` where a ring is closed, which RDKit takes for a single bond: write which "
            "bond it is"
        )
    # Each ring has two of these signs.
    if len(text) > 2 * MAX_FUSED_RINGS and _has_many_closures(text):
        _check_rings(text)
    try:
        # Before RDKit reads it: which atoms are centres of chirality would depend on the numbers.
        mol = Chem.MolFromSmiles(_NUMBERS.sub("", text))
    except Exception as error:  # RDKit's own kinds, and Python's SystemError
        raise BadSmilesError("RDKit cannot read it") from error
    if mol is None:
        raise BadSmilesError(_reason(text))
    if mol.GetNumAtoms() > MAX_ATOMS:
        raise BadSmilesError(
            f"the repeat unit has {mol.GetNumAtoms():,} atoms; the most that is read is {MAX_ATOMS}"
        )
    if mol.GetAtomsMatchingQuery(_IS_CROWDED):
        _check_paths(mol)
    if attachment_points(mol) == mol.GetNumAtoms():
        raise BadSmilesError("the SMILES holds no atom besides `*`")
    if not _STEREO.search(text):
        mol.SetBoolProp(_FLAT, True)
    return mol


def fused_rings(mol: Chem.Mol) -> int:
    """How many rings the largest ring system of a molecule has, which need not be sanitised."""
    Chem.FastFindRings(mol)
    bonds = [bond for bond in bonds_of(mol) if bond.IsInRing()]
    system = {
        atom: {atom} for bond in bonds for atom in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
    }
    for bond in bonds:
        own, other = system[bond.GetBeginAtomIdx()], system[bond.GetEndAtomIdx()]
        if own is not other:
            small, large = sorted((own, other), key=len)
            large |= small
            system.update(dict.fromkeys(small, large))
    rings = {id(atoms): 1 - len(atoms) for atoms in system.values()}
    for bond in bonds:
        rings[id(system[bond.GetBeginAtomIdx()])] += 1
    return max(rings.values(), default=0)


def _has_many_closures(text: str) -> bool:
    return len(_CLOSURE.findall(_IN_BRACKETS.sub("", text))) > 2 * MAX_FUSED_RINGS


def _check_rings(text: str) -> None:
    """Refuse a SMILES of a ring system that RDKit would need minutes to understand."""
    try:
        mol = Chem.MolFromSmiles(text, sanitize=False)
    except Exception:
        return  # why it cannot be read is found below
    if mol is not None and (count := fused_rings(mol)) > MAX_FUSED_RINGS:
        raise BadSmilesError(
            f"one of its ring systems has {count} rings; the most that is read is {MAX_FUSED_RINGS}"
        )


def _check_paths(mol: Chem.Mol) -> None:
    """Refuse a molecule whose paths are so many that to list them takes minutes."""
    step = Chem.GetAdjacencyMatrix(mol, prefix="Paths").astype(np.float64)
    neighbours = step.sum(axis=0)
    # Walks that never turn straight back: as many as paths, or more where small rings are.
    walks, before = step @ step - np.diag(neighbours), step
    most = walks.sum() / 2
    for _ in range(2):
        walks, before = walks @ step - before * (neighbours - 1), walks
        most = max(most, walks.sum() / 2)
    if most > MAX_PATHS:
        raise BadSmilesError(
            f"its atoms have too many neighbours, up to {neighbours.max():.0f}: its bonds make "
            f"{most:,.0f} paths, and the most that is read is {MAX_PATHS:,}"
        )


class _Molecules(threading.local):
    """What each thread parsed last: RDKit fills a molecule's caches without locks."""

    def __init__(self) -> None:
        self.parse = lru_cache(maxsize=_REMEMBERED)(_parse)


_molecules = _Molecules()


class _Listener(logging.Handler):
    """Collects what RDKit says."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def _reason(text: str) -> str:
    """RDKit's first complaint, without its time stamp and without the SMILES repeated."""
    listener = _Listener()
    with _capturing:
        # Another library, or two threads in RDKit's own BlockLogs, may have switched the log off.
        rdBase.EnableLog("rdApp.error")
        _rdkit_log.addHandler(listener)
        Chem.MolFromSmiles(text)
        _rdkit_log.removeHandler(listener)
    lines = [re.sub(r"^\[[\d:]+\] (SMILES Parse Error: )?", "", line) for line in listener.messages]
    if not lines:
        return "RDKit cannot read it"
    reason = re.sub(r"( while parsing:| for input:).*$", "", lines[0]).strip().rstrip(".")
    position = next((re.search(r"around position (\d+)", line) for line in lines[1:]), None)
    return f"{reason} (near character {position[1]})" if position else reason
