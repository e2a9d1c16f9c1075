"""Pieces that several tasks fit are found by whoever fits the rest, bit for bit."""

from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from engine.runs.making import BundleRequest, make_bundle, make_share
from engine.settings.presets import PRESETS
from engine.table import Table
from engine.training import descriptor_fits
from engine.training.context import TrainContext
from engine.training.networks import NetworkFitter
from engine.training.pieces import Share


def test_each_piece_is_one_tasks() -> None:
    pieces = [f"piece {n}" for n in range(10)]
    shares = [Share(number, 3).taken(pieces) for number in range(3)]
    assert sorted(chain(*shares)) == pieces
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert Share().taken(pieces) == []


def test_shares_make_the_same_bundle(
    slice_of_textbook: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = BundleRequest.of(slice_of_textbook, "shared", PRESETS["smoke"], "random:3")
    alone = make_bundle(request, TrainContext(tmp_path / "alone"))
    context = TrainContext(tmp_path / "shared", checkpoints=tmp_path / "checkpoints")
    for share in (Share(), Share(2, 3), Share(0, 3), Share(1, 3)):
        make_share(request, context, share)

    def fitted_again(*_: object) -> None:
        raise AssertionError("a piece is fitted again")

    monkeypatch.setattr(descriptor_fits, "_fitted", fitted_again)
    monkeypatch.setattr(NetworkFitter, "fit", fitted_again)
    gathered = make_bundle(request, context)
    assert np.array_equal(gathered.ensemble.blended, alone.ensemble.blended, equal_nan=True)
    assert gathered.ensemble.figures == alone.ensemble.figures
    names = [{path.name for path in (tmp_path / one).iterdir()} for one in ("alone", "shared")]
    assert names[0] == names[1]
