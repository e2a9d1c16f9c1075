"""The command line, run as a user does."""

import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from engine.commands import main, parser, presets, train
from engine.commands.sources import checked_tables
from engine.inference.predict import Predictor
from engine.runs import (
    Run,
    RunConfig,
    clone_of,
    command_for,
    list_runs,
    process,
    read_log,
    read_out_of_fold,
)
from engine.runs.folder import read_stored_config
from engine.settings.devices import DeviceSettings
from engine.settings.estimate import Probe
from engine.table import Columns
from engine.table.mending import Mending
from tests.bundles import copied, redescribe
from tests.conftest import ROOT, TEXTBOOK
from tests.solubilities import COLUMNS, marked_table, solubilities


def _run(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "engine", *words],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_doctor_speaks_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(TEXTBOOK), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["kept"] == report["rows"] == 155
    assert [known["name"] for known in report["properties"]] == ["Tg", "Density"]


def test_doctor_speaks_to_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(TEXTBOOK)]) == 0
    assert "155" in capsys.readouterr().out


def test_a_run_learns_conditions_and_predicts_at_them(tmp_path: Path, capsys) -> None:
    table = tmp_path / "solubilities.csv"
    table.write_bytes(solubilities())
    words = ["--condition-column", COLUMNS[0], "--condition-column", COLUMNS[1]]
    started = ["train", str(table), *words, "--preset", "smoke", "--folds", "random:2"]
    assert main([*started, "--name", "warm"]) == 0
    assert "not used" not in capsys.readouterr().err
    run = list_runs()[0]
    assert [each.name for each in read_stored_config(run).conditions] == ["temperature", "solvent"]
    assert read_out_of_fold(run)["condition:temperature"].between(280, 360).all()
    assert main(["predict", "warm", "*CCC*"]) == 1
    assert "--condition temperature=VALUE" in capsys.readouterr().err
    at = ["--condition", "temperature=47 °C", "--condition", "solvent=Water"]
    assert main(["predict", "warm", "*CCC*", *at]) == 0
    assert "solubility" in capsys.readouterr().out
    assert main(["predict", "warm", "*CCC*", "--condition", "solvent=acid", *at[:2]]) == 1
    assert "toluene and water" in capsys.readouterr().err
    assert main(["score", "warm", str(table)]) == 0
    again = clone_of(run)
    assert again.checked().conditions == marked_table().conditions
    assert again.checked().condition_values.equals(marked_table().condition_values)


def test_train_in_the_foreground_ends_with_the_figures(tmp_path: Path) -> None:
    rows = TEXTBOOK.read_text(encoding="utf-8").splitlines(keepends=True)
    table = tmp_path / "small.csv"
    table.write_text("".join(rows[:41]), encoding="utf-8")
    trained = _run("train", str(table), "--preset", "smoke", "--folds", "random:2", "--name", "x")
    assert trained.returncode == 0, trained.stderr
    assert "Out-of-fold error" in trained.stdout
    listed = json.loads(_run("runs", "--json").stdout)
    assert [run["name"] for run in listed] == ["x"]
    assert listed[0]["state"] == "done"
    assert set(listed[0]) >= {"id", "name", "state", "stage", "progress", "started", "figures"}


def test_predict_a_file_and_a_sample(trained: Run, tmp_path: Path) -> None:
    test, sample, out = (tmp_path / name for name in ("test.csv", "sample.csv", "out.csv"))
    test.write_text("id,SMILES\n1,*CC*\n2,*CC(*)C\n")
    sample.write_text("id,Tg\n2,0\n1,0\n")
    words = ["predict", "trained", str(test), "-o", str(out), "--sample-submission", str(sample)]
    assert main(words) == 0
    frame = pd.read_csv(out)
    assert list(frame.columns) == ["id", "Tg"]
    assert frame["id"].tolist() == [2, 1]
    assert frame["Tg"].between(-200, 300).all()


