"""What is trained, and the two ways to it: a whole fit, and the epochs of one trainer."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import torch

from bench.speed.data import BenchData
from bench.speed.timing import timed
from engine.base.errors import UserError
from engine.base.packed import take
from engine.models.batching import DeviceGraphs
from engine.models.device import set_arithmetic
from engine.models.member import NetworkMemberConfig
from engine.models.network import count_parameters
from engine.models.polygin import PolyGIN
from engine.settings.devices import DeviceSettings
from engine.settings.networks import NetworkConfig
from engine.settings.training import TrainingConfig, steps_of_epoch
from engine.training.context import TrainContext
from engine.training.networks import NetworkTask, network_jobs
from engine.training.parallel import fit_networks
from engine.training.reporter import Reporter
from engine.training.trainer import Trainer

Tell = Callable[[dict], None]
"""Takes a part of a measurement's result as soon as it is known; it is merged into the rest."""

FOLDS = 5
_MB = 2**20
_SMALL_ROWS = 60


@dataclass(frozen=True)
class Given:
    """What all measurements share.

    Attributes:
        data: N repeat units, with labels of K properties.
        folder: for files that are of no use afterwards.
        small: whether it is a rehearsal: few rows, a tiny network and few epochs.
    """

    data: BenchData
    folder: Path
    small: bool

    @classmethod
    def of(cls, data: BenchData, folder: Path, small: bool) -> "Given":
        """The same; a rehearsal takes some rows of a table."""
        size = data.graphs.size
        if small and size > _SMALL_ROWS:
            rows = np.sort(np.random.default_rng(0).choice(size, _SMALL_ROWS, replace=False))
            graphs = take(data.graphs, rows)
            data = BenchData(data.name, graphs, data.labels[rows], data.names)
        return cls(data, folder, small)

    @property
    def device(self) -> torch.device:
        """The first CUDA device, or the CPU where there is none."""
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")

    @property
    def network(self) -> NetworkConfig:
        """PolyGIN 12 × 128."""
        return NetworkConfig(layers=2, width=16) if self.small else NetworkConfig(layers=12)

    @property
    def batch(self) -> int:
        """Graphs of a usual step."""
        return 16 if self.small else 96

    @property
    def folds(self) -> np.ndarray:
        """The fold of each row, at random; shape `(N,)`."""
        return np.random.default_rng(0).permutation(self.data.graphs.size) % FOLDS

    def epochs(self, number: int) -> int:
        """So many epochs; three in a rehearsal."""
        return 3 if self.small else number

    def training(self, epochs: int, batch: int | None = None) -> TrainingConfig:
        """A training of so many epochs."""
        return TrainingConfig(epochs=epochs, batch=batch or self.batch, learning_rate=1e-3)

    def task(self, training: TrainingConfig) -> NetworkTask:
        """A member's task on the table."""
        config = NetworkMemberConfig(network=self.network, training=training)
        return NetworkTask(self.data.graphs, self.data.labels, self.folds, config)


class Collected(Reporter):
    """Keeps what a fit tells."""

    def __init__(self, on_epoch: Callable[[list[dict]], None] = lambda rows: None) -> None:
        """Keep all; `on_epoch` is called with the epochs so far, and may raise to end the fit."""
        self.rows: list[dict] = []
        self.lines: list[str] = []
        self._on_epoch = on_epoch

    def measured(self, row: dict) -> None:
        """See `Reporter`; epochs of a pretraining are kept too."""
        self.rows.append(row)
        self._on_epoch(self.rows)

    def log(self, line: str) -> None:
        """See `Reporter`."""
        self.lines.append(line)


@dataclass(frozen=True)
class Fit:
    """A finished fit: its predictions `(N, K)`, what it told, and its seconds as a whole."""

    predicted: np.ndarray
    told: Collected
    seconds: float
    folder: Path


