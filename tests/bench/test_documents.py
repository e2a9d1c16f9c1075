"""What the documents say is what the results files hold."""

import json
import re
from pathlib import Path

import pytest

from bench import (
    against_measured,
    desk,
    half_open,
    learning_curve,
    probabilities,
    screening,
    screening_cost,
    service,
    small_tables,
    student,
)
from bench.accuracy import time_to_error
from bench.readme_tables import RESULT, SOURCES, figures_table, polymers_table
from bench.reporting import read_json, settings_of
from engine.inference.bundle import SHIPPED, read_info
from engine.settings.presets import PRESETS
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ACCURACY = ROOT / "docs" / "accuracy.md"
_TO_BE_MADE = {"results/bench-cuda.json", "results/gpu-day.json"}
"""What a command on a machine that nobody had yet will write."""
_RESULT_FILE = re.compile(r"\bresults/[\w/-]+\.(?:json|parquet|svg)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_results_that_are_named_exist(page: Path) -> None:
    named = {*_RESULT_FILE.findall(page.read_text(encoding="utf-8"))}
    assert [name for name in named - _TO_BE_MADE if not (ROOT / name).exists()] == []
    assert named or page.name not in ("README.md", "accuracy.md", "experiments.md")


def test_the_readme_holds_the_tables_of_figures_and_of_known_polymers() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert figures_table(read_json(ROOT / RESULT)["report"]) in text
    assert polymers_table(read_json(ROOT / SOURCES)["random"]) in text


def test_the_page_on_sources_holds_the_figures() -> None:
    found = json.loads((ROOT / SOURCES).read_text(encoding="utf-8"))["random"]
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    for row in found["measured"]:
        assert f"| {row['quantity']} | {row['labels']} | {row['mae']:.4g} |" in page
    for row in found["competition"]:
        assert f"| {row['quantity']} | {row['all']:.4g} | {row['best']:.4g} |" in page


def test_the_page_on_sources_holds_how_far_simulated_answers_were_from_measured_values() -> None:
    found = read_json(ROOT / against_measured.RESULTS)["properties"]
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    assert against_measured.markdown(found) in page
    told = read_info(SHIPPED).against_measured
    for name, figures in found.items():
        assert figures["answers"] == (told[name].model_dump() if name in told else None)


@pytest.mark.parametrize("bench", [small_tables, time_to_error, learning_curve])
def test_the_page_on_accuracy_holds_the_tables(bench) -> None:
    page = ACCURACY.read_text(encoding="utf-8")
    for table in bench.report(read_json(ROOT / bench.RESULTS)).split("\n\n"):
        assert table in page


@pytest.mark.parametrize("folds", ["random", "similarity"])
def test_the_page_on_intervals_holds_how_well_probabilities_hold(folds: str) -> None:
    found = read_json(ROOT / "results" / f"probabilities-{folds}.json")["properties"]
    page = (ROOT / "docs" / "intervals.md").read_text(encoding="utf-8")
    assert probabilities.markdown(found) in page


@pytest.mark.parametrize("bench", [desk, screening, student])
def test_the_page_on_speed_holds_what_was_measured(bench) -> None:
    page = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    assert bench.report(read_json(ROOT / bench.RESULT)) in page


def test_the_page_on_servers_holds_what_was_measured() -> None:
    page = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
    for bench in (service, half_open):
        assert bench.report(read_json(ROOT / bench.RESULT)) in page


def test_what_is_said_of_a_preset_was_measured_with_its_settings() -> None:
    for results in (small_tables.RESULTS, time_to_error.RESULTS):
        found = read_json(ROOT / results)
        tables = found.values() if results == small_tables.RESULTS else [found]
        for own in tables:
            for system in PRESETS.keys() & own.keys():
                assert own[system]["settings"] == settings_of(PRESETS[system])


def test_the_page_on_clusters_holds_what_screening_costs() -> None:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    assert screening_cost.report(read_json(ROOT / screening_cost.RESULT)["ms_a_unit"]) in page
