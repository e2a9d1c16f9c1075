"""Compositions on a list: pasted, from files, predicted, drawn, and taken home."""

import time
from pathlib import Path

import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.candidates import lists
from engine.candidates.added import tell_added
from engine.candidates.answers import model_key, read_answers
from engine.candidates.downloads import (
    Chosen,
    as_sdf,
    as_sheet,
    as_workbook,
    name_shown,
    table_of,
)
from engine.candidates.intake import of_file, of_lines
from engine.candidates.measured import measured_of
from engine.candidates.predicting import predict_waiting, score_and_alerts
from engine.candidates.ranking import View, ranked
from engine.candidates.store import CandidateList
from engine.chem.smiles import canonical
from engine.inference.predict import Predictor
from engine.runs import Run
from engine.runs.known_labels import KnownLabels
from engine.settings.sources import Source
from tests.copolymers import METHACRYLATE, STYRENE, TWO

NAME = "Poly(methyl methacrylate) 0.75, Polystyrene 0.25"


@pytest.mark.parametrize(
    ("line", "unit", "own"),
    [
        (TWO, TWO, ""),
        (f"{TWO}|block", f"{TWO}|block", ""),
        (f"{TWO}\tmy own", TWO, "my own"),
        (f"{TWO}, my own | of 3", TWO, "my own | of 3"),
        (f"{TWO}|random batch 7", f"{TWO}|random", "batch 7"),
        (TWO.replace("|", " | "), TWO.replace("|", " | "), ""),
        (TWO.replace("|", "| "), TWO.replace("|", "| "), ""),
        ("{[$]CC[$],[$]CC(C)[$]}|0.25|0.75 x", "{[$]CC[$],[$]CC(C)[$]}|0.25|0.75", "x"),
        (f"{STYRENE} a|b", STYRENE, "a|b"),
        (f"{TWO}|random of 3".replace("|", " | "), f"{TWO}|random".replace("|", " | "), "of 3"),
        (TWO.replace(".", ","), TWO.replace(".", ","), ""),
        (f"{METHACRYLATE}|{STYRENE}|75 %|25 %", f"{METHACRYLATE}|{STYRENE}|75 %|25 %", ""),
        (f"{METHACRYLATE}|{STYRENE}|0,75 x, y", f"{METHACRYLATE}|{STYRENE}|0,75", "x, y"),
        ("polystyrene|PMMA|0,25|0,75 x", f"{STYRENE}|{METHACRYLATE}|0.25|0.75", "x"),
        ("polystyrene|PMMA|0.25|0.75 x", f"{STYRENE}|{METHACRYLATE}|0.25|0.75", "x"),
        (f"{STYRENE}, |x|", STYRENE, "|x|"),
    ],
)
def test_a_line_is_a_composition_with_a_name_behind_it(line: str, unit: str, own: str) -> None:
    (found,) = of_lines(line)
    assert (found.unit, found.row_id, found.problem) == (unit, own, "")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"{TWO}|0.5", "3 fractions for 2 repeat units"),
        (f"{STYRENE}|C(C|0.5|0.5", "its unit “C(C”"),
        (f"{STYRENE}|CCO|0.5|0.5", "no `*` where the chain goes on"),
        ("*CC*|" * 10_000 + "1", "longest that is read"),
        (f"*CC*|*CO*|{'1' * 14_000}x", "fraction"),
        ("*CC*|*CO*|nan|inf", "no architecture"),
        ("*CC*|*CO*|1e300|1e300", "too large"),
    ],
)
def test_one_that_cannot_be_read_says_why(line: str, words: str) -> None:
    (found,) = of_lines(line)
    assert found.unit is None
    assert words in found.problem


def test_a_file_has_one_candidate_in_each_row(tmp_path: Path) -> None:
    rows = [("a", STYRENE, METHACRYLATE, 0.25, "x"), ("b", STYRENE, METHACRYLATE, 3, "y")]
    columns = ["id", "smiles_A", "smiles_B", "frac_A", "note"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "rows.csv", index=False)
    good, bad = of_file(tmp_path / "rows.csv", "rows.csv").candidates
    assert (good.unit, good.row_id, good.extra) == (TWO, "a", {"note": "x"})
    assert (bad.unit, bad.problem) == (None, "“frac_A” has 3.0, more than 1")
    assert bad.given == f"{STYRENE} | {METHACRYLATE}"


