"""Submissions: predictions with the ids, order and columns that a competition asks for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ..base.errors import UserError
from ..base.wording import counted, listed
from ..features.compute import UniqueUnits
from ..settings.conditions import GivenConditions
from ..settings.polymer_columns import NOTHING_SAID, SaidUnits
from ..table import Columns, RawTable
from ..table.conditions import conditions_for
from ..table.mending import FragmentsUse
from .predict import Predictor, Progress
from .predictions import Predictions
from .table_rows import columns_in, polymers_of, tell_names


@dataclass(frozen=True)
class Submission:
    """A submission, and which of its rows hold no predictions.

    Attributes:
        frame: a column of ids, then one of numbers for each property, none of them missing.
        filled: rows that could not be predicted and hold training medians: `id`, `SMILES`,
            `reason`.
        warned: rows whose units have what no training unit has, in the same columns.
        not_asked_for: ids of the test table that the sample does not ask for.
    """

    frame: pd.DataFrame
    filled: pd.DataFrame
    warned: pd.DataFrame
    not_asked_for: tuple[str, ...] = ()


def not_asked_for_words(ids: Sequence[str], sample: str) -> str:
    """A sentence about the ids that a sample submission does not ask for."""
    verb = "is" if len(ids) == 1 else "are"
    return (
        f"{counted(len(ids), 'id')} of the test table {verb} not asked for by {sample} and not in "
        f"the submission: {listed(ids)}."
    )


def make_submission(
    predictor: Predictor,
    test: RawTable,
    sample: RawTable,
    progress: Progress | None = None,
    source: str | None = None,
    smiles: str | None = None,
    conditions: Mapping[str, float | str] | None = None,
    fragments: FragmentsUse = "refuse",
    units: SaidUnits = NOTHING_SAID,
) -> Submission:
    """Predict a test table in the form of a sample submission.

    Args:
        predictor: the model.
        test: a table with a column of SMILES or of polymers' names, and one of ids; a column with
            the name of the sample's first one is that id column.
        sample: gives the ids, their order and the columns.
        progress: called while features are made.
        source: the source that properties are to be like; by default that of the first table that
            the model learned from, which a submission is for. Then a property as another source has
            it can be asked for by its full name.
        smiles: the test table's column of repeat units in place of a guess.
        conditions: at which all rows are predicted, by name; the others are columns of the test
            table.
        fragments: what is done about molecules beside a repeat unit, such as counter-ions.
        units: the user's word on the columns of compositions.

    Raises:
        UserError: when the model has no such source, or when the sample asks for an id that the
            test table does not hold or gives to several repeat units, or for a column that the
            model does not predict.
    """
    info = predictor.info
    columns, by_name = columns_in(test, info, smiles, units=units)
    given = conditions_for(test, info.conditions, conditions) if info.conditions else None
    names = {name: name for name in info.names} | info.submission_columns
    if source:
        names = info.columns_like(source)
    if (id_column := sample.frame.columns[0]) in test.frame:
        columns = columns.model_copy(update={"id": id_column})
    rows = polymers_of(test, columns, fragments, by_name)
    properties, order = _requested(sample, test, columns.id, rows.texts, [*names], given)
    predicted = predictor.predict(rows.texts, progress, given, fragments)
    if by_name:
        tell_names(predicted.problems, predicted.smiles)
    rows.tell(predicted.problems, predicted.smiles)
    asked_for = {name: names[name] for name in properties}
    medians = {column: info.medians[name] for column, name in asked_for.items()}
    values = prediction_table(test, columns, predicted, asked_for).fillna(medians)
    ids = sample.frame.iloc[:, 0].reset_index(drop=True)
    asked, of_test = set(ids), ids_of(test, columns.id)[1]
    return Submission(
        pd.concat([ids, values.iloc[order, 1:].reset_index(drop=True)], axis=1),
        unpredicted(test, columns, predicted),
        _listed_rows(test, columns, predicted, predicted.warnings(list(asked_for.values()))),
        tuple(str(each) for each in of_test if each not in asked),
    )


def prediction_table(
    test: RawTable, columns: Columns, predicted: Predictions, names: Mapping[str, str]
) -> pd.DataFrame:
    """The predictions of some rows: their ids and properties; cells that have none are empty.

    Args:
        test: the table, or some rows of it.
        columns: of the table.
        predicted: the predictions of those rows.
        names: of the properties, by the columns that they are written to.
    """
    id_name, ids = ids_of(test, columns.id)
    values = predicted.blend[[*names.values()]].set_axis([*names], axis=1)
    return pd.concat([pd.Series(ids, name=id_name), values], axis=1)


def unpredicted(test: RawTable, columns: Columns, predicted: Predictions) -> pd.DataFrame:
    """The rows that could not be predicted: columns `id`, `SMILES` and `reason`."""
    return _listed_rows(test, columns, predicted, predicted.problems)


def _listed_rows(
    test: RawTable, columns: Columns, predicted: Predictions, reasons: Mapping[int, str]
) -> pd.DataFrame:
    """The rows that there is something to say of, by their positions."""
    ids = ids_of(test, columns.id)[1]
    return pd.DataFrame(
        [(ids[i], predicted.smiles[i], reason) for i, reason in reasons.items()],
        columns=["id", "SMILES", "reason"],
    )


def ids_of(test: RawTable, id_column: str | None) -> tuple[str, list[str]]:
    """The name of a table's ids, and each row's: its number where there is no column of ids."""
    if id_column is None:
        return "row", [str(row) for row in test.rows]
    return id_column, test.frame[id_column].tolist()


def _requested(
    sample: RawTable,
    test: RawTable,
    id_column: str | None,
    texts: Sequence[str],
    names: list[str],
    given: GivenConditions | None,
) -> tuple[list[str], list[int]]:
    """The properties that a sample asks for, and the test table's row for each of its ids.

    Args:
        sample, test: the tables.
        id_column: of the test table.
        texts: what stands for the polymer of each of its rows.
        names: of the properties that the model predicts.
        given: the conditions of the test table's rows, if the model predicts at such.
    """
    properties = list(sample.frame.columns[1:])
    unknown = [name for name in properties if name not in names]
    if unknown:
        raise UserError(
            f"{sample.name} asks for {', '.join(unknown)}, but the model predicts "
            f"{', '.join(names)}; choose another model or another sample."
        )
    positions: dict[str, list[int]] = defaultdict(list)
    for position, row_id in enumerate(ids_of(test, id_column)[1]):
        positions[row_id].append(position)
    ids = sample.frame.iloc[:, 0].tolist()
    missing = [str(row_id) for row_id in ids if row_id not in positions]
    if missing:
        raise UserError(
            f"{sample.name} asks for {counted(len(missing), 'id')} that {test.name} does not hold, "
            f"such as {', '.join(missing[:5])}; upload the files that belong together."
        )
    asked = {row_id: positions[row_id] for row_id in ids}
    _check_one_unit_each(asked, test, texts)
    for values in given.values.values() if given else ():
        for row_id, rows in asked.items():
            if len({str(values[row]) for row in rows}) > 1:
                raise UserError(
                    f"{test.name} gives the id {row_id} under different conditions, on rows "
                    f"{', '.join(f'{test.rows[row]:,}' for row in rows[:5])}: give each an id of "
                    "its own."
                )
    return properties, [positions[row_id][0] for row_id in ids]


def _check_one_unit_each(
    positions: dict[str, list[int]], test: RawTable, polymers: Sequence[str]
) -> None:
    """Refuse an id that stands for several repeat units: it is unclear which one is asked for.

    Args:
        positions: the rows of the test table with each id.
        test: the test table.
        polymers: what stands for the polymer of each of its rows.
    """
    for row_id, rows in positions.items():
        texts = [polymers[row] for row in rows]
        if len({*texts}) == 1:
            continue
        units = UniqueUnits.of(texts)
        if len(units.canonical) > 1 or units.problems:
            numbers = ", ".join(f"{test.rows[row]:,}" for row in rows[:5])
            raise UserError(
                f"{test.name} gives the id {row_id} to different repeat units, on rows {numbers}: "
                "leave one of them, or upload the files that belong together."
            )
