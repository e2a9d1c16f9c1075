"""`find`: the repeat unit of a polymer that is named, or of what monomers make."""

import argparse
import json

from ..chem.finding import Found, find, told
from .options import Commands, add_json
from .output import print_line


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "find", help="the repeat unit of a polymer by its name, or by its monomers"
    )
    command.add_argument(
        "text",
        metavar="TEXT",
        help="such as PMMA, nylon-6,6 or Kapton; a monomer's name or SMILES, or two with + "
        "between; a copolymer, such as 'poly(styrene-co-isoprene)', or a composition of monomers",
    )
    add_json(command)
    command.set_defaults(carry_out=_find)


def _find(arguments: argparse.Namespace) -> int:
    """Print what a text stands for; 1 where that is not one polymer."""
    found = find(arguments.text)
    if arguments.json:
        print_line(json.dumps(_as_json(found), ensure_ascii=False))
        return 0 if found.only else 1
    print_line(told(found))
    for unit in found.offers:
        print_line("  " + "  ".join(filter(None, unit)))
    return 0 if found.only else 1


def _as_json(found: Found) -> dict:
    units = [unit._asdict() for unit in found.units]
    compositions = [each._asdict() for each in found.compositions]
    return {
        "text": found.text,
        "how": found.how,
        "units": units,
        **({"compositions": compositions} if compositions else {}),
    }
