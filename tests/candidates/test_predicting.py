"""Predicting lists: the model's own numbers, cut off and gone on with, in a process of its own."""

import random
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import Timeout

from engine.candidates import downloads, job, lists, predicting
from engine.candidates.answers import model_key, read_answers
from engine.candidates.downloads import Chosen
from engine.candidates.intake import of_lines
from engine.candidates.predicting import predict_waiting, write_hints
from engine.candidates.store import CandidateList
from engine.chem.synthesis_hints import synthesis_hints
from engine.inference.bundle import SHIPPED
from engine.inference.predict import Predictor
from engine.inference.specification import read_specification
from engine.inference.uncertainty import GUESS
from engine.settings.properties import possible_range
from tests.candidates.test_intake import near_smiles

LINES = "*CC(*)c1ccccc1 first\nPMMA\nC=C\n*C[Fe]C*\n*CCO*\n=CALC() x"


@pytest.fixture
def predicted(trained, predictor: Predictor) -> CandidateList:
    made = lists.create_list(f"List {time.time_ns()}")
    made.add(of_lines(LINES))
    predict_waiting(made, predictor, {})
    write_hints(made)
    return made


def _answers(list_: CandidateList, predictor: Predictor):
    return read_answers(list_, model_key(predictor.folder, {}))


def test_a_list_holds_what_the_model_predicts(predicted, predictor: Predictor) -> None:
    answers = _answers(predicted, predictor)
    units = [each.unit for each in predicted.candidates() if each.unit]
    expected = predictor.predict(units)
    sure = predictor.uncertainty(expected)
    for k, name in enumerate(predictor.info.answer_names):
        np.testing.assert_array_equal(answers.values[:, k], expected.blend[name])
        np.testing.assert_array_equal(answers.low[:, k], sure.low[name])
        np.testing.assert_array_equal(answers.high[:, k], sure.high[name])
    assert predicted.waiting(model_key(predictor.folder, {})) == []
    assert predict_waiting(predicted, predictor, {}) == 0, "nothing is predicted twice"


