"""How the scripts report: results files in JSON, tables in Markdown."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from engine.settings.presets import Preset


def stamp(command: str) -> dict[str, str]:
    """What a results file begins with: the command that made it, and when."""
    return {"command": command, "date": datetime.now(UTC).isoformat(timespec="seconds")}


def settings_of(preset: Preset) -> str:
    """A short digest of what a preset does: results of another one of its name are not its own."""
    said = preset.model_dump_json(include={"members", "blend", "canonical_units"})
    return sha256(said.encode()).hexdigest()[:12]


def read_json(path: Path) -> dict:
    """What a results file holds; nothing where there is none yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write_json(path: Path, result: dict) -> None:
    """Write a results file."""
    text = json.dumps(result, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown.

    Args:
        heads: of the columns.
        rows: as many cells each.
    """
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]])
