"""Runs: background processes with a folder and a row in the run table each."""

from engine.runs.command import command_for
from engine.runs.control import find_run, list_runs, stop_run
from engine.runs.folder import (
    read_config,
    read_log,
    read_metrics,
    read_out_of_fold,
    read_progress,
    read_report,
)
from engine.runs.probing import (
    ProbeRequest,
    end_probe,
    problem_of,
    read_probe,
    request_for,
    start_probe,
)
from engine.runs.records import MAX_SEED, Progress, Run, RunConfig, StageProgress
from engine.runs.start import MIN_LABELS, chosen_preset, learnable, start_run

__all__ = [
    "MAX_SEED",
    "MIN_LABELS",
    "ProbeRequest",
    "Progress",
    "Run",
    "RunConfig",
    "StageProgress",
    "chosen_preset",
    "command_for",
    "end_probe",
    "find_run",
    "learnable",
    "list_runs",
    "problem_of",
    "read_config",
    "read_log",
    "read_metrics",
    "read_out_of_fold",
    "read_probe",
    "read_progress",
    "read_report",
    "request_for",
    "start_probe",
    "start_run",
    "stop_run",
]
