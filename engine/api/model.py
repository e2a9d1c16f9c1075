"""Trained models as Python objects, and the tables that one is made of."""

import warnings
from collections.abc import Callable, Iterable, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from ..base.errors import UserError
from ..base.wording import clipped
from ..chem.names import polymer_named
from ..commands.output import progress_bar
from ..inference.conformal import LEVEL
from ..inference.domain_words import domain_in_words
from ..inference.predict import Predictor
from ..inference.predictions import Predictions
from ..inference.scoring import conditions_of
from ..runs import find_model
from ..screening import Screened, Wanted, screen
from ..table import Table
from ..table.mended import mended_table
from ..table.mending import FragmentsUse, Mending
from ..table.mending_file import read_mending
from .inputs import read_conditions, smiles_list

Conditions = Mapping[str, Any]
"""By a condition's name, one value for all repeat units or a list of values."""

Unreadable = Literal["raise", "coerce"]
"""What to do about a SMILES that cannot be read, in the words of `pandas.to_numeric`."""


class PredictionFrame(pd.DataFrame):
    """A table of predictions that knows its units."""

    @property
    def _constructor(self) -> Callable[..., "PredictionFrame"]:
        return PredictionFrame

    @property
    def units(self) -> dict[str, str]:
        """The unit of each property by its name; empty for a pure number."""
        return self.attrs.get("units", {})


