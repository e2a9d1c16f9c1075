"""The repeat units of some tables, and others that are made up from their parts."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from ..base.errors import UserError
from ..features.compute import Progress, canonical_units
from ..table import read_table

FEWEST = 100
"""Units that are enough to be taken apart."""

_TELL_EACH = 100


def units_of_tables(tables: Sequence[Path], progress: Progress) -> list[str]:
    """The canonical repeat units in some tables, each once, without stereo marks.

    Args:
        tables: whose columns that are named after SMILES hold repeat units, or compositions of
            them.
        progress: told how many are read.

    Raises:
        UserError: when a table cannot be read, or they hold too few units.
    """
    from ..chem.composition import units_in
    from ..chem.smiles import BadSmilesError, without_stereo

    texts: dict[str, None] = {}
    for path in tables:
        frame = read_table(path).frame
        for column in frame:
            if "smiles" in str(column).casefold():
                texts |= dict.fromkeys(frame[column].dropna().astype(str))
    flat: dict[str, None] = {}
    for done, text in enumerate(texts, start=1):
        try:
            flat |= dict.fromkeys(units_in(without_stereo(text)))
        except BadSmilesError:
            # Whoever trains on the table is told of it; here it lends no structure.
            continue
        finally:
            if done % _TELL_EACH == 0 or done == len(texts):
                progress("reading", done, len(texts))
    known = list(dict.fromkeys(canonical_units(list(flat), progress)))
    if len(known) < FEWEST:
        raise UserError(
            f"The tables hold {len(known):,} different repeat units that can be read, in columns "
            f"named after SMILES; at least {FEWEST} are needed to take apart."
        )
    return known


def made_up_units(known: Sequence[str], count: int, seed: int, progress: Progress) -> list[str]:
    """Units put together from the parts of known ones; fewer where no more can be made up.

    Args:
        known: canonical repeat units without stereo marks.
        count: how many are wanted.
        seed: of all choices.
        progress: told how many are made up.
    """
    from ..chem.recombined import Recombiner

    units: list[str] = []
    for unit in islice(Recombiner(known, seed).units(), count):
        units.append(unit)
        if len(units) % _TELL_EACH == 0 or len(units) == count:
            progress("making up units", len(units), count)
    return units
