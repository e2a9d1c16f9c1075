"""The Train page: what it says of a table, and that it starts exactly one run."""

from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

from engine import runs
from engine.base.errors import UserError
from engine.base.hardware import Gpu, Hardware, detect
from engine.base.workspace import ASSETS, home
from engine.cluster.settings import FILE, NodeReport, read_cluster, remember_checked
from engine.runs import ProbeRequest, Run, list_runs, read_config, start_run
from engine.runs.folder import read_stored_config
from engine.settings.estimate import Probe
from pages.parts.train import settings
from tests.pages.conftest import KELVIN, SAMPLE, button, figures, spoken, upload

COPOLYMERS = "SMILES,Tg\n" + "".join(
    f"{common}|*CC(*){'C' * length}|0.5|0.5,{length}\n"
    for common in ("*CCO*", "*CCS*", "*CC(*)C#N")
    for length in range(1, 11)
)


def answer(request: ProbeRequest, **changes: object) -> Probe:
    found = Probe(
        networks="PolyGIN",
        device="2 CPU cores",
        seconds_per_epoch=7.0,
        epochs=200,
        processes=2,
        minutes=11.7,
        peak_mb=900.0,
        memory_mb=24_000.0,
    ).model_copy(update=changes)
    request.path("answer").write_text(found.model_dump_json())
    return found


def test_empty_state_says_what_to_do(train):
    assert not train.exception
    assert "Upload a table" in train.info[0].value
    assert [one.label for one in train.button] == [SAMPLE]


def test_sample_table_is_reported_and_trained(train):
    button(train, SAMPLE).click().run()
    assert not train.exception
    assert figures(train)["Rows kept"] == "155"
    properties = train.dataframe[0].value
    assert list(properties["Learned"]) == ["yes", "yes"]
    assert all("°C" in cell for cell in properties.loc[0, ["Lowest", "Median", "Highest"]])
    assert train.code[-1].value == (
        "python -m engine train assets/textbook.csv --preset best --folds random:5 --seed 0 "
        "--name textbook"
    )
    button(train, "Train").click().run()
    assert not train.exception
    runs = list_runs()
    assert [run.name for run in runs] == ["textbook"]
    assert train.title[0].value == "Monitor"
    assert runs[0].id in train.query_params["run"]


def test_a_started_run_is_not_started_again(train):
    button(train, SAMPLE).click().run()
    button(train, "Train").click().run()
    train.switch_page("pages/train.py").run()
    assert not button(train, "Train").disabled
    assert len(list_runs()) == 1


def test_another_click_during_the_start_starts_nothing_more(train, monkeypatch):
    def start(*given) -> Run:
        run = start_run(*given)
        context = get_script_run_ctx()
        context.script_requests.request_rerun(RerunData(page_script_hash=context.page_script_hash))
        return run

    monkeypatch.setattr(runs, "start_run", start)
    button(train, SAMPLE).click().run()
    button(train, "Train").click().run()
    assert not train.exception
    assert len(list_runs()) == 1
    assert train.title[0].value == "Monitor"


def test_a_start_that_fails_is_not_tried_again(train, monkeypatch):
    tried = []

    def fail(*given) -> Run:
        tried.append(given)
        raise RuntimeError

    monkeypatch.setattr(runs, "start_run", fail)
    button(train, SAMPLE).click().run()
    button(train, "Train").click().run()
    assert train.exception
    train.run()
    assert not train.exception
    assert len(tried) == 1
    assert not button(train, "Train").disabled


def test_a_checked_cluster_is_offered(train, monkeypatch, tmp_path):
    started = []

    def start(table, config, name, on) -> Run:
        started.append(on)
        raise UserError("Enough.")

    monkeypatch.setattr(runs, "start_run", start)
    button(train, SAMPLE).click().run()
    assert [one.key for one in train.radio if one.key == "train place"] == []
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (home() / FILE).write_text("partition: low\ntime: 8 h\ncpus: 2\nmemory: 1 GB\n")
    node = NodeReport(node="one", python="3", executable="", versions={}, hardware=detect())
    remember_checked(read_cluster(), node)
    train.run()
    train.radio(key="train place").set_value("slurm").run()
    assert train.code[-1].value.endswith(" --on slurm")
    button(train, "Train").click().run()
    assert started == ["slurm"]