class Model:
    """A trained model.

    Attributes:
        folder: of its bundle.
        name: of the run that made it.
        properties: the names of the K properties that it answers with.
        sources: where its labels came from, name by name; empty for a model of one table.
        units: the unit of each property by its name; empty for a pure number.
        conditions: the unit of each condition that it predicts at, by its name.
    """

    def __init__(self, folder: str | PathLike[str]) -> None:
        """Read a bundle; warns when it predicts differently on this machine.

        Args:
            folder: the bundle's.

        Raises:
            UserError: when the folder holds no model that this version can use.
        """
        self.folder = Path(folder)
        self._predictor = Predictor(self.folder)
        info = self._predictor.info
        self.name, self.properties = info.name, info.answer_names
        self.sources = [source.name for source in info.sources]
        self.units = {
            name: property_.unit
            for property_ in info.properties
            for name in (property_.base, property_.name)
        }
        self.conditions = {each.name: each.unit for each in info.conditions}
        if words := self._predictor.deviation():
            warnings.warn(words, stacklevel=2)

    def __repr__(self) -> str:
        return f"Model({self.name!r}: {', '.join(self.properties)})"

    def predict(
        self,
        smiles: Iterable[str] | pd.DataFrame | Table,
        errors: Unreadable = "raise",
        source: str | None = None,
        conditions: Conditions | None = None,
        fragments: FragmentsUse = "refuse",
    ) -> PredictionFrame:
        """Predict repeat units.

        Args:
            smiles: N repeat units; `*` marks where the chain goes on. Of a model that learned
                such also compositions, as texts `A|B|0.25|0.75|random` or as a data frame with
                columns such as smiles_A, smiles_B and frac_A. A table brings its conditions.
            errors: `raise`, or `coerce` to get NaN for a repeat unit that cannot be read.
            source: the name of the source that properties are to be like, or `all` for a column of
                each; by default as the model answers.
            conditions: at which to predict, for a model that was told such: by name one value for
                all repeat units, or N values; numbers in the units that `.conditions` names.
            fragments: `refuse` a unit with molecules beside it, such as counter-ions, or
                `leave-out` these.

        Returns:
            N rows and a column for each property, in the units that `.units` names; the index is
            that of `smiles` where it has one. A unit that has what no training unit has, such as
            another element, is warned of.

        Raises:
            UserError: when a repeat unit cannot be read; it names the row. Or when there is no such
                source.

        >>> from polygin import load
        >>> predicted = load().predict(["*CC*", "*CC(*)c1ccccc1"])
        >>> predicted[["Tg", "Density"]].round(2)
               Tg  Density
        0  -75.19     0.86
        1  102.79     1.06
        >>> predicted.units["Tg"]
        '°C'
        """
        names = self._predictor.info.columns_for(source)
        predicted, index = self._predict(smiles, errors, conditions, fragments, [*names.values()])
        return self._frame(predicted.blend, index, names)

    def predict_interval(
        self,
        smiles: Iterable[str] | pd.DataFrame | Table,
        coverage: float = LEVEL,
        errors: Unreadable = "raise",
        source: str | None = None,
        conditions: Conditions | None = None,
        fragments: FragmentsUse = "refuse",
    ) -> pd.DataFrame:
        """The conformal interval of each prediction, and whether its unit is like those trained on.

        Args:
            smiles: N repeat units.
            coverage: the share of labels that should lie within their intervals: 0.5, 0.55, …,
                0.95.
            errors, source, conditions, fragments: see `predict`.

        Returns:
            N rows; below each property's name the columns `low` and `high`, in its unit, and
            `domain`: `inside`, `outside` or `guess`. NaN where a property had too few labels for
            the coverage.

        Raises:
            UserError: when a repeat unit cannot be read, or the model has no such intervals.

        >>> from polygin import load
        >>> load().predict_interval(["*CC(*)c1ccccc1"], coverage=0.9)["Tg"].round(1)
            low   high  domain
        0  77.5  128.0  inside
        """
        names = self._predictor.info.columns_for(source)
        predicted, index = self._predict(smiles, errors, conditions, fragments, [*names.values()])
        found = self._predictor.uncertainty(predicted, _share(coverage))
        parts = {
            (column, part): getattr(found, part)[name]
            for column, name in names.items()
            for part in ("low", "high", "domain")
        }
        frame = self._indexed(PredictionFrame(parts), index)
        frame.columns.names = ["property", None]
        return frame

    def explain_domain(
        self,
        smiles: Iterable[str] | pd.DataFrame | Table,
        errors: Unreadable = "raise",
        source: str | None = None,
        conditions: Conditions | None = None,
        fragments: FragmentsUse = "refuse",
    ) -> pd.DataFrame:
        """Whether each unit is like those trained on, why not, and what that does to the error.

        Args:
            smiles, errors, source, conditions, fragments: see `predict`.

        Returns:
            A row for each unit and property: `row`, `property`, `outside`; `reason`, in a few
            words; `similarity`, of the nearest training unit, 0 to 1; and `effect`, the typical
            errors inside and outside on held-out folds, empty for a model that does not know them.

        Raises:
            UserError: when a repeat unit cannot be read, or the model has no domain.

        >>> from polygin import load
        >>> told = load().explain_domain(["*CC(*)c1ccc([Fe])cc1"])
        >>> told["reason"][0]
        'no training unit has iron'
        """
        self._predictor.demand_intervals()
        names = self._predictor.info.columns_for(source)
        predicted, _ = self._predict(smiles, errors, conditions, fragments, [*names.values()])
        info, found = self._predictor.info, self._predictor.uncertainty(predicted)
        rows = []
        for row in range(len(predicted.smiles)):
            for column, name in names.items():
                words = domain_in_words(info, found, predicted.unseen, row, name)
                rows.append(
                    (row, column, words.outside, words.brief, words.similarity, words.effect)
                )
        columns = ["row", "property", "outside", "reason", "similarity", "effect"]
        return pd.DataFrame(rows, columns=columns)

    def predict_members(
        self,
        smiles: Iterable[str] | pd.DataFrame | Table,
        errors: Unreadable = "raise",
        source: str | None = None,
        conditions: Conditions | None = None,
        fragments: FragmentsUse = "refuse",
    ) -> dict[str, PredictionFrame]:
        """As `predict`, for each member of the ensemble by its name.

        NaN in properties that a member has no model of.

        >>> from polygin import load
        >>> sorted(load().predict_members(["*CC*"]))
        ['catboost', 'coregionalised_process', 'gaussian_process', 'lightgbm', 'polygin', 'xgboost']
        """
        names = self._predictor.info.columns_for(source)
        predicted, index = self._predict(smiles, errors, conditions, fragments, [*names.values()])
        return {
            member: self._frame(frame, index, names) for member, frame in predicted.members.items()
        }

    def _predict(
        self,
        smiles: Iterable[str] | pd.DataFrame | Table,
        errors: Unreadable,
        conditions: Conditions | None,
        fragments: FragmentsUse,
        names: list[str],
    ) -> tuple[Predictions, pd.Index | None]:
        if errors not in get_args(Unreadable):
            raise UserError(f"errors is {errors!r}: give 'raise' or 'coerce'.")
        _check_fragments(fragments)
        info = self._predictor.info
        units = [text or "" for text in smiles_list(smiles, errors == "coerce", info)]
        wanted = info.conditions
        if conditions is None and isinstance(smiles, Table):
            # A table brings its own, in its own units.
            given = conditions_of(smiles, wanted)
        else:
            given = read_conditions(wanted, conditions or {}, len(units))
        predicted = self._predictor.predict(units, given=given, fragments=fragments)
        if predicted.problems and errors == "raise":
            row, reason = next(iter(predicted.problems.items()))
            raise UserError(
                f"Row {row}: {clipped(repr(units[row]))} cannot be predicted: {reason}; "
                f"errors='coerce' gives NaN.{_named(units[row])}"
            )
        if warned := predicted.warnings(names):
            row, words = next(iter(warned.items()))
            others = f" So have {len(warned) - 1:,} other rows." if len(warned) > 1 else ""
            warnings.warn(f"Row {row}: {words}{others}", stacklevel=3)
        return predicted, smiles.index if isinstance(smiles, pd.Series | pd.DataFrame) else None

    def screen(
        self,
        files: Iterable[str | PathLike[str]],
        output: str | PathLike[str],
        keep: str = "",
        by: str = "",
        top: int | None = None,
        with_guesses: bool = False,
        inside_only: bool = False,
        in_full: bool = False,
        conditions: Mapping[str, float | str] | None = None,
        fragments: FragmentsUse = "refuse",
    ) -> Screened:
        """Predict the rows of any number of files, and write those that are wanted.

        Killed at any time, the same call goes on. Where the model has a student and only some of
        many rows are wanted, the ensemble predicts those that the student cannot rule out.

        Args:
            files: tables, also compressed, lists of SMILES, and folders of them.
            output: a `.parquet` or `.csv` that is written; beside it `…-problems.csv` with the rows
                that cannot be read.
            keep: what rows have to meet, such as `Tg > 150, Density < 1.2`.
            by: what the best are chosen by, such as `Tc high`; else by the probability of `keep`.
            top: how many of the best are kept, best first; all, in the order of the files, without.
            with_guesses: whether units with atoms that no training unit has are kept, too.
            inside_only: whether only units in the applicability domain are kept, for what is asked.
            in_full: whether the ensemble predicts all rows in any case.
            conditions: by name one value for all rows; the others are columns of the files.
            fragments: as for `predict`.

        Returns:
            How many `rows` there were, are `kept`, had `problems`, and more.

        Raises:
            UserError: when a file cannot be read, or what is wanted contradicts itself.
        """
        _check_fragments(fragments)
        wanted = Wanted.of_words(
            self._predictor.info.answers, keep, by, top, with_guesses, inside_only, in_full
        )
        paths = [Path(_path(each)) for each in files]
        with progress_bar() as show:
            return screen(
                self._predictor,
                paths,
                Path(_path(output)),
                wanted,
                show,
                conditions=dict(conditions or {}),
                fragments=fragments,
            )

    def _frame(
        self, values: pd.DataFrame, index: pd.Index | None, names: dict[str, str]
    ) -> PredictionFrame:
        """Some properties, by the columns that they are to be in."""
        frame = PredictionFrame(values[[*names.values()]].set_axis([*names], axis=1))
        return self._indexed(frame, index)

    def _indexed(self, frame: PredictionFrame, index: pd.Index | None) -> PredictionFrame:
        if index is not None:
            frame.index = index
        frame.attrs["units"] = dict(self.units)
        return frame


