"""Making a student, and screening with it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.base.packed import pack
from engine.inference.bundle import bundle_files
from engine.inference.predict import Predictor
from engine.inference.specification import read_specification
from engine.runs import find_run
from engine.screening import (
    Wanted,
    carry_out,
    distilling,
    first_pass,
    join,
    joining,
    scoring,
    screen,
)
from engine.screening import student as student_file
from engine.screening.student import INFO, Margins, Student
from engine.settings.training import TrainingConfig
from tests.bundles import copied
from tests.direct_pool import DirectPool
from tests.screening.test_screen import ROWS, _unit


class _CutError(Exception):
    pass


def _nothing(what: str, done: int, total: int) -> None:
    pass


SIDES = ["F", "Cl", "O", "N", "CC", "C#N", "c1ccccc1", "C(=O)O", "OC", "CF", "CCO"]


def _units(folder: Path) -> Path:
    """A table of units that can be taken apart."""
    units = [
        f"*{'C' * spacer}C({side}){link}C*"
        for spacer in range(4)
        for side in SIDES
        for link in ("O", "C(=O)O", "N", "S")
    ]
    path = folder / "known.csv"
    pd.DataFrame({"SMILES": units}).to_csv(path)
    return path


@pytest.fixture(scope="module")
def taught_bundle(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a student that has learned for two epochs."""
    folder = tmp_path_factory.mktemp("student")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(trained_home))
        bundle = copied(find_run("trained").bundle, folder / "bundle")
        short = TrainingConfig(epochs=2, batch=32, learning_rate=3e-3)
        settings = distilling._SETTINGS.model_copy(update={"training": short})
        patch.setattr(distilling, "_SETTINGS", settings)
        patch.setattr(distilling, "_FEWEST", 50)
        info = distilling.distil(Predictor(bundle), [_units(folder)], _nothing, count=150)
    assert (info.known, info.names) == (37, Predictor(bundle).info.answer_names)
    return bundle


@pytest.fixture
def predictor(taught_bundle: Path) -> Predictor:
    return Predictor(taught_bundle)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "units.csv"
    units = [_unit(n) for n in range(ROWS)] + ["*CC*.[Na+].[Cl-]", "*CC(*)C", "*CC(*)C"]
    pd.DataFrame({"id": [f"{n:03}" for n in range(len(units))], "SMILES": units}).to_csv(
        path, index=False
    )
    return path


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch, pool: DirectPool) -> None:
    """Parts of six rows, so that short files have many, and a student for any file."""
    for module in (scoring, first_pass, carry_out):
        monkeypatch.setattr(module, "PART_ROWS", 6)
    monkeypatch.setattr(scoring, "CHUNK_ROWS", 3)
    monkeypatch.setattr(carry_out, "FEWEST_ROWS", 1)
    monkeypatch.setattr("engine.screening.narrowing._FIRST", 1)
    monkeypatch.setattr(joining, "_SECONDS_BETWEEN", 0.01)
    monkeypatch.setattr(first_pass, "worker_pool", lambda *_, **__: _InBlock(pool))


class _InBlock:
    def __init__(self, pool: DirectPool) -> None:
        self._pool = pool

    def __enter__(self) -> DirectPool:
        return self._pool

    def __exit__(self, *_: object) -> None:
        pass


WISHES = [
    ("", "Tg high", 7),
    ("", "Density low", 3),
    ("Tg > 0", "Density high", 5),
    ("Tg > 0, Density < 1.2", None, 4),
    ("Tg > 0", None, None),
    ("Tg > 100000", None, None),
    ("Tg > 100000", "Tg high", 2),
]


def _wanted(predictor: Predictor, keep: str, by: str | None, top: int | None, **more) -> Wanted:
    answers = predictor.info.answers
    direction = read_specification(by, answers)[0] if by else None
    return Wanted(read_specification(keep, answers), direction, top, **more)