def test_a_start_that_is_refused_says_why(train, monkeypatch):
    def refuse(*_) -> Run:
        raise UserError("The disk is full.")

    monkeypatch.setattr(runs, "start_run", refuse)
    button(train, SAMPLE).click().run()
    button(train, "Train").click().run()
    assert [one.value for one in train.error] == ["The disk is full."]
    assert not button(train, "Train").disabled


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.csv", b"", "is empty"),
        ("words.csv", b"colour,price\nred,1\nblue,2\n", "no SMILES column"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(200), "not a table"),
        ("noise.csv", bytes(range(256)) * 20, "noise.csv"),
        ("short.parquet", b"PAR1 and nothing else", "short.parquet"),
    ],
)
def test_bad_upload_is_one_sentence(train, name, data, said):
    upload(train, name, data)
    assert not train.exception
    assert len(train.error) == 1
    assert said in train.error[0].value.replace("\\", "")
    assert "Train" not in [one.label for one in train.button]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("0.3", "0.30000000000000004"),
        ("1e17", "1e17"),
        ("0", "0"),
    ],
)
def test_labels_that_hardly_differ_or_are_huge_are_shown(train, first, second):
    rows = "".join(f"*CC(*){'C' * n},{(first, second)[n % 2]}\n" for n in range(12))
    upload(train, "strength.csv", f"SMILES,Strength\n{rows}".encode())
    assert not train.exception
    assert sum(train.dataframe[0].value.loc[0, "Distribution"]) == 12


def test_errors_in_the_table_have_to_be_accepted(train):
    upload(train, "kelvin.csv", KELVIN.encode())
    assert button(train, "Train").disabled
    assert train.code[-1].value.endswith("--accept")
    next(one for one in train.checkbox if one.label.startswith("The table is")).check().run()
    assert not button(train, "Train").disabled


def test_folds_from_a_column_of_the_table(train):
    upload(train, "kelvin.csv", KELVIN.encode())
    folds = next(one for one in train.radio if one.label.startswith("How rows"))
    folds.set_value("column").run()
    assert "--folds column:split" in train.code[-1].value


def test_column_of_folds_is_not_offered_where_there_is_none(train):
    button(train, SAMPLE).click().run()
    folds = next(one for one in train.radio if one.label.startswith("How rows"))
    assert "A column of the table" not in folds.options


def test_folds_of_copolymers_are_offered_where_the_table_holds_some(train):
    upload(train, "kelvin.csv", KELVIN.encode())
    folds = next(one for one in train.radio if one.label.startswith("How rows"))
    assert folds.options == ["Random", "By similarity", "A column of the table", "A file of folds"]
    upload(train, "copolymers.csv", COPOLYMERS.encode())
    folds = next(one for one in train.radio if one.label.startswith("How rows"))
    assert folds.options[1:4] == ["By similarity", "By pair of units", "By unit never seen"]
    captions = folds.proto.captions
    assert "new fractions of known pairs" in captions[0]
    assert "new pairs of known units" in captions[2]
    assert "copolymers with a unit never seen" in captions[3]
    for kind in ("pair", "unit"):
        next(one for one in train.radio if one.label.startswith("How rows")).set_value(kind).run()
        assert not train.exception
        assert not train.error
        assert f"--folds {kind}:5" in train.code[-1].value


def test_folds_that_copolymers_cannot_have_are_refused(train):
    rows = [f"*CC*|*CCO*|{n}|{40 - n},{n}" for n in range(1, 31)]
    upload(train, "copolymers.csv", "\n".join(["SMILES,Tg", *rows]).encode())
    next(one for one in train.radio if one.label.startswith("How rows")).set_value("unit").run()
    assert "hang together" in train.error[0].value
    assert button(train, "Train").disabled


