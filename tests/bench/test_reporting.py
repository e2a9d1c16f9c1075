"""How the scripts report, and how trials of faults are counted."""

import json
from pathlib import Path

from bench import faults
from bench.reporting import markdown_table, stamp, write_json

JUNIT = """<testsuites><testsuite>
<testcase name="test_a_kill[1]" time="2.5"><properties>
<property name="trials" value="3"/><property name="stages" value="trees polygin trees"/>
</properties></testcase>
<testcase name="test_a_kill[2]" time="1"><failure/></testcase>
<testcase name="test_a_full_disk" time="1"><skipped/></testcase>
</testsuite></testsuites>"""


def test_a_table_has_a_line_below_its_heads() -> None:
    assert markdown_table(["", "MAE"], [["Blend", "0.1"], ["labels", "7"]]) == (
        "|  | MAE |\n|---|---|\n| Blend | 0.1 |\n| labels | 7 |"
    )


def test_a_results_file_begins_with_its_command(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write_json(path, {**stamp("python -m bench.x"), "unit": "Å"})
    text = path.read_text(encoding="utf-8")
    assert list(json.loads(text)) == ["command", "date", "unit"]
    assert '"Å"' in text


def test_trials_of_a_fault_are_added_up(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(JUNIT, encoding="utf-8")
    counted = faults.count(report)
    kill = counted["test_a_kill"]
    assert (kill["trials"], kill["failures"], kill["seconds"]) == (4, 1, 3.5)
    assert kill["stages"] == {"trees": 2, "polygin": 1}
    assert counted["test_a_full_disk"]["skipped"] == 1
    assert "| a full disk | skipped | 0 |" in faults.table(counted)
