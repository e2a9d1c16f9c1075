"""`pretrain --on slurm` makes the encoder that this machine makes."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.models.encoder import WEIGHTS
from tests.conftest import ROOT, TEXTBOOK
from tests.slurm.cluster import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("described")]


def test_an_encoder_is_the_same(cluster: Cluster, tmp_path: Path) -> None:
    for where in ("slurm", "here"):
        words = ["--made-up", "60", "--epochs", "1", "-o", str(tmp_path / where), "--on", where]
        done = subprocess.run(
            [sys.executable, "-m", "engine", "pretrain", str(TEXTBOOK), *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=500,
        )
        assert done.returncode == 0, done.stderr
        assert "Epoch 1" in done.stderr
    ours, theirs = ((tmp_path / where / WEIGHTS).read_bytes() for where in ("slurm", "here"))
    assert ours == theirs