def _check_fragments(fragments: str) -> None:
    if fragments not in get_args(FragmentsUse):
        raise UserError(f"fragments is {fragments!r}: give 'refuse' or 'leave-out'.")


def _named(text: str) -> str:
    """What to give in place of the name of a polymer, as a sentence; empty for all else."""
    polymer = polymer_named(text)
    return f" It is the name of {polymer.name}: give {polymer.smiles}." if polymer else ""


def _share(coverage: float) -> float:
    """A coverage as a number, without the noise of another precision."""
    try:
        return round(float(coverage), 6)
    except (TypeError, ValueError) as error:
        raise UserError(f"coverage is {coverage!r}: give a share such as 0.9.") from error


def load(model: str | PathLike[str] = "shipped") -> Model:
    """Load a trained model.

    Args:
        model: `shipped`, `default` for the one that was promoted, the name or id of a run or of an
            imported model, or the path of a bundle.

    Raises:
        UserError: when there is no such model.

    >>> from polygin import load
    >>> load().properties[:5]
    ['Tg', 'FFV', 'Tc', 'Density', 'Rg']
    """
    return Model(find_model(_path(model)))


def _path(source: str | PathLike[str]) -> str:
    try:
        path = fspath(source)
    except TypeError as error:
        raise UserError(f"{clipped(repr(source))} is neither a name nor a path.") from error
    if not isinstance(path, str) or not path:
        raise UserError(f"{path!r} is neither a name nor a path.")
    return path


def read_table(source: str | PathLike[str], mending: str | PathLike[str] = "") -> Table:
    """Read and check a table with a SMILES column and numeric properties, as the pages do.

    Args:
        source: the path of a CSV, TSV, Parquet, XLSX, SDF or MOL file, or of a list of SMILES.
        mending: the path of a file that says how it is mended, such as `polygin doctor --fix`
            writes.

    Returns:
        Its readable rows: N texts `smiles`, `labels` of shape `(N, K)` in the units of the K
        `properties`, NaN where missing, and a `report` of what was found.

    Raises:
        UserError: when it cannot be read, has no SMILES column, or the mending does not fit it.

    >>> from polygin import read_table
    >>> table = read_table("assets/textbook.csv")
    >>> table.labels.shape, [property_.label for property_ in table.properties]
    ((155, 2), ['Tg (°C)', 'Density (g/cm³)'])
    """
    said = read_mending(_path(mending)) if mending else Mending()
    return mended_table(Path(_path(source)), said)
