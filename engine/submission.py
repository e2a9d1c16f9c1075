"""Submissions: the ids, the order and the columns that a competition asks for."""

from dataclasses import dataclass

import pandas as pd

from engine.errors import UserError
from engine.predict import Predictor, Progress
from engine.table import RawTable, guess_columns


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
        test: a table with a SMILES column, and an id column when there is a sample.
        sample: whose ids, order and columns are taken; without it, those of the test table and
            all properties of the model.
        progress: told how far the features are.

    Raises:
        UserError: when the sample asks for an id that the test table lacks, or for a column that
            the model does not predict.
    """
    columns = guess_columns(test)
    smiles = test.frame[columns.smiles].fillna("").tolist()
    id_name, ids = _ids(test, columns.id)
    predicted = predictor.predict(smiles, progress)
    values = predicted.blend.fillna(predictor.info.medians)
    filled = pd.DataFrame(
        [(ids[i], smiles[i], reason) for i, reason in predicted.problems.items()],
        columns=["id", "SMILES", "reason"],
    )
    if sample is None:
        frame = pd.concat([pd.Series(ids, name=id_name), values], axis=1)
        return Submission(frame, filled)
    wanted, order = _asked_for(sample, ids, predictor.info.names, test.name)
    rows = values.iloc[order].reset_index(drop=True)
    frame = pd.concat([sample.frame.iloc[:, 0].reset_index(drop=True), rows[wanted]], axis=1)
    return Submission(frame, filled)


def _ids(test: RawTable, id_column: str | None) -> tuple[str, list[str]]:
    if id_column is None:
        return "row", [str(row) for row in test.rows]
    return id_column, test.frame[id_column].tolist()


def _asked_for(
    sample: RawTable, ids: list[str], names: list[str], test_name: str
) -> tuple[list[str], list[int]]:
    """The properties that a sample asks for, and the test row of each of its ids."""
    wanted = list(sample.frame.columns[1:])
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise UserError(
            f"{sample.name} asks for {', '.join(unknown)}, but the model predicts "
            f"{', '.join(names)}; choose another model or another sample."
        )
    positions = {name: position for position, name in enumerate(ids)}
    asked = sample.frame.iloc[:, 0].tolist()
    missing = [str(name) for name in asked if name not in positions]
    if missing:
        raise UserError(
            f"{sample.name} asks for {len(missing):,} ids that {test_name} does not hold, "
            f"such as {', '.join(missing[:5])}; upload the files that belong together."
        )
    return wanted, [positions[name] for name in asked]