def test_folds_from_a_file(train, empty_workspace):
    button(train, SAMPLE).click().run()
    folds = next(one for one in train.radio if one.label.startswith("How rows"))
    folds.set_value("file").run()
    assert button(train, "Train").disabled
    names = pd.read_csv(ASSETS / "textbook.csv")["name"]
    text = pd.DataFrame({"id": names, "fold": names.index % 3}).to_csv(index=False)
    train.file_uploader[2].upload("../../folds.csv", text.encode(), "text/csv").run()
    assert not train.error
    [kept] = (empty_workspace / "uploads").iterdir()
    assert f"{kept}:fold" in train.code[-1].value


def test_too_few_labels_are_said(train):
    rows = "".join(f"*CC(*){'C' * i},{i},{i if i < 4 else ''}\n" for i in range(1, 15))
    upload(train, "few.csv", f"SMILES,Tg,Density\n{rows}".encode())
    assert "Density cannot be learned" in train.warning[0].value
    upload(train, "none.csv", b"SMILES,Tg\n*CC*,1\n*CCC*,2\n")
    assert "cannot be trained on" in train.error[0].value


def test_excluded_rows_can_be_downloaded(train):
    upload(train, "mixed.csv", f"{KELVIN}not-a-smiles,1,a\n".encode())
    assert figures(train)["Rows left out"] == "1"
    assert list(train.dataframe[1].value["row"]) == [32]
    assert [one.label for one in train.get("download_button")] == ["Download excluded.csv"]


def test_run_without_a_name_cannot_start(train):
    button(train, SAMPLE).click().run()
    train.text_input[-1].set_value(" ").run()
    assert "name" in train.warning[-1].value
    assert button(train, "Train").disabled


def test_what_a_run_takes_is_measured_and_shown(train, measured):
    button(train, SAMPLE).click().run()
    assert "Measuring" in spoken(train)
    [(request, trial)] = measured
    assert (request.rows, request.folds, request.properties) == (155, 5, 2)
    assert request.preset.name == "best"
    found = answer(request)
    trial.ended = True
    train.run()
    assert found.sentence() in spoken(train)
    assert "Measuring" not in spoken(train)
    assert "not enough" not in spoken(train)
    assert len(measured) == 1


def test_other_settings_are_measured_anew(train, measured):
    button(train, SAMPLE).click().run()
    train.text_input[-1].set_value("another name").run()
    assert len(measured) == 1
    next(one for one in train.radio if one.label == "How much to train").set_value("cpu").run()
    assert [request.preset.name for request, _ in measured] == ["best", "cpu"]
    assert [trial.ended for _, trial in measured] == [True, False]
    next(one for one in train.number_input if one.label == "Number of folds").set_value(3).run()
    assert measured[-1][0].folds == 3


def test_networks_start_from_the_encoder_unless_the_user_says_otherwise(train):
    button(train, SAMPLE).click().run()
    start = next(one for one in train.checkbox if "pretrained" in one.label)
    assert start.value
    assert "pretrained" not in train.code[-1].value
    start.uncheck().run()
    assert "--no-pretrained" in train.code[-1].value
    button(train, "Train").click().run()
    run = list_runs()[0]
    assert read_config(run)["pretrained"] is False
    assert not read_stored_config(run).training_preset.starts_from_encoder


def test_a_preset_without_the_encoder_does_not_ask_for_it(train):
    button(train, SAMPLE).click().run()
    train.radio(key="train preset").set_value("smoke").run()
    assert not any("pretrained" in one.label for one in train.checkbox)


def test_memory_that_is_not_enough_is_said(train, measured):
    button(train, SAMPLE).click().run()
    answer(measured[0][0], peak_mb=30_000.0, remarks=("out of memory: in 2 pieces",))
    train.run()
    assert "The memory is not enough: 29 GB of 23 GB memory" in spoken(train)
    assert "Out of memory: in 2 pieces." in spoken(train)


