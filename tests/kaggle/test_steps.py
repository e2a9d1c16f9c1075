"""The notebook's steps one by one: what each falls back to, and when it gives up."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.inference.submission import Submission
from engine.kaggle import inputs, steps, submitting
from engine.kaggle.inputs import Settings, find_tables, read_settings
from engine.kaggle.kit import MODEL_FILE
from engine.kaggle.notebook import KIT_FILE
from engine.kaggle.submitting import check_submission, submit_with, write_medians
from engine.runs import Run
from tests.kaggle.conftest import Kaggle, settings_of
from tests.runs.conftest import inserted


@pytest.mark.parametrize("columns", ["id,Density,Tg", "Tg,id,Density"])
@pytest.mark.parametrize("swapped", [True, False])
def test_ids_are_the_test_tables_and_columns_the_samples(
    columns: str, swapped: bool, kaggle: Kaggle, settings: Settings, trained: Run
) -> None:
    """Also where the sample's rows were not swapped with the test's."""
    ids = ["-0012", "007", "=A1", "NA", "1e3"]
    rows = [f"*{'C' * n}O*,{id_}" for n, id_ in enumerate(ids, start=1)]
    (kaggle.competition / "test.csv").write_text("\n".join(["SMILES,id", *rows]))
    asked = ids[::-1] if swapped else ["1", "2"]
    sample = pd.DataFrame({"id": asked, "Tg": "0", "Density": "0"})[columns.split(",")]
    sample.to_csv(kaggle.competition / "sample_submission.csv", index=False)
    tables = find_tables(settings)
    expected = ids[::-1] if swapped else ids
    write_medians(settings, tables)
    check_submission(settings, tables)
    told = submit_with(settings, tables, trained.bundle, "a model")
    check_submission(settings, tables)
    made = pd.read_csv(kaggle.working / "submission.csv", dtype=str, keep_default_na=False)
    assert [*made.columns] == columns.split(",")
    assert made["id"].tolist() == expected
    assert any("has other ids" in line for line in told) is not swapped


_TEST = "id,SMILES\n007,*CC*\n08,*CC(*)C\nx y,*CCO*\n"
_SAMPLE = "id,Tg,Density\n007,0,0\n08,0,0\nx y,0,0\n"


@pytest.mark.parametrize(
    ("test", "sample"),
    [
        (_TEST, _SAMPLE.replace("Tg", " Tg ")),
        (_TEST, _SAMPLE.replace("Tg", "tg")),
        (_TEST, _SAMPLE.replace("007,0,0", "007,0,0\n007,0,0")),
        (_TEST.replace("08", " 08 "), _SAMPLE.replace("08", " 08 ")),
        (_TEST.replace(",", ";"), _SAMPLE.replace(",", ";")),
        (_TEST.encode("utf-16"), _SAMPLE.encode("utf-16")),
    ],
    ids=["blanks", "capitals", "an id twice", "blanks in ids", "semicolons", "UTF-16"],
)
def test_names_and_ids_are_as_they_stand_however_the_files_are_written(
    test: str | bytes, sample: str | bytes, kaggle: Kaggle, settings: Settings, trained: Run
) -> None:
    for name, content in (("test.csv", test), ("sample_submission.csv", sample)):
        data = content.encode() if isinstance(content, str) else content
        (kaggle.competition / name).write_bytes(data)
    tables = find_tables(settings)
    text = sample if isinstance(sample, str) else _SAMPLE
    columns = text.splitlines()[0].replace(";", ",").split(",")
    ids = [line.partition(",")[0] for line in text.replace(";", ",").splitlines()[1:]]
    for write in (write_medians, lambda *given: submit_with(*given, trained.bundle, "a model")):
        write(settings, tables)
        check_submission(settings, tables)
        made = kaggle.submission
        assert [*made.columns] == columns
        assert made["id"].tolist() == [*dict.fromkeys(ids)]
        assert made[columns[1]].astype(float).abs().min() > 0


def test_what_is_not_whole_does_not_replace_what_is(
    kaggle: Kaggle,
    settings: Settings,
    trained: Run,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever a model makes is looked at as `check` looks at it, before it is written."""
    made = submitting.make_submission

    def with_a_row_less(*given: object) -> Submission:
        submission = made(*given)
        return replace(submission, frame=submission.frame.iloc[1:])

    monkeypatch.setattr(submitting, "make_submission", with_a_row_less)
    monkeypatch.setattr(inputs, "SHIPPED", trained.bundle)
    assert steps.main(["insure", settings.model_dump_json()]) == 1
    assert "Not with the model that polygin ships: What it makes has other ids" in (
        capsys.readouterr().out
    )
    assert steps.main(["check", settings.model_dump_json()]) == 0
    assert "3 rows by each property's median" in capsys.readouterr().out


def test_an_id_of_several_units_has_medians_and_is_there_once(
    kaggle: Kaggle, settings: Settings, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kaggle.competition / "test.csv").write_text("id,SMILES\n1,*CC*\n1,*CC(*)C\n2,*CC*\n")
    monkeypatch.setattr(inputs, "SHIPPED", trained.bundle)
    assert steps.main(["insure", settings.model_dump_json()]) == 1
    assert steps.main(["check", settings.model_dump_json()]) == 0
    assert kaggle.submission["id"].tolist() == ["1", "2"]


