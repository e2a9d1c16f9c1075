"""The process that measures: `python -m engine.runs.probe_worker FILE`, which holds a request."""

import sys
import traceback
from pathlib import Path

import numpy as np
from filelock import Timeout

from engine.errors import UserError
from engine.runs import process
from engine.runs.probing import ProbeRequest, read_probe
from engine.training.estimate import Probe
from engine.workspace import write_atomic

_LOCK_SECONDS = 20.0


def main(path: str) -> int:
    """Answer a request; returns the process's exit code."""
    request = ProbeRequest.model_validate_json(Path(path).read_text())
    try:
        # Beside a run it would measure a machine that is half as fast, and slow the run down.
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
    from engine.chem.graphs import graph
    from engine.packed import pack
    from engine.training.probe import probe

    graphs = pack([graph(smiles) for smiles in request.smiles])
    labels = np.random.default_rng(0).normal(size=(graphs.count, request.properties))
    return probe(graphs, labels, request.preset, request.use, request.rows, request.folds)


def _reason(error: Exception) -> str:
    from engine.training.memory import out_of_memory

    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and out_of_memory(error)):
        return "The memory of this machine does not do for these settings."
    return "The trial ended with an error; its log lies in the workspace, under cache/probes."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
