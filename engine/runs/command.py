"""The command that starts the same run from a terminal."""

import shlex
from collections.abc import Mapping

from engine.runs.records import RunConfig
from engine.training.devices import DeviceSettings


def command_for(
    config: RunConfig, table_name: str, reading: Mapping[str, str] | None = None
) -> str:
    """Write the command of a run; what a command does anyway is left out of it.

    Args:
        config: the run's settings.
        table_name: the table's path.
        reading: the user's word on `separator`, `encoding` and `decimal`.
    """
    words = ["python -m engine train", shlex.quote(table_name), *_words(config)]
    words += [f"--unit {shlex.quote(f'{name}={unit}')}" for name, unit in config.units.items()]
    if config.columns:
        words.append(f"--smiles-column {shlex.quote(config.columns.smiles)}")
        words.append(f"--id-column {shlex.quote(config.columns.id or '')}")
        words += [f"--property {shlex.quote(name)}" for name in config.columns.properties]
    words += [f"--{name} {shlex.quote(given)}" for name, given in (reading or {}).items()]
    return " ".join([*words, f"--name {shlex.quote(config.name)}", *_device_words(config.use)])


def clone_command_for(config: RunConfig, run_id: str) -> str:
    """Write the command of a run on the table of another one, whose id is given."""
    words = ["python -m engine clone", run_id, *_words(config)]
    return " ".join([*words, f"--name {shlex.quote(config.name)}", *_device_words(config.use)])


def switch_of(name: str) -> str:
    """The option that turns a yes-or-no setting of `DeviceSettings` away from its default."""
    words = name.replace("_", "-")
    return f"--no-{words}" if DeviceSettings.model_fields[name].default else f"--{words}"


def _words(config: RunConfig) -> list[str]:
    return [
        f"--preset {config.preset}",
        f"--folds {shlex.quote(config.folds)}",
        f"--seed {config.seed}",
    ]


def _device_words(use: DeviceSettings) -> list[str]:
    given = use.model_dump(exclude_defaults=True)
    return [
        switch_of(name) if isinstance(value, bool) else f"--{name} {value}"
        for name, value in given.items()
    ]