@pytest.mark.parametrize("rows", [128, 2], ids=["this process", "workers"])
def test_how_hard_candidates_are_to_make_is_kept_with_their_values(
    trained, predictor: Predictor, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(predicting, "CHUNK_ROWS", rows)
    made = lists.create_list(f"List {time.time_ns()}")
    made.add(of_lines(LINES))
    predict_waiting(made, predictor, {})
    units = {each.id: each.unit for each in made.candidates() if each.unit}
    assert made.hints() == {id: predicting.score_and_alerts(unit) for id, unit in units.items()}


def test_a_guess_is_not_ranked(predicted, predictor: Predictor) -> None:
    answers = _answers(predicted, predictor)
    iron = [each.unit for each in predicted.candidates() if each.unit].index("*C[Fe]C*")
    assert (answers.domains[iron] == GUESS).all()
    assert answers.rankable(["Tg"]).tolist() == [True, True, False, True]
    wanted = read_specification("Tg low, Density high", answers.properties)
    front = answers.front(wanted)
    assert front.any()
    assert not front[iron]


def test_cut_off_it_goes_on_where_it_was(trained, predictor, monkeypatch) -> None:
    monkeypatch.setattr("engine.candidates.predicting.CHUNK_ROWS", 2)
    made = lists.create_list("Cut off")
    made.add(of_lines("\n".join(f"*C{'C' * n}O*" for n in range(7))))
    key = model_key(predictor.folder, {})
    told = []
    predict_waiting(made, predictor, {}, lambda *done: told.append(done), stop=lambda: True)
    assert told == [(2, 7)]
    assert len(made.answers(key)[1]) == 2
    assert predict_waiting(made, predictor, {}) == 5
    whole = read_answers(made, key)
    alone = predictor.predict([each.unit for each in made.candidates()])
    np.testing.assert_array_equal(whole.values, alone.blend[predictor.info.answer_names])


def test_a_process_predicts(trained) -> None:
    made = lists.create_list("By a process")
    made.add(of_lines(LINES))
    job.start_job(made, trained.bundle, {})
    assert job.job_of(made).at_work
    until(lambda: not job.job_of(made).at_work, 240)
    assert job.job_of(made).state == "done", job.job_of(made).words
    assert len(made.answers(model_key(trained.bundle, {}))[1]) == 4
    assert len(made.hints()) == 4
    job.write_job(made, job.Job(state="working", told=time.time()))
    assert job.job_of(made).state == "cut off", "its lock is free"


def test_a_process_in_line_can_be_stopped_and_may_lose_its_list(trained) -> None:
    made = lists.create_list(f"In line {time.time_ns()}")
    made.add(of_lines(LINES))
    with job.predicting_lock():
        job.start_job(made, trained.bundle, {})
        until(lambda: job.job_of(made).state == "working")
        job.stop_job(made)
        until(lambda: job.job_of(made).state == "stopped")
        assert made.answers(model_key(trained.bundle, {}))[1] == []
        job.start_job(made, trained.bundle, {})
        until(lambda: job.job_of(made).state == "working")
        lists.remove_list(made.id)
        log = lists.folder() / "predicting.log"
        until(lambda: job_ended(made))
        assert "Traceback" not in log.read_text()


def until(holds, seconds: float = 120) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def job_ended(list_: CandidateList) -> bool:
    """Whether no process holds the list's lock."""
    held = job.job_lock(list_)
    try:
        held.acquire(timeout=0)
    except Timeout:
        return False
    held.release()
    return True


def test_a_process_without_its_model_says_so(trained, tmp_path: Path) -> None:
    from engine.candidates import worker

    made = lists.create_list("No model")
    made.add(of_lines("*CC*"))
    job.write_job(made, job.Job(state="starting", model=str(tmp_path), told=time.time()))
    assert worker.main(made.id) == 1
    assert job.job_of(made).state == "failed"
    assert "holds no model" in job.job_of(made).words


def test_a_damaged_answer_is_left_out(predicted, predictor) -> None:
    key = model_key(predictor.folder, {})
    description, kept = predicted.answers(key)
    predicted.write_answers(key, description, [kept[0]._replace(numbers=b"short")])
    assert len(read_answers(predicted, key).ids) == len(kept) - 1
    assert read_answers(predicted, "another model") is None


def _chosen(list_: CandidateList, predictor: Predictor) -> Chosen:
    answers = _answers(list_, predictor)
    wanted = read_specification("Tg > 0, Density < 1.2", answers.properties)
    return Chosen(list_.candidates(), answers, wanted, list_.hints())


def test_files_hold_all_that_is_known(predicted, predictor, tmp_path: Path) -> None:
    chosen = _chosen(predicted, predictor)
    table = downloads.table_of(chosen)
    assert table["id"].tolist()[0] == "first"
    assert table["name"].tolist()[:2] == ["Polystyrene", "Poly(methyl methacrylate)"]
    likely = table["probability_Tg"] * table["probability_Density"]
    np.testing.assert_allclose(table["probability_all"], likely)
    assert table["problem"].tolist()[2]
    assert table["Tg_domain"].iloc[3] == "guess"
    assert table["given"].tolist() == LINES.split("\n")
    own = [each._replace(extra={"given": "by mum"}) for each in chosen.candidates]
    clash = downloads.table_of(chosen._replace(candidates=own))
    assert (clash["given"].iloc[1], clash["given_"].iloc[1]) == ("PMMA", "by mum")
    assert np.isnan(table["Tg"].iloc[2])
    assert table["synthetic_accessibility"].iloc[0] == synthesis_hints("*CC(*)c1ccccc1").score
    (tmp_path / "a.parquet").write_bytes(downloads.as_parquet(chosen))
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "a.parquet")[["id", "Tg", "Tg_low"]],
        table[["id", "Tg", "Tg_low"]],
        check_dtype=False,
    )
    assert "'=CALC()" in downloads.as_csv(chosen).decode()


