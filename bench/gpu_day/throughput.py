"""How many units a second are learned from without labels, and predicted by a network alone."""

from functools import partial
from statistics import median

import numpy as np
import torch

from bench.gpu_day.fitting import Collected, Given, Tell, none_for_nan, try_case
from bench.speed.timing import timed
from engine.models.batching import DeviceGraphs
from engine.models.device import Precision, set_arithmetic
from engine.models.network_prediction import Scale, predict_network
from engine.models.polygin import PolyGIN
from engine.settings.devices import DeviceSettings
from engine.settings.networks import NetworkConfig
from engine.settings.training import PretrainingConfig
from engine.training.context import TrainContext
from engine.training.network_checkpoints import NetworkCheckpointer
from engine.training.pretraining import pretrain

_UNITS, _SMALL_UNITS = 200_000, 150
_PASSES = 3
STUDENT = NetworkConfig(layers=4, width=64, dropout=0.0)
"""The network that screens, as `engine.screening.distilling` makes it, which needs RDKit."""


def pretraining(given: Given, tell: Tell) -> None:
    """Epochs over all graphs, by both kinds; their views are made on the CPU, which is in it."""

    def measure(kind: str) -> dict:
        use, told = DeviceSettings(parallel="none"), Collected()
        set_arithmetic(use)
        torch.manual_seed(0)
        network = PolyGIN.build(given.network, given.data.labels.shape[1])
        context = TrainContext(given.folder, told, use, device=given.device)
        settings = PretrainingConfig(kind=kind, epochs=given.epochs(4))
        training = given.training(1).model_copy(update={"pretraining": settings})
        pretrain(network, given.data.graphs, training, 0, context, _no_checkpoints(context))
        seconds = [row["pretraining_seconds"] for row in told.rows]
        usual = median(seconds[1:])
        return {
            "first_epoch_seconds": seconds[0],
            "epoch_seconds": usual,
            "units_a_second": given.data.graphs.size / usual,
            "losses": [none_for_nan(row["pretraining_loss"]) for row in told.rows],
        }

    for kind in ("masked", "contrastive"):
        try_case(tell, kind, partial(measure, kind))


def _no_checkpoints(context: TrainContext) -> NetworkCheckpointer:
    return NetworkCheckpointer(context, "gpu-day", {"member": "polygin", "fold": 0, "seed": 0})


def screening(given: Given, tell: Tell) -> None:
    """Predictions of one network, from graphs on the device and from arrays of the host."""
    count = _SMALL_UNITS if given.small else _UNITS
    rows = np.resize(np.arange(given.data.graphs.size), count)
    graphs = DeviceGraphs(given.data.graphs, given.device)
    properties = given.data.labels.shape[1]
    scale = Scale(np.zeros(properties), np.ones(properties))

    def measure(config: NetworkConfig, precision: str, batch: int) -> dict:
        set_arithmetic(DeviceSettings(precision=precision))
        torch.manual_seed(0)
        network = PolyGIN.build(config, properties).to(given.device).eval()
        kind = Precision.of(given.device, precision)

        def predict() -> None:
            predict_network(network, scale, graphs, rows, given.device, kind, batch)

        predict()
        seconds = median(timed(predict) for _ in range(_PASSES))
        return {"units": count, "units_a_second": count / seconds}

    for config in (STUDENT, given.network, NetworkConfig(layers=4, width=96)):
        for precision, batch in (("auto", 512), ("auto", 4096), ("fp32", 512)):
            case = f"{config.layers}×{config.width}, {precision}, batch {batch}"
            try_case(tell, case, partial(measure, config, precision, batch))
    seconds = timed(lambda: DeviceGraphs(given.data.graphs, given.device))
    tell({"graphs to the device": {"units_a_second": given.data.graphs.size / seconds}})
