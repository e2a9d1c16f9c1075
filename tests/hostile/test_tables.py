"""Seeded hostile tables are read or refused in words, and no number of an untouched row moves."""

import random
from contextlib import suppress
from pathlib import Path

import pytest

from bench.hostile.kind import SilentChangeError
from bench.hostile.table_bombs import BOMBS
from bench.hostile.table_inputs import MAKERS, Input
from bench.hostile.tables import Tables
from engine.base.errors import UserError

SLOW = (
    "dictionary_of_a_long_text",
    "empty_rows",
    "large_footer",
    "long_header",
    "many_columns",
    "shared_texts",
    "sparse_cells",
    "unreadable_units",
)
"""Seconds each; most of them have tests of their own."""
MOSTLY_REFUSED = ("mends", "strange_cells", "two_encodings", "unlikely_text")
QUICK = [bomb for bomb in BOMBS if bomb.__name__ not in SLOW]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    kind = Tables()
    kind.prepare(tmp_path_factory.mktemp("prepared"))
    return kind


def outcome(kind: Tables, content: bytes, folder: Path) -> str:
    with suppress(UserError):
        return kind.attempt(content, folder)
    return "refused"


@pytest.mark.parametrize(
    ("maker", "weight"), MAKERS, ids=lambda each: getattr(each, "__name__", "")
)
def test_hostile_tables_are_read_or_refused(tables: Tables, tmp_path: Path, maker, weight) -> None:
    outcomes = set()
    for number in range(min(weight, 12)):
        folder = tmp_path / str(number)
        folder.mkdir()
        given = maker(random.Random(f"test {number}"))
        outcomes.add(outcome(tables, given.packed(), folder))
    assert outcomes - {"refused"} or maker.__name__ in MOSTLY_REFUSED


@pytest.mark.parametrize("bomb", QUICK, ids=lambda bomb: bomb.__name__)
def test_files_that_stand_for_much_are_read_or_refused(
    tables: Tables, tmp_path: Path, bomb
) -> None:
    assert outcome(tables, Input({}, bomb(random.Random(7))).packed(), tmp_path)


def test_an_input_is_determined_by_its_seed() -> None:
    kind = Tables()
    assert kind.make(random.Random("a 1")) == kind.make(random.Random("a 1"))


def test_a_moved_label_is_noticed(tables: Tables, tmp_path: Path, monkeypatch) -> None:
    from bench.hostile import tables as module

    whole = module.check_mended

    def moved(cells, mending):
        table = whole(cells, mending)
        if len(table.labels) > 13:
            table.labels[:, 0] += 1
        return table

    monkeypatch.setattr(module, "check_mended", moved)
    rows = [f"clean-{n},*{'C' * (n + 1)}O*,{n}.5" for n in range(13)]
    data = "\n".join(["id,SMILES,x", *rows, "odd,*N*,7"]).encode()
    with pytest.raises(SilentChangeError, match="of row 2"):
        tables.attempt(Input({}, data).packed(), tmp_path)
