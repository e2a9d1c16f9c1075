"""Several tables from Python."""

from pathlib import Path

import numpy as np
import pytest

from engine.api import PolymerRegressor, join_tables, load, read_table
from engine.base.errors import UserError
from tests.two_sources import OFFSET, QUICK, SOURCES, csv


def test_a_model_of_several_tables_answers_like_a_source(tmp_path: Path) -> None:
    tables = []
    for name, offset in (("lab", 0), ("md", OFFSET)):
        (tmp_path / f"{name}.csv").write_bytes(csv(offset))
        tables.append(read_table(tmp_path / f"{name}.csv"))
    joined = join_tables(tables, SOURCES)
    fitted = PolymerRegressor(preset=QUICK, folds="random:3").fit(joined)
    assert fitted.predict(["*CCO*"]).shape == (1, 1)
    model = load(fitted.save(tmp_path / "model"))
    assert model.sources == ["lab", "md"]
    assert model.properties == ["Tg"]
    unit = ["*CCO*"]
    assert list(model.predict(unit)) == ["Tg"]
    as_md = model.predict(unit, source="md")
    assert as_md["Tg"][0] > 400 > model.predict(unit)["Tg"][0]
    both = model.predict(unit, source="all")
    assert list(both) == ["Tg", "Tg (md)"]
    np.testing.assert_array_equal(both["Tg (md)"], as_md["Tg"])
    assert as_md.units["Tg"] == both.units["Tg (md)"] == "°C"
    with pytest.raises(UserError, match="no source 'MD'"):
        model.predict(unit, source="MD")