def fit(
    given: Given,
    use: DeviceSettings,
    training: TrainingConfig,
    name: str,
    told: Collected | None = None,
) -> Fit:
    """Fit the network of the first fold, as a run does.

    Args:
        given: the table.
        use: how to use the device.
        training: how to train.
        name: of a folder; a fit of the same name that was cut off is resumed.
        told: what it reports to.
    """
    told = told or Collected()
    task, folder = given.task(training), given.folder / name
    (folder / "bundle").mkdir(parents=True, exist_ok=True)
    context = TrainContext(folder / "bundle", told, use, folder / "checkpoints")
    started = time.perf_counter()
    predicted = fit_networks(task, network_jobs("polygin", [0], task.config, seed=0), context)
    return Fit(predicted, told, time.perf_counter() - started, folder)


def record_of(fitted: Fit, names: tuple[str, ...]) -> dict:
    """What is said of a fit in the results."""
    rows = fitted.told.rows
    last = rows[-1]
    errors = zip(names, last["val_mae"], strict=True)
    return {
        "seconds": fitted.seconds,
        **epochs_of(rows),
        "train_loss": last["train_loss"],
        "validation_loss": last["val_loss"],
        "validation_mae": {name: none_for_nan(error) for name, error in errors},
        "remarks": fitted.told.lines,
    }


def epochs_of(rows: list[dict]) -> dict:
    """What is said of the epochs of a fit so far; medians, without the first, which captures."""
    usual = rows[1:] or rows
    record = {
        "epochs": len(rows),
        "first_epoch_seconds": rows[0]["train_seconds"],
        "epoch_seconds": median(row["train_seconds"] for row in usual),
        "validation_seconds": median(row["validation_seconds"] for row in usual),
        "units_a_second": median(row["graphs_per_second"] for row in usual),
        "all_epochs_seconds": sum(row["train_seconds"] + row["validation_seconds"] for row in rows),
    }
    if "vram_mb" in rows[-1]:
        record["vram_mb"] = rows[-1]["vram_mb"]
    return record


def make_trainer(
    given: Given,
    use: DeviceSettings,
    batch: int,
    rows: np.ndarray | None = None,
    told: Collected | None = None,
) -> Trainer:
    """A trainer of a fresh network, made as `train_network` makes it.

    Args:
        given: the table.
        use: how to use the device.
        batch: graphs in a step.
        rows: to learn from; by default all with labels.
        told: what it reports to.
    """
    set_arithmetic(use)
    torch.manual_seed(0)
    labels = given.data.labels
    network = PolyGIN.build(given.network, labels.shape[1])
    graphs = DeviceGraphs(given.data.graphs, given.device)
    context = TrainContext(given.folder, told or Collected(), use, device=given.device)
    rows = given.data.labelled if rows is None else rows
    training = given.training(epochs=1000, batch=batch)
    return Trainer(network, graphs, labels, rows, training, 0, context)


def time_epochs(given: Given, use: DeviceSettings, batch: int, passes: int = 3) -> dict:
    """Seconds of an epoch over all labelled rows, without validation.

    Args:
        given: the table.
        use: how to use the device.
        batch: graphs in a step.
        passes: epochs that are timed, after a first one that also captures.
    """
    told, on_cuda = Collected(), given.device.type == "cuda"
    if on_cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    trainer = make_trainer(given, use, batch, told=told)
    first = timed(trainer.epoch)
    losses: list[float] = []
    seconds = [timed(lambda: losses.append(trainer.epoch())) for _ in range(passes)]
    rows = len(given.data.labelled)
    record = {
        "batch": batch,
        "steps": steps_of_epoch(rows, batch),
        "parameters": count_parameters(trainer.network),
        "first_epoch_seconds": first,
        "epoch_seconds": median(seconds),
        "units_a_second": rows / median(seconds),
        "train_loss": none_for_nan(losses[-1]),
        "remarks": told.lines,
    }
    if on_cuda:
        record["vram_mb"] = torch.cuda.max_memory_allocated() / _MB
    return record


def try_case(tell: Tell, name: str, measure: Callable[[], dict]) -> None:
    """Tell what one case gives, or why it gives nothing; the next ones are tried all the same."""
    try:
        tell({name: measure()})
    except UserError as error:
        tell({name: {"skipped": str(error)}})
    except Exception as error:
        tell({name: {"failed": f"{type(error).__name__}: {error}"}})


def none_for_nan(value: float) -> float | None:
    """A number as JSON can hold it."""
    return float(value) if math.isfinite(value) else None
