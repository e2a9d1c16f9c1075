"""What a column's header says: a property, and the unit of its values."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..settings.properties import is_accepted, is_registered, registered_as

_IN_BRACKETS = re.compile(r"(?P<name>[^()\[\]{}]+?)\s*[(\[{](?P<unit>.+)[)\]}]")
_BEHIND_SIGN = re.compile(r"(?P<name>[^,/]+?)\s*(?:,|/|\bin\b)\s*(?P<unit>\S.*)")
_LAST_WORD = re.compile(r"(?P<name>.+?)[_\s](?P<unit>[^_\s]+)")
_FORMS = (_IN_BRACKETS, _BEHIND_SIGN, _LAST_WORD)


class Header(NamedTuple):
    """What a header says.

    Attributes:
        name: of the property.
        unit: of the column's values; None where the header does not say.
    """

    name: str
    unit: str | None = None


def read_header(text: str) -> Header:
    """The property and the unit that a header such as `Tg (K)` or `density, kg/m3` names.

    A header that is no registered property keeps its words, without the unit where that is certain:
    in brackets or behind a comma.
    """
    if is_registered(text):
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
    # A column that has a property's very name comes before one whose header means it.
    for column in sorted(columns, key=lambda column: not is_registered(column)):
        header = read_header(column)
        taken = {other.name.casefold() for other in headers.values()}
        headers[column] = header if header.name.casefold() not in taken else Header(column)
    return {column: headers[column] for column in columns}
