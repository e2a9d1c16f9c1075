"""`screen --on slurm` writes what this machine writes."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from engine.base.workspace import home
from tests.conftest import ROOT
from tests.slurm.cluster import Cluster
from tests.slurm.conftest import describe

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("described")]


def test_the_best_are_the_same(cluster: Cluster, tmp_path: Path) -> None:
    table = tmp_path / "units.csv"
    units = [f"*{'C' * n}O*" for n in range(1, 40)] + ["no"]
    pd.DataFrame({"my id": range(len(units)), "SMILES": units}).to_csv(table, index=False)
    for where in ("slurm", "here"):
        words = ["-o", str(tmp_path / f"{where}.csv"), "--keep", "Tg > -200, Density < 2"]
        words += ["--top", "5", "--by", "Tg high", "--id-column", "my id", "--on", where]
        done = subprocess.run(
            [sys.executable, "-m", "engine", "screen", "shipped", str(table), *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=500,
        )
        assert done.returncode == 0, done.stderr
        assert "5 of 40 rows" in done.stdout + done.stderr
    ours, theirs = ((tmp_path / f"{where}.csv").read_bytes() for where in ("slurm", "here"))
    assert ours == theirs
    assert (tmp_path / "slurm-problems.csv").is_file()


def test_two_nodes_share_the_rows(cluster: Cluster, tmp_path: Path) -> None:
    describe("tasks: 2\n")
    table = tmp_path / "units.csv"
    units = [f"*{'C' * (n % 90 + 1)}O{'C' * (n // 90 + 1)}*" for n in range(9000)]
    pd.DataFrame({"id": range(len(units)), "SMILES": units}).to_csv(table, index=False)
    out = tmp_path / "out.parquet"
    done = subprocess.run(
        [sys.executable, "-m", "engine", "screen", "shipped", table, "-o", out, "--on", "slurm"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    assert pd.read_parquet(out)["id"].tolist() == [str(n) for n in range(len(units))]
    (log,) = (home() / "slurm").glob("command-*/log-of-helpers")
    helped = re.search(r"Helped with ([\d,]+) rows", log.read_text())
    assert helped, log.read_text()
    assert 0 < int(helped[1].replace(",", "")) < len(units)
    cluster.wait(lambda: not cluster.ask("squeue", "--noheader"), "the helper does not end")
