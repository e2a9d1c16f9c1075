"""Paired tests of networks on frozen folds: `python -m bench.network_variants train NAME CHANGES`.

CHANGES is JSON, such as `{"shape": {"descriptors": 128}, "loop": {"batch": 32}}`: what differs from
the network of the preset `best`. One seed on all folds; its out-of-fold predictions go to
`results/networks/NAME-FOLDS-SEED.parquet`, by id and without labels. What is finished lies in
`--scratch`, and the same command goes on from there. `python -m bench.network_variants compare
BASE NAME` prints the differences of the errors, with standard
errors over rows, averaged over the seeds that both were trained with.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from bench.accuracy.bootstrap import wmae, wmae_row
from bench.bar import Bar
from bench.out_of_fold import FOLDS, TABLE, OutOfFold, competition, long_form, read
from engine.chem.smiles import canonical
from engine.commands.output import bars
from engine.features.compute import compute_features
from engine.settings.devices import DeviceSettings
from engine.settings.presets import PRESETS
from engine.table import Table, guess_columns, load_table, read_table
from engine.training.checkpoints import Checkpoints
from engine.training.networks import NetworkTask, network_jobs
from engine.training.parallel import fit_networks

FOLDER = Path("results/networks")


def train(
    name: str,
    changes: dict,
    folds_name: str,
    seed: int,
    scratch: Path,
    unlabelled: Path | None = None,
) -> Path:
    """Train one variant on all folds of a set; returns the file of its predictions.

    Args:
        name: the variant's.
        changes: `shape` and `loop`, what differs from the preset `best`.
        folds_name: which of `FOLDS`.
        seed: of the networks.
        scratch: a folder for what is finished.
        unlabelled: a table of repeat units that a pretraining learns from, too; those of the
            competition's table are left out of it.
    """
    preset = PRESETS["best"]
    shape = preset.shape.model_validate({**preset.shape.model_dump(), **changes.get("shape", {})})
    loop = preset.loop.model_validate(
        {**preset.loop.model_dump(), "seeds": 1, **changes.get("loop", {})}
    )
    table, folds = competition(folds_name)
    numbers = np.unique(folds).tolist()
    more = _units_besides(table, unlabelled) if unlabelled else []
    features = compute_features([*table.canonical, *more])
    place = scratch / f"{name}-{folds_name}-{seed}"
    Checkpoints(place / "checkpoints").keep_only_for(
        shape=shape.model_dump_json(), loop=loop.model_dump_json(), more=more
    )
    task = NetworkTask(
        features.graphs,
        np.pad(table.labels, ((0, len(more)), (0, 0)), constant_values=np.nan),
        np.pad(folds, (0, len(more)), constant_values=-1),
        shape,
        loop,
        DeviceSettings(),
        place,
        place / "checkpoints",
        features.descriptors if shape.descriptors else None,
    )
    with bars() as progress:
        bar = Bar(progress)
        bar.stage("polygin", len(numbers) * loop.all_epochs)
        predicted = fit_networks(task, network_jobs(numbers, loop, seed), bar)
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}-{folds_name}-{seed}.parquet"
    long_form(table, folds, predicted[: len(folds)]).to_parquet(path, index=False)
    about = changes | ({"unlabelled": unlabelled.name, "units": len(more)} if unlabelled else {})
    path.with_suffix(".json").write_text(json.dumps(about) + "\n", encoding="utf-8")
    return path


def _units_besides(table: Table, more: Path) -> list[str]:
    """The repeat units of another table, each once, that the first one does not hold."""
    raw = read_table(more)
    column = guess_columns(raw, properties=[]).smiles
    units = [canonical(smiles) for smiles in raw.frame[column]]
    known = set(table.canonical)
    return [smiles for smiles in dict.fromkeys(units) if smiles not in known]


def compare(base: list[OutOfFold], other: list[OutOfFold]) -> str:
    """How much more or less `other` errs than `base`, seed by seed, as Markdown."""
    names, labels = base[0].names, base[0].labels
    errors = [
        np.mean([np.abs(labels - found.blended) for found in side], axis=0)
        for side in (base, other)
    ]
    lines = ["| property | base | other | difference ± its standard error |", "|---|---|---|---|"]
    for k, name in enumerate(names):
        before, after = (side[np.isfinite(labels[:, k]), k] for side in errors)
        scale = 100 / before.mean()
        spread = (after - before).std(ddof=1) / len(before) ** 0.5
        lines.append(
            f"| {name} | {before.mean():.4g} | {after.mean():.4g} | "
            f"{scale * (after - before).mean():+.1f} ± {scale * spread:.1f} % |"
        )
    for title, make in (("wMAE", wmae), ("wMAE by row", wmae_row)):
        before, after = (float(make(labels)(side)) for side in errors)
        lines.append(
            f"| {title} | {before:.5f} | {after:.5f} | {100 * (after / before - 1):+.1f} % |"
        )
    return "\n".join(lines)


def main() -> None:
    """Train or compare."""
    parser = argparse.ArgumentParser(prog="python -m bench.network_variants", description=__doc__)
    parser.add_argument("--folds", choices=FOLDS, default="random")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("train")
    one.add_argument("name")
    one.add_argument("changes", type=json.loads)
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--unlabelled", type=Path, help="repeat units for a pretraining")
    one.add_argument("--scratch", type=Path, default=Path("network-variants"))
    two = commands.add_parser("compare")
    two.add_argument("base")
    two.add_argument("other")
    given = parser.parse_args()
    if given.command == "train":
        where = (given.folds, given.seed, given.scratch)
        print(train(given.name, given.changes, *where, given.unlabelled))
        return
    table = load_table(TABLE)
    sides = [
        {
            path.stem.rpartition("-")[2]: path
            for path in FOLDER.glob(f"{name}-{given.folds}-*.parquet")
        }
        for name in (given.base, given.other)
    ]
    seeds = sorted(sides[0].keys() & sides[1].keys())
    print(f"seeds {', '.join(seeds)}\n")
    print(compare(*([read(side[seed], table) for seed in seeds] for side in sides)))


if __name__ == "__main__":
    main()
