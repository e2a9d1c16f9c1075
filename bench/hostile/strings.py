"""Hostile strings: what may be typed, pasted or sent where a repeat unit is asked for."""

import math
import random
import zlib
from pathlib import Path

from rdkit import Chem

from bench.hostile import hostile_smiles
from bench.hostile.kind import SilentChangeError
from engine.chem import draw
from engine.chem.classes import chemical_classes
from engine.chem.polymers import joining_problem, polymer, with_single_ends
from engine.chem.small_molecules import small_molecule_descriptors
from engine.chem.smiles import BadSmilesError, canonical, parse
from engine.inference.bundle import SHIPPED
from engine.inference.predict import Predictor
from engine.inference.predictions import Predictions
from engine.settings.properties import possible_range

_WORDS = (
    "polystyrene",
    "2-гидроксиэтилметакрилат",
    "聚苯乙烯",
    "InChI=1S/C8H8/c1-2-8-6-4-3-5-7-8/h2-7H,1H2",
    "PPBRXRYQALVLMV-UHFFFAOYSA-N",
    "{[$]CC[$]}",
    "{[][<]CC(C)[>];[H][]}",
    "{[$]CC[$],[$]CO[$]}",
    "*CC* |$;;;star_e$,Sg:n:1,2:x:ht|",
    "[R1]CC[R2]",
    "[d]CC[t]",
    "∗CC∗",
    "<script>alert(1)</script>",
    "![i](http://example.org/i.png)",
    "../../etc/passwd",
    "=1+1",
    "-1e999",
    "nan",
    "$(reboot)",
    "'; DROP TABLE runs; --",
    "*CC*\n*CO*",
    "*CC*\x00",
    "\ud800*CC*",
    "*CC*\u202e",
    "\ufeff*CC*",
    "*C\u0301C*",
    "＊CC＊",
    "C" * 100_000,
    "(" * 50_000,
    "[" * 50_000,
    "{" * 3_000,
    "9" * 100_000 + "x",
    "*CC*|*CC(*)C|0.25|0.75|random",
    "*CC*|*CO*|nan|1e999",
    "|" * 10_000,
    "*CC*|" * 3_000,
    "{[$]CC[$],[$]CO[$]}|1|" + "3" * 10_000,
    "* C C *",
    "%",
    "[]",
    "[*",
    "",
)
# Beyond this share of a value, two spellings of a molecule have got different numbers.
_SAME = 1e-3


class Strings:
    """Texts where a repeat unit is asked for."""

    name = "strings"

    def prepare(self, folder: Path) -> None:
        """Load the shipped model."""
        self._predictor = Predictor(SHIPPED)
        self._predictor.uncertainty(self._predictor.predict(["*CC*"]))

    def make(self, random: random.Random) -> bytes:
        """A text, as UTF-8 that may hold lone surrogates."""
        tries = random.choice((1, 8))
        for _ in range(tries):
            text = random.choice(_MAKERS)(random)
            # Most slips of the pen end before the models: half of the inputs should not.
            if tries == 1 or _is_readable(text):
                break
        return text.encode("utf-8", "surrogatepass")

    def attempt(self, content: bytes, folder: Path) -> str:
        """Predict the text with its domain, and do what pages do with it beside."""
        text = content.decode("utf-8", "surrogateescape")
        predicted = self._predictor.predict([text])
        small_molecule_descriptors([text])
        try:
            unit = canonical(text)
        except BadSmilesError as error:
            str(error).encode()
            if 0 not in predicted.problems:
                raise SilentChangeError(f"predicted, but not read: {error}") from error
            return "set aside"
        _beside(text, unit)
        if problem := predicted.problems.get(0):
            problem.encode()
            return "set aside"
        self._check(predicted)
        self._check_respelled(unit, predicted)
        return "answered"

    def _check(self, predicted: Predictions) -> None:
        """Whether all numbers are such as they may be."""
        frames = {"blend": predicted.blend, **predicted.members}
        uncertainty = self._predictor.uncertainty(predicted)
        frames |= {"low": uncertainty.low, "high": uncertainty.high}
        for kind, frame in frames.items():
            for property_ in self._predictor.info.properties:
                value = float(frame.at[0, property_.name])
                low, high = possible_range(property_.base)
                if math.isinf(value) or (kind in ("blend", "low", "high") and math.isnan(value)):
                    raise SilentChangeError(f"{kind} of {property_.name} is {value}")
                if not math.isnan(value) and not low <= value <= high:
                    raise SilentChangeError(f"{kind} of {property_.name} is {value}: impossible")

    def _check_respelled(self, unit: str, predicted: Predictions) -> None:
        """Whether another spelling of the molecule gets the same numbers."""
        other = _respelled(unit)
        again = self._predictor.predict([other])
        if problem := again.problems.get(0):
            # Of some sheets and cages of rings, RDKit finds a form in one spelling alone.
            refusals = ("kekulize", "would depend on the spelling")
            if "~" not in other and not any(words in problem for words in refusals):
                raise SilentChangeError(f"another spelling cannot be read: {problem}")
            return
        first, second = predicted.blend.iloc[0], again.blend.iloc[0]
        if (abs(first - second) > _SAME * abs(first) + 1e-12).any():
            raise SilentChangeError("another spelling has other values")


def _is_readable(text: str) -> bool:
    try:
        return parse(text) is not None
    except BadSmilesError:
        return False


def _words(random: random.Random) -> str:
    """A text that is no SMILES, now and then with a piece of one."""
    text = random.choice(_WORDS)
    if random.random() < 0.3:
        place = random.randrange(len(text) + 1)
        text = text[:place] + hostile_smiles.mutated(random) + text[place:]
    if random.random() < 0.2:
        text = "".join(chr(random.randrange(1, 0x2FFF)) for _ in range(random.randint(1, 60)))
    return text


_MAKERS = (
    hostile_smiles.mutated,
    hostile_smiles.mutated,
    hostile_smiles.of_grammar,
    hostile_smiles.of_grammar,
    hostile_smiles.of_graph,
    hostile_smiles.of_graph,
    hostile_smiles.at_limits,
    _words,
)


def _beside(text: str, unit: str) -> None:
    """What pages and checks of tables do with a unit beside predicting it."""
    for step in (
        lambda: draw.svg(text),
        lambda: draw.from_molblock(draw.molblock(text)),
        lambda: chemical_classes(text),
        lambda: joining_problem(unit),
        lambda: with_single_ends(text),
        lambda: polymer(unit),
    ):
        try:
            step()
        except BadSmilesError as error:
            str(error).encode()


def _respelled(unit: str) -> str:
    """Another spelling of a molecule, always the same for the same text."""
    mol = Chem.Mol(parse(unit))
    order = list(range(mol.GetNumAtoms()))
    random.Random(zlib.crc32(unit.encode())).shuffle(order)
    return Chem.MolToSmiles(Chem.RenumberAtoms(mol, order), canonical=False)
