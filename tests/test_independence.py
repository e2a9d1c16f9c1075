"""What the engine must do without: Streamlit anywhere, RDKit in its training half."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.features.compute import compute_features
from engine.table import load_table
from tests.conftest import ROOT, TEXTBOOK

BLOCK = """
import sys
class Without:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in {names}:
            return self.finder.find_spec(name, path, target)
sys.meta_path[:] = map(Without, sys.meta_path)
"""

IMPORT_ALL = """
import importlib, pkgutil, engine
for module in pkgutil.walk_packages(engine.__path__, "engine."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""

TRAIN = """
import sys
from pathlib import Path
import numpy as np
from engine.features.compute import Features
from engine.training.context import TrainContext
from engine.training.ensemble import TrainingData, fit_ensemble
from engine.settings.presets import PRESETS

folder = Path(sys.argv[1])
features = Features.load(folder / "features.safetensors")
labels = np.load(folder / "labels.npy")
preset = PRESETS["smoke"]
network = {{**preset.members["polygin"], "training": {{"epochs": 3}}}}
preset = preset.model_copy(update={{"members": {{"polygin": network}}}})
data = TrainingData(features, labels, np.arange(len(labels)) % 2, ["Tg", "Density"])
ensemble = fit_ensemble(data, preset, 0, TrainContext(folder))
assert ensemble.figures["blend"]["n"]["Tg"] > 0
assert "rdkit" not in sys.modules
"""

BENCH = """
import os, runpy, sys
# On one core, no processes are started to train networks in parallel.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
sys.argv = ["bench.speed", "--features", sys.argv[1], "--quick", "--only", "loop"]
try:
    runpy.run_module("bench.speed", run_name="__main__")
except SystemExit as ended:
    assert ended.code == 0, ended.code
"""


def _python(code: str, blocked: set[str], *words: str) -> None:
    script = BLOCK.format(names=blocked) + code.replace("{{", "{").replace("}}", "}")
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_engine_needs_no_streamlit() -> None:
    _python(IMPORT_ALL, {"streamlit"})


def test_training_needs_no_rdkit_and_no_boosters(tmp_path: Path) -> None:
    table = load_table(TEXTBOOK)
    compute_features(table.canonical).save(tmp_path / "features.safetensors")
    np.save(tmp_path / "labels.npy", table.labels)
    blocked = {"rdkit", "streamlit", "lightgbm", "xgboost", "catboost", "torch_geometric"}
    _python(TRAIN, blocked, str(tmp_path))


def test_the_benchmark_of_stored_features_needs_torch_and_little_else(tmp_path: Path) -> None:
    path = tmp_path / "features.safetensors"
    compute_features(load_table(TEXTBOOK).canonical).save(path)
    absent = {"rdkit", "streamlit", "rich", "lightgbm", "xgboost", "catboost", "pandas"}
    _python(BENCH, {*absent, "sklearn", "scipy", "threadpoolctl", "filelock", "yaml"}, str(path))


@pytest.mark.parametrize(
    "module", ["runs", "inference.bundle", "inference.predict", "table", "settings.presets"]
)
def test_what_pages_load_first_loads_no_torch(module: str) -> None:
    _python(f"import engine.{module}", {"torch", "torch_geometric", "lightgbm", "sklearn"})


def test_the_help_of_commands_loads_no_torch() -> None:
    _python("from engine.commands import parser; parser()", {"torch", "torch_geometric"})
