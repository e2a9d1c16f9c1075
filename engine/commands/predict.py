"""`predict`: a file of any length, or one repeat unit."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from ..base.errors import UserError
from ..base.wording import clipped, counted, listed
from ..base.workspace import writing_to
from ..chem.finding import find, told
from ..inference.conformal import LEVEL
from ..inference.domain_words import domain_in_words
from ..inference.predict import Predictions, Predictor
from ..inference.predicted_tables import predict_file
from ..inference.specification import Requirement, probability_columns, read_specification
from ..inference.submission import make_submission, not_asked_for_words
from ..inference.uncertainty import Uncertainty
from ..models.members import title_of
from ..runs.known_labels import read_measured_labels
from ..settings.conditions import same_for_all
from ..settings.properties import Property
from ..settings.sources import ALL
from ..table import read_table
from ..table.written import csv_text
from .options import (
    STANDARD,
    Commands,
    add_columns,
    add_conditions,
    add_fragments,
    add_model,
    given_conditions,
    opened_model,
)
from .output import print_line, progress_bar

_NAMED_ROWS = 10
_WIDEST = 9
"""Characters of the widest number of four digits, such as 2.701e+09."""

_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".xlsx")


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser("predict", help="predict a file or one repeat unit")
    add_model(command)
    command.add_argument(
        "input",
        metavar="INPUT",
        help="a table, one SMILES, the name of one polymer, or - for standard input",
    )
    command.add_argument("-o", "--output", metavar="OUT.csv", help="where to write; else shown")
    command.add_argument(
        "--sample-submission", metavar="FILE", help="take ids, order and columns from this file"
    )
    command.add_argument(
        "--intervals",
        action="store_true",
        help="add each value's 90 %% interval, and whether the unit is like those trained on",
    )
    command.add_argument(
        "--specification",
        metavar="TEXT",
        help="add the probability of meeting it, such as 'Tg > 150, Density < 1.2'",
    )
    command.add_argument(
        "--sources",
        choices=["answer", ALL],
        default="answer",
        help="whether files have a column for each source of a property, or only for the source "
        "that answers are like",
    )
    command.add_argument(
        "--source",
        metavar="NAME",
        help="predict as this source has the properties; with a sample submission, by default the "
        "first table's",
    )
    add_conditions(command)
    add_columns(command)
    add_fragments(command)
    command.set_defaults(carry_out=_predict)


def _predict(arguments: argparse.Namespace) -> None:
    """Predict a file, or show the prediction of one repeat unit."""
    if arguments.output == STANDARD:
        arguments.output = None
    if arguments.input != STANDARD:
        _predict_input(arguments)
        return
    # As a file, which may be read more than once.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "standard input"
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        arguments.input = str(path)
        _predict_input(arguments)


def _predict_input(arguments: argparse.Namespace) -> None:
    if (arguments.intervals or arguments.specification) and arguments.sample_submission:
        raise UserError(
            "A submission has exactly the columns that its sample asks for: leave out --intervals "
            "and --specification, or --sample-submission."
        )
    if arguments.source and arguments.sources == ALL:
        raise UserError("--source is for one source, --sources all for all of them: leave out one.")
    if arguments.sample_submission and arguments.sources == ALL:
        raise UserError(
            "A submission has exactly the columns that its sample asks for: leave out --sources "
            "all or --sample-submission."
        )
    predictor = opened_model(arguments.model)
    if arguments.source:
        # Refused before anything is written.
        predictor.info.columns_like(arguments.source)
    if arguments.intervals or arguments.specification:
        predictor.demand_intervals()
    _requirements(predictor, arguments)
    # Not by `Path`, which complains of a SMILES that is too long for a file's name.
    if os.path.isfile(arguments.input):
        _predict_file(predictor, arguments)
    elif arguments.output or arguments.sample_submission:
        raise UserError(
            f"{clipped(arguments.input)!r} is no file: -o and --sample-submission are for files, "
            "and the prediction of one repeat unit is only shown."
        )
    else:
        _predict_unit(predictor, arguments)


def _predict_file(predictor: Predictor, arguments: argparse.Namespace) -> None:
    output = Path(arguments.output) if arguments.output else None
    if arguments.sample_submission:
        _predict_sample(predictor, arguments, output)
        return
    with progress_bar() as show, _written(output, arguments) as out:
        source = ALL if arguments.sources == ALL else arguments.source
        names, path = predictor.info.columns_for(source), Path(arguments.input)
        missing = predict_file(
            predictor,
            path,
            out,
            show,
            arguments.intervals,
            names,
            arguments.smiles_column,
            arguments.id_column,
            given_conditions(predictor, arguments.condition),
            arguments.fragments or "refuse",
            _requirements(predictor, arguments),
        )
    if output:
        print_line(f"Written to {output}", stderr=True)
    if missing.unread:
        print_line(missing.unread, stderr=True)
    if missing.count:
        words = "could not be predicted; cells are empty, and the column `problem` says why"
        print_line(f"{counted(missing.count, 'row')} {words}:", stderr=True)
        _print_rows(missing.first)
    if missing.warned:
        have = "has" if missing.warned == 1 else "have"
        words = f"{have} what no training unit has; the column `warning` says what"
        print_line(f"{counted(missing.warned, 'row')} {words}.", stderr=True)
    if missing.count and missing.count == missing.of:
        raise UserError(
            "No row could be predicted: is the right column read? `--smiles-column` names another."
        )


def _requirements(predictor: Predictor, arguments: argparse.Namespace) -> list[Requirement]:
    """What `--specification` says; empty without it.

    Raises:
        UserError: when it cannot be read.
    """
    return read_specification(arguments.specification or "", predictor.info.answers)


def _predict_sample(
    predictor: Predictor, arguments: argparse.Namespace, output: Path | None
) -> None:
    """Predict a file in the form of a sample submission; both are read as a whole."""
    sample = read_table(arguments.sample_submission)
    test = read_table(arguments.input)
    with progress_bar() as show, _written(output, arguments) as out:
        submission = make_submission(
            predictor,
            test,
            sample,
            show,
            arguments.source,
            arguments.smiles_column,
            given_conditions(predictor, arguments.condition),
            arguments.fragments or "refuse",
        )
        out.write(submission.frame.to_csv(index=False))
    if output:
        print_line(f"Written to {output}", stderr=True)
    if submission.not_asked_for:
        print_line(not_asked_for_words(submission.not_asked_for, sample.name), stderr=True)
    filled, warned = submission.filled, submission.warned
    if len(warned):
        print_line(f"{counted(len(warned), 'row')} to be careful with:", stderr=True)
        _print_rows(warned.head(_NAMED_ROWS))
        if len(warned) > _NAMED_ROWS:
            print_line(f"  and {len(warned) - _NAMED_ROWS:,} more", stderr=True)
    if filled.empty:
        return
    words = f"{counted(len(filled), 'row')} could not be predicted and hold the training medians"
    if output is None:
        print_line(f"{words}:", stderr=True)
        _print_rows(filled)
        return
    beside = output.with_name(f"{output.stem}-filled-rows.csv")
    with _written(beside, arguments) as out:
        out.write(csv_text(filled))
    print_line(f"{words}; all are listed in {beside}.", stderr=True)


def _print_rows(rows: pd.DataFrame) -> None:
    for row in rows.itertuples(index=False):
        print_line(f"  id {row.id}: {row.reason}", stderr=True)


def _unit_of(text: str) -> str:
    """The SMILES that a text is, or that of the polymer that it names.

    Raises:
        UserError: for a name that leaves a doubt which polymer is meant, and for monomers.
    """
    if "*" in text:
        return text
    found = find(text)
    if found.only:
        print_line(f"{told(found)[:-1]}: {found.only.smiles}", stderr=True)
        return found.only.smiles
    if found.units and found.how not in ("molecule", "near"):
        units = listed([unit.smiles for unit in found.units])
        raise UserError(f"{told(found)} Give one of them: {units}.")
    return text


def _near(text: str) -> str:
    """The names of polymers that a text is like, as a sentence; empty where it is like none."""
    found = find(text)
    return told(found) if found.how == "near" else ""


def _predict_unit(predictor: Predictor, arguments: argparse.Namespace) -> None:
    smiles = _unit_of(arguments.input)
    given = given_conditions(predictor, arguments.condition)
    missing = [each.name for each in predictor.info.conditions if each.name not in given]
    if missing:
        raise UserError(
            f"The model {predictor.info.name!r} predicts at given conditions: say "
            + " ".join(f"--condition {name}=VALUE" for name in missing)
            + "."
        )
    for condition in predictor.info.conditions:
        if words := condition.beyond_words(given[condition.name]):
            print_line(words, stderr=True)
    at = same_for_all(predictor.info.conditions, 1, given)
    predicted = predictor.predict([smiles], given=at, fragments=arguments.fragments or "refuse")
    if predicted.problems and Path(smiles).suffix.lower() in _SUFFIXES:
        raise UserError(f"There is no file {clipped(smiles)!r}.")
    if predicted.problems:
        raise UserError(
            f"{smiles!r} is neither a file nor a repeat unit that can be read: "
            f"{predicted.problems[0]}. {_near(smiles)}".rstrip()
        )
    names = list(predictor.info.columns_for(arguments.source).values())
    for words in predicted.warnings(names).values():
        print_line(words, stderr=True)
    uncertainty = predictor.uncertainty(predicted) if predictor.has_intervals else None
    if uncertainty:
        _tell_domain(predictor, predicted, uncertainty, names)
    _print_measured(predictor, smiles)
    for condition in predictor.info.conditions:
        print_line(f"at {condition.name} {given[condition.name]} {condition.unit}".strip())
    shown = uncertainty if arguments.intervals else None
    _print_values(predictor, predicted, shown, arguments.source)
    if uncertainty and (requirements := _requirements(predictor, arguments)):
        _print_probabilities(predictor, requirements, predicted, uncertainty)


def _print_values(
    predictor: Predictor, predicted: Predictions, shown: Uncertainty | None, source: str | None
) -> None:
    """Print what the blend and each member predict of one unit."""
    # Kept on one line, where a narrow terminal breaks the others.
    interval = Column(f"{100 * LEVEL:.0f} % interval", no_wrap=True)
    heads: list[Column | str] = [interval, "domain"] if shown else []
    blended = Table("property", "blend", *heads, box=SIMPLE_HEAD)
    # A table of their own: all in one would not fit a terminal of 80 columns.
    titles = [title_of(member) for member in predictor.info.members]
    heads_of_members = [
        Column(each, justify="right", min_width=_WIDEST, overflow="fold") for each in titles
    ]
    members = Table(
        Column("members", overflow="fold"),
        *heads_of_members,
        box=SIMPLE_HEAD,
        padding=(0, 0, 0, 1),
        pad_edge=False,
    )
    for property_ in predictor.info.properties:
        if source and property_.source != source:
            continue
        label = escape(property_.label)
        blend = property_.number(predicted.blend.at[0, property_.name])
        blended.add_row(label, blend, *(_cells(shown, property_) if shown else ()))
        values = (frame.at[0, property_.name] for frame in predicted.members.values())
        members.add_row(label, *("–" if isnan(v) else property_.number(v) for v in values))
    Console().print(blended, members)


def _print_probabilities(
    predictor: Predictor,
    requirements: Sequence[Requirement],
    predicted: Predictions,
    uncertainty: Uncertainty,
) -> None:
    """Print how likely one unit meets each requirement, and all of them."""
    row = probability_columns(
        requirements, predictor.info, predicted.blend, uncertainty.half_widths
    ).iloc[0]
    units = {each.name: each.unit for each in predictor.info.properties}
    for each in requirements:
        if each.has_ends:
            words = each.ends_in_words(units[each.name])
            print_line(f"probability of {words}: {row[f'probability_{each.name}']:.0%}")
    if sum(each.has_ends for each in requirements) > 1:
        print_line(f"probability of all of it: {row['probability_all']:.0%}")


def _print_measured(predictor: Predictor, smiles: str) -> None:
    """Print the measured values of a polymer that the model learned, with their references."""
    known = read_measured_labels(predictor.folder, predictor.info).of(smiles)
    for property_ in predictor.info.properties:
        for label in known.get(property_.name, []):
            words = " (cis, trans or tacticity not told apart)" if label.any_stereo else ""
            value = property_.format(label.value)
            print_line(f"measured: {property_.name} {value}, {label.reference}{words}")


def _tell_domain(
    predictor: Predictor, predicted: Predictions, uncertainty: Uncertainty, names: Sequence[str]
) -> None:
    """Say on standard error for which properties a unit lies outside the domain, and what of it."""
    told = {
        name: domain_in_words(predictor.info, uncertainty, predicted.unseen, 0, name)
        for name in names
    }
    outside = [name for name in names if told[name].outside]
    if outside:
        which = "all properties" if len(outside) == len(names) else listed(outside)
        print_line(f"Outside the applicability domain of {which}.", stderr=True)
    for name in outside:
        words = told[name]
        if sentences := " ".join(filter(None, [words.far, words.effect])):
            print_line(f"  {name}: {sentences}", stderr=True)


def _cells(uncertainty: Uncertainty, property_: Property) -> tuple[str, str]:
    """A property's interval and domain as cells of a table; a dash where there is none."""
    low, high = uncertainty.low.at[0, property_.name], uncertainty.high.at[0, property_.name]
    interval = "–" if np.isnan(low) else f"{property_.number(low)} – {property_.number(high)}"
    return interval, uncertainty.domain.at[0, property_.name] or "–"


@contextmanager
def _written(path: Path | None, arguments: argparse.Namespace) -> Iterator[TextIO]:
    """A file to write text to, which exists only when all went well; else standard output."""
    if path is None:
        yield sys.stdout
        return
    try:
        inputs = [Path(each) for each in (arguments.input, arguments.sample_submission) if each]
        with (
            writing_to(path, inputs) as place,
            place.open("w", encoding="utf-8", newline="") as out,
        ):
            yield out
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from error
