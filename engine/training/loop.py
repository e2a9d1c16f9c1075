"""The training loop of PolyGIN: from packed graphs and labels to a fitted network."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.models.batching import DeviceGraphs
from engine.models.polygin import PolyGIN
from engine.models.scale import Scale
from engine.models.settings import PolyGINShape
from engine.training.presets import LoopSettings

EpochReport = Callable[[dict[str, float]], None]
"""Called after each epoch with its measurements; may raise to end the training."""

_PREDICT_BATCH = 512


@dataclass(frozen=True)
class Precision:
    """The arithmetic of a device: bf16 where it has it, else fp16 with scaling; fp32 on CPUs."""

    dtype: torch.dtype | None
    scaled: bool

    @classmethod
    def of(cls, device: torch.device) -> "Precision":
        """What suits the device."""
        if device.type != "cuda":
            return cls(None, False)
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return cls(torch.bfloat16, False)
        return cls(torch.float16, True)

    def autocast(self, device: torch.device) -> torch.autocast:
        """The context that forward passes run in."""
        return torch.autocast(device.type, self.dtype, enabled=self.dtype is not None)


def best_device() -> torch.device:
    """The first CUDA device, or the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


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
) -> tuple[PolyGIN, Scale]:
    """Train one network for a fixed number of epochs.

    Args:
        graphs: N graphs on `device`.
        labels: shape `(N, K)`, in units, NaN where missing.
        rows: the rows to learn from.
        watched: rows whose error is reported each epoch and used for nothing else.
        shape, settings: the network's size and how it is trained.
        seed: of the weights, the shuffling and dropout.
        device: where to train.
        report: told each epoch's `train_loss`, `val_loss`, the K validation errors in units as
            an array `val_mae`, `learning_rate` and `graphs_per_second`.

    Returns:
        The network, in evaluation mode, and the scale of its outputs.
    """
    torch.manual_seed(seed)
    torch.set_float32_matmul_precision("high")
    scale = Scale.of(labels[rows])
    rows = rows[np.isfinite(labels[rows]).any(axis=1)]
    network = PolyGIN(shape, labels.shape[1]).to(device)
    trainer = _Trainer(network, graphs, scale, labels, rows, settings, device, seed)
    for epoch in range(settings.epochs):
        started = time.perf_counter()
        loss = trainer.epoch()
        speed = len(rows) / (time.perf_counter() - started)
        measured = trainer.validate(watched)
        report(
            {
                "epoch": epoch + 1,
                "train_loss": loss,
                **measured,
                "learning_rate": trainer.learning_rate,
                "graphs_per_second": speed,
            }
        )
    return network.eval(), scale


def predict_network(
    network: PolyGIN, scale: Scale, graphs: DeviceGraphs, rows: np.ndarray, device: torch.device
) -> np.ndarray:
    """Predict some rows in units; shape `(len(rows), K)`, float64."""
    network.eval()
    parts = []
    with torch.inference_mode(), Precision.of(device).autocast(device):
        for start in range(0, len(rows), _PREDICT_BATCH):
            chosen = torch.as_tensor(rows[start : start + _PREDICT_BATCH], device=device)
            parts.append(network(graphs.batch(chosen)).float())
    return scale.undo(torch.cat(parts).cpu().double().numpy())


def masked_mae(predicted: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean absolute error over the labels that there are.

    Args:
        predicted: shape `(G, K)`, standardised.
        labels: shape `(G, K)`, standardised, NaN where missing.
        weights: shape `(K,)`.
    """
    known = torch.isfinite(labels)
    errors = torch.where(known, (predicted - labels.nan_to_num()).abs(), 0.0)
    return (errors * weights).sum() / (known * weights).sum().clamp(min=1e-6)


class _Trainer:
    """The state of one training: network, optimiser, schedule, scaler and the device's labels."""

    def __init__(
        self,
        network: PolyGIN,
        graphs: DeviceGraphs,
        scale: Scale,
        labels: np.ndarray,
        rows: np.ndarray,
        settings: LoopSettings,
        device: torch.device,
        seed: int,
    ) -> None:
        self._network, self._graphs, self._scale = network, graphs, scale
        self._settings, self._device = settings, device
        self._raw_labels = labels
        self._rows = torch.as_tensor(rows, device=device)
        self._labels = torch.as_tensor(scale.apply(labels), dtype=torch.float32, device=device)
        counts = np.maximum(np.isfinite(labels[rows]).sum(axis=0), 1)
        # The competition's √(1/n): a property of few labels would drown beside one of many.
        self._weights = torch.as_tensor(
            np.sqrt(counts.max() / counts), dtype=torch.float32, device=device
        )
        self._shuffler = torch.Generator().manual_seed(seed)
        self._precision = Precision.of(device)
        self._scaler = torch.amp.GradScaler(device.type, enabled=self._precision.scaled)
        self._optimiser = torch.optim.AdamW(
            network.parameters(),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self._steps = math.ceil(len(rows) / settings.batch)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser,
            _one_cycle(self._steps * settings.epochs, settings.warm_share),
        )

    @property
    def learning_rate(self) -> float:
        return self._schedule.get_last_lr()[0]

    def epoch(self) -> float:
        """One pass over the rows; the mean loss, read off the device once."""
        self._network.train()
        order = torch.randperm(len(self._rows), generator=self._shuffler).to(self._device)
        total = torch.zeros((), device=self._device)
        for chosen in self._rows[order].chunk(self._steps):
            total += self._step(chosen)
        return float(total) / self._steps

    def _step(self, chosen: Tensor) -> Tensor:
        with self._precision.autocast(self._device):
            predicted = self._network(self._graphs.batch(chosen))
        loss = masked_mae(predicted.float(), self._labels[chosen], self._weights)
        self._optimiser.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        self._scaler.unscale_(self._optimiser)
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), self._settings.clip)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        self._schedule.step()
        return loss.detach()

    def validate(self, watched: np.ndarray) -> dict:
        """The loss and the error in units of rows that are held out."""
        predicted = predict_network(self._network, self._scale, self._graphs, watched, self._device)
        truth = self._raw_labels[watched]
        known = np.isfinite(truth)
        errors = np.where(known, np.abs(predicted - truth), 0.0).sum(axis=0)
        counts = known.sum(axis=0)
        weights = self._weights.cpu().numpy()
        loss = (errors / self._scale.deviation * weights).sum() / max((counts * weights).sum(), 1)
        mae = np.where(counts > 0, errors / np.maximum(counts, 1), np.nan)
        return {"val_loss": float(loss), "val_mae": mae}


def _one_cycle(steps: int, warm_share: float) -> Callable[[int], float]:
    """A factor that rises linearly, then falls to zero along a cosine."""
    warm = max(int(steps * warm_share), 1)

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * min((step - warm) / max(steps - warm, 1), 1.0)))

    return factor
