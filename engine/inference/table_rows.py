"""The polymers of a table that a model is to predict: their columns, and what stands for each."""

from collections.abc import Sequence

from ..base.wording import clipped
from ..chem.composition import is_composition
from ..settings.polymer_columns import NOTHING_SAID, SaidUnits
from ..table import Columns, RawTable
from ..table.compositions import TextsToPredict, texts_to_predict
from ..table.conditions import condition_columns
from ..table.mending import FragmentsUse
from ..table.named_units import columns_of_units_or_names, units_of_names
from .bundle import BundleInfo
from .predict import whole_unit


def columns_in(
    table: RawTable,
    info: BundleInfo,
    smiles: str | None = None,
    id: str | None = None,
    units: SaidUnits = NOTHING_SAID,
) -> tuple[Columns, bool]:
    """The columns of a table that a model is to predict, and whether some units are given by name.

    Args:
        table: the table, or its beginning.
        info: of the model, which remembers the columns that it learned from.
        smiles, id: the user's choice in place of a guess; an empty `id` means that there is none.
        units: the user's word on compositions.

    Raises:
        UserError: when there are neither repeat units nor names, or units that would not be seen.
    """
    conditions = [*condition_columns(table, info.conditions).values()]
    return columns_of_units_or_names(table, smiles, id, units, info.polymer_columns, conditions)


def polymers_of(
    table: RawTable, columns: Columns, fragments: FragmentsUse = "refuse", by_name: bool = False
) -> TextsToPredict:
    """The repeat units, or the compositions of such, of a table that is to be predicted.

    Args:
        table: the table, or some rows of it.
        columns: of the table.
        fragments: what is done about molecules beside a repeat unit.
        by_name: whether some units are given by polymers' names.
    """
    leaves_out = fragments == "leave-out"

    def named(unit: str) -> str:
        (drawn,) = units_of_names([unit])
        return whole_unit(drawn) if leaves_out else drawn

    if not by_name:
        return texts_to_predict(table, columns, whole_unit if leaves_out else None)
    found = texts_to_predict(table, columns, named)
    return found._replace(texts=units_of_names(found.texts))


def tell_names(problems: dict[int, str], texts: Sequence[str]) -> None:
    """Say of texts in a column of names that they are none, and not what no SMILES they are.

    Args:
        problems: by position, why a text cannot be read; changed here.
        texts: of all rows.
    """
    for row in problems:
        text = texts[row]
        if text and "*" not in text and not is_composition(text):
            problems[row] = f"“{clipped(text)}” is not the name of one polymer"
