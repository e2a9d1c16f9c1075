"""The process of one measurement: `python -m bench.gpu_day.child FILE NAME ANSWERS [--small]`.

A process of its own frees the device's memory when it ends, has a peak of memory that is its own,
can be ended when its time is over, and leaves the others unharmed by what goes wrong in it.
"""

import json
import sys
from pathlib import Path

import torch

from bench.gpu_day.fitting import Given
from bench.gpu_day.measurements import MEASUREMENTS, carry_out
from bench.gpu_day.tensors import read_tensors
from bench.speed.machine import machine_record
from engine.base.hardware import usable_cores


def main(file: str, name: str, answers: str, small: bool) -> None:
    """Measure, and write a line of JSON into the file `answers` for each part of the result."""
    with Path(answers).open("a", encoding="utf-8") as lines:

        def tell(part: dict) -> None:
            print(json.dumps(part), file=lines, flush=True)

        tell({"machine": machine_record()})
        if MEASUREMENTS[name].needs_cuda and not torch.cuda.is_available():
            tell({"skipped": "it needs a CUDA device"})
            return
        torch.set_num_threads(usable_cores())
        # Beside the answers: whoever ends this process in mid-work then clears that up as well.
        folder = Path(answers).parent / "scratch"
        folder.mkdir(exist_ok=True)
        carry_out(name, Given.of(read_tensors(Path(file)), folder, small), tell)


if __name__ == "__main__":
    main(*sys.argv[1:4], small="--small" in sys.argv[4:])
