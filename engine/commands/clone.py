"""`clone`: the same run again, with other settings."""

import argparse
from collections.abc import Callable

from ..runs import RunConfig, clone_of, find_run
from ..runs.records import checked_name
from ..settings.devices import DeviceSettings
from .devices import add_device_options
from .runs import begin

_SETTINGS = ("name", "preset", "folds", "seed")


def add_clone(commands: argparse._SubParsersAction, seed: Callable[[str], int]) -> None:
    """Add the command.

    Args:
        commands: where to.
        seed: reads a seed.
    """
    command = commands.add_parser(
        "clone",
        help="start a run on the same table; what is not said is as in the run it is cloned from",
    )
    command.add_argument("run", metavar="RUN", help="its id or name")
    command.add_argument("--preset", metavar="P")
    command.add_argument("--folds", metavar="F")
    command.add_argument("--seed", type=seed, metavar="N")
    command.add_argument("--name", help="for the list of runs")
    command.add_argument("--detach", action="store_true", help="return at once")
    add_device_options(command)
    command.set_defaults(carry_out=clone, **dict.fromkeys(DeviceSettings.model_fields))


def clone(arguments: argparse.Namespace) -> int:
    """Start a run like another one."""
    given = {name: value for name, value in vars(arguments).items() if value is not None}
    if "name" in given:
        given["name"] = checked_name(given["name"])
    origin = clone_of(find_run(arguments.run))
    use = {name: given[name] for name in DeviceSettings.model_fields if name in given}
    changes = {name: given[name] for name in _SETTINGS if name in given}
    config = RunConfig(
        **{
            **origin.config.model_dump(),
            **changes,
            "use": {**origin.config.use.model_dump(), **use},
        }
    )
    return begin(origin.checked(), config, arguments.detach)
