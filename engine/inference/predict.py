"""Predicting repeat units and compositions with a bundle."""

from collections.abc import Callable, Collection, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..base.hardware import usable_cores
from ..base.manifest import ProvenFiles
from ..base.packed import Features
from ..base.versions import FEATURES, kinds_of_features
from ..chem.composition import is_composition
from ..features.compositions import with_composition_columns
from ..features.compute import UniqueUnits, canonical_units, compute_features
from ..features.conditions import encoded, with_conditions
from ..settings.conditions import GivenConditions, same_for_all
from ..settings.properties import predicted_columns
from .bundle import BundleInfo, bundle_files, info_of
from .conformal import LEVEL
from .domain import Domain, DomainInfo
from .learned_architecture import with_learned_architecture
from .predictions import Predictions
from .probes import deviation_words, once_here
from .seen import Unseen, unseen_at
from .uncertainty import Uncertainty, estimate_uncertainty

if TYPE_CHECKING:
    from ..models.store import FittedMember
    from ..table.mending import FragmentsUse

Progress = Callable[[str, int, int], None]


def whole_units(smiles: Sequence[str], fragments: "FragmentsUse") -> Sequence[str]:
    """Repeat units, where that is chosen without the molecules beside them."""
    if fragments == "refuse" or not any("." in text for text in smiles):
        return smiles
    from ..chem.pieces import without_loose_pieces

    return [without_loose_pieces(text) for text in smiles]


def whole_unit(smiles: str) -> str:
    """A repeat unit without the molecules beside it."""
    return whole_units([smiles], "leave-out")[0]


