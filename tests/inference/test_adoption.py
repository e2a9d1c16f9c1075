"""Models without a manifest are proven before they are completed."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine.base.errors import UserError
from engine.base.manifest import MANIFEST
from engine.commands import main
from engine.inference.adoption import adopt
from engine.inference.bundle import INFO
from engine.inference.domain import FILE as DOMAIN
from engine.inference.predict import Predictor
from engine.runs import Run
from tests.bundles import copied


@pytest.fixture
def stranger(trained: Run, tmp_path: Path) -> Path:
    """A copy of a run's model without its manifest."""
    folder = copied(trained.bundle, tmp_path / "stranger")
    (folder / MANIFEST).unlink()
    return folder


def test_a_whole_model_is_completed_and_predicts_the_same(
    trained: Run, stranger: Path, capsys
) -> None:
    with pytest.raises(UserError, match="command `adopt`"):
        Predictor(stranger)
    assert main(["adopt", str(stranger)]) == 0
    assert "has a manifest now" in capsys.readouterr().out
    expected = Predictor(trained.bundle).predict(["*CC(*)C"]).blend
    np.testing.assert_array_equal(Predictor(stranger).predict(["*CC(*)C"]).blend, expected)
    assert "is complete" in adopt(stranger)


def _described(folder: Path, change) -> None:
    described = json.loads((folder / INFO).read_text())
    change(described)
    (folder / INFO).write_text(json.dumps(described))


def _reorder(described: dict) -> None:
    described["properties"].reverse()


def _shift_probes(described: dict) -> None:
    for values in described["probes"].values():
        values["Tg"] += 20


def _weights(own: dict):
    def change(described: dict) -> None:
        described["blend"]["Tg"] = own

    return change


def _seen(described: dict) -> dict:
    return next(iter(described["domain"]["seen"].values()))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_reorder, "predicts differently"),
        (_shift_probes, "predicts differently"),
        (_weights({"lightgbm": -5, "polygin": 6}), "do not sum to 1, or one is negative"),
        (_weights({"lightgbm": 5, "polygin": 5}), "do not sum to 1, or one is negative"),
        (_weights({"lightgbm": 0.5, "polygin": 0.49}), "do not sum to 1"),
        (_weights({}), "has no weights"),
        (lambda described: described.update(members=["polygin"] * 2000), "one twice"),
        (lambda described: described["properties"][0].update(decimals=-3), "decimals"),
        (lambda described: described["properties"][1].update(name="Tg"), "one name"),
        (lambda described: described["ranges"].update(Tg=[9, 1]), "ends before it begins"),
        (lambda described: described["networks"]["polygin"].update(width=2**30), "width"),
        (lambda described: described["network_counts"].update(polygin=2000), "network_counts"),
        (lambda described: described["network_counts"].update(polygin=9), "is missing"),
        (lambda described: described.update(probes=None), "keeps no predictions"),
        (lambda described: described.update(figures={}), "figures of error"),
        (lambda described: described["figures"]["blend"].update(wmae=10**400), "figures of error"),
        (lambda described: described.update(created="yesterday"), "isoformat"),
        (lambda described: described["domain"]["seen"].update(TG=_seen(described)), "no property"),
    ],
)
def test_a_description_that_was_changed_is_refused(stranger: Path, change, words: str) -> None:
    _described(stranger, change)
    with pytest.raises(UserError, match=words):
        adopt(stranger)
    assert not (stranger / MANIFEST).exists()


def test_what_is_no_file_is_refused(stranger: Path, tmp_path: Path) -> None:
    (stranger / MANIFEST).mkdir()
    with pytest.raises(UserError, match=r"manifest.json is a folder, where a file should be"):
        adopt(stranger)
    (stranger / MANIFEST).rmdir()
    (stranger / "more").symlink_to(tmp_path)
    with pytest.raises(UserError, match=r"more is a link, where a file should be"):
        adopt(stranger)
    assert not (stranger / MANIFEST).exists()


def test_files_that_were_swapped_are_refused(stranger: Path) -> None:
    first, second = sorted(stranger.glob("lightgbm-*"))[:2]
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    with pytest.raises(UserError, match="predicts differently"):
        adopt(stranger)


@pytest.mark.parametrize("value", [np.nan, np.inf, 60_000.0])
def test_weights_that_are_no_numbers_or_others_are_refused(stranger: Path, value: float) -> None:
    path = min(stranger.glob("polygin-*"))
    arrays = dict(load_file(path))
    name = max(arrays, key=lambda name: (arrays[name].dtype == np.float16, arrays[name].size))
    arrays[name] = np.full_like(arrays[name], value)
    save_file(arrays, path)
    with pytest.raises(UserError, match=r"cannot be read|predicts differently"):
        adopt(stranger)


def test_a_domain_of_other_counts_is_refused(stranger: Path) -> None:
    arrays = dict(load_file(stranger / DOMAIN))
    arrays["counts"] = np.full_like(arrays["counts"], 255)
    save_file(arrays, stranger / DOMAIN)
    with pytest.raises(UserError, match=r"domain in .* is not the one"):
        adopt(stranger)


@pytest.mark.parametrize(
    ("member", "suffix"), [("lightgbm", "txt"), ("xgboost", "ubj"), ("catboost", "cbm")]
)
def test_a_librarys_file_that_is_damaged_is_a_sentence(
    stranger: Path, member: str, suffix: str
) -> None:
    (stranger / f"{member}-000.{suffix}").write_bytes(b"tree\nversion=v4\nCBM1" + bytes(300))
    with pytest.raises(UserError, match=f"{member}-000.{suffix} (cannot be read by|holds no)"):
        adopt(stranger)
