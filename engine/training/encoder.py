"""Training the encoder: a network learns to say descriptors from graphs."""

import math
import time

import numpy as np
import torch

from ..base.errors import UserError
from ..base.packed import Features
from ..base.versions import FEATURES
from ..base.vocabulary import DESCRIPTOR_GROUPS
from ..models.batching import DeviceGraphs
from ..models.device import Precision, set_arithmetic
from ..models.encoder import EncoderInfo, write_encoder
from ..models.network_prediction import predict_network
from ..models.polygin import PolyGIN
from ..settings.networks import NetworkConfig
from ..settings.training import TrainingConfig
from .context import TrainContext
from .network_checkpoints import NetworkCheckpointer
from .trainer import Trainer

NETWORK = NetworkConfig(layers=4, width=96, heads="linear", dropout=0.0)
_MORGAN = DESCRIPTOR_GROUPS["morgan"]
_MORGAN_TARGETS = 512
"""The commonest of the Morgan counts; the others are zero in nearly all units."""
_FURTHEST = 4.0
"""Standard deviations at which targets are clipped."""
_HELD_OUT = 0.02
_PIECE = "encoder"


def learn_encoder(
    features: Features, known: int, epochs: int, seed: int, context: TrainContext
) -> EncoderInfo:
    """Train an encoder and write it into the context's folder.

    The reporter of the context is told each epoch's `train_loss`, `seconds`, and the R² that
    `EncoderInfo.explained` has.

    Args:
        features: of N canonical repeat units.
        known: how many of them, the first ones, come from tables; the others are made up.
        epochs: passes over the units.
        seed: of everything random.
        context: the folder, and one for checkpoints, with which the same call goes on where it was
            cut off.

    Raises:
        UserError: when the loss becomes NaN or infinite.
    """
    set_arithmetic(context.use)
    targets, groups = descriptor_targets(features.descriptors)
    order = np.random.default_rng(seed).permutation(len(targets))
    held_out = max(int(_HELD_OUT * len(order)), 1)
    validation, rows = np.sort(order[:held_out]), np.sort(order[held_out:])
    torch.manual_seed(seed)
    network = PolyGIN.build(NETWORK, targets.shape[1])
    graphs = DeviceGraphs(features.graphs, context.device)
    config = TrainingConfig(epochs=epochs, batch=128, learning_rate=2e-3, loss="huber")
    trainer = Trainer(network, graphs, targets, rows, config, seed, context)
    checkpointer = NetworkCheckpointer(context, _PIECE, {})
    for epoch in range(checkpointer.resume(trainer), epochs):
        started = time.perf_counter()
        loss = trainer.epoch()
        if not math.isfinite(loss):
            raise UserError(f"The loss is {loss} after epoch {epoch + 1}: give another seed.")
        explained = _explained(trainer, graphs, targets, validation, groups)
        seconds = time.perf_counter() - started
        measured = {"epoch": epoch + 1, "train_loss": loss, "seconds": seconds, **explained}
        checkpointer.note(measured)
        checkpointer.save(trainer, force=True)
        context.reporter.measured(measured)
    info = EncoderInfo(
        network=NETWORK,
        graphs=FEATURES["chain_graphs"],
        known=known,
        made_up=len(targets) - known,
        epochs=epochs,
        seed=seed,
        explained={name: checkpointer.history[-1][name] for name in dict.fromkeys(groups)},
    )
    write_encoder(context.folder, info, network)
    return info


def descriptor_targets(descriptors: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """What the encoder learns to say of each unit.

    Args:
        descriptors: shape `(N, D)`, NaN where a descriptor has no value.

    Returns:
        Shape `(N, K)`, float32, standardised, of the descriptors that vary: all but Morgan counts
        as sign · log(1 + size), and the commonest Morgan counts as log(1 + count). And the group of
        each of the K.
    """
    numbers, counts = descriptors[:, :-_MORGAN], descriptors[:, -_MORGAN:]
    common = np.sort(np.argsort(-(counts > 0).sum(axis=0), kind="stable")[:_MORGAN_TARGETS])
    names = np.repeat([*DESCRIPTOR_GROUPS], [*DESCRIPTOR_GROUPS.values()])
    groups = np.concatenate([names[:-_MORGAN], names[-_MORGAN:][common]])
    values = np.concatenate([numbers, counts[:, common]], axis=1).astype(np.float64)
    values = np.sign(values) * np.log1p(np.abs(values))
    mean, deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    varies = deviation > 1e-6
    scaled = (values[:, varies] - mean[varies]) / deviation[varies]
    return np.clip(scaled, -_FURTHEST, _FURTHEST).astype(np.float32), groups[varies].tolist()


def _explained(
    trainer: Trainer,
    graphs: DeviceGraphs,
    targets: np.ndarray,
    rows: np.ndarray,
    groups: list[str],
) -> dict[str, float]:
    """By group, the median R² of its targets in some rows."""
    network, device = trainer.network.eval(), trainer.device
    precision = Precision.of(device, "auto")
    predicted = predict_network(network, trainer.scale, graphs, rows, device, precision)
    variance = np.nanvar(targets[rows], axis=0)
    left = np.nanmean((predicted - targets[rows]) ** 2, axis=0)
    # Where all these rows are alike there is nothing to explain.
    shares = 1 - left / np.where(variance > 0, variance, np.nan)
    return {
        name: median_share(shares[[each == name for each in groups]])
        for name in dict.fromkeys(groups)
    }


def median_share(shares: np.ndarray) -> float:
    """The median of shares of variance; 0 where none is known.

    Args:
        shares: shape `(K,)`, NaN for what had no variance.
    """
    known = shares[np.isfinite(shares)]
    return float(np.median(known)) if len(known) else 0.0
