"""The description of a cluster, from the `cluster.yaml` in the workspace."""

import hashlib
import os
import re
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from ..base.errors import UserError
from ..base.hardware import Hardware
from ..base.plain_files import read_file
from ..base.plain_yaml import settings_of
from ..base.workspace import COMMAND, home, write_atomic

FILE = "cluster.yaml"
_MOST_BYTES = 2**20

_TIME = re.compile(
    r"(?:(?P<d>\d+) ?d)? ?(?:(?P<h>\d+) ?h)? ?(?:(?P<min>\d+) ?min)?"
    r"|(?:(?P<days>\d+)-)?(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d)",
    re.ASCII,
)
_MINUTES = {"d": 1440, "days": 1440, "h": 60, "hours": 60, "min": 1, "minutes": 1}
_MEMORY = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) ?(M|G)(?:i?B)?", re.ASCII)
_MAY_HOLD = (
    "It holds partition, time (8 h), cpus (8) and memory (16 GB), and may hold account, qos, "
    "constraint, gpus (1), gpu_type (a100), tasks (jobs that a run is divided over), python (its "
    "path on the nodes) and setup (a list of lines for the shell)."
)


def _minutes(said: Any) -> int:
    """The minutes of `90 min`, `8 h`, `1 d 12 h` or Slurm's `1-12:00:00`."""
    found = _TIME.fullmatch(said.strip()) if isinstance(said, str) and len(said) < 30 else None
    given = (
        {unit: int(number) for unit, number in found.groupdict().items() if number} if found else {}
    )
    if not given:
        # Without quotation marks YAML takes 2:00:00 for a number of base 60.
        raise ValueError("write it as 90 min, 8 h or 1 d 12 h, or in quotation marks, '8:00:00'")
    begun = given.pop("seconds", 0) > 0
    return sum(_MINUTES[unit] * number for unit, number in given.items()) + begun


def _megabytes(said: Any) -> int:
    """The MB (2²⁰ bytes) of `16 GB` or `500 MB`, also as Slurm writes them: `16G`."""
    found = _MEMORY.fullmatch(said.strip()) if isinstance(said, str) else None
    if found is None:
        raise ValueError("write it with its unit, as 16 GB or 500 MB")
    return round(float(found[1]) * (1024 if found[2] == "G" else 1))


def _gpus(said: Any) -> Any:
    if isinstance(said, str) and (kind := said.partition(":")[0].strip()) and ":" in said:
        raise ValueError(f"write their number alone, and their kind as gpu_type: {kind}")
    return said


def _lines(said: Any) -> Any:
    if isinstance(said, list) and all(isinstance(line, str) and "\n" not in line for line in said):
        return said
    raise ValueError("write a list of lines, each of which begins with a dash")


_Name = Annotated[str, StringConstraints(pattern=r"^[\w.,:@&|*\[\]-]{1,120}$")]


class Cluster(BaseModel):
    """What a job asks Slurm for.

    Attributes:
        partition: where it waits and runs.
        time: minutes that it may take.
        cpus: cores; of two runs, those with equally many have the same bits.
        memory: MB (2²⁰ bytes).
        gpus: CUDA devices on its node.
        gpu_type: their kind, as the cluster calls it; empty for any.
        tasks: over so many jobs the folds and members of a run, or the parts of a screening, are
            divided.
        account, qos, constraint: as the cluster's documents say; empty for its defaults.
        python: the interpreter on the nodes; empty for the one that submits.
        setup: lines that a shell on the node carries out first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    partition: _Name
    time: Annotated[int, BeforeValidator(_minutes), Field(ge=1, le=366 * 24 * 60)]
    cpus: int = Field(ge=1, le=1024)
    memory: Annotated[int, BeforeValidator(_megabytes), Field(ge=1, le=2**30)]
    gpus: Annotated[int, BeforeValidator(_gpus), Field(ge=0, le=64)] = 0
    gpu_type: _Name | None = None
    tasks: int = Field(default=1, ge=1, le=256)
    account: _Name | None = None
    qos: _Name | None = None
    constraint: _Name | None = None
    python: str = Field(default="", max_length=500, pattern=r"^[^\n]*$")
    setup: Annotated[list[str], BeforeValidator(_lines), Field(max_length=50)] = []


def read_cluster() -> Cluster:
    """The cluster that the workspace describes.

    Raises:
        UserError: when it describes none, or none that can be understood.
    """
    path = home() / FILE
    data = read_file(path, f"Write it. {_MAY_HOLD}", _MOST_BYTES)
    return settings_of(Cluster, data, path, "a description of a cluster", _MAY_HOLD)


class NodeReport(BaseModel):
    """What a node of the cluster has said of itself.

    Attributes:
        node: its name.
        python: the version of its Python, and `executable` where that lies.
        versions: of the packages that training depends on.
        hardware: what a job gets of its processors and devices.
    """

    node: str
    python: str
    executable: str
    versions: dict[str, str]
    hardware: Hardware


class Checked(NamedTuple):
    """A cluster that its user has checked, and what a node of it said then."""

    cluster: Cluster
    node: NodeReport


def remember_checked(cluster: Cluster, report: NodeReport) -> None:
    """Remember that this user has checked a cluster of that description, in this workspace."""
    path = _checked_file(cluster)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, report.model_dump_json())


def checked_cluster() -> Checked:
    """The cluster that the workspace describes, where this user has checked what is described.

    A description is lines for a shell. One that came with a workspace from elsewhere does nothing
    before its user has asked for it: what is remembered lies outside of workspaces.

    Raises:
        UserError: when it describes none, or one that was not checked, or was changed since.
    """
    cluster = read_cluster()
    try:
        data = read_file(_checked_file(cluster), "", _MOST_BYTES)
        return Checked(cluster, NodeReport.model_validate_json(data))
    except (UserError, ValidationError) as error:
        raise UserError(
            f"{home() / FILE} was not checked yet, or was changed since: read it, and run "
            f"`{COMMAND} cluster check`."
        ) from error


def _checked_file(cluster: Cluster) -> Path:
    described = str(home()).encode() + b"\0" + cluster.model_dump_json().encode()
    key = hashlib.sha256(described).hexdigest()[:32]
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "polygin" / "checked-clusters" / f"{key}.json"
