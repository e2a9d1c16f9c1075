"""Texts in YAML that anybody may have written: no bomb is read."""

from collections import Counter
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from .errors import UserError
from .plain_files import first_line

_OPENING = (
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
)
_CLOSING = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)
_LONGEST_NUMBER = 100
_FAILURES = (
    yaml.YAMLError,
    ValueError,
    ArithmeticError,
    RecursionError,
    LookupError,
    TypeError,
    AttributeError,
)
"""What the library raises at hostile texts."""

_FAULTS = {
    "extra_forbidden": "there is no such setting",
    "missing": "it is missing",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "float_parsing": "write a number",
    "string_type": "write a text",
    "string_pattern_mismatch": "write a name without blanks",
}
"""By pydantic's words for what is wrong, ours."""

_Settings = TypeVar("_Settings", bound=BaseModel)

_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):
    """Refuses a key that is given twice, of which YAML takes the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        given = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        for key, count in given.items():
            if count > 1:
                raise yaml.constructor.ConstructorError(
                    problem=f"“{str(key)[:40]}” is given twice; keep one of them"
                )
        mapping: dict = super().construct_mapping(node, deep)
        return mapping


def parsed_yaml(text: str, name: str, what: str, deepest: int = 10) -> Any:
    """What a text in YAML says, from whomever it comes.

    Args:
        text: in YAML.
        name: the file's, for messages.
        what: such a file is, for messages: `a file of mends`.
        deepest: how deep it may be nested.

    Raises:
        UserError: when it is no YAML, or stands for more than memory holds.
    """
    try:
        _refuse_bombs(text, name, what, deepest)
        # Of the safe loaders, the quick one.
        return yaml.load(text, _Loader)  # noqa: S506
    # Hostile text also nests too deep, or holds numbers and dates that there are none of.
    except _FAILURES as error:
        words = first_line(error)
        if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
            line = error.problem_mark.line + 1
            words = f"line {line}: {first_line(ValueError(error.problem or error.context))}"
        raise UserError(f"{name} cannot be read as YAML: {words}") from error


def settings_of(
    kind: type[_Settings], data: bytes, path: Path, what: str, may_hold: str
) -> _Settings:
    """The settings that a file in YAML holds, from whomever it comes.

    Args:
        kind: of the settings.
        data: the file's content.
        path: where it lies, for messages.
        what: such a file is, for messages.
        may_hold: a sentence on what it may hold.

    Raises:
        UserError: when it cannot be understood.
    """
    try:
        said = parsed_yaml(data.decode("utf-8"), str(path), what) or {}
        # Which pydantic takes for numbers.
        for name, value in said.items():
            field = kind.model_fields.get(name)
            if isinstance(value, bool) and field is not None and field.annotation is not bool:
                raise UserError(f"{path}: {name}: {value} is neither a number nor a text here.")
        return kind(**said)
    except ValidationError as error:
        raise UserError(f"{path}: {fault_of(error)}. {may_hold}") from error
    except (AttributeError, TypeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as YAML. {may_hold}") from error


def fault_of(error: ValidationError) -> str:
    """What is wrong with settings, without a full stop: names that are none before all else."""
    # A name that is written wrong is unknown, and the right one is missing: the former tells more.
    faults = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
    field = ".".join(map(str, faults[0]["loc"]))[:80]
    words = _FAULTS.get(faults[0]["type"], faults[0]["msg"].removeprefix("Value error, "))
    return f"{field}: {words}"


def _refuse_bombs(text: str, name: str, what: str, deepest: int) -> None:
    """Refuse a short text that stands for more than memory holds, or takes hours to read."""
    depth = 0
    for token in yaml.scan(text, _Loader):
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            raise UserError(f"{name} holds an alias (*name); write out what it stands for.")
        # What a tag names is built by code that trusts what it is given.
        if isinstance(token, yaml.TagToken):
            raise UserError(f"{name} holds a tag (!{token.value[1]}); leave tags out.")
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > deepest:
            raise UserError(f"{name} is nested too deep to be {what}.")
        # Numbers of base 60 (`1:30:00`) take time with the square of their length.
        plain = token.value if isinstance(token, yaml.ScalarToken) and token.plain else ""
        if len(plain) > _LONGEST_NUMBER and plain[0] in "+-.0123456789":
            raise UserError(
                f"{name} holds the number {plain[:20]}…, which is too long; texts that look like "
                "numbers need quotation marks."
            )
