"""The options that several commands share, and what they say."""

import argparse
import csv
from collections.abc import Sequence
from typing import Any, get_args

from ..base.errors import UserError
from ..inference.predict import Predictor
from ..inference.specification import Requirement, read_specification
from ..runs import find_model
from ..runs.clone import switch_of
from ..runs.records import MAX_SEED, Where
from ..settings.devices import DeviceSettings
from ..settings.polymer_columns import Basis, SaidUnits
from ..settings.presets import PRESETS
from ..table.conditions import named_values
from ..table.mending import NO_COMPOSITION, FragmentsUse
from .output import print_line

STANDARD = "-"
"""Stands for standard input or output."""

Commands = argparse._SubParsersAction
"""What a command adds its parser to."""


_DEVICE_HELP = {
    "parallel": "how several devices, or the cores of a CPU, share the networks",
    "precision": "of products; auto is bf16 or fp16 on CUDA, fp32 on a CPU",
    "deterministic": "only kernels that give the same bits each time",
    "cuda_graphs": "launch each step's kernels one by one",
    "step_in_backward": "update weights within the backward pass, which saves memory",
    "empty_cache": "give memory back to the CUDA driver after each epoch",
    "pinned_memory": "send rows to the device from ordinary memory",
}


def add_json(command: argparse.ArgumentParser) -> None:
    """Let a command print JSON."""
    command.add_argument("--json", action="store_true", help="print JSON")


def add_run(command: argparse.ArgumentParser) -> None:
    """Let a command take a run."""
    command.add_argument("run", metavar="RUN", help="its id or name")


def add_model(command: argparse.ArgumentParser) -> None:
    """Let a command take a model."""
    words = "the id or name of a run or an imported model, a bundle's folder, default or shipped"
    command.add_argument("model", metavar="MODEL", help=words)


def opened_model(model: str) -> Predictor:
    """The model of that name; warns on standard error when it predicts differently here.

    Raises:
        UserError: when there is no such model, or it cannot be read.
    """
    predictor = Predictor(find_model(model))
    if words := predictor.deviation():
        print_line(words, stderr=True)
    return predictor


def add_fragments(command: argparse.ArgumentParser) -> None:
    """Let a command say what is done about molecules beside repeat units."""
    command.add_argument(
        "--fragments",
        choices=get_args(FragmentsUse),
        help="what to do about molecules beside a repeat unit, such as counter-ions: refuse the "
        "row, as by default, or leave them out",
    )


def add_columns(command: argparse.ArgumentParser) -> None:
    """Let a command take the columns of repeat units and ids."""
    command.add_argument(
        "--smiles-column", metavar="NAME", help="of the repeat units, where there is one in a row"
    )
    command.add_argument("--id-column", metavar="NAME", help="empty to use row numbers")
    group = command.add_argument_group("compositions of several repeat units")
    group.add_argument(
        "--unit-columns", type=column_names, metavar="A,B", help="the columns of the repeat units"
    )
    group.add_argument(
        "--fraction-columns",
        type=column_names,
        metavar="A,B",
        help="those of their fractions, in the same order; without the last, that is the rest",
    )
    group.add_argument(
        "--fractions", choices=get_args(Basis), help="what the fractions are shares of"
    )
    group.add_argument(
        "--architecture-column",
        metavar="NAME",
        help="says random, alternating, block or graft; empty where no column does",
    )
    group.add_argument(
        "--architecture",
        metavar="WORD",
        help="random, alternating, block or graft: that of all rows which say none themselves",
    )


def column_names(text: str) -> tuple[str, ...]:
    """Names of columns with commas between, as argparse's `type`; quotes keep a name's own comma.

    >>> column_names('smiles_A,smiles_B')
    ('smiles_A', 'smiles_B')
    """
    return tuple(name.strip() for row in csv.reader([text]) for name in row if name.strip())


