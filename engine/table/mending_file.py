"""A mending as a file in YAML, which may come from anybody."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from ..base.errors import UserError
from ..base.plain_files import first_line
from ..base.plain_yaml import fault_of, parsed_yaml
from .mending import Mending
from .reading import opening

MAX_BYTES = 4 * 2**20
"""The largest file of mends."""

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def read_mending(path: Path | str) -> Mending:
    """The mending that a file holds.

    Raises:
        UserError: when there is no such file, or it is no mending.
    """
    path = Path(path)
    with opening(path, path.name), path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    return parse_mending(data, path.name)


def parse_mending(data: bytes, name: str) -> Mending:
    """The mending that a text in YAML holds, from whomever it comes.

    Args:
        data: the text.
        name: the file's name, for messages.

    Raises:
        UserError: when it is too large, no YAML, or no mending.
    """
    if len(data) > MAX_BYTES:
        raise UserError(
            f"{name} has more than {MAX_BYTES / 2**20:,.0f} MB, too much for a file of mends: give "
            "the one that was written beside the mended table."
        )
    try:
        text = data.decode("utf-8")
    except ValueError as error:
        raise UserError(f"{name} cannot be read as YAML: {first_line(error)}") from error
    said = parsed_yaml(text, name, "a file of mends")
    if not isinstance(said, dict):
        raise UserError(f"{name} is no file of mends: it begins with `version: 1`.")
    try:
        return _validated(said)
    except ValidationError as error:
        raise UserError(
            f"{name}: {fault_of(error)}. A file of mends may hold "
            f"{', '.join(Mending.model_fields)}; texts that look like numbers need quotation marks."
        ) from error


def written_mending(mending: Mending, comments: Sequence[str] = ()) -> str:
    """A mending as a text in YAML.

    Args:
        mending: to be written, without what it leaves to a guess.
        comments: sentences for people, above it.
    """
    said = {"version": mending.version, **mending.model_dump(mode="json", exclude_defaults=True)}
    if mending.changed:
        said["changed"] = [each.model_dump() for each in mending.changed]
    lines = [f"# {' '.join(comment.split())}\n" for comment in comments]
    text = yaml.dump(
        said,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=100,
    )
    return "".join(lines) + text


_AS_JSON: TypeAdapter[Any] = TypeAdapter(Any)


def _validated(said: dict[Any, Any]) -> Mending:
    """Checked as JSON is, in which a list may stand for a tuple and nothing else for anything."""
    try:
        return Mending.model_validate_json(_AS_JSON.dump_json(said))
    except ValidationError:
        raise
    except (ValueError, RecursionError) as error:
        raise UserError(f"This is no file of mends: {first_line(error)}") from error
