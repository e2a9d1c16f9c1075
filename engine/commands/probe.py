"""`probe`: what a run would take on this machine."""

import argparse
import sys

from rich.console import Console

from ..base.errors import UserError
from ..runs import ProbeRequest, end_probe, problem_of, read_probe, request_for, start_probe
from ..settings.estimate import Probe
from .devices import device_settings
from .tables import checked_table


def probe(arguments: argparse.Namespace) -> int:
    """Print what a run would take; 1 when its memory will not do."""
    table, use = checked_table(arguments), device_settings(arguments)
    request = request_for(table, arguments.preset, arguments.folds, use)
    console = Console(stderr=True)
    with console.status("Measuring on this machine…"):
        found = read_probe(request) or _measured(request)
    if arguments.json:
        sys.stdout.write(found.model_dump_json(indent=1) + "\n")
        return 0 if found.fits else 1
    shown = Console()
    words = [found.sentence(), *found.remarks]
    if not found.fits:
        words.append("The memory will not do: choose a smaller preset, or fewer processes.")
    for line in words:
        shown.print(line, highlight=False, markup=False, soft_wrap=True)
    return 0 if found.fits else 1


def _measured(request: ProbeRequest) -> Probe:
    started = start_probe(request)
    try:
        started.wait()
    finally:
        end_probe(started)
    found = read_probe(request)
    if found is None:
        raise UserError(problem_of(request) or "The trial ended without a word.")
    return found
