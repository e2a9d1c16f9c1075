"""Making the student of a model: the ensemble answers many units, and a network learns it."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ..base.errors import UserError
from ..base.hardware import detect, usable_cores
from ..base.packed import PackedGraphs, pack
from ..base.versions import FEATURES
from ..inference.predict import Predictor, Progress
from ..inference.streaming import CHUNK_ROWS, predict_stream
from ..models.member import NetworkMemberConfig
from ..runs.known_units import made_up_units, units_of_tables
from ..settings.networks import NetworkConfig
from ..settings.properties import scaled_columns
from ..settings.training import TrainingConfig
from .first_pass import graphs_of
from .student import MEMBER, Margins, StudentInfo, write_student

UNITS = 32_000
"""Repeat units that the ensemble answers, of which the student learns three quarters."""

_KNOWN_SHARE, _HELD_OUT_SHARE = 0.25, 0.25
_FEWEST = 16_000
"""Fewer leave so few held-out units that margins say little of those at an end."""
_SETTINGS = NetworkMemberConfig(
    network=NetworkConfig(layers=4, width=64, dropout=0.0),
    training=TrainingConfig(epochs=20, batch=128, learning_rate=3e-3),
)
"""docs/experiments.md, “A student for screening”."""


def distil(
    predictor: Predictor,
    tables: Sequence[Path],
    progress: Progress,
    count: int = UNITS,
    seed: int = 0,
) -> StudentInfo:
    """Make a student of a model, and add it to the model's folder.

    Args:
        predictor: the model.
        tables: whose repeat units it is taught on, and on others made up of their parts.
        progress: told what is being done, how much is done, and how much there is.
        count: how many units the ensemble answers for it.
        seed: of everything random.

    Raises:
        UserError: when the model predicts at conditions, which a student does not read; a table
            cannot be read; or of the tables' units too few can be made up.
    """
    if predictor.info.conditions:
        raise UserError(
            f"The model {predictor.info.name!r} predicts at given conditions, which no student "
            "reads: it screens without one."
        )
    random = np.random.default_rng(seed)
    known = units_of_tables(tables, progress)
    taken = random.permutation(len(known))[: int(count * _KNOWN_SHARE)]
    made_up = made_up_units(known, count - len(taken), seed, progress)
    units = [known[place] for place in taken] + made_up
    if len(units) < _FEWEST:
        raise UserError(
            f"Of the tables' {len(known):,} units only {len(made_up):,} others can be made up, and "
            f"a student has to be taught {_FEWEST:,} or more: name tables of other units too, such "
            "as those that are to be screened."
        )
    graphs, answers = _answered(predictor, units, progress)
    order = random.permutation(graphs.size)
    held_out, taught = np.split(order, [int(graphs.size * _HELD_OUT_SHARE)])
    info = StudentInfo(
        names=predictor.info.answer_names,
        network=_SETTINGS.network,
        graphs=FEATURES["chain_graphs"],
        known=len(taken),
        made_up=len(made_up),
        held_out=len(held_out),
        seed=seed,
    )
    _teach(predictor.folder, info, graphs, answers, np.sort(taught), np.sort(held_out), progress)
    return info


def ensemble_answers(predictor: Predictor, units: Sequence[str], progress: Progress) -> np.ndarray:
    """What the ensemble answers of N units; shape `(N, J)`, on the properties' scales.

    Args:
        predictor: the model.
        units: N repeat units.
        progress: told how many are answered.
    """
    answers, values, done = predictor.info.answers, [], 0
    chunks = (units[start : start + CHUNK_ROWS] for start in range(0, len(units), CHUNK_ROWS))
    for predictions in predict_stream(predictor.only({each.name for each in answers}), chunks):
        values.append(predictions.blend[predictor.info.answer_names].to_numpy())
        done += len(values[-1])
        progress("answering", done, len(units))
    return scaled_columns(answers, np.concatenate(values))


def _answered(
    predictor: Predictor, units: Sequence[str], progress: Progress
) -> tuple[PackedGraphs, np.ndarray]:
    """The graphs of those units that both can read, and what the ensemble answers, on scales."""
    scaled = ensemble_answers(predictor, units, progress)
    read = graphs_of(units)
    usable = [row for row, graph in enumerate(read.graphs) if graph is not None]
    rows = np.array([row for row in usable if np.isfinite(scaled[row]).all()], dtype=np.int64)
    return pack([graph for row in rows if (graph := read.graphs[row]) is not None]), scaled[rows]


def _teach(
    folder: Path,
    info: StudentInfo,
    graphs: PackedGraphs,
    answers: np.ndarray,
    taught: np.ndarray,
    held_out: np.ndarray,
    progress: Progress,
) -> None:
    """Train the network, compare it with the ensemble, and write both.

    Args:
        folder: of the model.
        info: what the student is.
        graphs: of N units.
        answers: of the ensemble, shape `(N, J)`, on the properties' scales.
        taught, held_out: which units it learns, and which not.
        progress: told how many epochs are done.
    """
    # Here, so that commands that only read a student need not wait for torch.
    import torch

    from ..models.batching import DeviceGraphs
    from ..models.members import network_member
    from ..models.network_prediction import predict_network
    from ..training.context import TrainContext
    from ..training.loop import NetworkRows, train_network
    from ..training.network_checkpoints import NetworkCheckpointer
    from ..training.reporter import Reporter

    class _Epochs(Reporter):
        def epoch(self, measured: dict) -> None:
            progress("teaching", measured["epoch"], _SETTINGS.training.epochs)

    torch.set_num_threads(usable_cores())
    with TemporaryDirectory() as name:
        context = TrainContext(Path(name), _Epochs()).on("cuda" if detect().gpus else "cpu")
        on_device = DeviceGraphs(graphs, context.device)
        network, scale = train_network(
            NetworkRows(on_device, answers, taught, held_out[:500]),
            network_member(MEMBER),
            _SETTINGS,
            info.seed,
            context,
            NetworkCheckpointer(context, "student", {}),
        )
        made = predict_network(network, scale, on_device, held_out, context.device)
    write_student(folder, info, network, scale, Margins(info.names, answers[held_out], made))
