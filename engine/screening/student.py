"""The student of a model: one small network that says about what the whole ensemble would say.

It learned the ensemble's answers to many repeat units, most of them made up (distillation: Hinton,
Vinyals & Dean, arXiv:1503.02531), and reads a graph alone, so that a million units take minutes;
of single repeat units, not of compositions. What it cannot rule out, the ensemble predicts; how far
the two lay apart on units that the student did not learn says what that is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..base.errors import UserError
from ..base.manifest import ProvenFiles, write_manifest
from ..base.packed import PackedGraphs
from ..base.versions import FEATURES
from ..base.workspace import write_atomic
from ..inference.bundle import BundleInfo
from ..settings.networks import NetworkConfig

if TYPE_CHECKING:
    from ..models.network import Network
    from ..models.network_prediction import Scale

INFO, WEIGHTS, HELD_OUT = "student.json", "student.safetensors", "student-held-out.safetensors"
MEMBER = "polygin"
"""Whose network it is."""

SURE = 0.9995
"""Share of the units that meet a requirement which a margin has to cover, at each of its ends."""

_ALIKE = 400
"""Held-out units of about the required values whose errors say how wide a margin has to be."""

_WIDER = 1.2
"""Times as wide as held-out units ask for are margins: the best of a file are farther out than most
of them (docs/experiments.md, “A student's margins”)."""

_BULK = 0.95
_FORMAT = 1
_MOST_BYTES = 2**26


class StudentInfo(BaseModel):
    """What a student is, and on what it was taught.

    Attributes:
        format: of its files.
        names: of the J properties that it answers.
        network: what it is made of.
        graphs: the version of the graphs that it reads.
        known, made_up: how many repeat units of tables, and made up from their parts, there were.
        held_out: how many of all these it did not learn.
        seed: of everything random.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = _FORMAT
    names: list[str] = Field(min_length=1)
    network: NetworkConfig
    graphs: int
    known: int
    made_up: int
    held_out: int
    seed: int


@dataclass(frozen=True)
class Margins:
    """How far the student may lie from the ensemble.

    Attributes:
        names: of the J properties.
        ensemble, student: what both say of H units that the student did not learn; shape `(H, J)`,
            on the properties' scales.
        factors: by property, how many times farther they lie apart in the file at hand; never below
            1, which it is by default.
    """

    names: list[str]
    ensemble: np.ndarray
    student: np.ndarray
    factors: dict[str, float] = field(default_factory=dict)

    def of(self, name: str, low: float, high: float) -> tuple[float, float]:
        """How far below `low`, and above `high`, the student may put a unit that lies between.

        Args:
            name: of the property.
            low, high: what the ensemble has to say, on the property's scale; infinite for no end.
        """
        j = self.names.index(name)
        ensemble = self.ensemble[:, j]
        away = np.maximum(np.maximum(low - ensemble, ensemble - high), 0)
        near = away <= np.sort(away)[:_ALIKE][-1]
        ensemble, student = ensemble[near], self.student[near, j]
        # Of units that all lie beyond an end, this is the end of them.
        low, high = min(low, ensemble.min()), max(high, ensemble.max())
        factor = self.factors.get(name, 1.0) * _WIDER
        return covering(low - student) * factor, covering(student - high) * factor

    def for_file(
        self, names: Sequence[str], student: np.ndarray, ensemble: np.ndarray
    ) -> "Margins":
        """The margins for a file in which they lie apart as they do in a sample of its units.

        Args:
            names: of the properties that are asked for, A of them.
            student, ensemble: what both say of S units; shape `(S, A)`, NaN where there is nothing
                to compare.
        """
        factors = {}
        for a, name in enumerate(names):
            errors = np.abs(student[:, a] - ensemble[:, a])
            errors = errors[np.isfinite(errors)]
            j = self.names.index(name)
            usual = np.quantile(np.abs(self.student[:, j] - self.ensemble[:, j]), _BULK)
            here = np.quantile(errors, _BULK) if len(errors) else 0.0
            factors[name] = float(max(here / usual, 1.0)) if usual > 0 else 1.0
        return replace(self, factors=factors)


def covering(errors: np.ndarray) -> float:
    """What the error of one more unit exceeds in at most 1 − `SURE` of all cases; at least 0.

    Of few errors it is the greatest. Split conformal prediction: Vovk, Gammerman & Shafer,
    Algorithmic Learning in a Random World (Springer, 2005).
    """
    place = min(int(np.ceil((len(errors) + 1) * SURE)), len(errors))
    return max(float(np.sort(errors)[place - 1]), 0.0)


@dataclass(frozen=True)
class Student:
    """A student, ready to answer.

    Attributes:
        info: what it is.
        network, scale: of it, on the CPU.
        margins: how far it may lie from the ensemble.
    """

    info: StudentInfo
    network: "Network"
    scale: "Scale"
    margins: Margins

    @classmethod
    def of(cls, files: ProvenFiles, bundle: BundleInfo) -> "Student | None":
        """The student of a model; None where it has none.

        Args:
            files: of the model.
            bundle: what the model says of itself.

        Raises:
            UserError: when its files are damaged, or those of another model or version.
        """
        if INFO not in files.names:
            return None
        from ..models.room import Room
        from ..models.store import read_network

        try:
            info = StudentInfo.model_validate_json(files.read(INFO, _MOST_BYTES))
            held_out = load(files.read(HELD_OUT, _MOST_BYTES))
            margins = Margins(info.names, held_out["ensemble"], held_out["student"])
            _check(info, margins, bundle)
        except (ValidationError, ValueError, SafetensorError, KeyError) as error:
            raise UserError(
                f"The student in {files.folder} is damaged, or of another version: make it anew "
                "with `distil`, or screen with `--in-full`."
            ) from error
        room = Room(len(info.names))
        network, scale = read_network(files, WEIGHTS, MEMBER, info.network, len(info.names), room)
        return cls(info, network, scale, margins)

    def predict(self, graphs: PackedGraphs) -> np.ndarray:
        """What the ensemble would say, about; shape `(N, J)`, on the properties' scales.

        Args:
            graphs: N graphs, as `engine.chem.graphs.chain_graph_of_drawing` makes them.
        """
        import torch

        from ..models.batching import DeviceGraphs
        from ..models.network_prediction import predict_network

        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return predict_network(
            self.network.to(device),
            self.scale,
            DeviceGraphs(graphs, device),
            np.arange(graphs.size),
            device,
        )


def _check(info: StudentInfo, margins: Margins, bundle: BundleInfo) -> None:
    """See that what was read fits together.

    Raises:
        ValueError: when it does not.
    """
    if info.format != _FORMAT or info.graphs != FEATURES["chain_graphs"]:
        raise ValueError("it is of another version")
    if info.names != bundle.answer_names:
        raise ValueError("it answers other properties")
    shape = (info.held_out, len(info.names))
    for values in (margins.ensemble, margins.student):
        if values.shape != shape or not info.held_out or not np.isfinite(values).all():
            raise ValueError("the held-out answers are no numbers")


def write_student(
    folder: Path, info: StudentInfo, network: "Network", scale: "Scale", margins: Margins
) -> None:
    """Add a student to the model in a folder, or put it in place of the one that is there.

    Cut off at any time, the model has the one of before, the new one, or is said to be damaged.

    Raises:
        UserError: when a file of the model is missing or changed.
    """
    from ..models.store import write_network

    files = ProvenFiles.of(folder)
    for name in {*files.names} - {INFO, WEIGHTS, HELD_OUT}:
        files.read(name)
    write_network(folder / WEIGHTS, network, scale)
    arrays = {
        "ensemble": margins.ensemble.astype(np.float32),
        "student": margins.student.astype(np.float32),
    }
    write_atomic(folder / HELD_OUT, save(arrays))
    write_atomic(folder / INFO, info.model_dump_json(indent=1))
    write_manifest(folder, {})
