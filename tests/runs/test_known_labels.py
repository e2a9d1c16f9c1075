"""The measured labels that a model learned, which are shown beside its predictions."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

from engine.base.errors import UserError
from engine.base.workspace import ASSETS
from engine.chem.repeat_unit import canonical_unit
from engine.chem.smiles import canonical
from engine.commands import main
from engine.inference.bundle import bundle_files, read_info
from engine.runs import Run
from engine.runs.known_labels import (
    KNOWN_LABELS,
    KnownLabels,
    nearest_of_answers,
    read_all_labels,
    read_measured_labels,
    with_neighbours,
)
from engine.table import Table
from tests.bundles import seal


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the shipped model."""
    return Path(shutil.copytree(ASSETS / "model", tmp_path / "model"))


def test_a_label_is_found_however_its_polymer_is_drawn(copy: Path) -> None:
    known = read_measured_labels(copy, read_info(copy))
    drawings = ["*CC(*)c1ccccc1", "*C(C*)c1ccccc1", "*CC(c1ccccc1)CC(*)c1ccccc1"]
    first, *others = [known.of(smiles) for smiles in drawings]
    assert first["Tg"]
    assert others == [first, first]
    assert known.of("*CC(*)c1ccccc1[Fe]") == {}


def test_a_label_says_that_it_does_not_tell_the_stereo_marks_that_are_drawn(copy: Path) -> None:
    known = read_measured_labels(copy, read_info(copy))
    for smiles, any_stereo in (("*CC=CC*", False), ("*C/C=C/C*", True), ("*C/C=C\\C*", True)):
        labels = known.of(smiles)["Tg"]
        assert {label.any_stereo for label in labels} == {any_stereo}
        assert labels[0].value == -102.15


def test_a_copy_without_its_labels_is_refused(copy: Path) -> None:
    (copy / KNOWN_LABELS).unlink()
    with pytest.raises(UserError, match=r"known_labels\.csv is missing"):
        read_measured_labels(copy, read_info(copy))


def test_labels_that_are_damaged_are_refused(copy: Path) -> None:
    (copy / KNOWN_LABELS).write_text("smiles,value\n")
    with pytest.raises(UserError, match=r"known_labels\.csv"):
        read_measured_labels(copy, read_info(copy))


@pytest.mark.parametrize(
    "row",
    [
        "*CC*,Tg,nan,book,measured",
        "*CC*,Tg,1.0,book,dreamt",
        "*C(C*,Tg,1.0,book,simulated",
        "*CC*|*CO*|0.5|0.7,Tg,1.0,book,simulated",
        "*CC*|*C(O*|0.5|0.5,Tg,1.0,book,measured",
        "*CC*|CO|0.5|0.5,Tg,1.0,book,measured",
    ],
)
def test_labels_of_a_stranger_are_checked(copy: Path, row: str) -> None:
    (copy / KNOWN_LABELS).write_text(f"smiles,property,value,reference,kind\n{row}\n")
    seal(copy)
    with pytest.raises(UserError, match=r"known_labels\.csv cannot be read"):
        read_all_labels(copy, read_info(copy))


def test_where_nothing_was_measured_simulated_values_stand_for_it(copy: Path) -> None:
    info = read_info(copy)
    measured, known = read_measured_labels(copy, info), read_all_labels(copy, info)
    assert {*measured.names} == {"Tg", "Density"}
    near = nearest_of_answers(known, info, "*CC(*)c1ccc(CC)cc1")
    assert {"Tg", "Density", "Tc (radonpy)", "Rg (radonpy)", "Cp"} <= {*near}
    # The units of the competition are in no file.
    assert "FFV" not in near
    kinds = {
        name: {label.kind for each in own for label in each.labels} for name, own in near.items()
    }
    assert kinds["Tg"] == kinds["Density"] == {"measured"}
    assert kinds["Tc (radonpy)"] == {"simulated"}


def test_a_run_of_one_table_has_its_own_neighbours(trained: Run, slice_of_textbook: Table) -> None:
    info = read_info(trained.bundle)
    assert not read_measured_labels(trained.bundle, info).names
    known = read_all_labels(trained.bundle, info)
    near = nearest_of_answers(known, info, "*CC(*)c1ccc(CC)cc1")
    table = slice_of_textbook
    for k, property_ in enumerate(table.properties):
        units = [table.canonical[i] for i in np.flatnonzero(np.isfinite(table.labels[:, k]))]
        best = max(_tanimoto("*CC(*)c1ccc(CC)cc1", unit) for unit in units)
        first, *_ = near[property_.name]
        assert first.similarity == pytest.approx(best)
        assert first.labels[0].kind == ""
        assert first.labels[0].reference == info.table


