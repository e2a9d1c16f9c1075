"""Copies of models that tell something else, and are complete all the same."""

import json
import shutil
from pathlib import Path

from engine.base.manifest import write_manifest
from engine.inference.bundle import INFO


def copied(folder: Path, target: Path) -> Path:
    """A copy of a bundle."""
    shutil.copytree(folder, target, dirs_exist_ok=True)
    return target


def redescribe(folder: Path, change: dict) -> None:
    """Change fields of a bundle's description, and its manifest with it."""
    described = {**json.loads((folder / INFO).read_text()), **change}
    (folder / INFO).write_text(json.dumps(described))
    seal(folder)


def seal(folder: Path) -> None:
    """Write a manifest of whatever lies in a folder."""
    write_manifest(folder, {})