def test_what_no_label_is_known_of_is_said(
    kaggle: Kaggle, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (kaggle.competition / "sample_submission.csv").write_text("id,Tg,Hardness\n1,0,0\n")
    tables = find_tables(settings)
    assert "0 for Hardness" in write_medians(settings, tables)[0]
    assert "0 for Hardness" in check_submission(settings, tables)[0]
    (kaggle.competition / "test.csv").write_text("id,SMILES\n")
    write_medians(settings, tables)
    with pytest.raises(UserError, match="has no rows"):
        check_submission(settings, tables)


def test_without_medians_a_model_is_asked_all_the_same(
    kaggle: Kaggle, settings: Settings, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> None:
        raise UserError("no")

    monkeypatch.setattr(submitting, "write_medians", fail)
    monkeypatch.setattr(inputs, "SHIPPED", trained.bundle)
    assert steps.main(["insure", settings.model_dump_json()]) == 0
    assert len(kaggle.submission) == 3


def test_a_model_that_lacks_a_property_leaves_the_medians(
    kaggle: Kaggle, settings: Settings, trained: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = "id,Tg,Hardness\n1,0,0\n2,0,0\n3,0,0\n"
    (kaggle.competition / "sample_submission.csv").write_text(sample)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "SHIPPED", trained.bundle)
        assert steps.main(["insure", settings.model_dump_json()]) == 1
    told = capsys.readouterr().out
    assert "asks for Hardness" in told
    assert "the submission holds medians" in told
    assert kaggle.submission["Hardness"].tolist() == ["0.0"] * 3
    check_submission(settings, find_tables(settings))


def test_a_damaged_model_gives_way_to_the_shipped_one(
    kaggle: Kaggle, settings: Settings, trained: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (kaggle.home / MODEL_FILE).write_bytes(b"nothing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "SHIPPED", trained.bundle)
        assert steps.main(["insure", settings.model_dump_json()]) == 0
    assert "3 rows by the model that polygin ships" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda made: made.iloc[1:], "other ids"),
        (lambda made: made.rename(columns={"Tg": "tg"}), "columns"),
        (lambda made: made.assign(Tg=[1.0, None, 2.0]), "1 cell without a number"),
    ],
)
def test_a_submission_that_is_not_whole_is_refused(
    damage, words: str, kaggle: Kaggle, settings: Settings
) -> None:
    tables = find_tables(settings)
    with pytest.raises(UserError, match="is not there"):
        check_submission(settings, tables)
    write_medians(settings, tables)
    path = kaggle.working / "submission.csv"
    damage(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(UserError, match=words):
        check_submission(settings, tables)


def test_settings_that_cannot_be_used_are_named(kaggle: Kaggle) -> None:
    good = settings_of(kaggle).model_dump_json()
    with pytest.raises(UserError, match="AUTO_MODE"):
        read_settings(good.replace('"auto"', '"often"', 1))
    with pytest.raises(UserError, match="no preset 'huge'"):
        read_settings(good.replace('"preset":"auto"', '"preset":"huge"'))
    with pytest.raises(UserError, match="HOURS"):
        read_settings(good.replace("1.0", "-1"))
    (kaggle.competition / "test.csv").unlink()
    with pytest.raises(UserError, match="add the competition's data"):
        find_tables(settings_of(kaggle))


def test_of_several_folders_the_one_with_a_training_table_is_taken(
    kaggle: Kaggle, settings: Settings
) -> None:
    """Not the first by name."""
    other = kaggle.input / "a-copy"
    other.mkdir()
    for name in ("test.csv", "sample_submission.csv"):
        (other / name).write_text((kaggle.competition / name).read_text())
    assert find_tables(settings).test == kaggle.competition / "test.csv"
    (kaggle.competition / "train.csv").unlink()
    assert find_tables(settings) == (other / "test.csv", other / "sample_submission.csv", None)


def test_auto_trains_only_where_no_model_was_brought(kaggle: Kaggle) -> None:
    assert settings_of(kaggle).trains
    (kaggle.home / MODEL_FILE).write_bytes(b"")
    assert not settings_of(kaggle).trains
    assert settings_of(kaggle, mode="train").trains


def test_looking_says_where_the_image_differs_from_what_was_assumed(
    kaggle: Kaggle, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert steps.main(["look", settings.model_dump_json()]) == 1
    assert "Make the kit again" in capsys.readouterr().out
    there = {"torch": "99.0", "numpy": "1.0", "no-such-package": "1.0"}
    about = {"polygin": "1", "made": "now", "assumed": {"there": there}}
    (kaggle.home / KIT_FILE).write_text(json.dumps(about))
    assert steps.main(["look", settings.model_dump_json()]) == 0
    told = capsys.readouterr().out
    assert "is older than 99.0, the oldest that was tried" in told
    assert "no-such-package is missing" in told
    assert "A model is trained here (preset auto)" in told


def test_only_a_finished_run_submits(
    kaggle: Kaggle, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    inserted("kaggle", "failed")
    assert steps.main(["submit", settings.model_dump_json()]) == 0
    assert "stays as it is" in capsys.readouterr().out
    assert not (kaggle.working / "submission.csv").exists()
    assert steps.main(["dance", settings.model_dump_json()]) == 1