def test_a_file_without_a_row_that_can_be_predicted_is_a_fault(
    trained: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test, out = tmp_path / "test.csv", tmp_path / "out.csv"
    test.write_text("id,SMILES\na,no unit(\nb,\n")
    assert main(["predict", "trained", str(test), "-o", str(out)]) == 1
    assert "No row could be predicted" in capsys.readouterr().err
    assert pd.read_csv(out)["problem"].notna().all()


def test_rows_that_cannot_be_predicted_are_empty_and_only_a_submission_fills_them(
    trained: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test, sample, out = (tmp_path / name for name in ("test.csv", "sample.csv", "out.csv"))
    bad = [f"b{n},*C(*" for n in range(12)]
    test.write_text("\n".join(["id,SMILES", "a,*CC*", *bad, "z,*CCC*"]) + "\n")
    assert main(["predict", "trained", str(test), "-o", str(out), "--intervals"]) == 0
    frame = pd.read_csv(out)
    assert frame.loc[1, ["Tg", "Tg_low", "Density"]].isna().all()
    assert "parentheses" in frame.loc[1, "problem"]
    assert frame.loc[0, ["Tg", "Tg_low"]].notna().all()
    assert pd.isna(frame.loc[0, "problem"])
    assert "12 rows could not be predicted" in capsys.readouterr().err
    sample.write_text("id,Tg\na,0\n" + "".join(f"b{n},0\n" for n in range(12)))
    words = ["predict", "trained", str(test), "-o", str(out), "--sample-submission", str(sample)]
    assert main(words) == 0
    assert pd.read_csv(out)["Tg"].notna().all()
    assert len(pd.read_csv(tmp_path / "out-filled-rows.csv")) == 12
    told = capsys.readouterr().err
    assert "1 id of the test table is not asked for by sample.csv" in told
    assert "out-filled-rows.csv" in told


def test_predict_takes_the_column_with_stars_or_the_one_that_is_named(
    trained: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "solvents.csv"
    table.write_text("solvent_smiles,polymer_smiles,second\nCCO,*CC*,*CC(*)C\nCC,*CCO*,*CC(*)C\n")
    assert main(["predict", "trained", str(table)]) == 1
    assert "“second” would not be seen beside “polymer_smiles”" in capsys.readouterr().err
    assert main(["predict", "trained", str(table), "--smiles-column", "second"]) == 0
    named = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert named["Tg"].nunique() == 1
    assert main(["predict", "trained", str(table), "--smiles-column", "third"]) == 1
    assert "no column “third”" in capsys.readouterr().err
    table.write_text("solvent_smiles,polymer_smiles\nCCO,*CC*\nCC,*CCO*\n")
    assert main(["predict", "trained", str(table)]) == 0
    guessed = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert guessed["Tg"].nunique() == 2


def test_predict_one_repeat_unit_with_its_intervals(
    trained: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "trained", "*CC(*)C", "--intervals"]) == 0
    shown = capsys.readouterr().out
    predictor = Predictor(trained.bundle)
    uncertainty = predictor.uncertainty(predictor.predict(["*CC(*)C"]))
    assert f"{uncertainty.low.at[0, 'Tg']:.1f} – {uncertainty.high.at[0, 'Tg']:.1f}" in shown
    assert shown.count("inside") == 2
    copy = copied(trained.bundle, tmp_path / "bundle")
    redescribe(copy, {"intervals": {}, "domain": {"thresholds": {}}})
    assert main(["predict", str(copy), "*CC(*)C", "--intervals"]) == 0
    assert capsys.readouterr().out.count("–") == 4
    assert main(["predict", "trained", "*CC(*)C"]) == 0
    assert "inside" not in capsys.readouterr().out


def test_predict_one_repeat_unit(trained: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "trained", "*CC(*)C"]) == 0
    shown = capsys.readouterr().out
    assert "Tg (°C)" in shown
    assert "Density (g/cm³)" in shown


def test_predict_a_repeat_unit_longer_than_a_files_name_may_be(
    trained: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "trained", f"*{'CCO' * 100}*"]) == 0
    assert "Tg (°C)" in capsys.readouterr().out


KELVIN = "SMILES,Tg\nnonsense,300\n" + "".join(
    f"*CC(*){'C' * length},{300 + length}\n" for length in range(1, 31)
)