def said_columns(arguments: argparse.Namespace) -> dict[str, Any]:
    """What the options of `add_columns` say, by the fields of a mending; None where nothing.

    Raises:
        UserError: when they contradict each other.
    """
    units, smiles = arguments.unit_columns, arguments.smiles_column
    if units and smiles and smiles not in units:
        raise UserError(
            f"--smiles-column {smiles!r} is none of --unit-columns {','.join(units)}: name all "
            "columns of repeat units with --unit-columns."
        )
    return {
        "smiles": units[0] if units else smiles,
        "further_units": units[1:] if units else None,
        "id": arguments.id_column,
        "fractions": arguments.fraction_columns,
        "basis": arguments.fractions,
        "architecture": arguments.architecture_column,
        "one_architecture": arguments.architecture,
    }


def said_units(arguments: argparse.Namespace) -> SaidUnits:
    """What the options of `add_columns` say of compositions."""
    said = said_columns(arguments)
    others = {name: said[name] for name in NO_COMPOSITION if name != "further_units"}
    return SaidUnits(units=said["further_units"], **others)


def add_conditions(command: argparse.ArgumentParser) -> None:
    """Let a command take conditions."""
    command.add_argument(
        "--condition",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="at which to predict, such as temperature=298; else a column of the input",
    )


def add_settings(command: argparse.ArgumentParser) -> None:
    """Let a command take what decides how much there is to train."""
    command.add_argument(
        "--preset", default="auto", metavar="P", help=f"auto, {', '.join(PRESETS)}"
    )
    command.add_argument(
        "--folds",
        default="random:5",
        metavar="F",
        help="random:5, similarity:5, of copolymers also pair:5 or unit:5, column:NAME of the "
        "table, or FILE:COLUMN",
    )
    add_devices(command)


def add_devices(command: argparse.ArgumentParser) -> None:
    """Let a command take an option for each of the `DeviceSettings`."""
    group = command.add_argument_group("devices and memory")
    for name, field in DeviceSettings.model_fields.items():
        if field.annotation is bool:
            action = "store_false" if field.default else "store_true"
            group.add_argument(switch_of(name), dest=name, action=action, help=_DEVICE_HELP[name])
        else:
            choices = get_args(field.annotation)
            group.add_argument(
                f"--{name}", choices=choices, default=field.default, help=_DEVICE_HELP[name]
            )


def add_on(command: argparse.ArgumentParser, default: Where | None) -> None:
    """Let a command say where its work is done."""
    command.add_argument(
        "--on",
        choices=get_args(Where),
        default=default,
        help="work on this machine, or on the Slurm cluster that cluster.yaml in the "
        "workspace describes (see `cluster check`)",
    )


def seed(text: str) -> int:
    """A seed, as argparse's `type`."""
    if not text.isdecimal() or int(text) >= MAX_SEED:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {MAX_SEED - 1}")
    return int(text)


def whole_number(text: str) -> int:
    """A whole number above 0, as argparse's `type`."""
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def port(text: str) -> int:
    """A port's number, as argparse's `type`."""
    if not text.isdecimal() or not 1 <= int(text) < 2**16:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 1 to 65535")
    return int(text)


def device_settings(arguments: argparse.Namespace) -> DeviceSettings:
    """What the options of `add_devices` say."""
    return DeviceSettings(
        **{name: getattr(arguments, name) for name in DeviceSettings.model_fields}
    )


def given_conditions(predictor: Predictor, words: Sequence[str]) -> dict[str, float | str]:
    """The value of each condition that `--condition NAME=VALUE` names.

    Args:
        predictor: the model.
        words: as given.

    Raises:
        UserError: for a word of another form, or a condition that the model does not know.
    """
    pairs = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise UserError(f"--condition {word!r} is not understood; write NAME=VALUE.")
        pairs.append((name, value))
    return named_values(predictor.info.conditions, pairs, predictor.info.name)


def given_requirements(predictor: Predictor, text: str | None) -> list[Requirement]:
    """What a specification says of the properties that a model answers with; empty without one.

    Raises:
        UserError: when it cannot be read.
    """
    return read_specification(text or "", predictor.info.answers)
