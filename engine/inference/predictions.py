"""What a model predicts of repeat units, and what is to be said of each."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .seen import Unseen, lacks_atoms, unseen_sentences

if TYPE_CHECKING:
    from ..chem.fingerprints import Fingerprints


@dataclass(frozen=True)
class Predictions:
    """Predictions of N repeat units, in the properties' units.

    Attributes:
        smiles: the N repeat units as they were given.
        units: those that stand for them in the model; None where a text cannot be read.
        compared: of the U different units the fingerprints, and the N rows' places among them, −1
            where a text cannot be read.
        blend: N rows, one column for each property; NaN where a row could not be predicted.
        members: the same for each member.
        problems: by position, why a row could not be predicted: its SMILES cannot be read, it is no
            single molecule, or a condition is missing.
        unseen: by position, what a unit has and no training unit has.
        beside: of each row what was asked for beside predictions; see `predict_stream`.
    """

    smiles: list[str]
    units: list[str | None]
    compared: "tuple[Fingerprints, np.ndarray]"
    blend: pd.DataFrame
    members: dict[str, pd.DataFrame]
    problems: dict[int, str]
    unseen: dict[int, Unseen]
    beside: list | None = None

    def warnings(self, names: Collection[str]) -> dict[int, str]:
        """By position, what to know of a unit: that no training unit has what it has.

        Args:
            names: of the properties that are asked for.
        """
        words = {row: " ".join(unseen_sentences(new, names)) for row, new in self.unseen.items()}
        return {row: sentences for row, sentences in words.items() if sentences}

    @property
    def rankable(self) -> pd.DataFrame:
        """Which values may be compared with others to choose by; shape `(N, K)`, bool.

        Not so is a value that is missing, and one of a unit with atoms that no training unit of the
        property has, such as another element: the model knows nothing of them, and still answers.
        """
        rankable = self.blend.notna().to_numpy(copy=True)
        places = {name: place for place, name in enumerate(self.blend)}
        for row, new in self.unseen.items():
            for words, names in new.items():
                if lacks_atoms(words):
                    rankable[row, [places[name] for name in names]] = False
        return pd.DataFrame(rankable, index=self.blend.index, columns=self.blend.columns)
