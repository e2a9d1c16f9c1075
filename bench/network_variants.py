"""Paired tests of networks on frozen folds: `python -m bench.network_variants train NAME CHANGES`.

CHANGES is JSON, such as `{"network": {"descriptors": 128}, "training": {"batch": 32}}`: what
differs from the network of the preset `best`, which starts from the encoder; one of other parts
needs `{"training": {"pretrained": false}}`. Trains one seed on all folds and writes its
out-of-fold predictions to `results/networks/NAME-FOLDS-SEED.parquet`, by id and without labels.
Checkpoints lie in `--scratch`; the same command goes on from them. `python -m
bench.network_variants compare BASE NAME` prints the differences of the errors with their standard
errors over rows, averaged over the seeds that both were trained with.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from bench.accuracy.bootstrap import wmae, wmae_row
from bench.out_of_fold import (
    FOLDS,
    TABLE,
    OutOfFold,
    load_competition,
    load_out_of_fold,
    long_form,
)
from bench.reporting import markdown_table
from engine.api.progress import progress_bars
from engine.chem.smiles import canonical
from engine.features.compute import canonical_units, compute_features
from engine.models.member import NetworkMemberConfig
from engine.models.members import network_configs
from engine.models.polygin import PolyGIN
from engine.settings.presets import PRESETS
from engine.table import Table, guess_columns, load_table, read_table
from engine.training.checkpoints import Checkpoints
from engine.training.context import TrainContext
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
        name: of the variant.
        changes: `network` and `training`, what differs from the preset `best`.
        folds_name: one of `FOLDS`.
        seed: of the networks.
        scratch: a folder for the checkpoints.
        unlabelled: a table with more repeat units for a pretraining; those of the competition's
            table are left out of it.
    """
    config = _changed(changes)
    table, folds = load_competition(folds_name)
    numbers = np.unique(folds).tolist()
    more = _other_units(unlabelled, table) if unlabelled else []
    units = canonical_units([*table.canonical, *more])
    features = compute_features(units, canonical_units=True)
    place = scratch / f"{name}-{folds_name}-{seed}"
    place.mkdir(parents=True, exist_ok=True)
    Checkpoints(place / "checkpoints").keep_only_for(config=config.model_dump_json(), more=more)
    task = NetworkTask(
        features.graphs,
        np.pad(table.labels, ((0, len(more)), (0, 0)), constant_values=np.nan),
        np.pad(folds, (0, len(more)), constant_values=-1),
        config,
        features.descriptors if config.network.joined else None,
    )
    jobs = network_jobs(PolyGIN.name, numbers, config, seed)
    with progress_bars() as reporter:
        reporter.stage(PolyGIN.name, len(jobs) * config.training.all_epochs)
        context = TrainContext(place, reporter, checkpoints=place / "checkpoints")
        predicted = fit_networks(task, jobs, context)
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}-{folds_name}-{seed}.parquet"
    long_form(table, folds, predicted[: len(folds)]).to_parquet(path, index=False)
    about = changes | ({"unlabelled": unlabelled.name, "units": len(more)} if unlabelled else {})
    path.with_suffix(".json").write_text(json.dumps(about) + "\n", encoding="utf-8")
    return path


def _changed(changes: dict) -> NetworkMemberConfig:
    """The network member of the preset `best` with one seed and some changes."""
    best = network_configs(PRESETS["best"])[PolyGIN.name]
    return NetworkMemberConfig(
        network={**best.network.model_dump(), **changes.get("network", {})},
        training={**best.training.model_dump(), "seeds": 1, **changes.get("training", {})},
    )


def _other_units(path: Path, table: Table) -> list[str]:
    """The repeat units of a file, each once, that a table does not hold."""
    raw = read_table(path)
    column = guess_columns(raw, properties=[]).smiles
    units = dict.fromkeys(canonical(smiles) for smiles in raw.frame[column])
    in_table = set(table.canonical)
    return [unit for unit in units if unit not in in_table]


def compare(base: list[OutOfFold], other: list[OutOfFold]) -> str:
    """How much the errors of `other` differ from those of `base`, as Markdown.

    Args:
        base, other: predictions with the same seeds, in the same order.
    """
    names, labels = base[0].names, base[0].labels
    before, after = (
        np.mean([out_of_fold.errors for out_of_fold in side], axis=0) for side in (base, other)
    )
    rows = []
    for k, name in enumerate(names):
        labelled = np.isfinite(labels[:, k])
        mean, other_mean = before[labelled, k].mean(), after[labelled, k].mean()
        change = (after - before)[labelled, k]
        standard_error = change.std(ddof=1) / len(change) ** 0.5
        percent = f"{100 * change.mean() / mean:+.1f} ± {100 * standard_error / mean:.1f} %"
        rows.append([name, f"{mean:.4g}", f"{other_mean:.4g}", percent])
    for title, make in (("wMAE", wmae), ("wMAE by row", wmae_row)):
        score, other_score = (float(make(labels)(errors)) for errors in (before, after))
        percent = f"{100 * (other_score / score - 1):+.1f} %"
        rows.append([title, f"{score:.5f}", f"{other_score:.5f}", percent])
    return markdown_table(["property", "base", "other", "difference ± its standard error"], rows)


def _compare_files(base: str, other: str, folds_name: str) -> str:
    """Compare two variants, over the seeds that both were trained with."""
    base_files, other_files = _files_by_seed(base, folds_name), _files_by_seed(other, folds_name)
    seeds = sorted(base_files.keys() & other_files.keys())
    table = load_table(TABLE)
    sides = (
        [load_out_of_fold(files[seed], table) for seed in seeds]
        for files in (base_files, other_files)
    )
    return f"seeds {', '.join(seeds)}\n\n{compare(*sides)}"


def _files_by_seed(name: str, folds_name: str) -> dict[str, Path]:
    files = FOLDER.glob(f"{name}-{folds_name}-*.parquet")
    return {path.stem.rpartition("-")[2]: path for path in files}


def main() -> None:
    """Train or compare."""
    parser = argparse.ArgumentParser(prog="python -m bench.network_variants", description=__doc__)
    parser.add_argument("--folds", choices=FOLDS, default="random")
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train")
    training.add_argument("name")
    training.add_argument("changes", type=json.loads)
    training.add_argument("--seed", type=int, default=0)
    training.add_argument("--unlabelled", type=Path, help="repeat units for a pretraining")
    training.add_argument("--scratch", type=Path, default=Path("network-variants"))
    comparison = commands.add_parser("compare")
    comparison.add_argument("base")
    comparison.add_argument("other")
    given = parser.parse_args()
    if given.command == "train":
        settings = (given.folds, given.seed, given.scratch, given.unlabelled)
        print(train(given.name, given.changes, *settings))
    else:
        print(_compare_files(given.base, given.other, given.folds))


if __name__ == "__main__":
    main()
