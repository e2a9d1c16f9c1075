"""The commands' arguments."""

import argparse

from bench.speed.arguments import add_arguments

from ..runs.records import MAX_SEED
from ..settings.presets import PRESETS
from . import bench, models, presets, probe, runs, tables
from .clone import add_clone
from .devices import add_device_options
from .export import add_export


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; each sets `carry_out` to its function."""
    top = argparse.ArgumentParser(prog="python -m engine", description="PolyGIN Studio")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _doctor(commands)
    _train(commands)
    _presets(commands)
    _probe(commands)
    _runs(commands)
    add_clone(commands, _seed)
    add_export(commands)
    _models(commands)
    _bench(commands)
    return top


def _doctor(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("doctor", help="check a table and say what is odd about it")
    _table(command)
    _json(command)
    command.set_defaults(carry_out=tables.doctor)


def _train(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("train", help="train on a table")
    _table(command)
    _settings(command)
    command.add_argument("--seed", type=_seed, default=0, metavar="N")
    command.add_argument("--name", help="for the list of runs; else the table's name")
    command.add_argument("--detach", action="store_true", help="return at once")
    command.set_defaults(carry_out=runs.train)


def _presets(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("presets", help="list the presets and their networks' sizes")
    command.add_argument(
        "--properties", type=int, default=5, metavar="K", help="of the table; 5 by default"
    )
    _json(command)
    command.set_defaults(carry_out=presets.list_all)


def _probe(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "probe", help="measure how long a run would take here, and how much memory"
    )
    _table(command)
    _settings(command)
    _json(command)
    command.set_defaults(carry_out=probe.probe)


def _settings(command: argparse.ArgumentParser) -> None:
    """What decides how much there is to train."""
    command.add_argument(
        "--preset", default="auto", metavar="P", help=f"auto, {', '.join(PRESETS)}"
    )
    command.add_argument(
        "--folds",
        default="random:5",
        metavar="F",
        help="random:5, similarity:5, column:NAME of the table, or FILE:COLUMN",
    )
    add_device_options(command)


def _runs(commands: argparse._SubParsersAction) -> None:
    listing = commands.add_parser("runs", help="list the runs")
    _json(listing)
    listing.set_defaults(carry_out=runs.list_all)
    stop = commands.add_parser("stop", help="stop a run")
    stop.add_argument("run", metavar="RUN", help="its id or name")
    stop.set_defaults(carry_out=runs.stop)
    resume = commands.add_parser(
        "resume", help="let a run that has ended too early go on from its checkpoints"
    )
    resume.add_argument("run", metavar="RUN", help="its id or name")
    resume.add_argument("--detach", action="store_true", help="return at once")
    resume.set_defaults(carry_out=runs.resume)
    delete = commands.add_parser("delete", help="delete a run and its files")
    delete.add_argument("run", metavar="RUN", help="its id or name")
    delete.add_argument("--yes", action="store_true", help="do not ask")
    delete.set_defaults(carry_out=runs.delete)


def _models(commands: argparse._SubParsersAction) -> None:
    listing = commands.add_parser("models", help="list the models")
    _json(listing)
    listing.set_defaults(carry_out=models.list_all)

    predict = commands.add_parser("predict", help="predict a file or one repeat unit")
    _model(predict)
    predict.add_argument("input", metavar="INPUT", help="a table, or one SMILES")
    predict.add_argument("-o", "--output", metavar="OUT.csv", help="where to write; else shown")
    predict.add_argument(
        "--sample-submission", metavar="FILE", help="take ids, order and columns from this file"
    )
    predict.add_argument(
        "--intervals",
        action="store_true",
        help="add each value's 90 %% interval, and whether the unit is like those trained on",
    )
    predict.set_defaults(carry_out=models.predict)

    score = commands.add_parser("score", help="score a model on a labelled table")
    _model(score)
    _table(score)
    _json(score)
    score.set_defaults(carry_out=models.score)

    promote = commands.add_parser("promote", help="make a model the default")
    _model(promote)
    promote.set_defaults(carry_out=models.promote)


def _bench(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("bench", help="measure speed and memory on this machine")
    _table(command, count="?")
    add_arguments(command)
    command.set_defaults(carry_out=bench.bench)


def _model(command: argparse.ArgumentParser) -> None:
    words = "a run's id or name, a bundle's folder, `default` or `shipped`"
    command.add_argument("model", metavar="MODEL", help=words)


def _table(command: argparse.ArgumentParser, count: str | None = None) -> None:
    command.add_argument("table", nargs=count, metavar="TABLE", help="CSV, TSV, Parquet or XLSX")
    command.add_argument("--smiles-column", metavar="NAME")
    command.add_argument("--id-column", metavar="NAME", help="empty to use row numbers")
    command.add_argument(
        "--property", action="append", metavar="NAME", help="may be given several times"
    )
    command.add_argument(
        "--unit",
        action="append",
        default=[],
        metavar="NAME=UNIT",
        help="the unit that a property is given in, such as Tg=K",
    )
    command.add_argument("--separator", metavar="C")
    command.add_argument("--encoding", metavar="E")
    command.add_argument("--decimal", choices=[".", ","])


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON")


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= MAX_SEED:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {MAX_SEED - 1}")
    return int(text)
