"""The properties of variants of a repeat unit, beside those of the unit itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ..chem.variants import Variant
from ..settings.conditions import same_for_all
from ..settings.properties import scaled_columns
from .predict import Predictor


@dataclass(frozen=True)
class VariantPredictions:
    """What is predicted of N variants; each frame has N rows and a column for each property.

    Attributes:
        variants: the N variants; one that could not be predicted is not among them.
        own: what is predicted of the unit itself, by property.
        values: in the properties' units.
        changes: the variant's value less that of the unit, in the unit of `Property.errors`: the
            property's, or decades of one that is learned as its logarithm.
        low, high: the intervals' ends, in the properties' units; NaN where there is none.
        outside: whether a variant lies outside the applicability domain, bool.
        guesses: whether it has atoms that no training unit of the property has, bool: see
            `Predictions.rankable`.
        warnings: N sentences, what no training unit has; empty for most.
    """

    variants: list[Variant]
    own: dict[str, float]
    values: pd.DataFrame
    changes: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    outside: pd.DataFrame
    guesses: pd.DataFrame
    warnings: list[str]

    def order(self, name: str, ascending: bool) -> list[int]:
        """The variants by a property; guesses come last.

        Args:
            name: of the property.
            ascending: whether the lowest value comes first.

        Returns:
            The numbers of the rows.
        """
        keys = pd.DataFrame({"guess": self.guesses[name], "value": self.values[name]})
        ordered = keys.sort_values(["guess", "value"], ascending=[True, ascending], kind="stable")
        return ordered.index.tolist()


def predict_variants(
    predictor: Predictor,
    smiles: str,
    variants: Sequence[Variant],
    conditions: Mapping[str, float | str] | None = None,
) -> VariantPredictions:
    """Predict variants of a repeat unit and the unit itself with the whole ensemble, in one call.

    Args:
        predictor: the model.
        smiles: the unit.
        variants: of the unit.
        conditions: at which all are predicted, by name, for a model that was told such.
    """
    names = predictor.info.names
    units = [smiles, *(each.smiles for each in variants)]
    given = same_for_all(predictor.info.conditions, len(units), conditions)
    predicted = predictor.predict(units, given=given)
    rows = [row for row in range(1, len(units)) if row not in predicted.problems]
    scaled = scaled_columns(predictor.info.properties, predicted.blend.to_numpy())
    low, high, outside = predictor.ends_and_outside(predicted)
    warnings = predicted.warnings(predictor.info.answer_names)

    def of_variants(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.loc[rows].reset_index(drop=True)

    return VariantPredictions(
        [variants[row - 1] for row in rows],
        predicted.blend.loc[0].to_dict(),
        of_variants(predicted.blend),
        of_variants(pd.DataFrame(scaled - scaled[0], columns=names)),
        of_variants(low),
        of_variants(high),
        of_variants(outside),
        of_variants(~predicted.rankable),
        [warnings.get(row, "") for row in rows],
    )
