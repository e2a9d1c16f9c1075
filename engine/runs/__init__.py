"""Runs: background processes with a folder and a row in the run table each."""

from engine.runs.control import find_run, list_runs, stop_run
from engine.runs.folder import (
    read_config,
    read_log,
    read_metrics,
    read_out_of_fold,
    read_progress,
    read_report,
)
from engine.runs.records import MAX_SEED, Progress, Run, RunConfig, StageProgress
from engine.runs.start import MIN_LABELS, command_for, learnable, start_run

__all__ = [
    "MAX_SEED",
    "MIN_LABELS",
    "Progress",
    "Run",
    "RunConfig",
    "StageProgress",
    "command_for",
    "find_run",
    "learnable",
    "list_runs",
    "read_config",
    "read_log",
    "read_metrics",
    "read_out_of_fold",
    "read_progress",
    "read_report",
    "start_run",
    "stop_run",
]
