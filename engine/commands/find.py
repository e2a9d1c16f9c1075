"""`find`: the repeat unit of a polymer that is named."""

import argparse
import json

from ..chem.names import Found, find_polymer, told
from .options import Commands, add_json
from .output import print_line


def add(commands: Commands) -> None:
    """Add the command."""
    find = commands.add_parser(
        "find", help="the repeat unit of a polymer by its name, abbreviation or trade name"
    )
    find.add_argument("text", metavar="TEXT", help="such as PMMA, nylon-6,6 or Kapton")
    add_json(find)
    find.set_defaults(carry_out=_find)


def _find(arguments: argparse.Namespace) -> int:
    """Print what a text names; 1 where that is not one polymer."""
    found = find_polymer(arguments.text)
    if arguments.json:
        print_line(json.dumps(_as_json(found), ensure_ascii=False))
        return 0 if found.only else 1
    print_line(told(found))
    for polymer in found.polymers:
        print_line(f"  {polymer.smiles}  {polymer.name}")
    return 0 if found.only else 1


def _as_json(found: Found) -> dict:
    polymers = [polymer._asdict() for polymer in found.polymers]
    return {"text": found.text, "how": found.how, "polymers": polymers}
