"""Starting a run from a checked table."""

import errno
import re
import shutil
import time
import uuid
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from ..base.errors import DiskFullError, UserError
from ..base.hardware import Hardware, detect
from ..base.limits import check_room
from ..base.wording import counted
from ..base.workspace import synchronise, synchronise_entries, write_atomic
from ..cluster.settings import checked_cluster
from ..models.members import resolved
from ..settings.conditions import CONDITION_PREFIX
from ..settings.devices import NEED_CUDA, DeviceSettings
from ..settings.presets import Preset, choose
from ..table import Table
from ..table.folds import check_folds, given_folds
from ..table.labels import FEWEST_LABELS
from ..table.mending import mending_sentences
from ..table.mending_file import written_mending
from ..table.written import csv_bytes
from . import folder as files
from . import process, store
from .records import Run, RunConfig, Where, in_line
from .run_json import write_first_record

MIN_LABELS = FEWEST_LABELS
_UNFINISHED, _UNFINISHED_SECONDS = ".unfinished-", 3600.0
"""Before the names of folders of runs that are being written, and after what time none is."""


def start_run(table: Table, config: RunConfig, owner: str = "", on: Where = "here") -> Run:
    """Write a run's folder and put it in line; it begins as soon as the device is free.

    Args:
        table: the checked table; its rows are copied, later changes to the file do not matter.
        config: what to do.
        owner: who wants it, where people sign in.
        on: where it is carried out.

    Raises:
        UserError: when the table or the settings cannot be used; nothing is left behind.
    """
    learned = learnable_or_refuse(table)
    hardware = checked_cluster().node.hardware if on == "slurm" else detect()
    check_devices(config.use, hardware)
    folds = given_folds(config.folds, table)
    if folds is not None:
        names = [table.properties[k].name for k in learned]
        check_folds(folds, table.canonical, table.labels[:, learned], names)
    preset = choose(config.preset, hardware)
    if not config.pretrained:
        preset = preset.without_encoder()
    learned_from = {table.properties[k].source for k in learned}
    config = config.model_copy(
        update={
            "preset": preset.name,
            "columns": table.report.columns,
            "sources": [source for source in table.sources if source.name in learned_from],
        }
    )
    now = time.time()
    check_room(len(in_line(store.select())))
    run = Run(
        id=_new_id(config.name, now),
        name=config.name,
        state="queued",
        created=now,
        position=now,
        owner=owner,
        place=on,
    )
    # Under a name that is no run's until it is whole: a sudden end leaves no half of a run.
    fresh = run.folder.with_name(f"{_UNFINISHED}{run.id}")
    try:
        _remove_unfinished(fresh.parent)
        fresh.mkdir(parents=True)
        _write_files(fresh, table, config, preset, learned, folds)
        write_first_record(fresh, run)
        synchronise(fresh)
        fresh.rename(run.folder)
        synchronise_entries(fresh.parent)
        store.insert(run)
    except BaseException as error:
        for place in (fresh, run.folder):
            shutil.rmtree(place, ignore_errors=True)
        if isinstance(error, OSError):
            if error.errno == errno.ENOSPC:
                raise DiskFullError from error
            raise UserError(f"The run could not be written: {error}") from error
        raise
    process.ensure_supervisor()
    return run


def _remove_unfinished(runs: Path) -> None:
    """Remove what sudden ends have left of runs that never began."""
    if not runs.is_dir():
        return
    for left in runs.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):
            if left.lstat().st_mtime < time.time() - _UNFINISHED_SECONDS:
                shutil.rmtree(left)


def learnable(table: Table) -> list[int]:
    """The columns of `table.labels` that have enough labels to learn from."""
    counts = np.isfinite(table.labels).sum(axis=0)
    return [k for k in range(len(table.properties)) if counts[k] >= MIN_LABELS]


def unlearned_words(table: Table) -> list[str]:
    """A sentence for each property that is not learned, because it has too few labels."""
    counts, learned = np.isfinite(table.labels).sum(axis=0), learnable(table)
    return [
        f"{property_.name} cannot be learned: it has {counted(int(counts[k]), 'label')}, and at "
        f"least {MIN_LABELS} are needed."
        for k, property_ in enumerate(table.properties)
        if k not in learned
    ]


def learnable_or_refuse(table: Table) -> list[int]:
    """The columns of `table.labels` that have enough labels to learn from, one at least.

    Raises:
        UserError: when there is none.
    """
    learned = learnable(table)
    if not learned:
        raise UserError(
            f"{table.name} has no property to learn: a property column needs at least "
            f"{MIN_LABELS} labels on readable rows."
        )
    return learned


def check_devices(use: DeviceSettings, hardware: Hardware) -> None:
    """Refuse at once what would fail when the first network is trained.

    Args:
        use: how devices are to be used.
        hardware: of the machine that trains.

    Raises:
        UserError: when it cannot be used so.
    """
    if use.precision in NEED_CUDA and not hardware.gpus:
        raise UserError(f"{use.precision} needs a CUDA device; choose auto, fp32 or bf16.")
    if use.parallel == "ddp" and use.step_in_backward:
        raise UserError(
            "A step in the backward pass cannot wait for other processes: switch it off, or "
            "choose another way to use several devices than ddp."
        )


def _write_files(
    folder: Path,
    table: Table,
    config: RunConfig,
    preset: Preset,
    learned: list[int],
    folds: np.ndarray | None,
) -> None:
    frame = pd.DataFrame(
        {
            "row": table.rows,
            "id": table.ids,
            "smiles": table.smiles,
            "canonical": table.canonical,
            **{files.LABEL_PREFIX + table.properties[k].name: table.labels[:, k] for k in learned},
            **_bounds(table, learned),
            **{
                CONDITION_PREFIX + each.name: table.condition_values[each.name].to_numpy()
                for each in table.conditions
            },
        }
    )
    if table.parts:
        names = [source.name for source in table.sources]
        frame["source"] = np.repeat(names, [len(part.canonical) for part in table.parts])
    if folds is not None:
        frame["fold"] = folds
    frame.to_parquet(folder / files.TABLE, index=False)
    (folder / files.EXCLUDED).write_bytes(csv_bytes(table.excluded))
    described = {
        **config.model_dump(mode="json"),
        "table": table.name,
        "properties": [table.properties[k].model_dump() for k in learned],
        "conditions": [each.model_dump(mode="json") for each in table.conditions],
        "resolved_preset": resolved(preset).model_dump(mode="json"),
    }
    text = yaml.safe_dump(described, sort_keys=False, allow_unicode=True)
    write_atomic(folder / files.CONFIG, text)
    lines = [f"{finding.severity}: {finding.message}" for finding in table.report.findings]
    for name, mending in zip(files.mending_names(len(table.mendings)), table.mendings, strict=True):
        write_atomic(folder / name, written_mending(mending, mending_sentences(mending)))
        lines += [f"{name}: {words}" for words in mending_sentences(mending)]
    write_atomic(folder / files.LOG, "".join(f"{line}\n" for line in lines))


def _bounds(table: Table, learned: list[int]) -> dict[str, np.ndarray]:
    """The columns of bounds, for the properties that have some."""
    if table.bounds is None:
        return {}
    return {
        prefix + table.properties[k].name: side[:, k]
        for k in learned
        if table.bounds.known[:, k].any()
        for prefix, side in zip(files.BOUND_PREFIXES, table.bounds, strict=True)
    }


def _new_id(name: str, now: float) -> str:
    """Readable and unique; holds letters, digits and hyphens only, so it is safe as a folder."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24]
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    return "-".join(part for part in (stamp, words, uuid.uuid4().hex[:4]) if part)
