"""From packed graphs and labels to a fitted network, and from a network to predictions."""

import math
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import torch.distributed as dist

from ..base.packed import same_units, take
from ..models.batching import DeviceGraphs
from ..models.build import Network, build_network
from ..models.device import set_arithmetic
from ..models.network_prediction import Scale, predict_network
from ..settings.devices import DeviceSettings
from ..settings.members import PolyGINShape
from ..settings.training import LoopSettings
from .early_stopping import inner_split
from .network_checkpoints import Keeper
from .pretraining import pretrain
from .trainer import Trainer


class DivergedError(Exception):
    """A training whose loss is no number any more; the text says what may help."""


EpochReport = Callable[[dict[str, float]], None]
"""Called after each epoch with its measurements; may raise to end the training."""


def train_network(
    graphs: DeviceGraphs,
    labels: np.ndarray,
    rows: np.ndarray,
    watched: np.ndarray,
    shape: PolyGINShape,
    settings: LoopSettings,
    seed: int,
    device: torch.device,
    report: EpochReport,
    use: DeviceSettings | None = None,
    log: Callable[[str], None] = lambda line: None,
    keeper: Keeper | None = None,
) -> tuple[Network, Scale]:
    """Train one network, for so many epochs or until it gets no better, see `LoopSettings`.

    Args:
        graphs: N graphs on `device`, with descriptors where the shape joins some.
        labels: shape `(N, K)`, in units, NaN where missing.
        rows: the rows to learn from.
        watched: rows whose error is reported each epoch and used for nothing else.
        shape, settings: the network's size and how it is trained.
        seed: of the weights, the shuffling and dropout.
        device: where to train.
        report: told each epoch's `train_loss`, `val_loss`, the K validation errors in units as
            an array `val_mae`, `learning_rate`, the mean `gradient_norm` before clipping,
            `graphs_per_second`, `train_seconds` and `validation_seconds`; on a CUDA device also
            `vram_mb`, the most memory that it has held for this process, in MB (2²⁰ bytes); with
            early stopping also `inner_loss`, and once `epochs_left_out`. Epochs of a pretraining
            come before, see `pretrain`.
        use: how to use the device.
        log: told when memory runs out, or when a fast path is not to be had.
        keeper: keeps checkpoints, and has the one to go on from.

    Raises:
        DivergedError: when the loss is no number any more.

    Returns:
        The network, in evaluation mode, and the scale of its outputs.
    """
    use = use or DeviceSettings()
    set_arithmetic(use.deterministic)
    torch.manual_seed(seed)
    network = build_network(shape, labels.shape[1])
    if settings.pretraining and not (keeper and keeper.has_begun):
        unlabelled = take(graphs.packed, rows)
        pretrain(network, unlabelled, settings, seed, device, use, report, log, keeper)
        torch.manual_seed(seed)
    rows = rows[np.isfinite(labels[rows]).any(axis=1)]
    inner = rows[:0]
    if settings.patience:
        rows, inner = inner_split(rows, same_units(graphs.packed), settings.inner_share, seed)
    if network.join is not None:
        network.join.choose(graphs.descriptors[rows], labels[rows])
    trainer = Trainer(network, graphs, labels, rows, settings, device, seed, use, log)
    validate = partial(_validate, trainer, graphs, labels)
    for epoch in range(keeper.resume(trainer) if keeper else 0, settings.epochs):
        if trainer.stopping and trainer.stopping.over:
            log(f"No better for {settings.patience} epochs: the training ends after {epoch}")
            report({"epochs_left_out": settings.epochs - epoch})
            break
        measured = _epoch(trainer, epoch + 1, len(rows), partial(validate, watched))
        if trainer.stopping:
            measured["inner_loss"] = _note_inner(trainer, validate(inner)["val_loss"])
        _tell(measured, report, trainer, keeper)
    if trainer.stopping:
        trainer.stopping.give_back(network)
    return network.eval(), trainer.scale


def _epoch(trainer: Trainer, number: int, rows: int, validate: Callable[[], dict]) -> dict:
    """Learn from so many rows, and validate; what was measured.

    Raises:
        DivergedError: when the loss is no number any more.
    """
    started = time.perf_counter()
    loss = trainer.epoch()
    learned = time.perf_counter()
    if not math.isfinite(loss):
        raise DivergedError(
            f"the loss is no number from epoch {number} on; a lower learning rate, or fp32, "
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


def _note_inner(trainer: Trainer, inner_loss: float) -> float:
    """Take up the loss of the rows set aside from the training rows, which says when to stop."""
    loss = torch.tensor(inner_loss)
    if dist.is_available() and dist.is_initialized():
        # Processes that round differently must not part ways.
        loss = loss.to(trainer.device)
        dist.broadcast(loss, 0)
    trainer.stopping.note(loss.item(), trainer.network)
    return loss.item()


def _tell(measured: dict, report: EpochReport, trainer: Trainer, keeper: Keeper | None) -> None:
    """Report an epoch and keep a checkpoint, at once when the report ends the training."""
    if keeper is None:
        report(measured)
        return
    keeper.note(measured)
    try:
        report(measured)
    except BaseException:
        keeper.keep(trainer, force=True)
        raise
    keeper.keep(trainer)


def _validate(
    trainer: Trainer, graphs: DeviceGraphs, labels: np.ndarray, watched: np.ndarray
) -> dict:
    """The loss and the error in units of rows that are held out."""
    scale = trainer.scale
    predicted = predict_network(
        trainer.network, scale, graphs, watched, trainer.device, trainer.precision
    )
    truth = labels[watched]
    known = np.isfinite(truth)
    errors = np.where(known, np.abs(predicted - truth), 0.0).sum(axis=0)
    counts = known.sum(axis=0)
    weights = trainer.weights.cpu().numpy()
    loss = (errors / scale.deviation * weights).sum() / max((counts * weights).sum(), 1)
    mae = np.where(counts > 0, errors / np.maximum(counts, 1), np.nan)
    return {"val_loss": float(loss), "val_mae": mae}
