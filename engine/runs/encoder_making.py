"""Making an encoder: from tables of repeat units, and units made up from their parts."""

from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import torch

from ..base.errors import UserError
from ..base.hardware import usable_cores
from ..base.workspace import write_atomic
from ..features.compute import Progress, compute_features
from ..models.encoder import EncoderInfo
from ..training.checkpoints import Checkpoints
from ..training.context import TrainContext
from ..training.encoder import learn_encoder
from .known_units import made_up_units, units_of_tables


def make_encoder(
    tables: Sequence[Path],
    made_up: int,
    epochs: int,
    seed: int,
    context: TrainContext,
    progress: Progress,
) -> EncoderInfo:
    """Train an encoder on the repeat units of tables and on made-up ones; no label is read.

    Args:
        tables: whose columns that are named after SMILES hold repeat units.
        made_up: how many are made up.
        epochs: passes over all units.
        seed: of everything random.
        context: of the training; in its folder of checkpoints is what an equal call, with the same
            units and settings, goes on from where it was cut off.
        progress: told what is being done, how much is done, and how much there is.

    Raises:
        UserError: when a table cannot be read, too few units are in them, or of their parts no
            others can be made up.
    """
    torch.set_num_threads(usable_cores())
    known = units_of_tables(tables, progress)
    assert context.checkpoints is not None
    of_known = sha256("\n".join(known).encode()).hexdigest()
    Checkpoints(context.checkpoints).keep_only_for(
        known=of_known, made_up=made_up, epochs=epochs, seed=seed
    )
    kept = context.checkpoints / f"made-up-{of_known[:16]}-{made_up}-{seed}.txt"
    units = known + _kept_units(known, made_up, seed, kept, progress)
    features = compute_features(units, progress, canonical_units=True)
    return learn_encoder(features, len(known), epochs, seed, context)


def _kept_units(
    known: Sequence[str], count: int, seed: int, kept: Path, progress: Progress
) -> list[str]:
    """So many made-up units; those of an equal call before are taken from a file."""
    # A file that was damaged counts as none.
    with suppress(OSError, UnicodeDecodeError):
        units = kept.read_text(encoding="utf-8").split()
        if len(units) == count:
            return units
    units = made_up_units(known, count, seed, progress)
    if len(units) < count:
        raise UserError(
            f"Of the parts of the tables' {len(known):,} units, {len(units):,} others could be "
            f"made up, and not {count:,}: ask for fewer with `--made-up`."
        )
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(kept, "\n".join(units))
    return units