def test_an_sdf_has_a_title_in_each_record_and_no_unit_that_is_refused(predicted, predictor):
    salt, *_ = predicted.add(of_lines("*CC*.[Na+]\n*CCCO* $$$$\n*C(C)CCO*\nPVC"))
    predict_waiting(predicted, predictor, {})
    chosen = _chosen(predicted, predictor)
    assert salt in chosen.answers.problems
    for each in (chosen, chosen._replace(answers=None, requirements=[])):
        sdf = downloads.as_sdf(each).decode()
        assert [record.partition("\n")[0] for record in sdf.split("\n$$$$\n")] == [
            *("Polystyrene", "Poly(methyl methacrylate)", "*C[Fe]C*", "Poly(ethylene oxide)"),
            *("Polyoxetane", "*C(C)CCO*", "Poly(vinyl chloride)", ""),
        ]
        assert "[Na+]" not in sdf
    assert "> <Tg>" in downloads.as_sdf(chosen).decode()


def test_a_workbook_has_a_drawing_in_each_row_and_no_formula(predicted, predictor, tmp_path):
    from openpyxl import load_workbook

    path = tmp_path / "a.xlsx"
    path.write_bytes(downloads.as_workbook(_chosen(predicted, predictor)))
    sheet = load_workbook(path).active
    assert sheet.max_row == 1 + len(predicted.candidates())
    assert len(sheet._images) == 4
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert any(str(cell.value).startswith("=CALC()") for cell in cells)
    assert "f" not in {cell.data_type for cell in cells}
    heads = [cell.value for cell in sheet[1]]
    assert {"Tg, °C", "Tg_low, °C", "Tg_high, °C", "Tg_domain"} < {*heads}


def test_a_sheet_runs_nothing_and_shows_what_is_known(predicted, predictor) -> None:
    (number,) = predicted.add(of_lines("*CCC* <script>x</script>"))
    predicted.write_note(number, "<b>&", before="")
    page = downloads.as_sheet(_chosen(predicted, predictor), "T<i>", "m")
    assert "<script" not in page
    assert "T&lt;i&gt;" in page
    assert "&lt;b&gt;&amp;" in page
    assert page.count("<svg") == 5
    assert "Meets the specification with a probability of" in page


def test_rubbish_gets_a_reason_or_a_value_that_physics_allows(trained, predictor) -> None:
    _demand_sense(predictor, near_smiles(300))


@pytest.mark.slow
def test_three_thousand_strings_of_rubbish_through_the_shipped_model() -> None:
    chance = random.Random(1)
    noise = ["".join(chr(chance.randrange(32, 1200)) for _ in range(40)) for _ in range(600)]
    _demand_sense(Predictor(SHIPPED), [*near_smiles(2400), *noise])


def _demand_sense(predictor: Predictor, texts: list[str]) -> None:
    """Put texts on a list, predict it, and look at each: a reason, or values that can be."""
    made = lists.create_list("Rubbish")
    expected = of_lines("\n".join(text.replace("\x85", "") for text in texts))
    made.add(expected)
    predict_waiting(made, predictor, {})
    answers = _answers(made, predictor)
    for k, property_ in enumerate(answers.properties):
        low, high = possible_range(property_.base)
        for numbers in (answers.values, answers.low, answers.high):
            known = numbers[np.isfinite(numbers[:, k]), k]
            assert ((known >= low) & (known <= high)).all()
    known = np.isfinite(answers.values).all(axis=1)
    assert all(known[row] != (int(n) in answers.problems) for row, n in enumerate(answers.ids))
    without = [each for each in made.candidates() if each.unit is None]
    assert len(answers.ids) + len(without) == len(expected)
    assert all(each.problem for each in without)
