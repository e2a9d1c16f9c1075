"""How the scripts report: results files in JSON, tables in Markdown."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path


def stamp(command: str) -> dict[str, str]:
    """What a results file begins with: the command that made it, and when."""
    return {"command": command, "date": datetime.now(UTC).isoformat(timespec="seconds")}


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
