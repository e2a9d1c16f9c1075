"""Count fingerprints of repeat units."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rdkit.Chem import rdFingerprintGenerator

from .smiles import parse

SIZE = 2048
_RADIUS = 2
_MOST = 255
_generator = rdFingerprintGenerator.GetMorganGenerator(radius=_RADIUS, fpSize=SIZE)


class Fingerprints(NamedTuple):
    """N fingerprints in compressed rows; only what is not zero is kept, Z numbers in all.

    Attributes:
        starts: shape `(N + 1,)`, int64: where each row begins among the Z numbers.
        bits: shape `(Z,)`, uint16: the hashed atom environments, 0 to `SIZE` − 1.
        counts: shape `(Z,)`, uint8: how often each is there, at most 255.
    """

    starts: np.ndarray
    bits: np.ndarray
    counts: np.ndarray


def count_fingerprints(smiles: Sequence[str]) -> Fingerprints:
    """Morgan fingerprints (ECFP4) with counts, folded to 2048, without stereochemistry.

    Rogers and Hahn, J. Chem. Inf. Model. 50 (2010) 742, doi:10.1021/ci100050t. `*` is hashed as an
    atom of its own, so that a unit is known by its way into the chain too.

    Args:
        smiles: N parsable SMILES; the same unit has the same fingerprint however it is written.
    """
    found = [_generator.GetCountFingerprint(parse(text)).GetNonzeroElements() for text in smiles]
    return Fingerprints(
        np.cumsum([0, *map(len, found)], dtype=np.int64),
        np.array([bit for one in found for bit in one], dtype=np.uint16),
        np.array([min(n, _MOST) for one in found for n in one.values()], dtype=np.uint8),
    )
