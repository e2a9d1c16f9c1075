"""The limits of a workspace, from the `limits.yaml` in its folder where there is one."""

import os
import shutil

from pydantic import BaseModel, ConfigDict, Field

from .errors import UserError
from .plain_files import read_file
from .plain_yaml import settings_of
from .workspace import home

FILE = "limits.yaml"
_MOST_BYTES = 2**20


class Limits(BaseModel):
    """The limits of a workspace.

    Attributes:
        runs_at_once: runs that train at the same time; more than one needs memory and devices for
            all of them.
        queue_length: runs that may wait.
        upload_mb: the largest table or model that pages accept, in MB (2²⁰ bytes).
        free_disk_gb: a run is refused when less than this is free, in GB (2³⁰ bytes).
        cpu_seconds: processor time in which a table of up to 50,000 rows and a million cells has to
            be read and checked; a larger one has as much more as it is larger.
        units_per_call: repeat units that one call of the HTTP service may have.
        calls_waiting: calls that may wait there while its processes are at work.
        jobs_waiting: batch jobs that may wait there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    runs_at_once: int = Field(default=1, ge=1, le=64)
    queue_length: int = Field(default=100, ge=1)
    upload_mb: int = Field(default=100, ge=1, le=100)
    free_disk_gb: float = Field(default=0.5, ge=0)
    cpu_seconds: float = Field(default=60, gt=0, allow_inf_nan=False)
    units_per_call: int = Field(default=256, ge=1, le=10_000)
    calls_waiting: int = Field(default=128, ge=1, le=10_000)
    jobs_waiting: int = Field(default=20, ge=1, le=1000)


_MAY_HOLD = f"It may hold {', '.join(Limits.model_fields)}."


def limits() -> Limits:
    """The workspace's limits.

    Raises:
        UserError: when the file cannot be understood.
    """
    path = home() / FILE
    if not os.path.lexists(path):
        return Limits()
    data = read_file(path, f"{_MAY_HOLD} Without it, usual limits hold.", _MOST_BYTES)
    return settings_of(Limits, data, path, "a file of limits", _MAY_HOLD)


def check_room(waiting: int) -> None:
    """Refuse another run where the workspace is full.

    Args:
        waiting: how many runs wait already.

    Raises:
        UserError: when too many wait, or the disk is nearly full.
    """
    allowed = limits()
    if waiting >= allowed.queue_length:
        raise UserError(
            f"As many runs wait already as this workspace allows ({allowed.queue_length}); "
            f"cancel one, or raise queue_length in {FILE}."
        )
    free = shutil.disk_usage(home()).free / 2**30
    if free < allowed.free_disk_gb:
        raise UserError(
            f"Only {free:.2f} GB of disk are free, and a run needs {allowed.free_disk_gb:g} GB; "
            "delete old runs or free space elsewhere."
        )
