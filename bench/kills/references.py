"""What nothing happened to: undisturbed runs and commands, and a workspace that commands change."""

import json
import shutil
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from bench.kills import operations, training
from bench.kills.operations import DELETED, FIRST, SECOND, STOPPED, Undisturbed
from bench.kills.scene import Scene, scene, wait_until
from bench.kills.training import Reference
from engine.runs import delete_run, find_run, process, rename_run, run_json, stop_run, store

_FILE = "references.json"
_TEMPLATE = "template"


class References(NamedTuple):
    """What trials are compared with.

    Attributes:
        trained: by how networks are divided, an undisturbed run.
        commands: by its title, an undisturbed command.
        template: the workspace that commands change.
        cuts: whether power cuts can be imitated.
    """

    trained: dict[str, Reference]
    commands: dict[str, Undisturbed]
    template: Path
    cuts: bool


def made(folder: Path, cuts: bool) -> None:
    """Make the references, unless they are there; `read` reads them.

    Args:
        folder: where they go.
        cuts: whether power cuts can be imitated.
    """
    if (folder / _FILE).is_file():
        return
    trained = {}
    for parallel in tqdm(training.WAYS_TO_TRAIN, desc="undisturbed runs"):
        with scene(folder / f"run-{parallel}") as place:
            trained[parallel] = training.measured(place, parallel, "worker")
            if parallel == "none":
                _make_template(place, folder / _TEMPLATE)
        if parallel != "none":
            with scene(folder / f"children-{parallel}") as place:
                other = training.measured(place, parallel, "child")
            assert other.out_of_fold == trained[parallel].out_of_fold, "not reproducible"
            trained[parallel].steps.update(other.steps)
    commands = {}
    for title in tqdm(operations.BY_TITLE, desc="undisturbed commands"):
        with scene(folder / "command") as place:
            commands[title] = operations.undisturbed(
                place, title, folder / _TEMPLATE, trained["none"]
            )
    content = {
        "trained": {name: each._asdict() for name, each in trained.items()},
        "commands": {name: each._asdict() for name, each in commands.items()},
        "cuts": cuts,
    }
    (folder / _FILE).write_text(json.dumps(content), encoding="utf-8")


def read(folder: Path) -> References:
    """What `made` has made."""
    content = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    return References(
        {name: Reference(**each) for name, each in content["trained"].items()},
        {name: Undisturbed(**each) for name, each in content["commands"].items()},
        folder / _TEMPLATE,
        content["cuts"],
    )


def _make_template(place: Scene, template: Path) -> None:
    """From the workspace of one finished run, one with two, one stopped and one in the trash."""
    rename_run(find_run("undisturbed"), FIRST)
    first = find_run(FIRST)
    for name in (SECOND, DELETED):
        copy = first.model_copy(update={"id": f"{first.id}-{name}", "name": name})
        shutil.copytree(first.folder, copy.folder)
        (copy.folder / run_json.RECORD).unlink()
        store.insert(copy)
    delete_run(find_run(DELETED))
    stopped = training.begin("none", STOPPED)
    wait_until(lambda: find_run(stopped.id).stage == "PolyGIN", 60, "never trains")
    stop_run(find_run(stopped.id))
    wait_until(lambda: not process.supervisor_at_work(), 30, "the supervisor never ends")
    shutil.copytree(place.home, template)