@pytest.mark.parametrize(("keep", "by", "top"), WISHES)
def test_the_result_is_that_of_the_ensemble_alone(
    predictor: Predictor,
    table: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    keep: str,
    by: str | None,
    top: int | None,
) -> None:
    # A student of two epochs and forty held-out units promises nothing by itself.
    monkeypatch.setattr(student_file, "_WIDER", 20.0)
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    plain = screen(predictor, [table], whole, _wanted(predictor, keep, by, top, in_full=True))
    screened = screen(predictor, [table], out, _wanted(predictor, keep, by, top))
    assert out.read_text() == whole.read_text()
    assert (screened.rows, screened.kept) == (plain.rows, plain.kept)
    assert plain.in_full == plain.rows
    problems = {
        name: pd.read_csv(tmp_path / f"{name}-problems.csv", dtype=str).fillna("").sort_values("id")
        for name in ("whole", "out")
    }
    np.testing.assert_array_equal(problems["out"], problems["whole"])
    assert not [*tmp_path.glob("*.parts")]


def test_the_best_in_the_domain_are_those_of_the_ensemble_alone(
    predictor: Predictor, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(student_file, "_WIDER", 20.0)
    kept = {}
    for in_full in (True, False):
        out = tmp_path / f"{in_full}.csv"
        wanted = _wanted(predictor, "", "Tg high", 9, in_full=in_full, inside_only=True)
        assert screen(predictor, [table], out, wanted).outside == 0
        kept[in_full] = pd.read_csv(out)
    assert {*kept[True]["Tg_domain"]} == {"inside"}
    pd.testing.assert_frame_equal(kept[True], kept[False])


@pytest.mark.parametrize(("keep", "by", "top"), WISHES[:5])
def test_others_help_with_each_stage(
    predictor: Predictor, table: Path, tmp_path: Path, keep: str, by: str | None, top: int | None
) -> None:
    alone, out = tmp_path / "alone.csv", tmp_path / "out.csv"
    wanted = _wanted(predictor, keep, by, top)
    whole = screen(predictor, [table], alone, wanted)
    helped: dict[str, int] = {}

    def told(what: str, done: int, total: int) -> None:
        if what not in helped:
            helped[what] = 0
            helped[what] = join(predictor, [table], out, wanted, patience=0.05)

    shared = screen(predictor, [table], out, wanted, told)
    assert helped["first pass"] > 0
    assert sum(helped.values()) > helped["first pass"]
    assert (shared.kept, shared.in_full) == (whole.kept, whole.in_full)
    assert whole.in_full <= whole.rows
    assert out.read_bytes() == alone.read_bytes()


@pytest.mark.parametrize("id_name", ["file", "problem"])
def test_ids_may_be_called_as_columns_of_ours_are(
    predictor: Predictor, table: Path, tmp_path: Path, id_name: str
) -> None:
    frame = pd.read_csv(table, dtype=str).rename(columns={"id": id_name})
    for name, rows in (("a", frame[:30]), ("b", frame[30:])):
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
    files, out = [tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path / "out.csv"
    screened = screen(predictor, files, out, _wanted(predictor, "", "Tg high", 9), id=id_name)
    assert screened.kept == 9
    beside = pd.read_csv(tmp_path / "out-problems.csv", dtype=str)
    assert len(beside) == screened.problems > 0
    assert {*beside[beside.columns[1]]} <= {*frame[id_name]}


def test_files_of_several_kinds_are_screened_together(
    predictor: Predictor, table: Path, tmp_path: Path
) -> None:
    names = tmp_path / "names.csv"
    names.write_text("polymer,code\nPMMA,a\nPolystyrene,b\nno such thing,c\n,d\nPTFE,e\n")
    listed = tmp_path / "listed.smi"
    listed.write_text("*CCCCCC* six\n*CC(C)O* branched\n[R1]CC[R2]\n")
    whole, out = tmp_path / "whole.parquet", tmp_path / "out.parquet"
    for path, in_full in ((whole, True), (out, False)):
        wanted = _wanted(predictor, "", "Density high", 9, in_full=in_full)
        screen(predictor, [names, table, listed], path, wanted)
    pd.testing.assert_frame_equal(pd.read_parquet(out), pd.read_parquet(whole))
    problems = [
        pd.read_csv(tmp_path / f"{name}-problems.csv", dtype=str).fillna("")
        for name in ("out", "whole")
    ]
    first, second = (set(map(tuple, each.to_numpy())) for each in problems)
    assert first == second
    assert any("not the name of one polymer" in words for *_, words in first)


def test_rows_that_are_far_from_what_is_wanted_are_not_predicted(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A student that knows the answers leaves little to the ensemble."""
    table, whole, out = tmp_path / "units.csv", tmp_path / "whole.csv", tmp_path / "out.csv"
    units = [f"*{'C' * (n % 9 + 1)}O{'C' * (n // 9)}*" for n in range(200)]
    pd.DataFrame({"SMILES": units}).to_csv(table, index=False)
    names = predictor.info.answer_names
    held_out = predictor.predict(units).blend[names].to_numpy()
    asked: list[int] = []

    def predict(self: Student, graphs) -> np.ndarray:
        asked.append(graphs.size)
        first = sum(asked[:-1])
        return held_out[first : first + graphs.size]

    monkeypatch.setattr(Student, "predict", predict)
    taught = Student.of(bundle_files(predictor.folder), predictor.info)
    assert taught is not None
    knowing = replace(taught, margins=Margins(names, held_out, held_out))
    monkeypatch.setattr(Student, "of", lambda *_: knowing)
    monkeypatch.setattr("engine.screening.narrowing._SAMPLE", 6)
    wanted = _wanted(predictor, "", "Tg high", 5)
    screened = screen(predictor, [table], out, wanted)
    screen(predictor, [table], whole, _wanted(predictor, "", "Tg high", 5, in_full=True))
    assert out.read_text() == whole.read_text()
    assert sum(asked) == 200
    assert screened.in_full < 40


def test_cut_off_at_any_part_it_goes_on_and_ends_the_same(
    predictor: Predictor, table: Path, tmp_path: Path
) -> None:
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    wanted = _wanted(predictor, "Tg > -500", "Tg high", 9)
    screen(predictor, [table], whole, wanted)
    calls = cuts = 0

    def cut(what: str, count: int, total: int) -> None:
        nonlocal calls
        calls += 1
        if calls % 5 == 0:
            raise _CutError

    while True:
        try:
            screened = screen(predictor, [table], out, wanted, cut)
        except _CutError:
            cuts += 1
        else:
            break
    assert cuts > 3
    assert screened.gone_on > 0
    assert out.read_bytes() == whole.read_bytes()


def test_one_that_is_damaged_is_named_and_can_be_done_without(
    taught_bundle: Path, table: Path, tmp_path: Path
) -> None:
    bundle = copied(taught_bundle, tmp_path / "bundle")
    (bundle / INFO).write_text("{}")
    predictor = Predictor(bundle)
    wanted = _wanted(predictor, "", "Tg high", 3)
    with pytest.raises(UserError, match="was changed or damaged"):
        screen(predictor, [table], tmp_path / "out.csv", wanted)
    in_full = _wanted(predictor, "", "Tg high", 3, in_full=True)
    assert screen(predictor, [table], tmp_path / "other.csv", in_full).kept == 3


def test_it_answers_for_all_drawings_of_a_polymer_alike(predictor: Predictor) -> None:
    student = Student.of(bundle_files(predictor.folder), predictor.info)
    assert student is not None
    drawings = ["*CCO*", "*OCC*", "*CCOCCO*", "*COC*", "[*:1]CCOCCOCCO[*:2]"]
    read = first_pass.graphs_of([*drawings, "*CC*.O", "*CC", "no"])
    assert read.graphs[5:] == [None] * 3
    assert [*read.problems] == [7]
    values = student.predict(pack([graph for graph in read.graphs[:5] if graph is not None]))
    np.testing.assert_allclose(values, np.broadcast_to(values[0], values.shape), rtol=1e-5)


def test_too_few_units_are_a_sentence(trained, tmp_path: Path) -> None:
    bundle = copied(trained.bundle, tmp_path / "bundle")
    with pytest.raises(UserError, match="others can be made up"):
        distilling.distil(Predictor(bundle), [_units(tmp_path)], _nothing, count=120)
