"""Gives a model from before there were any its intervals: `python -m bench.give_intervals`.

From the out-of-fold predictions of the run that made the model and that run's table. What they lead
to (figures, blend weights, ranges, medians) has to be what the model says of itself. Predictions
stay as they are.
"""

import argparse
from pathlib import Path

import numpy as np

from bench.coverage import TABLE, OutOfFold, read
from engine.bundle import SHIPPED, BundleInfo, read_info, write_info
from engine.domain import write_domain
from engine.errors import UserError
from engine.metrics import figures, label_ranges
from engine.table import load_table
from engine.training.blend import blend_weights
from engine.training.conformal import calibrate

OUT_OF_FOLD = Path("results/accuracy/cpu-random.parquet")


def give_intervals(folder: Path, found: OutOfFold) -> BundleInfo:
    """Write intervals and domain into a bundle; returns its new description.

    Args:
        folder: the bundle's.
        found: of the run that made it.

    Raises:
        UserError: when the predictions or the table are not those of that run.
    """
    info = read_info(folder)
    strange = differences(info, found)
    if strange:
        raise UserError(
            f"The model {info.name!r} was not made by the run of these out-of-fold predictions, or "
            f"not from this table: {', '.join(strange)} differ."
        )
    intervals = calibrate(found.labels, found.predicted, found.blended, found.folds, found.names)
    domain = write_domain(folder, found.smiles, found.labels, found.names)
    info = info.model_copy(update={"intervals": intervals, "domain": domain})
    write_info(folder, info)
    return info


def differences(info: BundleInfo, found: OutOfFold) -> list[str]:
    """What a bundle says of itself that these out-of-fold predictions do not lead to."""
    labels, names = found.labels, found.names
    if info.names != names or info.members != found.members:
        return ["properties or members"]
    ranges = label_ranges(labels, names)
    made = {
        "ranges": ranges,
        "medians": {name: np.nanmedian(labels[:, k]) for k, name in enumerate(names)},
        "labels": {name: np.isfinite(labels[:, k]).sum() for k, name in enumerate(names)},
        "blend": blend_weights(labels, found.predicted, found.members, names),
        "figures": {
            "blend": figures(labels, found.blended, names, ranges),
            "members": {
                member: figures(labels, predicted, names, ranges)
                for member, predicted in zip(found.members, found.predicted, strict=True)
            },
        },
    }
    return [
        word
        for word, value in made.items()
        if not np.allclose(_numbers(value), _numbers(getattr(info, word)), rtol=1e-9)
    ]


def _numbers(value: object) -> list[float]:
    """All numbers within, in the order of the keys."""
    if isinstance(value, dict):
        return [number for key in sorted(value) for number in _numbers(value[key])]
    if isinstance(value, tuple):
        return [float(number) for number in value]
    return [float(value)]


def main() -> None:
    """Read, compare, write."""
    parser = argparse.ArgumentParser(prog="python -m bench.give_intervals", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=SHIPPED, help="the bundle's")
    parser.add_argument("--oof", type=Path, default=OUT_OF_FOLD, metavar="OOF.parquet")
    parser.add_argument("--table", type=Path, default=Path(TABLE), help="the training table")
    arguments = parser.parse_args()
    info = give_intervals(arguments.folder, read(arguments.oof, load_table(arguments.table)))
    print(f"{info.name} has intervals of {', '.join(info.intervals)} now.")


if __name__ == "__main__":
    main()
