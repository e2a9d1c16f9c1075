"""Starting a run from a checked table."""

import re
import shlex
import time
import uuid

import numpy as np
import pandas as pd
import yaml

from engine.errors import UserError
from engine.hardware import detect
from engine.runs import folder as files
from engine.runs import process, store
from engine.runs.foldspec import given_folds
from engine.runs.records import Run, RunConfig
from engine.table import Table
from engine.training.presets import choose
from engine.workspace import write_atomic

MIN_LABELS = 10
"""A property with fewer labels is not learned: too few to hold any out."""


def start_run(table: Table, config: RunConfig) -> Run:
    """Write a run's folder and start its worker.

    Args:
        table: the checked table; its rows are copied, later changes to the file do not matter.
        config: what to do.

    Raises:
        UserError: when the table, the preset or the folds cannot be used; nothing is left behind.
    """
    learned = learnable(table)
    if not learned:
        raise UserError(
            f"{table.name} has no property to learn: a property column needs at least "
            f"{MIN_LABELS} labels on readable rows."
        )
    folds = given_folds(config.folds, table)
    labels = int(np.isfinite(table.labels[:, learned]).sum())
    config = config.model_copy(
        update={
            "preset": choose(config.preset, detect(), labels).name,
            "columns": table.report.columns,
        }
    )
    now = time.time()
    run = Run(id=_new_id(config.name, now), name=config.name, state="queued", created=now)
    run.folder.mkdir(parents=True)
    _write_files(run, table, config, learned, folds)
    store.insert(run)
    process.launch(run)
    return run


def learnable(table: Table) -> list[int]:
    """The columns of `table.labels` that have enough labels to learn from."""
    counts = np.isfinite(table.labels).sum(axis=0)
    return [k for k in range(len(table.properties)) if counts[k] >= MIN_LABELS]


def command_for(config: RunConfig, table_name: str) -> str:
    """The command that starts the same run from a terminal."""
    words = ["python -m engine train", shlex.quote(table_name), f"--preset {config.preset}"]
    words += [f"--folds {shlex.quote(config.folds)}", f"--seed {config.seed}"]
    words += [f"--unit {shlex.quote(f'{name}={unit}')}" for name, unit in config.units.items()]
    if config.columns:
        words.append(f"--smiles-column {shlex.quote(config.columns.smiles)}")
        if config.columns.id:
            words.append(f"--id-column {shlex.quote(config.columns.id)}")
        words += [f"--property {shlex.quote(name)}" for name in config.columns.properties]
    return " ".join([*words, f"--name {shlex.quote(config.name)}"])


def _write_files(
    run: Run, table: Table, config: RunConfig, learned: list[int], folds: np.ndarray | None
) -> None:
    frame = pd.DataFrame(
        {
            "row": table.rows,
            "id": table.ids,
            "smiles": table.smiles,
            "canonical": table.canonical,
            **{files.LABEL_PREFIX + table.properties[k].name: table.labels[:, k] for k in learned},
        }
    )
    if folds is not None:
        frame["fold"] = folds
    frame.to_parquet(run.folder / files.TABLE, index=False)
    table.excluded.to_csv(run.folder / files.EXCLUDED, index=False)
    described = {
        **config.model_dump(mode="json"),
        "table": table.name,
        "properties": [table.properties[k].model_dump() for k in learned],
    }
    text = yaml.safe_dump(described, sort_keys=False, allow_unicode=True)
    write_atomic(run.folder / files.CONFIG, text)


def _new_id(name: str, now: float) -> str:
    """Readable and unique; holds letters, digits and hyphens only, so it is safe as a folder."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24]
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    return "-".join(part for part in (stamp, words, uuid.uuid4().hex[:4]) if part)
