"""The options that say in which columns a table's compositions are."""

import json
from pathlib import Path

from engine.commands import main
from engine.table import Columns


def test_the_columns_of_compositions_are_said_by_options(tmp_path: Path, capsys) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("a,b,c,how,EA\n*CC*,*CO*,0.3,block,1\n*CC*,*CN*,0.3,alt,1\n", "utf-8")
    words = ["--unit-columns", "a, b", "--fraction-columns", "c", "--architecture-column", "how"]
    assert main(["doctor", str(path), *words, "--fractions", "weight", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    columns = Columns.model_validate(report["columns"])
    assert columns.polymer == ("a", "b", "c", "how")
    assert columns.basis == "weight"
    assert columns.properties == ("EA",)
    assert main(["doctor", str(path), *words]) == 0
    assert "fractions c (mole)" in capsys.readouterr().out
    assert main(["doctor", str(path), *words, "--architecture", "random"]) == 0
    assert "how, random where nothing is said" in capsys.readouterr().out
    assert main(["doctor", str(path), *words[:4], "--architecture", "alt"]) == 0
    assert "alternating" in capsys.readouterr().out
    assert main(["doctor", str(path), *words, "--smiles-column", "how"]) == 1
    assert "is none of --unit-columns a,b" in capsys.readouterr().err
    assert main(["doctor", str(path), "--fraction-columns", "c"]) == 1
    assert "--unit-columns A,B" in capsys.readouterr().err