def test_an_error_in_the_table_stops_train_and_score_unless_it_is_accepted(
    trained: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "kelvin.csv"
    table.write_text(KELVIN)
    before = list_runs()
    for words in (["train", str(table)], ["score", "trained", str(table)]):
        assert main(words) == 1
        told = capsys.readouterr().err
        assert "looks like kelvin" in told
        assert "1 row with a SMILES that cannot be read is left out: row 2" in told
        assert "--accept" in told
    assert list_runs() == before
    assert main(["score", "trained", str(table), "--accept", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"]["Tg"] == 30
    assert main(["score", "trained", str(table), "--unit", "Tg=K"]) == 0
    assert "kelvin" not in capsys.readouterr().err


def test_findings_are_in_the_runs_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYGIN_HOME", str(tmp_path / "workspace"))
    monkeypatch.setattr(process, "spawn", lambda *_: None)
    table = tmp_path / "kelvin.csv"
    table.write_text(KELVIN)
    assert main(["train", str(table), "--accept", "--detach"]) == 0
    log = read_log(list_runs()[0])
    assert "error: Tg looks like kelvin" in log
    assert "excluded: 1 row" in log


def test_score_speaks_json(trained: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "trained", str(TEXTBOOK), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {
        *("wmae", "wmae_row", "mae", "rmse", "r2", "n", "bias", "seen", "unseen"),
    }
    assert result["n"] == {"Tg": 143, "Density": 75}


def test_models_speak_json(trained: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    listed = {row["model"]: row for row in json.loads(capsys.readouterr().out)}
    assert listed[trained.id]["rows"] == 70


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["doctor", "nowhere.csv"], "nowhere.csv"),
        (["predict", "nothing", "*CC*"], "no model 'nothing'"),
        (["predict", "trained", "C(C"], "neither a file nor a repeat unit"),
        (["predict", "trained", "nowhere/new.csv"], "There is no file 'nowhere/new.csv'."),
        (["predict", "trained", f"{'C' * 300}("], "neither a file nor a repeat unit"),
        (["train", str(TEXTBOOK), "--name", "n" * 81], "1 to 80 characters"),
        (["train", str(TEXTBOOK), "--name", " "], "1 to 80 characters"),
        (["clone", "trained", "--name", "n" * 81], "1 to 80 characters"),
        (["clone", "trained", "--name", ""], "1 to 80 characters"),
        (["stop", "nothing"], "no run 'nothing'"),
        (["train", str(TEXTBOOK), "--preset", "huge"], "no preset 'huge'"),
        (["probe", str(TEXTBOOK), "--preset", "huge"], "no preset 'huge'"),
        (["probe", str(TEXTBOOK), "--folds", "random:1"], "between 2 and"),
        (["train", str(TEXTBOOK), "--parallel", "ddp", "--step-in-backward"], "switch it off"),
        (["doctor", str(TEXTBOOK), "--unit", "Tg"], "write NAME=UNIT"),
        (["doctor", str(TEXTBOOK), "--smiles-column", "structure"], "structure"),
    ],
)
def test_what_a_user_can_mend_is_a_sentence(
    trained: Run, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert main(words) == 1
    shown = capsys.readouterr().err.strip()
    # Behind what is odd about the table, if anything.
    assert "\nError:" in f"\n{shown}"
    assert sentence in shown.replace("\n", " ")
    assert "Traceback" not in shown


def test_train_takes_every_switch_of_the_devices(
    trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[RunConfig] = []
    monkeypatch.setattr(
        train, "start_run", lambda table, config, on: given.append(config) or trained
    )
    assert main(["train", str(TEXTBOOK), "--detach"]) == 0
    use = DeviceSettings(
        parallel="ddp",
        precision="bf16",
        deterministic=True,
        cuda_graphs=False,
        step_in_backward=True,
        empty_cache=True,
        pinned_memory=False,
    )
    words = shlex.split(command_for(RunConfig(name="a b", use=use), str(TEXTBOOK)))
    assert {
        "--deterministic",
        "--no-cuda-graphs",
        "--step-in-backward",
        "--empty-cache",
        "--no-pinned-memory",
    } < set(words)
    assert main([*words[3:], "--detach"]) == 0
    assert [config.use for config in given] == [DeviceSettings(), use]
    assert given[1].name == "a b"


def test_the_command_of_a_run_says_how_its_table_was_read(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("id;SMILES;Tg\n" + "".join(f"{n};*CC*;{n},5\n" for n in range(12)))
    columns = Columns(smiles="SMILES", id=None, properties=("Tg",))
    config = RunConfig(name="x", columns=columns, units={"Tg": "K"})
    command = command_for(config, str(path), Mending(separator=";", decimal=","))
    table = checked_tables(parser().parse_args(shlex.split(command)[3:]))
    assert table.report.columns == columns
    assert table.ids[0] == "2"
    assert table.report.reading.separator == ";"
    assert table.labels[0, 0] == pytest.approx(0.5 - 273.15)


def test_probe_measures_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["probe", str(TEXTBOOK), "--preset", "smoke", "--folds", "random:3"]
    assert main([*words, "--json"]) == 0
    found = Probe.model_validate_json(capsys.readouterr().out)
    assert found.epochs == 3 * 40
    assert found.minutes > 0
    monkeypatch.setattr(presets, "start_probe", None)
    assert main(words) == 0
    assert capsys.readouterr().out == f"{found.sentence()}\n"


@pytest.mark.parametrize("seed", ["-1", "1.5", "many", str(2**31)])
def test_a_seed_is_a_whole_number(capsys: pytest.CaptureFixture[str], seed: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["train", str(TEXTBOOK), f"--seed={seed}"])
    assert ended.value.code == 2
    assert "is not a whole number from 0" in capsys.readouterr().err


def test_a_workspace_that_cannot_be_made_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POLYGIN_HOME", str(TEXTBOOK / "workspace"))
    assert main(["runs"]) == 1
    assert capsys.readouterr().err.startswith("Error: ")


def test_presets_are_listed_with_their_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets", "--json"]) == 0
    listed = {row["preset"]: row for row in json.loads(capsys.readouterr().out)}
    assert {"cpu", "baseline-gcn", "standard", "laptop-6gb", "t4x2"} <= set(listed)
    assert listed["gpu"]["parameters"] == {"polygin": 365_385}
    assert main(["presets", "--properties", "1"]) == 0
    assert "laptop-6gb" in capsys.readouterr().out


def test_a_specification_adds_probabilities(trained, tmp_path, capsys) -> None:
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text("id,SMILES\na,*CC(*)c1ccccc1\nb,nonsense(\n")
    words = ["--specification", "Tg > 50, Density < 1.2, Tg low"]
    assert main(["predict", "trained", str(path), "-o", str(out), *words]) == 0
    frame = pd.read_csv(out)
    product = frame["probability_Tg"] * frame["probability_Density"]
    assert frame["probability_all"].iloc[0] == pytest.approx(product.iloc[0])
    assert 0 < frame["probability_all"].iloc[0] < 1
    assert pd.isna(frame["probability_all"].iloc[1])
    capsys.readouterr()
    assert main(["predict", "trained", "*CC(*)c1ccccc1", *words]) == 0
    said = capsys.readouterr().out
    assert f"probability of Tg > 50 °C: {frame['probability_Tg'][0]:.0%}" in said
    assert f"probability of all of it: {frame['probability_all'][0]:.0%}" in said
    assert main(["predict", "trained", "*CC*", "--specification", "Tg about 3"]) == 1
    assert "no requirement that can be read" in capsys.readouterr().err


def test_predict_says_that_a_folder_is_none_of_its_inputs(tmp_path, capsys) -> None:
    assert main(["predict", "shipped", str(tmp_path)]) == 1
    assert "is a folder: give one file" in capsys.readouterr().err


def test_a_table_with_more_numbers_than_can_be_learned_is_predicted(tmp_path) -> None:
    path, out = tmp_path / "wide.csv", tmp_path / "out.csv"
    names = ",".join(f"column {n}" for n in range(600))
    path.write_text(f"SMILES,{names}\n*CC*{',1.5' * 600}\n")
    assert main(["predict", "shipped", str(path), "-o", str(out)]) == 0
    assert out.read_text().count("\n") == 2


def test_predict_does_not_write_over_what_it_reads(tmp_path, capsys) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("SMILES,note\n*CC*,mine\n")
    assert main(["predict", "shipped", str(path), "-o", str(path)]) == 1
    assert "is read, and would be lost" in capsys.readouterr().err
    assert path.read_text() == "SMILES,note\n*CC*,mine\n"
