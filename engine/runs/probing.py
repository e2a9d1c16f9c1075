"""What a run would take on this machine: asked here, measured by a process of its own.

The answers lie in the workspace's cache, by what was asked. `python -m engine.runs.probing FILE` is
the process; the file holds a request.
"""

import subprocess
import sys
import traceback
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np
import psutil
from filelock import Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from ..base.errors import UserError
from ..base.hardware import detect
from ..base.plain_files import read_file
from ..base.workspace import subfolder, write_atomic
from ..models.members import resolved
from ..settings.devices import DeviceSettings
from ..settings.estimate import PROBED_ROWS, Probe
from ..settings.presets import Preset, choose
from ..table import Table
from ..table.folds import fold_count
from . import process
from .start import check_devices, learnable_or_refuse

_VERSION = 2
_MOST_BYTES = 2**20
_GRACE_SECONDS = 2.0


class ProbeRequest(BaseModel):
    """All that the answer depends on.

    Attributes:
        smiles: canonical SMILES of some of the labelled rows.
        rows: how many labelled rows there are.
        properties: how many are learned.
        folds: how many there are.
        preset: of the run.
        use: how to use the devices.
        machine: what it is asked about, in words.
        versions: of what measures.
    """

    model_config = ConfigDict(frozen=True)

    smiles: tuple[str, ...]
    rows: int
    properties: int
    folds: int
    preset: Preset
    use: DeviceSettings
    machine: str
    versions: str

    def path(self, ending: str) -> Path:
        """A file of this request: `request`, `answer`, `problem` or `log`."""
        folder = subfolder("cache", "probes")
        return folder / f"{sha256(self.model_dump_json().encode()).hexdigest()[:32]}.{ending}"


def request_for(table: Table, preset: str, folds: str, use: DeviceSettings) -> ProbeRequest:
    """What to ask about a run.

    Args:
        table: to be trained on.
        preset, folds, use: as `RunConfig` has them.

    Raises:
        UserError: when the table or the settings cannot be used.
    """
    learned = learnable_or_refuse(table)
    check_devices(use, detect())
    rows = np.flatnonzero(np.isfinite(table.labels[:, learned]).any(axis=1))
    chosen = np.random.default_rng(0).choice(rows, min(len(rows), PROBED_ROWS), replace=False)
    return ProbeRequest(
        smiles=tuple(table.canonical[row] for row in sorted(chosen.tolist())),
        rows=len(rows),
        properties=len(learned),
        folds=fold_count(folds, table),
        preset=resolved(choose(preset, detect())),
        use=use,
        machine=detect().sentence(),
        versions=f"probe {_VERSION}, torch {version('torch')}",
    )


def read_probe(request: ProbeRequest) -> Probe | None:
    """The answer, if there is one."""
    try:
        return Probe.model_validate_json(read_file(request.path("answer"), "", _MOST_BYTES))
    except (UserError, ValidationError):
        return None  # measured anew


def problem_of(request: ProbeRequest) -> str:
    """Why there is no answer, in a sentence; empty where nobody knows."""
    try:
        return read_file(request.path("problem"), "", _MOST_BYTES).decode("utf-8", "replace")
    except UserError:
        return ""


def start_probe(request: ProbeRequest) -> subprocess.Popen:
    """Start measuring; the answer, or the problem, is there when the process has ended."""
    for ending in ("problem", "log"):
        request.path(ending).unlink(missing_ok=True)
    write_atomic(request.path("request"), request.model_dump_json())
    words = [str(request.path("request"))]
    return process.spawn(f"{__package__}.probing", words, request.path("log"))


def end_probe(started: subprocess.Popen) -> None:
    """End what `start_probe` started, if it is still at work."""
    if started.poll() is None:
        process.end(psutil.Process(started.pid), _GRACE_SECONDS)


_LOCK_SECONDS = 20.0


def main(path: str) -> int:
    """Answer a request; returns the process's exit code."""
    request = ProbeRequest.model_validate_json(Path(path).read_text())
    try:
        # Beside a run it would measure half a machine, and slow the run down.
        with process.device_lock().acquire(timeout=_LOCK_SECONDS):
            if read_probe(request) is None:
                write_atomic(request.path("answer"), _measure(request).model_dump_json())
        return 0
    except Timeout:
        problem = "A run is training on this machine now."
    except UserError as error:
        problem = str(error)
    except Exception as error:
        traceback.print_exc()
        problem = _reason(error)
    write_atomic(request.path("problem"), problem)
    return 1


def _measure(request: ProbeRequest) -> Probe:
    from ..base.packed import pack
    from ..chem.composition import is_composition
    from ..chem.graphs import chain_graph, graph
    from ..features.compositions import composed_graphs
    from ..training.probe import probe

    make = chain_graph if request.preset.canonical_units else graph
    if any(map(is_composition, request.smiles)):
        graphs = composed_graphs(request.smiles, make)
    else:
        graphs = pack([make(smiles) for smiles in request.smiles])
    labels = np.random.default_rng(0).normal(size=(graphs.size, request.properties))
    return probe(graphs, labels, request.preset, request.use, request.rows, request.folds)


def _reason(error: Exception) -> str:
    from ..models.device import out_of_memory

    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and out_of_memory(error)):
        return "The memory of this machine is too small for these settings."
    return "The trial ended with an error; its log lies in the workspace, under cache/probes."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
