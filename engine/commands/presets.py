"""`presets` and `probe`: what can be trained, and what it would take on this machine."""

import argparse
import json
import sys

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ..base.errors import UserError
from ..models.members import network_configs, network_member, resolved, title_of
from ..runs import ProbeRequest, end_probe, problem_of, read_probe, request_for, start_probe
from ..settings.estimate import Probe
from ..settings.presets import PRESETS, Preset
from .options import Commands, add_json, add_settings, device_settings
from .output import print_line
from .table_options import add_table, checked_table


def add(commands: Commands) -> None:
    """Add the commands."""
    presets = commands.add_parser("presets", help="list the presets and their networks' sizes")
    presets.add_argument(
        "--properties", type=int, default=5, metavar="K", help="of the table; 5 by default"
    )
    add_json(presets)
    presets.set_defaults(carry_out=_presets)

    probe = commands.add_parser(
        "probe", help="measure how long a run would take here, and how much memory"
    )
    add_table(probe)
    add_settings(probe)
    add_json(probe)
    probe.set_defaults(carry_out=_probe)


def _presets(arguments: argparse.Namespace) -> None:
    """Print the presets, with the number of parameters of one network of each."""
    rows = [_row(preset, arguments.properties) for preset in PRESETS.values()]
    if arguments.json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    shown = Table("preset", "network", "parameters", "epochs", "batch", "members", box=SIMPLE_HEAD)
    for column in shown.columns[:3]:
        column.no_wrap = True
    for row in rows:
        shown.add_row(row["preset"], *_network_cells(row), ", ".join(map(title_of, row["members"])))
    Console().print(shown)


def _row(preset: Preset, properties: int) -> dict:
    """A preset with every setting said, and how many parameters a network of each member has."""
    # Loaded here: no other command that only shows things waits for torch.
    from ..models.network import count_parameters

    return {
        "preset": preset.name,
        "title": preset.title,
        "parameters": {
            member: count_parameters(network_member(member).build(config.network, properties))
            for member, config in network_configs(preset).items()
        },
        "properties": properties,
        **resolved(preset).model_dump(mode="json", exclude={"name", "title", "summary"}),
    }


def _network_cells(row: dict) -> tuple[str, str, str, str]:
    """A preset's networks, their parameters, epochs and batches; a line for each member."""
    lines = []
    for member, parameters in row["parameters"].items():
        network, training = row["members"][member]["network"], row["members"][member]["training"]
        before = training["pretraining"]
        lines.append(
            (
                f"{network['kind']} {network['layers']}×{network['width']}",
                f"{parameters:,}",
                (f"{before['epochs']} {before['kind']} + " if before else "")
                + str(training["epochs"]),
                str(training["batch"]),
            )
        )
    kind, parameters, epochs, batch = (
        map("\n".join, zip(*lines, strict=True)) if lines else [""] * 4
    )
    return kind, parameters, epochs, batch


def _probe(arguments: argparse.Namespace) -> int:
    """Print what a run would take; 1 when the memory would not suffice."""
    table, use = checked_table(arguments), device_settings(arguments)
    request = request_for(table, arguments.preset, arguments.folds, use)
    with Console(stderr=True).status("Measuring on this machine…"):
        answer = read_probe(request) or _measured(request)
    if arguments.json:
        sys.stdout.write(answer.model_dump_json(indent=1) + "\n")
        return 0 if answer.fits else 1
    lines = [answer.sentence(), *answer.remarks]
    if not answer.fits:
        lines.append("The memory is not enough: choose a smaller preset, or fewer processes.")
    for line in lines:
        print_line(line)
    return 0 if answer.fits else 1


def _measured(request: ProbeRequest) -> Probe:
    started = start_probe(request)
    try:
        started.wait()
    finally:
        end_probe(started)
    answer = read_probe(request)
    if answer is None:
        raise UserError(problem_of(request) or "The trial ended without a word.")
    return answer
