"""From packed graphs and labels to a fitted network: epochs of training and validation."""

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
import torch.distributed as dist

from ..base.bounds import Bounds
from ..base.packed import same_units, take
from ..models.batching import DeviceGraphs
from ..models.device import set_arithmetic
from ..models.encoder import start_from_encoder
from ..models.member import NetworkMember, NetworkMemberConfig
from ..models.network import Network
from ..models.network_prediction import Scale, predict_network
from .context import TrainContext
from .early_stopping import inner_split
from .network_checkpoints import NetworkCheckpointer
from .pretraining import pretrain
from .trainer import Trainer


class DivergedError(Exception):
    """Raised when a loss becomes NaN or infinite; the text says what may help."""


class NetworkRows(NamedTuple):
    """The rows that one network learns from, and those that it is validated on."""

    graphs: DeviceGraphs  # N graphs on the device, with descriptors where the network joins some
    labels: np.ndarray  # N × K, on the scales, NaN where missing
    rows: np.ndarray  # the rows to learn from
    validation: np.ndarray  # rows whose error is reported each epoch, and used for nothing else
    sources: Sequence[str] | None = None  # of the K properties; by default all have the same
    bounds: Bounds | None = None  # on the scales; learned from, and not validated on


def train_network(
    data: NetworkRows,
    member: type[NetworkMember],
    config: NetworkMemberConfig,
    seed: int,
    context: TrainContext,
    checkpointer: NetworkCheckpointer,
) -> tuple[Network, Scale]:
    """Train one network for all its epochs, or until it stops early; see `TrainingConfig`.

    The reporter of the context is told each epoch's `train_loss`, `val_loss`, the K validation
    errors on the scales as an array `val_mae`, the `learning_rate` of the next step, the mean
    `gradient_norm` before clipping, `graphs_per_second`, `train_seconds` and `validation_seconds`;
    on a CUDA device also `vram_mb`, the peak memory that it held for this process, in MB (2²⁰
    bytes); with early stopping also `inner_loss`, and once `epochs_left_out`. Epochs of a
    pretraining come before, see `pretrain`.

    Args:
        data: graphs, labels and rows.
        member: whose network it is.
        config: of the network and of its training.
        seed: of the weights, the shuffling and dropout.
        context: of the fit; says where to train.
        checkpointer: saves checkpoints, and has the one to resume from.

    Raises:
        DivergedError: when the loss becomes NaN or infinite.

    Returns:
        The network, in evaluation mode, and the scale of its outputs.
    """
    training, labels, rows = config.training, data.labels, data.rows
    set_arithmetic(context.use)
    torch.manual_seed(seed)
    network = member.build(config.network, labels.shape[1])
    if training.pretrained:
        start_from_encoder(network)
    if training.pretraining and not checkpointer.has_begun:
        pretrain(network, take(data.graphs.packed, rows), training, seed, context, checkpointer)
        torch.manual_seed(seed)
    known = np.isfinite(labels) if data.bounds is None else np.isfinite(labels) | data.bounds.known
    rows = rows[known[rows].any(axis=1)]
    inner = rows[:0]
    if training.patience:
        units = same_units(data.graphs.packed)
        rows, inner = inner_split(rows, units, training.inner_share, seed)
    if network.join is not None:
        descriptors = data.graphs.descriptors
        assert descriptors is not None, "the network joins descriptors, and there are none"
        network.join.choose(descriptors[rows], labels[rows])
    trainer = Trainer(
        network, data.graphs, labels, rows, training, seed, context, data.sources, data.bounds
    )
    validate = partial(_validate, trainer, data)
    for epoch in range(checkpointer.resume(trainer), training.epochs):
        if trainer.stopping and trainer.stopping.over:
            context.reporter.log(
                f"No better loss for {training.patience} epochs: the training ends after epoch "
                f"{epoch}"
            )
            left_out = {"epochs_left_out": training.epochs - epoch}
            context.reporter.measured({**checkpointer.about, **left_out})
            break
        measured = _epoch(trainer, epoch + 1, len(rows), partial(validate, data.validation))
        if trainer.stopping:
            loss = _agreed(validate(inner)["val_loss"], trainer.device)
            trainer.stopping.note(loss, network)
            measured["inner_loss"] = loss
        if trainer.averaging:
            trainer.averaging.note(epoch + 1, network)
        _report(measured, trainer, context, checkpointer)
    if trainer.stopping:
        trainer.stopping.load_best(network)
    if trainer.averaging:
        trainer.averaging.load_into(network)
    return network.eval(), trainer.scale


def _epoch(trainer: Trainer, number: int, rows: int, validate: Callable[[], dict]) -> dict:
    """Learn from so many rows, and validate; returns what was measured.

    Raises:
        DivergedError: when the loss becomes NaN or infinite.
    """
    started = time.perf_counter()
    loss = trainer.epoch()
    learned = time.perf_counter()
    if not math.isfinite(loss):
        raise DivergedError(
            f"the loss is not finite from epoch {number} on; a lower learning rate, or fp32, "
            "may help"
        )
    measured = {
        "epoch": number,
        "train_loss": loss,
        **validate(),
        "learning_rate": trainer.learning_rate,
        "gradient_norm": trainer.gradient_norm,
        "graphs_per_second": rows / (learned - started),
        "train_seconds": learned - started,
    }
    measured["validation_seconds"] = time.perf_counter() - learned
    if trainer.device.type == "cuda":
        measured["vram_mb"] = torch.cuda.max_memory_allocated(trainer.device) / 2**20
    return measured


def _agreed(loss: float, device: torch.device) -> float:
    """The first process's loss: rounding must not let others stop at another epoch."""
    value = torch.tensor(loss)
    if dist.is_available() and dist.is_initialized():
        value = value.to(device)
        dist.broadcast(value, 0)
    return value.item()


def _report(
    measured: dict, trainer: Trainer, context: TrainContext, checkpointer: NetworkCheckpointer
) -> None:
    """Report an epoch and save a checkpoint, at once when the report ends the training."""
    checkpointer.note(measured)
    try:
        context.reporter.measured({**checkpointer.about, **measured})
    except BaseException:
        checkpointer.save(trainer, force=True)
        raise
    checkpointer.save(trainer)


def _validate(trainer: Trainer, data: NetworkRows, rows: np.ndarray) -> dict:
    """The loss and the error on the properties' scales on rows that are held out.

    The loss is the weighted absolute error of standardised values, whichever loss is learned with.
    Both are of the weights after an epoch, also where their mean over epochs is kept in the end.
    """
    scale = trainer.scale
    predicted = predict_network(
        trainer.network, scale, data.graphs, rows, trainer.device, trainer.precision
    )
    labels = data.labels[rows]
    labelled = np.isfinite(labels)
    errors = np.where(labelled, np.abs(predicted - labels), 0.0).sum(axis=0)
    counts = labelled.sum(axis=0)
    weights = trainer.weights.cpu().numpy()
    loss = (errors / scale.deviation * weights).sum() / max((counts * weights).sum(), 1)
    mae = np.where(counts > 0, errors / np.maximum(counts, 1), np.nan)
    return {"val_loss": float(loss), "val_mae": mae}