def test_polymers_are_told_from_each_other_by_their_composition() -> None:
    spelled = f"{STYRENE}|*C(C)(C(=O)OC)C*|1|3"
    told = tell_added([TWO], [spelled, f"{TWO}|block", f"{STYRENE}|{STYRENE}|1|1", STYRENE])
    assert (told.there_already, told.several_times, told.without_unit) == (1, 1, 0)


def _predicted(run: Run, *lines: str) -> tuple[CandidateList, Chosen]:
    made = lists.create_list(f"Of {run.name} {time.time_ns()}")
    made.add(of_lines("\n".join(lines)))
    predictor = Predictor(run.bundle)
    predict_waiting(made, predictor, {})
    answers = read_answers(made, model_key(predictor.folder, {}))
    return made, Chosen(made.candidates(), answers, (), made.hints())


def test_a_list_is_predicted_ranked_and_taken_home(copolymers: Run) -> None:
    softer = f"{METHACRYLATE}|*CC(*)C(=O)OCCCC|0.2|0.8"
    made, chosen = _predicted(copolymers, TWO, STYRENE, softer, f"{TWO}|0.1")
    answers = chosen.answers
    order = ranked(made.ids(), answers, (), View("Tg", descending=False), {})
    assert order[0] == chosen.candidates[2].id
    frame = table_of(chosen)
    assert frame["SMILES"].tolist()[:3] == [TWO, STYRENE, softer]
    assert frame["Tg"].notna().tolist() == [True, True, True, False]
    assert frame["synthetic_accessibility"].notna().tolist() == [True, True, True, False]
    assert name_shown(chosen.candidates[0]) == NAME
    sheet = as_sheet(chosen, "Mine", "fox")
    assert NAME in sheet
    assert sheet.count("<svg") == 3
    assert len(as_workbook(chosen)) > 10_000
    # A record of a molfile holds one structure: compositions are left out.
    assert as_sdf(chosen).decode().count("$$$$") == 1
    several = [each for each in chosen.candidates if each.unit and "|" in each.unit]
    with pytest.raises(UserError, match="read as so many homopolymers"):
        as_sdf(chosen._replace(candidates=several))


def test_hints_of_a_composition_are_those_of_its_hardest_unit() -> None:
    hard = "*CC(*)C(=O)OO[N+](=O)[O-]"
    score, alerts = score_and_alerts(f"{STYRENE}|{hard}|0.5|0.5")
    assert (score, alerts) == score_and_alerts(hard)
    assert score > score_and_alerts(STYRENE)[0]


def test_a_model_of_homopolymers_says_so(trained: Run) -> None:
    _, chosen = _predicted(trained, TWO, STYRENE)
    assert chosen.answers is not None
    (problem,) = chosen.answers.problems.values()
    assert "learned homopolymers only" in problem


def test_a_measured_value_of_a_composition_is_found_in_any_drawing(copolymers: Run) -> None:
    predictor = Predictor(copolymers.bundle)
    source = Source(name="lab", kind="measured")
    (tg,) = predictor.info.properties
    measured = tg.model_copy(update={"source": "lab"})
    info = predictor.info.model_copy(update={"sources": [source], "properties": [measured]})
    drawn = f"*C(C)(C(=O)OC)C*|{STYRENE}|3|1"
    rows = {"smiles": [TWO, STYRENE], "property": tg.name, "value": [103.0, 100.0]}
    known = KnownLabels(pd.DataFrame(rows).assign(reference="notebook 7"))
    units = predictor.predict([drawn, f"{TWO}|block", STYRENE, f"{TWO}|0.1"]).units
    found = measured_of(known, info, units)
    assert [[each.value for each in one.get(tg.name, [])] for one in found] == [
        *([103.0], [], [100.0], []),
    ]


def test_names_in_the_unit_columns_of_a_file_are_read(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text(f"smiles_A,smiles_B,frac_A\n{STYRENE},PMMA,0.25\nPVC,,1\n", encoding="utf-8")
    mixed, alone = of_file(path, "names.csv").candidates
    assert canonical(mixed.unit or "") == canonical(f"{STYRENE}|{METHACRYLATE}|0.25|0.75")
    assert alone.unit == "*CC(*)Cl"
    path.write_text("polymer,note\nPVC,a\n*CC*,b\n", encoding="utf-8")
    named, _ = of_file(path, "names.csv").candidates
    assert (named.given, named.name) == ("PVC", "Poly(vinyl chloride)")
