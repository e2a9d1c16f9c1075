"""The student as an ONNX file: what it says is what torch says."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.base.packed import PackedGraphs, pack
from engine.commands import main
from engine.inference.bundle import SHIPPED, BundleInfo, bundle_files, info_of
from engine.models.members import network_member
from engine.runs import Run
from engine.screening import onnx_file
from engine.screening.first_pass import graphs_of
from engine.screening.onnx_file import inputs_of, onnx_of, write_onnx
from engine.screening.student import MEMBER, Student
from engine.settings.networks import NetworkConfig
from engine.settings.properties import predicted_columns
from tests.conftest import TEXTBOOK

pytest.importorskip("onnx", reason="onnx is not installed: requirements-dev.txt has it")
onnxruntime = pytest.importorskip(
    "onnxruntime", reason="onnxruntime is not installed: requirements-dev.txt has it"
)

NEAR = 1e-4
"""Standard deviations of the labels that both may lie apart."""


@pytest.fixture(scope="module")
def info() -> BundleInfo:
    return info_of(bundle_files(SHIPPED))


@pytest.fixture(scope="module")
def student(info: BundleInfo) -> Student:
    found = Student.of(bundle_files(SHIPPED), info)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def graphs() -> PackedGraphs:
    """Of the textbook's polymers, and of a small and a large unit."""
    units = [*pd.read_csv(TEXTBOOK)["SMILES"], "*C*", f"*{'CC(c1ccccc1)' * 30}*"]
    found = [graph for graph in graphs_of(units).graphs if graph is not None]
    assert len(found) > 150
    return pack(found)


def said(content: bytes, graphs: PackedGraphs) -> np.ndarray:
    """What onnxruntime says of some graphs."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, inputs_of(graphs))[0]


def test_onnx_says_what_torch_says(
    student: Student, info: BundleInfo, graphs: PackedGraphs
) -> None:
    expected = predicted_columns(info.answers, student.predict(graphs))
    assert (expected.std(axis=0) > 0).all()
    found = said(onnx_of(student, info.answers), graphs)
    assert found.shape == expected.shape
    assert np.abs((found - expected) / student.scale.deviation).max() < NEAR


def test_a_property_of_many_decades_is_given_in_its_unit(
    student: Student, info: BundleInfo, graphs: PackedGraphs
) -> None:
    answers = [*info.answers]
    answers[2] = answers[2].model_copy(update={"scale": "log10"})
    expected = predicted_columns(answers, student.predict(graphs))[:, :3]
    assert expected[:, 2].std() > 0
    assert np.allclose(said(onnx_of(student, answers), graphs)[:, :3], expected, rtol=NEAR)


def test_one_graph_alone_is_answered(student: Student, info: BundleInfo) -> None:
    unit = pack([graph for graph in graphs_of(["*CC(*)c1ccccc1"]).graphs if graph is not None])
    found = said(onnx_of(student, info.answers), unit)
    expected = predicted_columns(info.answers, student.predict(unit))
    assert np.abs((found - expected) / student.scale.deviation).max() < NEAR


def test_networks_of_fewer_parts_are_written_and_others_refused(
    student: Student, info: BundleInfo, graphs: PackedGraphs
) -> None:
    def other(**changes: object) -> Student:
        config = NetworkConfig(layers=2, width=16, **changes)
        network = network_member(MEMBER).build(config, len(info.answers)).eval()
        return Student(student.info, network, student.scale, student.margins)

    smaller = other(pooling=("sum", "mean"), atom_fields=("element", "in_ring"))
    expected = predicted_columns(info.answers, smaller.predict(graphs))
    found = said(onnx_of(smaller, info.answers), graphs)
    assert np.abs((found - expected) / student.scale.deviation).max() < NEAR
    for changes in ({"attention": 2}, {"norm": "layer"}, {"pooling": ("max",)}):
        with pytest.raises(UserError, match=f"other {next(iter(changes))} than usual"):
            onnx_of(other(**changes), info.answers)


def test_the_command_writes_the_student_of_any_model(
    tmp_path: Path, info: BundleInfo, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "student.onnx"
    assert main(["export", "shipped", "--onnx", str(path)]) == 0
    assert str(path) in capsys.readouterr().out
    told = onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map
    assert json.loads(told["properties"]) == info.answer_names
    assert json.loads(told["units"])[0] == "°C"


def test_a_file_of_another_kind_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "small.csv"
    path.write_text("years of work")
    assert main(["export", "shipped", "--onnx", str(path)]) == 1
    assert "has to end in .onnx" in " ".join(capsys.readouterr().err.split())
    assert path.read_text() == "years of work"


def test_a_model_without_a_student_is_told_how_to_get_one(
    trained: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "trained", "--onnx", str(tmp_path / "student.onnx")]) == 1
    assert "has no student" in capsys.readouterr().err
    assert not [*tmp_path.glob("*.onnx")]


def test_without_the_package_a_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(onnx_file, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install onnx"):
        write_onnx(SHIPPED, tmp_path / "student.onnx")


def test_a_file_of_the_model_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        write_onnx(SHIPPED, SHIPPED / "student.json")
    assert (SHIPPED / "student.json").read_bytes().startswith(b"{")