def test_a_model_is_given_away_with_neighbours_only_if_its_owner_asks(
    trained: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare, told = tmp_path / "bare", tmp_path / "told"
    assert main(["export", "trained", "--model", str(bare)]) == 0
    assert main(["export", "trained", "--model", str(told), "--with-neighbours"]) == 0
    assert "training labels with their repeat units" in capsys.readouterr().out.replace("\n", " ")
    info = read_info(told)
    assert info == read_info(trained.bundle)
    own = read_all_labels(trained.bundle, info)
    given = read_all_labels(told, info)
    unit = "*CC(*)c1ccc(CC)cc1"
    assert nearest_of_answers(given, info, unit) == nearest_of_answers(own, info, unit)
    assert KNOWN_LABELS in bundle_files(told).names
    assert KNOWN_LABELS not in bundle_files(bare).names
    assert not read_all_labels(bare, info).names
    assert main(["export", "trained", "--model", str(told)]) == 1
    assert main(["export", "trained", "--with-neighbours"]) == 1


def test_neighbours_are_not_put_into_another_model(trained: Run, copy: Path) -> None:
    with pytest.raises(UserError, match="is no copy of the model"):
        with_neighbours(trained.bundle, copy)
    with pytest.raises(UserError, match="not beside it"):
        with_neighbours(copy, copy)


def test_the_nearest_measured_polymers_are_those_of_the_greatest_similarity() -> None:
    units = ["*CC(*)C", "*CC(*)CC", "*CCO*", "*CC(*)c1ccccc1", "*CC(*)c1ccc(C)cc1", "*OCC*"]
    rows = pd.DataFrame(
        {
            "smiles": units,
            "property": ["Tg", "Tg", "Tg", "Tg", "Density", "Tg"],
            "value": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            "reference": "book",
        }
    )
    known = KnownLabels(rows)
    drawn, doubled = "*CC(*)c1ccc(CC)cc1", "*CC(c1ccc(CC)cc1)CC(*)c1ccc(CC)cc1"
    near = known.nearest(drawn, "Tg")
    assert known.nearest(doubled, "Tg") == near
    expected = sorted(
        ((_tanimoto(drawn, unit), unit) for unit in units[:4]), key=lambda each: -each[0]
    )[:3]
    assert [each.smiles for each in near] == [unit for _, unit in expected]
    assert [each.similarity for each in near] == pytest.approx([own for own, _ in expected])
    # Its own polymer is none of its neighbours; the values of both drawings of one are.
    assert "*CC(*)C" not in [each.smiles for each in known.nearest("*C(C)C*", "Tg")]
    (ether,) = (each for each in known.nearest("*CO*", "Tg") if "O" in each.smiles)
    assert sorted(label.value for label in ether.labels) == [3.0, 6.0]
    assert known.nearest(drawn, "FFV") == []


def test_labels_of_compositions_are_found_in_other_order_and_drawing() -> None:
    smiles = [
        canonical(text)
        for text in (
            "*CC(*)C|*CCO*|0.25|0.75|random",
            "*CC(*)C|*CCO*|0.75|0.25",
            "*CC(*)C",
            "*CCO*",
        )
    ]
    rows = pd.DataFrame(
        {"smiles": smiles, "property": "Tg", "value": [1.0, 2.0, 3.0, 4.0], "reference": "book"}
    )
    known = KnownLabels(rows)
    (label,) = known.of("*OCC*|*C(C)C*|3|1|random")["Tg"]
    assert label.value == 1.0
    assert known.of("*OCC*|*C(C)C*|3|1|block") == {}
    near = known.nearest("*CCO*|*CC(*)C|0.7|0.3", "Tg", 4)
    assert [each.labels[0].value for each in near] == [1.0, 4.0, 2.0, 3.0]
    assert near[0].similarity > near[1].similarity > near[2].similarity
    # The same units in the same amounts are alike, but for the architecture.
    first, *_ = known.nearest("*OCC*|*C(C)C*|3|1|block", "Tg", 1)
    assert first.labels[0].value == 1.0
    assert 0.8 < first.similarity < 1
    assert known.nearest("*CCO*", "Tg", 1)[0].labels[0].value == 1.0


def _tanimoto(one: str, other: str) -> float:
    """Of the environments as they are, before they are folded to a fixed length."""
    morgan = GetMorganGenerator(radius=2)
    a, b = (
        Counter(
            morgan.GetSparseCountFingerprint(
                Chem.MolFromSmiles(canonical_unit(unit))
            ).GetNonzeroElements()
        )
        for unit in (one, other)
    )
    return (a & b).total() / (a | b).total()
