"""What a column's header says: a property, and the unit of its values."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar

from ..base.errors import UserError
from ..settings.properties import is_accepted, is_registered, registered_as

_IN_BRACKETS = re.compile(r"(?P<name>[^()\[\]{}]+?)\s*[(\[{](?P<unit>.+)[)\]}]")
_BEHIND_SIGN = re.compile(r"(?P<name>[^,/]+?)\s*(?:,|/|\bin\b)\s*(?P<unit>\S.*)")
_LAST_WORD = re.compile(r"(?P<name>.+?)[_\s](?P<unit>[^_\s]+)")
_NAMES_SHOWN = 20
_LONGEST = 100
"""Characters of a header that may name a unit; to look for one in a longer one takes long."""

T = TypeVar("T")
_FORMS = (_IN_BRACKETS, _BEHIND_SIGN, _LAST_WORD)


class Header(NamedTuple):
    """What a header says.

    Attributes:
        name: of the property.
        unit: of the column's values; None where the header does not say.
    """

    name: str
    unit: str | None = None


@lru_cache(maxsize=20_000)
def read_header(text: str) -> Header:
    """The property and the unit that a header such as `Tg (K)` or `density, kg/m3` names.

    A header that is no registered property keeps its words, without the unit where that is certain:
    in brackets or behind a comma.
    """
    if is_registered(text) or len(text) > _LONGEST:
        return Header(text)
    if known := registered_as(text):
        return Header(known)
    for form in _FORMS:
        match = form.fullmatch(text.strip())
        known = registered_as(match["name"]) if match else None
        if match and known and is_accepted(known, match["unit"]):
            return Header(known, match["unit"].strip())
    for form in (_IN_BRACKETS, _BEHIND_SIGN):
        match = form.fullmatch(text.strip())
        # `Tc (K)` is no thermal conductivity, and must not be called so.
        if match and not registered_as(match["name"]) and is_accepted("", match["unit"]):
            return Header(match["name"], match["unit"].strip())
    return Header(text)


def read_headers(columns: Sequence[str]) -> dict[str, Header]:
    """What each of several columns' headers says; no two are called alike, but for their case."""
    headers: dict[str, Header] = {}
    taken: set[str] = set()
    # A column that has a property's very name comes before one whose header means it.
    for column in sorted(columns, key=_comes_later):
        header = read_header(column)
        headers[column] = header if header.name.casefold() not in taken else Header(column)
        taken.add(headers[column].name.casefold())
    return {column: headers[column] for column in columns}


def _comes_later(column: str) -> tuple[bool, bool]:
    """Whether another column may take a name before this one: a registered, or a plain one."""
    return not is_registered(column), read_header(column).name != column


def columns_by_name(said: Mapping[str, T], properties: Sequence[str], what: str) -> dict[str, T]:
    """What is said of properties, under their columns' own names.

    Args:
        said: by a column's name, or by the property's; case is ignored where that leaves no doubt.
        properties: the columns.
        what: is said, for the message.

    Raises:
        UserError: when there is no such column.
    """
    by_column = {}
    alike: dict[str, list[str]] = defaultdict(list)
    meant: dict[str, list[str]] = defaultdict(list)
    for each, header in read_headers(properties).items():
        alike[each.casefold()].append(each)
        meant[header.name.casefold()].append(each)
    own = {*properties}
    for name, value in said.items():
        wanted = name.strip().casefold()
        matches = alike.get(wanted) or meant.get(wanted, [])
        column = name if name in own else matches[0] if len(matches) == 1 else None
        if column is None:
            names = ", ".join(properties[:_NAMES_SHOWN]) or "none"
            raise UserError(
                f"{what} is given for “{name}”, which is not a property column. The property "
                f"columns are: {names}."
            )
        by_column[column] = value
    return by_column
