"""The finished pieces of a fit and the states of its networks, on disk, so that it can be resumed.

Each file holds arrays, plain values and a checksum: a damaged file counts as missing.
"""

import json
import zlib
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from torch import Tensor

from ..base.errors import UserError
from ..base.plain_files import oddity, read_file
from ..base.versions import package_versions
from ..base.workspace import write_atomic
from .pieces import SUFFIX

VERSION = 2
"""Raise it whenever a member learns differently: older checkpoints are then deleted."""

_MOST_BYTES = 2**20
_KEPT = 2
"""States of a network that are kept: if the last is damaged, the one before is used."""


class State(NamedTuple):
    """Arrays by their names, and values that JSON can hold."""

    arrays: dict[str, np.ndarray]
    values: dict


def state_of(groups: dict[str, dict[str, Tensor]], values: dict) -> State:
    """A state of tensors in groups, which `groups_of` reads."""
    arrays = {
        f"{group}.{name}": tensor.detach().cpu().numpy()
        for group, tensors in groups.items()
        for name, tensor in tensors.items()
    }
    return State(arrays, values)


def groups_of(state: State) -> defaultdict[str, dict[str, Tensor]]:
    """The tensors of a `state_of` by group; a missing group is empty."""
    groups: defaultdict[str, dict[str, Tensor]] = defaultdict(dict)
    for name, array in state.arrays.items():
        group, _, inner = name.partition(".")
        groups[group][inner] = torch.from_numpy(array.copy())
    return groups


class Checkpoints:
    """The checkpoints of one fit, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        """Use a folder; it is made if missing."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def finish(self, piece: str, result: np.ndarray, **values: object) -> None:
        """Store the result of a finished piece of work, and delete its states.

        Args:
            piece: its name, the same whenever the fit is repeated.
            result: an array.
            values: what else belongs to it.
        """
        _write(self._folder / f"{piece}.done{SUFFIX}", State({"result": result}, values))
        self.forget(piece)

    def forget(self, piece: str) -> None:
        """Delete the states of a piece."""
        for path in self._states(piece):
            path.unlink(missing_ok=True)

    def finished(self, piece: str) -> State | None:
        """What `finish` stored, the array under `result`; None for an unfinished piece."""
        return _read(self._folder / f"{piece}.done{SUFFIX}")

    def save(self, piece: str, number: int, state: State) -> None:
        """Store the state of a piece of work; its last two are kept.

        Args:
            piece: its name.
            number: higher than that of the state before, such as the epoch.
            state: what `latest` returns.
        """
        _write(self._folder / f"{piece}.state-{number:06d}{SUFFIX}", state)
        for path in self._states(piece)[:-_KEPT]:
            path.unlink(missing_ok=True)

    def latest(self, piece: str) -> State | None:
        """The last state that can be read; None if there is none."""
        states = (_read(path) for path in reversed(self._states(piece)))
        return next((state for state in states if state), None)

    def histories(self) -> list[list[dict]]:
        """The `history` of every piece that has one, finished or not."""
        pieces = {path.name.partition(".")[0] for path in self._folder.glob(f"*{SUFFIX}")}
        states = [self.finished(piece) or self.latest(piece) for piece in sorted(pieces)]
        return [state.values["history"] for state in states if state and "history" in state.values]

    def keep_only_for(self, **settings: object) -> bool:
        """Delete all that other versions of the software or other settings have made.

        Args:
            settings: what the fit depends on besides the software, as JSON can hold it.

        Returns:
            Whether there was anything to delete.
        """
        path = self._folder / "versions.json"
        made_by = package_versions() | {"training": str(VERSION)} | settings
        content = json.dumps(made_by, sort_keys=True)
        with suppress(UserError, UnicodeDecodeError):
            if read_file(path, "", _MOST_BYTES).decode("utf-8") == content:
                return False
        outdated = list(self._folder.glob(f"*{SUFFIX}"))
        for file in outdated:
            file.unlink()
        write_atomic(path, content)
        return bool(outdated)

    def _states(self, piece: str) -> list[Path]:
        return sorted(self._folder.glob(f"{piece}.state-*{SUFFIX}"))


def _write(path: Path, state: State) -> None:
    arrays = {name: np.asarray(array, order="C") for name, array in state.arrays.items()}
    values = json.dumps(state.values)
    metadata = {"values": values, "checksum": str(_checksum(arrays, values))}
    write_atomic(path, save(arrays, metadata))


def _read(path: Path) -> State | None:
    """A file's content; None if it is missing or damaged."""
    if oddity(path):
        return None
    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        values = metadata["values"]
        if metadata["checksum"] != str(_checksum(arrays, values)):
            return None
        return State(arrays, json.loads(values))
    except (OSError, SafetensorError, KeyError, ValueError, RecursionError):
        return None


def _checksum(arrays: dict[str, np.ndarray], values: str) -> int:
    total = zlib.crc32(values.encode())
    for name in sorted(arrays):
        total = zlib.crc32(name.encode(), total)
        plain = np.asarray(arrays[name], order="C").reshape(-1).view(np.uint8)
        total = zlib.crc32(plain.data, total)
    return total