class Predictor:
    """A bundle that predicts; each member is loaded when it is first needed."""

    def __init__(self, folder: Path, info: BundleInfo | None = None) -> None:
        """Read the bundle's description; loads no model yet.

        Args:
            folder: the bundle's.
            info: its description, where that and the manifest are not written yet.

        Raises:
            UserError: when the folder holds no bundle, or one that learned on other features.
        """
        self.folder = folder
        self._files = ProvenFiles.unproven(folder) if info else bundle_files(folder)
        self.info = info or info_of(self._files)
        self._asked = [True] * len(self.info.names)
        of_compositions = ["compositions"] if self.info.learned_compositions else []
        for kind in (*kinds_of_features(self.info.canonical_units), *of_compositions):
            if self.info.versions.get(kind) != str(FEATURES[kind]):
                raise UserError(
                    f"The model {self.info.name!r} was trained by another version of PolyGIN "
                    f"Studio, whose {kind.replace('_', ' ')} differ; train it anew."
                )

    def only(self, names: Collection[str]) -> "Predictor":
        """The same model, which predicts no other properties and spends no time on them.

        Args:
            names: of the properties; the others' columns hold NaN.
        """
        predictor = copy(self)
        predictor._asked = [name in names for name in self.info.names]
        return predictor

    def load(self) -> None:
        """Load the members and the domain, as the first prediction would."""
        if self._members and self.info.domain is not None:
            self._domain  # noqa: B018  read once, and kept

    def predict(
        self,
        smiles: Sequence[str],
        progress: Progress | None = None,
        given: GivenConditions | None = None,
        fragments: "FragmentsUse" = "refuse",
    ) -> Predictions:
        """Predict polymers; those that cannot be read get no numbers but a reason.

        Args:
            smiles: N repeat units, or texts of compositions.
            progress: told how far the features are.
            given: the conditions of the N rows, for a model that predicts at such.
            fragments: what is done about molecules beside a repeat unit, such as counter-ions.

        Raises:
            UserError: when the model needs conditions, and none are given.
        """
        in_chain = self.info.canonical_units
        asked = with_learned_architecture(self.info, whole_units(smiles, fragments))
        units = UniqueUnits.of(asked, in_chain, self.info.learned_compositions)
        features = None
        if units.canonical:
            features = compute_features(units.canonical, progress, in_chain)
        return self.predict_features(smiles, units, features, given=given)

    def at_usual_conditions(self, smiles: Sequence[str]) -> Predictions:
        """Predict N repeat units, where need be at the usual conditions of the training table."""
        return self.predict(smiles, given=same_for_all(self.info.conditions, len(smiles)))

    def predict_features(
        self,
        smiles: Sequence[str],
        units: UniqueUnits,
        features: Features | None,
        threads: int | None = None,
        given: GivenConditions | None = None,
    ) -> Predictions:
        """Predict polymers from their features.

        Without conditions each unit is predicted once: quicker, and the same unit gets the same
        number on every row.

        Args:
            smiles: N repeat units, or texts of compositions.
            units: the U different ones among them.
            features: of these U; None when there are none.
            threads: how many the networks may use; all cores when it is not given.
            given: as for `predict`.

        Raises:
            UserError: as for `predict`.
        """
        place, problems = self._single(units)
        if self.info.learned_compositions and features is not None:
            features = with_composition_columns(features, units.canonical)
        if self.info.conditions:
            given = self._demand(given)
            problems = {**given.problems, **problems}
            unit_of_row, (place, features) = place, self._at_conditions(place, features, given)
        else:
            unit_of_row = place
        shape = (len(smiles), len(self.info.names))
        members = {member: np.full(shape, np.nan) for member in self.info.members}
        if features is not None:
            rows = place >= 0
            for member, values in members.items():
                if not any(weighs := self._weighs(member)):
                    continue
                predicted = self._members[member].predict(
                    features, threads or usable_cores(), weighs
                )
                # What has no weight was not calibrated with either: it says nothing of the spread.
                if not all(weighs):
                    predicted = np.where(weighs, predicted, np.nan)
                values[rows] = predicted[place[rows]]
        return Predictions(
            list(smiles),
            [units.canonical[unit] if unit >= 0 else None for unit in units.place],
            (units.fingerprints, units.place),
            self._frame(self._blend(members)),
            {member: self._frame(values) for member, values in members.items()},
            problems,
            self._unseen(units, unit_of_row, given),
        )

    def _at_conditions(
        self, unit_of_row: np.ndarray, features: Features | None, given: GivenConditions
    ) -> tuple[np.ndarray, Features | None]:
        """The features of all rows that can be predicted, and each row's place among them."""
        place = np.full(len(unit_of_row), -1)
        usable = [row for row, unit in enumerate(unit_of_row) if unit >= 0]
        rows = np.array([row for row in usable if row not in given.problems], dtype=np.int64)
        if features is None or not len(rows):
            return place, None
        place[rows] = np.arange(len(rows))
        values = {name: each[rows] for name, each in given.values.items()}
        numbers = encoded(self.info.conditions, values)
        return place, with_conditions(features, unit_of_row[rows], numbers)

    def _single(self, units: UniqueUnits) -> tuple[np.ndarray, dict[int, str]]:
        """Each row's unit, and why rows have none: several molecules side by side are no unit.

        The model may have learned such a row, in a table of before they were refused.
        """
        several = [n for n, each in enumerate(units.inventories) if each.pieces > 1]
        if not several:
            return units.place, units.problems
        from ..chem.pieces import pieces_problem

        texts = [units.canonical[number] for number in several]
        seen = self.seen(texts)
        learned = {
            text
            for text, known in zip(texts, [] if seen is None else seen, strict=False)
            if known.any()
        }
        reasons = {
            number: pieces_problem(text) or ""
            for number, text in zip(several, texts, strict=True)
            if text not in learned
        }
        refused = np.isin(units.place, list(reasons))
        problems = {int(row): reasons[units.place[row]] for row in np.flatnonzero(refused)}
        return np.where(refused, -1, units.place), units.problems | problems

    def _unseen(
        self, units: UniqueUnits, unit_of_row: np.ndarray, given: GivenConditions | None
    ) -> dict[int, Unseen]:
        """By position, what rows have and no training row has."""
        asked = [name for name, own in zip(self.info.names, self._asked, strict=True) if own]
        domain = self.info.domain or DomainInfo(thresholds={})
        of_units = domain.unseen(asked, units.canonical, units.inventories)
        rows = enumerate(unit_of_row.tolist())
        new = {row: of_units[unit] for row, unit in rows if unit >= 0}
        if given:
            new = unseen_at(new, self.info.conditions, given.values, asked)
        return {row: each for row, each in new.items() if each}

    def _demand(self, given: GivenConditions | None) -> GivenConditions:
        """The conditions, which must be there."""
        if given is None:
            labels = " and ".join(each.label for each in self.info.conditions)
            raise UserError(
                f"The model {self.info.name!r} predicts at given conditions: say at which {labels}."
            )
        return given

    @property
    def has_intervals(self) -> bool:
        """Whether `uncertainty` can be asked for."""
        return self.info.has_intervals

    def demand_intervals(self) -> None:
        """Say that the model has no intervals, where it has none.

        Raises:
            UserError: when `uncertainty` cannot be asked for.
        """
        if not self.has_intervals:
            raise UserError(
                f"The model {self.info.name!r} has no intervals: it was trained before there were "
                "any; train it anew, or predict without them."
            )

    def uncertainty(self, predicted: Predictions, coverage: float = LEVEL) -> Uncertainty:
        """The interval of each prediction, and whether its unit is like those trained on.

        Args:
            predicted: by this model.
            coverage: the share of labels that should lie within the intervals.

        Raises:
            UserError: when the model has no intervals, or none of that coverage.
        """
        self.demand_intervals()
        members = np.stack([frame.to_numpy() for frame in predicted.members.values()])
        fingerprints, place = predicted.compared
        problematic = np.isin(np.arange(len(place)), list(predicted.problems))
        return estimate_uncertainty(
            self.info,
            self._domain.only(self._asked),
            fingerprints,
            np.where(problematic, -1, place),
            predicted.blend,
            members,
            coverage,
            predicted.unseen,
        )

    def ends_and_outside(
        self, predicted: Predictions
    ) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """The intervals' ends and whether units are outside; NaN and False without intervals."""
        if self.has_intervals:
            sure = self.uncertainty(predicted)
            return sure.low, sure.high, sure.is_outside
        none = predicted.blend * np.nan
        return none, none, none == 0

    def deviation(self) -> str:
        """How predictions here differ from those on the machine where the bundle was made.

        The bundle's probes are predicted once; the answer is kept in the workspace.

        Returns:
            A sentence; empty where all probes agree but for rounding, or the bundle has none.
        """
        return self._deviation

    @cached_property
    def _deviation(self) -> str:
        # Kept here too: a page asks at each rerun, and to look the answer up takes milliseconds.
        probes = self.info.probes
        if not probes:
            return ""
        return once_here(
            self._files.digest,
            lambda: deviation_words(self.info, self.at_usual_conditions([*probes]).blend),
        )

    def _blend(self, members: dict[str, np.ndarray]) -> np.ndarray:
        """The members' weighted means, all on the properties' scales; shape `(N, K)`."""
        columns = [
            sum(weight * members[member][:, k] for member, weight in self.info.blend[name].items())
            for k, name in enumerate(self.info.names)
        ]
        return np.column_stack(columns)

    def _frame(self, scaled: np.ndarray) -> pd.DataFrame:
        values = predicted_columns(self.info.properties, scaled)
        return pd.DataFrame(values, columns=self.info.names)

    def _weighs(self, member: str) -> list[bool]:
        """For each of the K properties, whether it is asked for and a member has a weight in it."""
        blend = [self.info.blend[name] for name in self.info.names]
        return [asked and member in own for asked, own in zip(self._asked, blend, strict=True)]

    def seen(self, smiles: Sequence[str]) -> np.ndarray | None:
        """Which labels of repeat units the model was trained on, by their fingerprints.

        Args:
            smiles: N canonical repeat units.

        Returns:
            Shape `(N, K)`, bool; None for a model that does not know.
        """
        if self.info.domain is None:
            return None
        rows, units = self._comparable(smiles)
        held = np.zeros((len(smiles), len(self.info.names)), dtype=bool)
        held[rows] = self._domain.holds(units)
        return held

    def similarities(
        self, smiles: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray | None:
        """How similar repeat units are to the most similar training unit of each property.

        Args:
            smiles: N parsable repeat units.
            progress: told how many of them are done.

        Returns:
            Shape `(N, K)`, see `engine.inference.domain.Domain.similarities`; NaN for compositions
            where the model learned none; None for a model that does not know.
        """
        if self.info.domain is None:
            return None
        rows, units = self._comparable(smiles)
        similar = np.full((len(smiles), len(self.info.names)), np.nan)
        similar[rows] = self._domain.similarities(units, progress)
        return similar

    def _comparable(self, smiles: Sequence[str]) -> tuple[list[int], list[str]]:
        """Which of N parsable rows the model takes, and the units that stand for them in it."""
        any_row = self.info.learned_compositions
        rows = [row for row, text in enumerate(smiles) if any_row or not is_composition(text)]
        units = [*with_learned_architecture(self.info, [smiles[row] for row in rows])]
        return rows, canonical_units(units) if self.info.canonical_units else units

    @cached_property
    def _domain(self) -> Domain:
        assert self.info.domain is not None
        return Domain.load(self._files, self.info.domain, len(self.info.names))

    @cached_property
    def _members(self) -> dict[str, "FittedMember"]:
        # Loaded here: a page that only shows what a model is need not wait for torch.
        from ..models.room import Room
        from ..models.store import load_member

        info, quantities = self.info, [property_.base for property_ in self.info.properties]
        room = Room(len(quantities))
        return {
            member: load_member(
                self._files,
                member,
                quantities,
                info.networks.get(member),
                info.network_counts.get(member, 0),
                self._weighs(member),
                room,
                info.bases,
            )
            for member in info.members
        }
