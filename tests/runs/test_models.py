"""The models of a workspace: their names, the default, and those that came from elsewhere."""

import io
import json
from pathlib import Path

import pytest

from engine.api.model import load
from engine.base.errors import UserError
from engine.commands import main
from engine.inference.bundle import SHIPPED, default_bundle, promote, read_info, reset_default
from engine.inference.packing import pack
from engine.runs import (
    KnownModel,
    Taken,
    find_imported,
    find_model,
    find_run,
    import_model,
    is_default,
    list_imported,
    list_models,
    origin_of_default,
    remove_imported,
    removed_models,
    rename_model,
    restore_imported,
    shown_name,
    unreadable_imports,
)
from engine.runs.known_labels import KNOWN_LABELS
from engine.runs.records import LONGEST
from engine.runs.trash import empty_trash
from tests.bundles import copied, redescribe, seal

UNITS = ["*CC*", "*CC(*)c1ccccc1"]


@pytest.fixture
def packed(trained, tmp_path: Path) -> Path:
    """The model of the finished run, as one file."""
    pack(trained.bundle, tmp_path / "theirs.zip")
    return tmp_path / "theirs.zip"


@pytest.fixture
def taken(packed: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Taken:
    """That model, taken in by another workspace, which holds nothing else."""
    monkeypatch.setenv("POLYGIN_HOME", str(workspace))
    return _import(packed)


def _import(path: Path) -> Taken:
    with path.open("rb") as file:
        return import_model(file, path.name, "anna@example.org")


def test_a_model_from_elsewhere_predicts_the_same_bits(taken: Taken, trained_home, monkeypatch):
    model = taken.model
    assert not taken.deviation
    assert (model.name, model.file, model.owner) == ("trained", "theirs.zip", "anna@example.org")
    here = load(model.id).predict(UNITS)
    assert load("trained").predict(UNITS).equals(here)
    monkeypatch.setenv("POLYGIN_HOME", str(trained_home))
    assert load("trained").predict(UNITS).equals(here)


def test_it_is_in_the_list_and_is_taken_in_once(taken: Taken, packed: Path):
    assert [(each.id, each.kind) for each in list_models()] == [
        ("shipped", "shipped"),
        (taken.model.id, "imported"),
    ]
    with pytest.raises(UserError, match="here already, as “trained”"):
        _import(packed)
    assert len(list_imported()) == 1


def test_another_name_leaves_the_bundle_as_it_is(taken: Taken):
    folder = taken.model.bundle
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    rename_model(taken.model.id, "  Anna's Tg, 2nd  ")
    assert find_model("Anna's Tg, 2nd") == folder == find_model(taken.model.id)
    assert shown_name(folder) == "Anna's Tg, 2nd"
    assert read_info(folder).name == "trained"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(UserError, match="There is no model 'trained'"):
        find_model("trained")


@pytest.mark.parametrize(
    "name", ["", " ", "n" * (LONGEST + 1), "a\nb", "a\x00b", "a\u202eb", "default", "shipped"]
)
def test_what_cannot_be_a_name(taken: Taken, name: str):
    with pytest.raises(UserError, match="name"):
        rename_model(taken.model.id, name)
    assert list_imported() == [taken.model]


def test_the_model_of_a_run_has_its_name(trained):
    try:
        rename_model(trained.id, "renamed")
        assert find_run("renamed").id == trained.id
        assert shown_name(trained.bundle) == "renamed"
    finally:
        rename_model(trained.id, "trained")
    for fixed in ("default", "shipped"):
        with pytest.raises(UserError, match="keeps its name"):
            rename_model(fixed, "mine")
    with pytest.raises(UserError, match="There is no model 'nobody'"):
        rename_model("nobody", "mine")


def test_the_default_is_known_by_its_origin(taken: Taken):
    assert origin_of_default(list_models()).id == "shipped"
    promote(taken.model.bundle)
    rename_model(taken.model.id, "Anna's")
    assert origin_of_default(list_models()).id == taken.model.id
    assert is_default(taken.model.bundle)
    assert not is_default(SHIPPED)
    assert shown_name(default_bundle()) == "Anna's"
    remove_imported(find_imported(taken.model.id))
    # The copy stays the default, and stands for itself.
    assert [each.id for each in list_models()] == ["default", "shipped"]
    assert shown_name(find_model()) == "trained"


def test_a_copy_of_the_shipped_model_may_be_the_default(workspace: Path, tmp_path: Path):
    copy = KnownModel("copy", "imported", "Copy", copied(SHIPPED, tmp_path / "copy"))
    assert origin_of_default([*list_models(), copy]).id == "shipped"
    promote(copy.folder)
    assert origin_of_default([*list_models(), copy]).id == "copy"
    reset_default()
    assert [each.id for each in list_models()] == ["shipped"]


def test_a_removed_model_can_be_restored_until_the_trash_is_emptied(taken: Taken):
    remove_imported(taken.model)
    assert list_imported() == []
    assert removed_models() == [taken.model]
    assert restore_imported("trained") == taken.model
    assert list_imported() == [taken.model]
    remove_imported(taken.model)
    assert empty_trash() > 0
    with pytest.raises(UserError, match="is not in the trash"):
        restore_imported(taken.model.id)


def test_a_name_that_a_stranger_gave_holds_no_sign_that_cannot_be_seen(
    trained, tmp_path, workspace, monkeypatch
):
    bundle = copied(trained.bundle, tmp_path / "theirs")
    redescribe(bundle, {"name": "a\u202e\x1b[31m\nb" + "c" * 200})
    pack(bundle, tmp_path / "a.zip")
    redescribe(bundle, {"name": "default"})
    pack(bundle, tmp_path / "b.zip")
    redescribe(bundle, {"name": "\x00"})
    pack(bundle, tmp_path / "c.zip")
    monkeypatch.setenv("POLYGIN_HOME", str(workspace))
    names = [_import(tmp_path / f"{each}.zip").model.name for each in "abc"]
    assert names == ["a [31m b" + "c" * (LONGEST - 8), "default (imported)", "Model"]


def test_damaged_records_are_told_and_harm_no_other(taken: Taken):
    place = taken.model.folder.parent
    for name, content in (
        ("imported-a", "{"),
        ("imported-b", json.dumps({"id": "../x", "name": "x", "taken": 0})),
        ("imported-c", taken.model.model_dump_json()),
        ("imported-d", json.dumps({"id": "imported-d", "name": "", "taken": 0})),
    ):
        (place / name).mkdir()
        (place / name / "imported.json").write_text(content)
    (place / "link").symlink_to(taken.model.folder)
    assert list_imported() == [taken.model]
    problems = unreadable_imports()
    assert len(problems) == 4
    assert all("Remove its folder" in each for each in problems)


def test_a_model_that_cannot_be_used_is_not_taken_in(trained, tmp_path, workspace, monkeypatch):
    bundle = copied(trained.bundle, tmp_path / "theirs")
    weights = next(bundle.glob("polygin-*.safetensors"))
    weights.write_bytes(b"\x00" * 64)
    redescribe(bundle, {"name": "broken"})
    pack(bundle, tmp_path / "theirs.zip")
    monkeypatch.setenv("POLYGIN_HOME", str(workspace))
    with pytest.raises(UserError, match=weights.name) as caught:
        _import(tmp_path / "theirs.zip")
    assert str(workspace) not in str(caught.value)
    assert list_imported() == []


def test_all_labels_that_a_model_brings_are_looked_at(trained, tmp_path, workspace, monkeypatch):
    bundle = copied(trained.bundle, tmp_path / "theirs")
    row = "*C(C*,Tg,1.0,a simulation,simulated"
    (bundle / KNOWN_LABELS).write_text(f"smiles,property,value,reference,kind\n{row}\n")
    seal(bundle)
    pack(bundle, tmp_path / "theirs.zip")
    monkeypatch.setenv("POLYGIN_HOME", str(workspace))
    with pytest.raises(UserError, match=rf"{KNOWN_LABELS} cannot be read"):
        _import(tmp_path / "theirs.zip")


def test_the_commands(taken: Taken, tmp_path: Path, capsys, monkeypatch):
    out = tmp_path / "out.zip"
    assert main(["models", "export", taken.model.id, str(out)]) == 0
    assert main(["models", "rename", "trained", "Anna's"]) == 0
    assert main(["models", "--json"]) == 0
    listed = {each["model"]: each["name"] for each in json.loads(_last(capsys))}
    assert listed[taken.model.id] == "Anna's"
    assert {"default", "shipped"} <= set(listed)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main(["models", "remove", "Anna's"]) == 1
    assert "say --yes" in capsys.readouterr().err
    assert main(["models", "remove", "Anna's", "--yes"]) == 0
    assert main(["models", "import", str(out), "--name", "Again"]) == 0
    assert find_model("Again").is_dir()
    assert main(["models", "restore", taken.model.id]) == 0
    assert find_model("Anna's").is_dir()
    assert main(["promote", "Again"]) == 0
    assert is_default(find_model("Again"))
    capsys.readouterr()
    for words in (["import", str(tmp_path)], ["import", str(tmp_path / "none")]):
        assert main(["models", *words]) == 1
        assert capsys.readouterr().err.startswith("Error: ")
    assert main(["models", "remove", "shipped", "--yes"]) == 1
    assert "no imported model 'shipped'" in capsys.readouterr().err


def _last(capsys: pytest.CaptureFixture[str]) -> str:
    text = capsys.readouterr().out
    return text[text.index("[\n") :]
