"""The kits of a workspace: the newest are kept, and none that is being made is touched."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.base.errors import UserError
from engine.base.workspace import subfolder
from engine.kaggle import workspace_kits
from engine.kaggle.kit import Kit, make_kit
from engine.kaggle.notebook import KIT_FILE
from engine.kaggle.workspace_kits import (
    KEPT,
    make_workspace_kit,
    remove_workspace_kit,
    workspace_kit,
)
from engine.runs import Run
from tests.bundles import copied, redescribe

pytestmark = pytest.mark.usefixtures("no_pip")


@pytest.fixture
def model(trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model, in a workspace without kits."""
    folder = copied(trained.bundle, tmp_path / "model")
    monkeypatch.setenv("POLYGIN_HOME", str(tmp_path / "home"))
    return folder


def test_a_kit_is_found_again_by_its_model(model: Path) -> None:
    assert workspace_kit(model) is None
    made = make_workspace_kit(model)
    assert made.model == "trained"
    assert workspace_kit(model) == made
    assert workspace_kit(None) is None
    trains = make_workspace_kit(None)
    assert trains.model == ""
    assert workspace_kit(None) == trains
    assert workspace_kit(model) == made
    (made.dataset / KIT_FILE).write_text("[")
    assert workspace_kit(model) is None
    for kit in (model, None, None):  # the last one is gone already
        remove_workspace_kit(kit)
    assert [path.name for path in subfolder("kaggle-kits").iterdir() if path.is_dir()] == []


def test_the_newest_are_kept(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not what is damaged, or was left by a killed process; what is not ours is left alone."""
    place = subfolder("kaggle-kits")
    for name in (".0123456789ab.unfinished", ".no-model.removed", "0123456789ab", "thesis"):
        (place / name / "dataset").mkdir(parents=True)
    kits = []
    for number in range(KEPT + 1):
        other = copied(model, tmp_path / f"model-{number}")
        redescribe(other, {"name": f"model {number}"})
        monkeypatch.setattr(workspace_kits, "make_kit", made_on(f"2026-01-0{number + 1}"))
        kits.append(make_workspace_kit(other).folder)
    assert [kit.exists() for kit in kits] == [False] + [True] * KEPT
    # The one that was just made stays, whatever the clock says.
    monkeypatch.setattr(workspace_kits, "make_kit", made_on("2020-01-01"))
    kits.append(make_workspace_kit(None).folder)
    assert [kit.exists() for kit in kits] == [False, False] + [True] * KEPT
    names = {path.name for path in place.iterdir() if path.is_dir()}
    assert names == {*(kit.name for kit in kits[2:]), "thesis"}


def made_on(day: str) -> Callable[..., Kit]:
    """`make_kit`, on that day."""

    def make(*args: Path, **named: object) -> Kit:
        kit = make_kit(*args, **named)
        path = kit.dataset / KIT_FILE
        path.write_text(path.read_text().replace(kit.made, day))
        return kit._replace(made=day)

    return make


def test_none_is_made_or_removed_while_one_is_made(model: Path) -> None:
    kit = make_workspace_kit(model)
    refused: list[str] = []

    def meanwhile(*args: object) -> None:
        for work in (remove_workspace_kit, make_workspace_kit):
            with pytest.raises(UserError, match="being made already"):
                work(model)
            refused.append(work.__name__)

    make_workspace_kit(None, meanwhile)
    assert {*refused} == {"remove_workspace_kit", "make_workspace_kit"}
    assert workspace_kit(model) == kit