def test_a_failed_measurement_is_a_quiet_sentence(train, measured):
    button(train, SAMPLE).click().run()
    request, trial = measured[0]
    request.path("problem").write_text("A run is training on this machine now.")
    trial.ended = True
    train.run()
    assert not train.exception
    assert not train.error
    assert "could not be measured. A run is training on this machine now." in spoken(train)
    assert not button(train, "Train").disabled
    button(train, "Measure again").click().run()
    assert len(measured) == 2


def test_devices_are_chosen_and_told_to_the_run(train, monkeypatch):
    monkeypatch.setattr(settings, "detect", lambda: Hardware(cpu="x", cores=2, ram_gb=8))
    button(train, SAMPLE).click().run()
    shared = next(one for one in train.selectbox if one.label == "How the work is shared")
    assert len(shared.options) == 4
    off = {one.label for one in train.checkbox if one.disabled}
    assert "Replay each step as one CUDA graph" in off
    shared.set_value("none")
    next(one for one in train.checkbox if one.label.startswith("Update weights")).check().run()
    assert train.code[-1].value.endswith("--parallel none --step-in-backward")
    button(train, "Train").click().run()
    use = read_config(list_runs()[0])["use"]
    assert (use["parallel"], use["step_in_backward"], use["cuda_graphs"]) == ("none", True, True)


def test_a_preset_for_other_devices_says_what_it_falls_back_to(train):
    upload(train, "kelvin.csv", KELVIN.encode())
    train.radio(key="train preset").set_value("More").run()
    train.selectbox(key="train preset more").set_value("t4x2").run()
    words = " ".join(one.value for one in train.warning)
    assert "two CUDA devices, and there is none: it trains on the CPU" in words
    assert "fp32" in words
    train.selectbox(key="train preset more").set_value("laptop-6gb").run()
    assert not any("CUDA" in one.value for one in train.warning)


def test_all_switches_can_be_used_where_there_are_gpus(train, monkeypatch):
    cards = [Gpu(name="T4", vram_gb=16)] * 2
    found = Hardware(cpu="x", cores=4, ram_gb=30, gpus=cards)
    monkeypatch.setattr(settings, "detect", lambda: found)
    button(train, SAMPLE).click().run()
    assert not any(one.disabled for one in train.checkbox)
    shared = next(one for one in train.selectbox if one.label == "How the work is shared")
    assert len(shared.options) == 5
    shared.set_value("ddp").run()
    assert [one.label for one in train.checkbox if one.disabled] == [
        "Update weights in the backward pass"
    ]


def test_clone_fills_the_train_page(tiny_run, open_page, measured):
    app = open_page("monitor", run=tiny_run.id)
    app.button(key="clone").click().run()
    assert not app.exception
    words = " ".join(one.value for one in app.markdown)
    assert f"The table of run **{tiny_run.name}**" in words
    assert next(one for one in app.text_input if one.label == "Name of the run").value == (
        f"{tiny_run.name} (copy)"
    )
    assert app.radio(key="train preset").value == "smoke"
    assert next(one for one in app.number_input if "folds" in one.label).value == 3
    commands = [one.value for one in app.code]
    assert any(
        one.startswith(f"python -m engine clone {tiny_run.id} --preset smoke --folds random:3")
        for one in commands
    )


def test_the_workspace_says_how_large_an_upload_may_be(
    empty_workspace: Path, open_page, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    uploader = st.file_uploader
    monkeypatch.setattr(
        st, "file_uploader", lambda *_, **words: given.append(words) or uploader(*_, **words)
    )
    empty_workspace.mkdir(exist_ok=True)
    (empty_workspace / "limits.yaml").write_text("upload_mb: 7\n")
    app = open_page("train")
    assert given[0]["max_upload_size"] == 7
    assert not app.exception
    (empty_workspace / "limits.yaml").write_text("upload_mb: 101\n")
    app = open_page("train")
    assert given[-1]["max_upload_size"] == 100
    (error,) = app.error
    assert "less than or equal to 100" in error.value
    assert not app.exception
