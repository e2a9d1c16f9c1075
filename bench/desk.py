"""How right and how quick the chemist's desk is: `python -m bench.desk TRAIN.csv`.

Names and monomers that lead to their repeat units, the time that group contributions and a list of
10,000 candidates take, and with `--browser` how long a visitor waits for the first number and for
the numbers of an edit. Writes `results/desk.json`.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import pandas as pd
from playwright.sync_api import Page, sync_playwright

from bench.reporting import markdown_table, stamp, write_json
from bench.speed.machine import machine_record, machine_sentence
from bench.speed.synthetic_units import synthetic_units
from engine.candidates import lists
from engine.candidates.answers import model_key, read_answers
from engine.candidates.intake import of_lines
from engine.candidates.job import job_of, start_job
from engine.chem.classes import heavy_atoms
from engine.chem.finding import find
from engine.chem.names import named_polymers
from engine.chem.repeat_unit import canonical_unit
from engine.inference.bundle import SHIPPED
from engine.inference.group_effects import group_effects
from engine.inference.predict import Predictor
from engine.runs.known_labels import read_measured_labels
from tests.browser.conftest import BROWSERS, FLAGS, PATIENCE, running_app
from tests.chem.test_monomers import ONE, TWO

RESULT = Path("results/desk.json")
CANDIDATES = 10_000
EFFECTS = 20
EDITS = 20
STARTS = 5
BETWEEN_EDITS = 1500
"""Milliseconds: a person looks at the numbers before the next edit."""

CHANGED = "old => document.querySelector('.pg-answers')?.innerText !== old"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.desk", description=__doc__)
    parser.add_argument("table", type=Path, metavar="TRAIN.csv", help="its units are candidates")
    parser.add_argument("--browser", action="store_true")
    arguments = parser.parse_args()
    load = round(os.getloadavg()[0], 2)
    figures = {**names_right(), **monomers_right()}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        # The pages first: they would find the list's features in the store.
        if arguments.browser:
            figures |= waits(Path(folder) / "browser")
        os.environ["POLYGIN_HOME"] = str(Path(folder) / "engine")
        predictor = Predictor(SHIPPED)
        predictor.at_usual_conditions(["*CC*"])
        units = [*dict.fromkeys(pd.read_csv(arguments.table)["SMILES"])]
        figures |= contributions(predictor, units)
        figures |= list_rate(predictor, units)
    command = f"python -m bench.desk {arguments.table}{' --browser' * arguments.browser}"
    machine = machine_record()
    result = {"figures": figures, "load_average_before": load, "machine": machine}
    write_json(RESULT, {**stamp(command), **result})
    print(report(result))
    print(machine_sentence(machine))


def names_right() -> dict[str, str]:
    """How many of all names lead to their own unit, and abbreviations to it among others."""
    right = total = 0
    for polymer in named_polymers():
        for name in (polymer.name, *polymer.other_names, *polymer.abbreviations):
            total += 1
            right += polymer.name in [unit.name for unit in find(name).units]
    return {"names and abbreviations that lead to their polymer": f"{right:,} of {total:,}"}


def monomers_right() -> dict[str, str]:
    """How many textbook monomers are offered the repeat unit that they make."""
    cases = [*ONE.items(), *((" + ".join(pair), unit) for pair, unit in TWO.items())]
    right = wrong = 0
    for monomer, unit in cases:
        expected = canonical_unit(unit if "*" in unit else find(unit).units[0].smiles)
        offered = [canonical_unit(each.smiles) for each in find(monomer).units]
        right += expected in offered
        wrong += bool(offered) and expected not in offered
    return {
        "textbook monomers and pairs whose repeat unit is offered": f"{right} of {len(cases)}",
        "of these, offered other units alone": str(wrong),
    }


def contributions(predictor: Predictor, units: list[str]) -> dict[str, str]:
    """How long the group contributions of units of about 30 atoms take, each for the first time."""
    chosen = [unit for unit in units if 28 <= heavy_atoms(unit) <= 32][:EFFECTS]
    names = predictor.info.answer_names
    times = []
    for unit in chosen:
        started = time.perf_counter()
        group_effects(predictor, unit, names)
        times.append(time.perf_counter() - started)
    words = f"{statistics.median(times):.2f} s, at most {max(times):.2f} s"
    return {f"group contributions of {len(chosen)} units of 28 to 32 atoms, median": words}


def list_rate(predictor: Predictor, units: list[str]) -> dict[str, str]:
    """How long 10,000 pasted lines take to a full table, by the process that the page starts.

    That process begins with nothing: it loads the model, too.
    """
    lines = [*units, *synthetic_units(max(CANDIDATES - len(units), 0), {*units})][:CANDIDATES]
    key = model_key(SHIPPED, {})
    # What the pages keep in the workspace from their first answer on.
    read_measured_labels(SHIPPED, predictor.info)
    started = time.perf_counter()
    made = lists.create_list("Bench")
    made.add(of_lines("\n".join(lines)))
    start_job(made, SHIPPED, {})
    # By the process's notes: to count answers, again and again, would take its time.
    while job_of(made).at_work:
        time.sleep(0.2)
    taken = time.perf_counter() - started
    answers = read_answers(made, key)
    assert answers is not None
    assert len(answers.ids) == len(made.hints()) == len(lines)
    what = f"{len(lines):,} pasted lines to all values, intervals, domains, and how hard to make"
    return {what: f"{len(lines) / taken:.0f} a second"}


def waits(workspace: Path) -> dict[str, str]:
    """How long a visitor waits for the first number, and for those of an edit."""
    workspace.mkdir()
    os.environ["POLYGIN_PRELOAD"] = "1"
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        first = []
        for number in range(STARTS):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(PATIENCE)
            started = time.perf_counter()
            with running_app("app.py", workspace) as app:
                page.goto(app.url)
                page.locator(".pg-answers").wait_for()
                first.append(time.perf_counter() - started)
                if number == STARTS - 1:
                    edits = _edits(page)
            page.close()
        browser.close()
    said = f"{statistics.median(first):.1f} s, at most {max(first):.1f} s"
    edited = f"{statistics.median(edits):.2f} s, at most {max(edits):.2f} s"
    return {
        f"starting the server to the first number in a browser, median of {STARTS}": said,
        f"edit to numbers, median of {EDITS}": edited,
    }


def _edits(page: Page) -> list[float]:
    """Seconds from entering a unit that was never asked for to its numbers."""
    field = page.get_by_role("textbox", name="Repeat unit as SMILES")
    times = []
    for number in range(EDITS):
        page.wait_for_timeout(BETWEEN_EDITS)
        before = page.locator(".pg-answers").inner_text()
        field.fill(f"*CC(*)C(=O)O{'C' * (number + 1)}F")
        started = time.perf_counter()
        field.press("Enter")
        page.wait_for_function(CHANGED, arg=before)
        times.append(time.perf_counter() - started)
    return times


def report(result: dict) -> str:
    """The table of `docs/speed.md`."""
    return markdown_table(["what", "measured"], result["figures"].items())


if __name__ == "__main__":
    main()
