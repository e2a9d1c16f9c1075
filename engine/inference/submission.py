"""Submissions: the ids, the order and the columns that a competition asks for."""

from collections import defaultdict
from dataclasses import dataclass

import pandas as pd

from ..base.errors import UserError
from ..features.compute import UniqueUnits
from ..table import Columns, RawTable, guess_columns
from .bundle import BundleInfo
from .predict import Predictions, Predictor, Progress


@dataclass(frozen=True)
class Submission:
    """A submission and what to know about it.

    Attributes:
        frame: the ids and one number in every other cell, in the order asked for.
        filled: rows that could not be predicted and hold training medians: `id`, `SMILES`,
            `reason`.
    """

    frame: pd.DataFrame
    filled: pd.DataFrame


def make_submission(
    predictor: Predictor,
    test: RawTable,
    sample: RawTable | None = None,
    progress: Progress | None = None,
) -> Submission:
    """Predict a test table in the form of a sample submission.

    Args:
        predictor: the model.
        test: a table with a SMILES column, and an id column when there is a sample; a column that
            is named like the sample's first one is that id column.
        sample: whose ids, order and columns are taken; without it, those of the test table and
            all properties of the model.
        progress: told how far the features are.

    Raises:
        UserError: when the sample asks for an id that the test table lacks, or gives to several
            repeat units, or for a column that the model does not predict.
    """
    columns = guess_columns(test)
    if sample is not None:
        if (asked := sample.frame.columns[0]) in test.frame:
            columns = columns.model_copy(update={"id": asked})
        wanted, order = _asked_for(sample, test, columns, predictor.info.names)
    predicted = predictor.predict(smiles_of(test, columns), progress)
    made = plain_submission(test, columns, predicted, predictor.info)
    if sample is None:
        return made
    rows = made.frame.iloc[order, 1:].reset_index(drop=True)
    frame = pd.concat([sample.frame.iloc[:, 0].reset_index(drop=True), rows[wanted]], axis=1)
    return Submission(frame, made.filled)


def smiles_of(test: RawTable, columns: Columns) -> list[str]:
    """The repeat units of a test table; an empty text where there is none."""
    return test.frame[columns.smiles].fillna("").tolist()


def plain_submission(
    test: RawTable, columns: Columns, predicted: Predictions, info: BundleInfo
) -> Submission:
    """A submission with the ids and the order of the test table and all properties of the model.

    Args:
        test: the test table, or some rows of it.
        columns: of the test table.
        predicted: the predictions of those rows.
        info: of the model, whose medians fill the gaps.
    """
    id_name, ids = _ids(test, columns.id)
    values = predicted.blend.fillna(info.medians)
    filled = pd.DataFrame(
        [(ids[i], predicted.smiles[i], reason) for i, reason in predicted.problems.items()],
        columns=["id", "SMILES", "reason"],
    )
    return Submission(pd.concat([pd.Series(ids, name=id_name), values], axis=1), filled)


def _ids(test: RawTable, id_column: str | None) -> tuple[str, list[str]]:
    if id_column is None:
        return "row", [str(row) for row in test.rows]
    return id_column, test.frame[id_column].tolist()


def _asked_for(
    sample: RawTable, test: RawTable, columns: Columns, names: list[str]
) -> tuple[list[str], list[int]]:
    """The properties that a sample asks for, and the position in the test table of each of its ids.

    Args:
        sample, test: the tables.
        columns: of the test table.
        names: of the properties that the model predicts.
    """
    wanted = list(sample.frame.columns[1:])
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise UserError(
            f"{sample.name} asks for {', '.join(unknown)}, but the model predicts "
            f"{', '.join(names)}; choose another model or another sample."
        )
    positions: dict[str, list[int]] = defaultdict(list)
    for position, name in enumerate(_ids(test, columns.id)[1]):
        positions[name].append(position)
    asked = sample.frame.iloc[:, 0].tolist()
    missing = [str(name) for name in asked if name not in positions]
    if missing:
        raise UserError(
            f"{sample.name} asks for {len(missing):,} ids that {test.name} does not hold, "
            f"such as {', '.join(missing[:5])}; upload the files that belong together."
        )
    _check_one_unit_each({name: positions[name] for name in asked}, test, columns)
    return wanted, [positions[name][0] for name in asked]


def _check_one_unit_each(asked: dict[str, list[int]], test: RawTable, columns: Columns) -> None:
    """Refuse an id that stands for several repeat units: nobody could say which one is asked for.

    Args:
        asked: the positions in the test table of each id.
        test: the test table.
        columns: of the test table.
    """
    smiles = smiles_of(test, columns)
    for name, places in asked.items():
        texts = [smiles[place] for place in places]
        if len({*texts}) == 1:
            continue
        units = UniqueUnits.of(texts)
        if len(units.canonical) > 1 or units.problems:
            some = ", ".join(f"{test.rows[place]:,}" for place in places[:5])
            raise UserError(
                f"{test.name} gives the id {name} to different repeat units, on rows {some}: "
                "leave one of them, or upload the files that belong together."
            )
