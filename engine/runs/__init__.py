"""Runs: background processes with a folder and a row in the run table each."""

from .clone import (
    Clone,
    clone_command_for,
    clone_of,
    command_for,
    mending_file,
    with_kept_folds,
)
from .control import (
    archive_run,
    delete_run,
    disk_use,
    find_model,
    find_run,
    list_runs,
    move_up,
    note_run,
    rename_run,
    resume_run,
    stop_run,
)
from .exclusions import Cell, exclude, read_cells, without_labels
from .exit_reasons import kept_words
from .feed import read_hardware, read_metrics
from .folder import (
    preset_of,
    read_config,
    read_log,
    read_out_of_fold,
    read_progress,
    read_report,
)
from .own_files import problems_of
from .probing import ProbeRequest, end_probe, problem_of, read_probe, request_for, start_probe
from .records import (
    MAX_SEED,
    RESUMABLE,
    Change,
    Exclusion,
    Progress,
    Run,
    RunConfig,
    StageProgress,
    in_line,
)
from .start import MIN_LABELS, learnable, start_run, unlearned_words
from .store import changes_of, unreadable
from .trash import Trashed, empty_trash, restore, trashed

__all__ = [
    "MAX_SEED",
    "MIN_LABELS",
    "RESUMABLE",
    "Cell",
    "Change",
    "Clone",
    "Exclusion",
    "ProbeRequest",
    "Progress",
    "Run",
    "RunConfig",
    "StageProgress",
    "Trashed",
    "archive_run",
    "changes_of",
    "clone_command_for",
    "clone_of",
    "command_for",
    "delete_run",
    "disk_use",
    "empty_trash",
    "end_probe",
    "exclude",
    "find_model",
    "find_run",
    "in_line",
    "kept_words",
    "learnable",
    "list_runs",
    "mending_file",
    "move_up",
    "note_run",
    "preset_of",
    "problem_of",
    "problems_of",
    "read_cells",
    "read_config",
    "read_hardware",
    "read_log",
    "read_metrics",
    "read_out_of_fold",
    "read_probe",
    "read_progress",
    "read_report",
    "rename_run",
    "request_for",
    "restore",
    "resume_run",
    "start_probe",
    "start_run",
    "stop_run",
    "trashed",
    "unlearned_words",
    "unreadable",
    "with_kept_folds",
    "without_labels",
]
