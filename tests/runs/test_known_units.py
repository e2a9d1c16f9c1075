"""The repeat units in columns of tables, which may hold compositions."""

from pathlib import Path

import pytest

from engine.base.errors import UserError
from engine.chem.repeat_unit import canonical_unit
from engine.runs import known_units
from engine.runs.known_units import units_of_tables


def test_units_of_compositions_are_taken_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_units, "FEWEST", 4)
    table = tmp_path / "table.csv"
    rows = ["*CC*", "*C/C=C/C*|*CCO*|0.5|0.5", "*CC(*)C|*CC*|30|70|random", "*CC*|*CO*|0.5|0.9"]
    table.write_text("\n".join(["SMILES,Tg", *(f"{text},{n}" for n, text in enumerate(rows))]))
    expected = ["*CC*", "*CC=CC*", "*CCO*", "*CC(*)C"]
    found = units_of_tables([table], lambda kind, done, total: None)
    assert sorted(found) == sorted(map(canonical_unit, expected))
    monkeypatch.undo()
    with pytest.raises(UserError, match="hold 4 different repeat units"):
        units_of_tables([table], lambda kind, done, total: None)
