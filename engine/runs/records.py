"""The records of runs: what is asked of one, its row in the run table, its progress."""

import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints, field_validator

from ..base.errors import UserError
from ..base.workspace import subfolder
from ..inference.bundle import are_figures
from ..settings.conditions import Condition
from ..settings.devices import DeviceSettings
from ..settings.polymer_columns import PolymerColumns
from ..settings.presets import PRESETS, Preset
from ..settings.properties import Property
from ..settings.sources import Source
from ..table import Columns

LONGEST = 80
"""The most characters of a run's name."""


_ID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}"

RunId = Annotated[str, StringConstraints(pattern=rf"^{_ID}$")]
"""The id of a run: the name of its folder, so it is nothing that could lead out of the runs."""


JobId = Annotated[str, StringConstraints(pattern=r"^[0-9]{0,20}$")]
"""Slurm's id of a job; empty before there is one."""

Where = Literal["here", "slurm"]
"""Where a run is carried out: on this machine, or on a node of the cluster."""


def is_run_id(text: str) -> bool:
    """Whether a text can be the id of a run."""
    return re.fullmatch(_ID, text, re.ASCII) is not None


def checked_name(name: str, what: str = "run") -> str:
    """A run's name as a user gave it, without spaces around it.

    Args:
        name: as it was given.
        what: is named so; for the message.

    Raises:
        UserError: when it is empty or too long, or has signs that cannot be seen.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST or not name.isprintable():
        raise UserError(
            f"A {what}'s name has 1 to {LONGEST} characters, each of which can be seen."
        )
    return name


State = Literal["queued", "running", "stopping", "stopped", "interrupted", "failed", "done"]
"""queued: waits for the device. running, stopping: its process works. stopped: ended because
somebody asked. interrupted: its process is gone without a word. failed: ended by an error, which
`reason` tells. done: its bundle is complete."""


Time = Annotated[float, Field(ge=0, lt=2.5e11)]
"""In seconds since 1970, up to the year 9892: what calendars can show."""

Finite = Annotated[float, Field(allow_inf_nan=False)]

_LONGEST_WORDS = 500


class Change(BaseModel):
    """A change of a run's state."""

    time: Time
    state: State
    reason: str = ""


ALIVE: tuple[State, ...] = ("queued", "running", "stopping")

RESUMABLE: tuple[State, ...] = ("stopped", "interrupted", "failed")
"""States that a run can be resumed from."""

MAX_SEED = 2**31


class Exclusion(BaseModel):
    """A label that a run does not learn from, although its table has it.

    Attributes:
        row: its row in the table of the run that it was excluded from.
        id: of that row.
        smiles: the repeat unit, canonical.
        property: the property's name.
        label: the value, in the property's unit.
        why: in words; may be empty.
    """

    row: int
    id: str
    smiles: str
    property: str
    label: float
    why: str = ""


class RunConfig(BaseModel):
    """What a run is asked to do.

    Attributes:
        name: for people; need not be unique.
        preset: a preset's name or `auto`.
        folds: `random:5`, `similarity:5`, of copolymers also `pair:5` or `unit:5`, `column:NAME` of
            the table, or `FILE:COLUMN`.
        seed: of everything random.
        pretrained: whether networks start from the pretrained encoder, where the preset has it so.
        columns: which columns to use; None to guess.
        polymer_columns: those of compositions, as its model is to read files, where they are not
            those of `columns`: of a clone, whose table holds texts.
        units: units that the table's properties are given in, where the user said so.
        use: how to use the devices of this machine.
        sources: of the tables that were joined; empty for one table.
        excluded: labels that the table had once, in the run that this one is a clone of.
    """

    name: str = Field(min_length=1, max_length=LONGEST)
    preset: str = "auto"
    folds: str = "random:5"
    seed: int = Field(0, ge=0, lt=MAX_SEED)
    pretrained: bool = True
    columns: Columns | None = None
    polymer_columns: PolymerColumns | None = None
    units: dict[str, str] = {}
    use: DeviceSettings = DeviceSettings()
    sources: list[Source] = []
    excluded: list[Exclusion] = []


class StoredConfig(RunConfig):
    """A run's `config.yaml`: what it was asked to do, and all that it needs to do it again.

    Attributes:
        table: the name of the file that its table came from.
        columns: those that it was read by.
        properties: those that it learns.
        conditions: that members see beside the repeat unit.
        resolved_preset: the preset with every setting said, so that the run outlives a change of
            the preset of that name; None in runs from before it was stored.
    """

    table: str
    columns: Columns
    properties: list[Property]
    conditions: list[Condition] = []
    resolved_preset: Preset | None = None

    @property
    def training_preset(self) -> Preset:
        """The preset that the run trains.

        Raises:
            UserError: when the run is older than stored presets, and its preset is gone.
        """
        if self.resolved_preset is not None:
            return self.resolved_preset
        if self.preset not in PRESETS:
            raise UserError(f"The preset {self.preset!r} of this run is gone: clone the run.")
        return PRESETS[self.preset]


class Run(BaseModel):
    """One row of the run table; times in seconds since 1970.

    Attributes:
        position: its place among the waiting runs, the lowest first.
        spent: seconds of work before it was last resumed.
        since: when its present work began.
        owner: who started it, where people sign in.
        place: where it is carried out.
        job: in which job of Slurm's; empty before it was submitted, and here.
    """

    id: RunId
    name: Annotated[str, Field(min_length=1, max_length=_LONGEST_WORDS)]
    state: State
    reason: str = ""
    stage: str = ""
    progress: Annotated[float, Field(ge=0, le=1)] = 0.0
    created: Time
    started: Time | None = None
    finished: Time | None = None
    figures: dict | None = None
    pid: Annotated[int, Field(gt=0, lt=2**31)] | None = None
    pid_started: float | None = None
    boot_id: str | None = None
    position: Finite = 0.0
    spent: Finite = 0.0
    since: Finite | None = None
    owner: str = ""
    note: str = ""
    archived: bool = False
    place: Where = "here"
    job: JobId = ""

    @field_validator("figures", mode="before")
    @classmethod
    def _of_figures(cls, value: Any) -> Any:
        """Figures that no version has written count as none."""
        return value if are_figures(value) else None

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return subfolder("runs") / self.id

    @property
    def bundle(self) -> Path:
        """Where its model lies once it is done."""
        return self.folder / "bundle"

    @property
    def alive(self) -> bool:
        """Whether its process should be at work."""
        return self.state in ALIVE

    @property
    def seconds(self) -> float | None:
        """How long it has worked, without pauses; None before it began."""
        if self.since is None:
            return self.spent or None
        # Never below zero, also when the clock is set back.
        return self.spent + max((self.finished or time.time()) - self.since, 0.0)


def in_line(runs: Iterable[Run]) -> list[Run]:
    """The runs that wait for their turn here, the next one first; Slurm has a line of its own."""
    waiting = (run for run in runs if run.state == "queued" and run.place == "here")
    return sorted(waiting, key=lambda run: (run.position, run.created))


class StageProgress(BaseModel):
    """How far one stage is; `seconds_left` is None until a step has been timed."""

    name: str
    title: str
    done: int = 0
    total: int
    seconds_left: float | None = None


class Progress(BaseModel):
    """How far a run is; `overall` from 0 to 1."""

    stages: list[StageProgress] = []
    overall: float = 0.0
    seconds_left: float | None = None
